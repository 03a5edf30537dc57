"""Time in a window: stepping by key, the forms of follow-up, pictures; and no finding in any."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import assert_in_order
from tests.browser.talks import add_entry, add_round, open_talks

pytestmark = pytest.mark.browser

CASE = "/negotiations/russia-us/"
PAGES = {
    "silence": f"{CASE}silence/",
    "silence of one party": f"{CASE}silence/?party=US&days=90",
    "not answered": f"{CASE}silence/unanswered/",
    "next steps": f"{CASE}next-steps/",
    "next steps, as it was": f"{CASE}next-steps/?as_of=2025-06-30",
    "next steps, nothing fits": f"{CASE}next-steps/?due=overdue",
    "still so": f"{CASE}issues/1/still-so/",
    "ask": f"{CASE}issues/16/ask/?whom=US",
    "pictures": f"{CASE}pictures/",
    "pictures, as it was": f"{CASE}pictures/?as_of=2025-04-30&turns=all",
    "chart": f"{CASE}issues/27/chart/",
    "what moved, as it was": f"{CASE}changes/?as_of=2025-06-30",
    "rounds, as it was": f"{CASE}rounds/?as_of=2025-06-30",
    "item not yet recorded": f"{CASE}issues/5/?as_of=2025-04-10&known=2025-04-10",
}


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_finding(leaf, name):
    assert_in_order(leaf("head", PAGES[name]))


def test_tables_of_pictures_and_the_chart_of_an_item_have_no_finding(visit):
    page = visit("viewer")
    page.goto(f"{CASE}pictures/")
    for summary in page.locator("main details.no-print > summary").all():
        summary.click()
    assert_in_order(page)
    page.goto(f"{CASE}issues/1/")
    page.get_by_text("Each party’s status over time").click()
    page.locator("#issue-chart svg[role=img]").wait_for()
    assert_in_order(page)


def test_time_is_walked_by_key_from_round_to_round(visit):
    page = visit("viewer")
    page.goto(f"{CASE}issues/")
    for key, day in (("[", "2026-05-31"), ("[", "2025-12-31"), ("]", "2026-05-31")):
        page.keyboard.press(key)
        page.wait_for_url(f"**as_of={day}")
        expect(page.locator("#clock-banner")).to_be_visible()
    page.keyboard.press("]")
    page.wait_for_url(lambda address: "as_of" not in address)
    expect(page.locator("#clock-banner")).to_have_count(0)


def test_comparing_keeps_focus_and_says_what_it_found(visit):
    page = visit("viewer")
    page.goto(f"{CASE}changes/")
    page.locator("#id_from").focus()
    page.locator("#id_from").select_option("round-1")
    expect(page.locator("#announce")).to_have_text(re.compile(r"\d+ items moved\."))
    assert page.evaluate("document.activeElement.id") == "id_from"
    assert "from=round-1" in page.url


def test_a_silent_item_is_confirmed_and_asked_about_from_its_row(visit):
    page = visit("head")
    talks = open_talks(page, items="Pilots")
    add_round(talks, "First", "10 Apr 2025")
    add_entry(talks, 1, "NO", "Agreed", "1 Apr 2025", early="on")
    page.goto(f"{talks.url}silence/?rounds=1")
    page.locator("#ask-1").click()
    page.get_by_label("Ask whom").fill("European Union")
    page.locator("#follow-up-save").click()
    expect(page.locator("#announce")).to_contain_text("Ask European Union about Pilots")
    page.locator("#still-1").click()
    page.get_by_label("In which words").fill("Nothing new")
    page.locator("#follow-up-save").click()
    expect(page.get_by_text("Every item was mentioned in that time.")).to_be_visible()
    page.goto(f"{talks.url}next-steps/")
    assert_in_order(page)
    page.locator("#done-1").click()
    page.locator("#follow-up-save").click()
    expect(page.get_by_text("No next step is open.")).to_be_visible()
