"""The admin in a real browser: under the site's own policy, with and without JavaScript."""

import pytest
from playwright.sync_api import expect

from issues import services
from issues.models import Entry, Issue
from negotiations.models import Negotiation, Party, Round, Source, User
from tests import factories
from tests.admin_pages import change_url, make_superuser, url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def talks(transactional_db):
    return factories.make_talks()


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation, "Flights")


def test_no_page_breaks_the_policy(new_page, talks, issue):
    """What `new_page` watches for: scripts and styles the policy refuses, other hosts."""
    entry = factories.record(issue, "RU", "Agreed")
    round_ = factories.make_round(talks.negotiation, "First round", "27 Feb 2025")
    services.set_agenda_line(round_, issue, by=talks.head, planned=True)
    party = talks.negotiation.parties.first()
    page = new_page(make_superuser())
    addresses = [
        *("/admin/", url(Negotiation), change_url(talks.negotiation), url(Negotiation, "add")),
        *(url(Party), url(Party, "history", party.pk), url(Party, "delete", party.pk)),
        *(url(Issue), change_url(issue), url(Issue, "add"), url(Round), change_url(round_)),
        *(url(Entry), url(Entry, "change", entry.uuid), url(Entry, "correct", entry.uuid)),
        *(f"{url(Entry, 'add')}?issue={issue.pk}", url(User), change_url(talks.head)),
    ]
    for address in addresses:
        assert page.goto(address).status == 200
        # Its scripts have run, and what they set off has been noticed.
        page.evaluate("new Promise((done) => requestIdleCallback(done))")


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_an_entry_is_recorded_from_the_page_of_its_item(new_page, issue, javascript):
    page = new_page(make_superuser(), java_script_enabled=javascript)
    page.goto(change_url(issue))
    page.get_by_role("link", name="add one").click()
    page.get_by_label("RU", exact=True).check()
    page.get_by_label("When it was said or done").fill("10 Apr 2025")
    page.get_by_role("textbox", name="What was said").fill("We agree.")
    page.get_by_label("Status").select_option("Agreed")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messagelist")).to_contain_text("Agreed")
    expect(page.locator("#content").get_by_text("We agree.")).to_be_visible()


def test_a_parent_is_found_by_typing(new_page, talks, issue):
    factories.make_issue(factories.make_negotiation(), "Flights elsewhere")
    page = new_page(make_superuser())
    page.goto(f"{url(Issue, 'add')}?negotiation={talks.negotiation.pk}")
    page.get_by_label("Title").fill("Direct flights")
    page.locator(".field-parent .select2-selection").click()
    page.locator(".select2-search__field").fill("Fl")
    found = page.locator(".select2-results__option:not(.loading-results)")
    expect(found).to_have_text(["Flights"])
    found.click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist").wait_for()
    assert Issue.objects.get(title="Direct flights").parent == issue


def test_a_source_is_written_down_while_editing_a_round(new_page, talks):
    round_ = factories.make_round(talks.negotiation, "First round")
    page = new_page(make_superuser())
    page.goto(change_url(round_))
    with page.expect_popup() as popup:
        page.locator("#add_id_sources").click()
    popup.value.get_by_label("Title").fill("Announcement")
    popup.value.get_by_role("button", name="Save", exact=True).click()
    page.locator(".field-sources .select2-selection__choice").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist").wait_for()
    assert list(round_.sources.all()) == [Source.objects.get(title="Announcement")]
