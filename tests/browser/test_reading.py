"""Reading the case: at a glance, through filters and time, round by round; nothing is written."""

import re

import pytest
from playwright.sync_api import expect

from tests.browsing import PHONE

pytestmark = pytest.mark.browser

CASE = "/negotiations/russia-us/"


def row(page, title):
    return page.locator("tr[data-row]").filter(has=page.get_by_role("link", name=title))


def titles(page):
    return page.locator("tr[data-row] th a:not(.add)")


def rows(page):
    """The items shown, in order."""
    return titles(page).all_inner_texts()


def choose(page, label, value):
    """Picks a filter and waits for the rows that answer it: the address changes with them."""
    page.get_by_role("combobox", name=label, exact=True).select_option(value)
    page.wait_for_url(lambda address: f"={value}" in address)


@pytest.mark.parametrize("javascript", [True, False])
def test_state_of_play_answers_where_it_stands_and_who_says_so(visit, javascript):
    page = visit("viewer", java_script_enabled=javascript)
    page.goto("/")
    page.get_by_role("link", name="Russia–US consultations on irritants").click()
    banking = row(page, "Banking and financing of the diplomatic missions")
    expect(banking.locator(".now")).to_contain_text("Agreed")
    expect(banking.locator(".now")).to_contain_text("Both say so, separately")
    expect(row(page, "Direct flights").locator(".now")).to_contain_text("Only RU says so")
    moscow = page.locator("thead th", has_text="Moscow")
    expect(moscow).to_contain_text("cancelled")
    expect(page.locator("#state-line")).to_contain_text("latest entry 24 Jun 2026")


@pytest.mark.parametrize(
    "words", ["both say so", "not all say so", "Blocked", "Moved since", "No status yet"]
)
def test_every_figure_leads_to_the_rows_it_counts(visit, words):
    page = visit("viewer", java_script_enabled=False)
    page.goto(CASE)
    figure = page.locator("#figures div", has_text=words).locator("dd a").first
    counted = int(figure.inner_text())
    figure.click()
    expect(page).not_to_have_url(re.compile(f"{CASE}$"))
    expect(titles(page)).to_have_count(counted)
    assert counted > 0


def test_back_shows_the_whole_page_of_each_filter(visit):
    page = visit("viewer")
    page.goto(CASE)
    everything = rows(page)
    steps = [("Category", "held"), ("Who says so", "one"), ("Waits for", "US")]
    shown = []
    for label, value in steps:
        choose(page, label, value)
        expect(page.locator("tr[data-row]")).not_to_have_count(len(everything))
        shown.append((page.url, rows(page)))
    page.get_by_role("link", name="Members").click()
    page.get_by_role("heading", name="Members", level=1).wait_for()
    for address, listed in reversed(shown):
        page.go_back()
        page.wait_for_url(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Russia–US"))
        expect(page.get_by_role("navigation", name="Negotiation")).to_be_visible()
        expect(titles(page)).to_have_text(listed)
    page.go_back()
    page.wait_for_url(f"**{CASE}")
    expect(titles(page)).to_have_text(everything)


def test_address_is_the_whole_state(visit):
    page = visit("viewer")
    page.goto(f"{CASE}issues/")
    choose(page, "Category", "held")
    choose(page, "Order", "-said")
    expect(page.get_by_text("4 items")).to_be_visible()
    listed, address = rows(page), page.url
    assert "=&" not in address
    assert not address.endswith("=")
    page.reload()
    assert rows(page) == listed
    copied = visit("viewer", java_script_enabled=False)
    copied.goto(address)
    assert rows(copied) == listed
    expect(copied.get_by_role("combobox", name="Category")).to_have_value("held")


def test_filter_works_without_scripts(visit):
    page = visit("viewer", java_script_enabled=False)
    page.goto(CASE)
    page.get_by_label("Text").fill("flights")
    page.get_by_role("button", name="Filter").click()
    expect(titles(page)).to_have_text(["26 Direct flights between Russia and the United States"])
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("path", ["", "issues/"])
def test_what_was_typed_last_wins_over_a_late_answer(visit, path):
    page = visit("viewer")
    page.goto(CASE + path)
    late = []
    page.route(re.compile(r"q=visas"), lambda route: late.append(route))
    with page.expect_request(re.compile(r"q=visas")):
        page.get_by_label("Text").fill("visas")
    page.get_by_label("Text").fill("flights")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    for route in late:
        route.continue_()
    page.wait_for_timeout(300)
    assert late
    expect(titles(page)).to_have_text(
        re.compile("Direct flights between Russia and the United States")
    )
    assert "q=flights" in page.url
    expect(page.get_by_label("Text")).to_be_focused()


def test_an_invalid_filter_shows_why_and_no_rows(visit):
    page = visit("viewer")
    page.goto(f"{CASE}?category=upside-down")
    expect(page.get_by_role("alert").filter(has_text="no rows are shown")).to_be_visible()
    assert rows(page) == []


@pytest.mark.parametrize("javascript", [True, False])
def test_going_back_in_time_and_to_today(visit, javascript):
    page = visit("recorder", java_script_enabled=javascript)
    page.goto(CASE)
    page.get_by_text("Show as it was on").click()
    page.get_by_role("textbox", name="Day").fill("30 Apr 2025")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?as_of=2025-04-30$"))
    expect(page.locator("#clock-banner")).to_contain_text("As it was on 30 Apr 2025")
    expect(page.locator("a.add")).to_have_count(0)
    expect(page.locator("thead th", has_text="R3")).to_contain_text("later")
    expect(row(page, "Return of Russian").locator(".now")).to_contain_text("Under discussion")
    page.get_by_role("link", name="Back to today").first.click()
    expect(row(page, "Return of Russian").locator(".now")).to_contain_text("Blocked")


def test_reviewing_two_rounds_with_two_keys(visit):
    page = visit("viewer")
    page.goto(f"{CASE}rounds/3/")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Second round")
    expect(row(page, "Banking and financing")).to_contain_text("Under discussion → Agreed")
    page.keyboard.press("[")
    expect(heading).to_contain_text("First round")
    expect(row(page, "Banking and financing")).to_contain_text("Under discussion")
    page.keyboard.press("]")
    expect(heading).to_contain_text("Second round")


def test_reviewing_two_rounds_without_scripts(visit):
    page = visit("viewer", java_script_enabled=False)
    page.goto(f"{CASE}rounds/3/")
    page.locator("[data-previous]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("First round")
    page.locator("[data-next]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Second round")


def test_every_cell_of_the_matrix_says_something(visit):
    page = visit("viewer")
    page.goto(f"{CASE}?rounds=all&empty=1")
    cells = page.locator(".matrix tbody td").all_inner_texts()
    assert len(cells) > 27 * 12
    assert [text for text in cells if not text.strip()] == []


def test_first_two_columns_stay_in_sight_and_show_alone_on_a_phone(visit):
    page = visit("viewer")
    page.goto(f"{CASE}?rounds=all")
    first, second = page.locator("tr[data-row]").first.locator("th, td.now").all()
    before = first.bounding_box()["x"], second.bounding_box()["x"]
    page.locator(".matrix").evaluate("box => { box.scrollLeft = 600; box.scrollTop = 200 }")
    assert (first.bounding_box()["x"], second.bounding_box()["x"]) == before
    page.set_viewport_size(PHONE)
    seen = [cell for cell in page.locator("thead th").all() if cell.is_visible()]
    assert len(seen) == 2


def test_on_a_phone_the_filters_are_folded_and_the_rows_are_near(visit):
    page = visit("viewer", viewport=PHONE)
    page.goto(CASE)
    expect(page.get_by_role("combobox", name="Category")).to_be_hidden()
    assert page.locator("tr[data-row]").first.bounding_box()["y"] < PHONE["height"]
    page.get_by_text("Filter and choose rounds").click()
    expect(page.get_by_role("combobox", name="Category")).to_be_visible()
    page.get_by_role("combobox", name="Category").select_option("held")
    expect(page.locator("tr[data-row]")).to_have_count(4)


def test_nothing_moves_for_those_who_asked_for_calm(visit):
    page = visit("viewer", reduced_motion="reduce")
    for address in (CASE, f"{CASE}issues/16/", f"{CASE}rounds/3/"):
        page.goto(address)
        assert page.evaluate("document.getAnimations().length") == 0


def test_only_our_scripts_run(visit):
    page = visit("viewer")
    page.goto(CASE)
    names = [script.get_attribute("src") for script in page.locator("script").all()]
    assert [name.split("/")[-1] for name in names] == ["htmx-2.min.js", "parley.js"]
