"""Every page and state, wide and narrow, light and dark: axe finds nothing, nothing sticks out."""

import pytest

from tests.browser.looks import assert_in_order
from tests.browser.talks import add_entry, add_round, open_talks
from tests.browsing import CONTRAST, PHONE, findings

pytestmark = pytest.mark.browser

CASE = "/negotiations/russia-us/"
PAGES = {
    "login": (None, "/login/"),
    "home": ("viewer", "/"),
    "home without negotiations": ("stranger", "/"),
    "state of play": ("head", CASE),
    "state of play, all rounds and items": ("viewer", f"{CASE}?rounds=all&empty=1"),
    "state of play, nothing fits": ("head", f"{CASE}?q=zeppelin"),
    "state of play, invalid filter": ("head", f"{CASE}?category=upside-down"),
    "state of play, as it was": ("head", f"{CASE}?as_of=2025-04-30"),
    "state of play, before recording": ("head", f"{CASE}?as_of=2025-04-30&known=2025-04-30"),
    "items": ("head", f"{CASE}issues/"),
    "items, invalid filter": ("head", f"{CASE}issues/?status=none+such"),
    "item with sub-items": ("head", f"{CASE}issues/1/"),
    "item with folded history, read only": ("viewer", f"{CASE}issues/16/"),
    "item as it was": ("head", f"{CASE}issues/16/?as_of=2025-04-30"),
    "entry form": ("head", f"{CASE}issues/1/entries/"),
    "unreadable day": ("head", f"{CASE}as-of/?path={CASE}&day=soon&using=all"),
    "rounds": ("head", f"{CASE}rounds/"),
    "round": ("head", f"{CASE}rounds/3/"),
    "sheet": ("recorder", f"{CASE}rounds/3/sheet/"),
    "several items": ("recorder", f"{CASE}issues/record/?item=1&item=2"),
    "round, cancelled": ("viewer", f"{CASE}rounds/4/"),
    "what moved": ("head", f"{CASE}changes/?from=round-1&to=now"),
    "what moved, never read": ("viewer", f"{CASE}changes/?from=read"),
    "source": ("viewer", f"{CASE}sources/2289535a-f4f2-5c7d-88bc-71ff7c0d4340/"),
    "files": ("head", f"{CASE}files/"),
    "files, as it was": ("viewer", f"{CASE}files/?as_of=2025-04-30&known=2025-04-30"),
    "files, nothing prepared": ("viewer", f"{CASE}files/prepare/"),
    "members": ("head", f"{CASE}members/"),
    "members, read only": ("viewer", f"{CASE}members/"),
    "parties": ("head", f"{CASE}parties/"),
    "statuses": ("head", f"{CASE}scheme/"),
    "new negotiation": ("head", "/negotiations/new/"),
    "negotiation from a file": ("head", "/negotiations/new/from-file/"),
    "edit negotiation": ("head", f"{CASE}edit/"),
    "new item": ("recorder", f"{CASE}issues/new/"),
    "paste items": ("head", f"{CASE}issues/paste/"),
    "order of items": ("head", f"{CASE}issues/order/"),
    "edit item": ("head", f"{CASE}issues/1/edit/"),
    "who may see an item": ("head", f"{CASE}issues/1/audience/"),
    "new round": ("head", f"{CASE}rounds/new/"),
    "edit round": ("head", f"{CASE}rounds/3/edit/"),
    "search": ("head", "/search/?in=russia-us&q=visas+Darchiev"),
    "search everywhere, one kind": ("head", "/search/?q=Дарчиев&kind=entries&page=2"),
    "search, nothing found": ("head", "/search/?in=russia-us&q=zeppelin"),
    "search, nothing typed": ("viewer", "/search/"),
    "search, refused": ("head", "/search/?q=" + "x" * 201),
    "password": ("head", "/password/"),
    "nothing here": ("head", "/nothing/here/"),
    "bad address": ("head", f"{CASE}?as_of=soon"),
    # Its other pages are Django's own, with findings of their own.
    "admin": ("admin", "/admin/"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_finding(leaf, name):
    assert_in_order(leaf(*PAGES[name]))


# --- States of a page ---------------------------------------------------------------------------


def dialog(page):
    page.goto(CASE)
    page.locator("#add-1").click()
    page.locator("#entry-dialog #entry-save").wait_for()


def dialog_with_everything_open(page):
    dialog(page)
    for summary in page.locator("#entry-dialog summary").all():
        summary.click()


def refused_form(page):
    dialog(page)
    page.locator("#entry-dialog #entry-save").click()
    page.locator("#entry-dialog .errors").wait_for()


def refused_page(page):
    page.goto(f"{CASE}issues/new/")
    page.get_by_label("Title").fill(" ")
    page.get_by_role("button", name="Open item").click()
    page.locator(".errors").wait_for()


def keys(page):
    page.goto(CASE)
    page.keyboard.press("?")
    page.locator("#shortcuts").wait_for()


def filters_on_a_phone(page):
    page.set_viewport_size(PHONE)
    page.goto(CASE)
    page.get_by_text("Filter and choose rounds").click()
    assert findings(page, only=CONTRAST) == []


def clock(page):
    page.goto(CASE)
    page.locator("#clock summary").click()


def lost_network(page):
    dialog(page)
    page.context.set_offline(True)
    page.locator("#entry-dialog #entry-save").click()
    page.locator("#alert").get_by_text("could not be reached").wait_for()
    page.context.set_offline(False)


def changes_open(part):
    """A page of setting up with all its folded forms open."""

    def state(page):
        page.goto(CASE + part)
        for summary in page.locator("main summary").all():
            summary.click()

    state.__name__ = f"all of {part} open"
    return state


STATES = [
    dialog,
    dialog_with_everything_open,
    refused_form,
    refused_page,
    keys,
    clock,
    filters_on_a_phone,
]
STATES += [lost_network, *map(changes_open, ["members/", "parties/", "scheme/", "changes/"])]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_state_has_no_finding(visit, state):
    page = visit("head")
    state(page)
    assert_in_order(page)


def test_empty_talks_have_no_finding(visit):
    page = visit("head")
    talks = open_talks(page, items="Pilots")
    for address in ("", "issues/1/", "rounds/", "changes/"):
        page.goto(talks.url + address)
        assert_in_order(page)


def test_history_and_its_pages_have_no_finding(visit):
    page = visit("head")
    talks = open_talks(page)
    add_round(talks, "First", "10 Apr 2025")
    add_entry(talks, 1, "NO", "Agreed")
    add_entry(talks, 1, "EU", "Raised", round="1", source="table", audience="public")
    page.goto(talks.item(1))
    correction = page.get_by_role("link", name="correct").first.get_attribute("href")
    for address in (correction, correction.replace("/correct/", "/retract/")):
        page.goto(address)
        assert_in_order(page)
    page.goto(correction.replace("/correct/", "/sources/"))
    assert_in_order(page)
    talks.send(
        correction.removeprefix(talks.url),
        who="party:EU",
        said="2025",
        text="No.",
        audience="members",
        reason="Misheard",
    )
    page.goto(talks.item(1))
    assert_in_order(page)
    page.goto(f"{talks.url}rounds/1/")
    assert_in_order(page)


def test_link_for_somebody_new_has_no_finding(visit):
    page = visit("head")
    talks = open_talks(page)
    page.goto(f"{talks.url}members/")
    newcomer = page.locator("section", has_text="Add somebody new")
    newcomer.get_by_label("Full name").fill("Ada North")
    newcomer.get_by_label("User name").fill(f"ada-{talks.url.split('/')[2]}"[:30])
    newcomer.get_by_role("button", name="Make account").click()
    page.get_by_label("Link to set a password").wait_for()
    assert_in_order(page)
