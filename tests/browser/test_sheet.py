"""The sheet at the table: forty facts by keyboard, a connection that goes, a second device."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import assert_in_order
from tests.browser.talks import add_entry, add_round, open_talks

pytestmark = pytest.mark.browser

ITEMS = [f"Matter {number}" for number in range(1, 21)]
STATUSES = ["Raised", "Under discussion", "Agreed in principle", "Agreed"]


@pytest.fixture
def page(visit):
    return visit("head")


@pytest.fixture
def talks(page):
    """Twenty items and a round that is held today."""
    talks = open_talks(page, items="\n".join(ITEMS), recorder="recorder")
    add_round(talks, "At the table", "10 Apr 2025", number="1")
    talks.sheet = f"{talks.url}rounds/1/sheet/"
    return talks


def state(page):
    return page.locator("#sheet-unsaved")


def fact(page, keys, text, counted=None):
    """One row: number, Enter, who, status, text, Enter."""
    number, who, status = keys
    page.keyboard.type(str(number))
    for key in ("Enter", who, status):
        page.keyboard.press(key)
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    if counted is not None:
        counted.append(len(str(number)) + 4)


def rows_of(page):
    """What the server shows of the sheet: item, who, status and text of each row."""
    page.reload()
    kept = page.locator("tr[data-kept]")
    return [
        (
            int(row.get_attribute("data-number")),
            row.locator("[data-cell=who]").input_value(),
            row.locator("[data-cell=status]").input_value(),
            row.locator("[data-cell=text]").input_value(),
        )
        for row in kept.all()
    ]


def test_forty_facts_by_keyboard_alone_with_the_connection_cut_in_the_middle(page, talks):
    page.goto(talks.sheet)
    expect(page.locator("#sheet-pick")).to_be_focused()
    typed, keys = [], []
    for number in range(40):
        if number == 12:
            page.context.set_offline(True)
        if number == 28:
            expect(state(page)).to_contain_text("rows not yet saved")
            expect(state(page)).to_contain_text("No connection")
            page.context.set_offline(False)
        item, party, status = number * 7 % 20 + 1, number % 2, number % 4
        fact(page, (item, "ne"[party], str(status + 1)), f"Fact {number}", keys)
        typed.append((item, f"party:{['NO', 'EU'][party]}", STATUSES[status], f"Fact {number}"))
    expect(state(page)).to_have_text("All saved")
    expect(page.locator("#sheet-release")).to_have_text("Release 40 rows")
    # Number, Enter, who, status and Enter: what one types beside the words themselves.
    assert max(keys) <= 6
    assert sorted(rows_of(page)) == sorted(typed)
    page.locator("#sheet-release").press("Enter")
    page.wait_for_url("**/sheets/**")
    expect(page.locator("#messages")).to_contain_text("Released: 40 entries recorded.")
    assert_in_order(page)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("#sheet-release")).to_have_text("Release 40 rows")


def test_answer_lost_on_the_way_doubles_nothing(page, talks):
    page.goto(talks.sheet)
    lost = []

    def lose_the_answer(route):
        route.fetch()
        lost.append(route.request.post_data)
        route.abort()

    page.route("**/sheet/", lose_the_answer, times=1)
    fact(page, (3, "n", "4"), "Said")
    expect(state(page)).to_have_text("All saved")
    assert lost
    assert rows_of(page) == [(3, "party:NO", "Agreed", "Said")]


def test_item_is_found_by_arrows_and_by_letters(page, talks):
    page.goto(talks.sheet)
    picked = page.locator("#sheet-at")
    expect(picked).to_have_text("1 Matter 1")
    page.keyboard.press("ArrowDown")
    expect(picked).to_have_text("2 Matter 2")
    page.keyboard.type("ter 17")
    expect(picked).to_have_text("17 Matter 17")
    expect(page.locator("tr[data-line]:visible")).to_have_count(1)
    assert_in_order(page)
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-number='17'] [data-cell=who]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#sheet-pick")).to_be_focused()
    expect(page.locator("tr[data-line]:visible")).to_have_count(20)


def test_second_device_shows_the_rows_and_a_conflict_shows_both_texts(page, talks, visit):
    page.goto(talks.sheet)
    fact(page, (2, "n", "1"), "First")
    expect(state(page)).to_have_text("All saved")
    other = visit("head")
    other.goto(talks.sheet)
    text = "tr[data-number='2'] [data-cell=text] >> nth=0"
    expect(other.locator(text)).to_have_value("First")
    other.locator(text).fill("Second")
    other.keyboard.press("Enter")
    expect(state(other)).to_have_text("All saved")
    page.locator(text).fill("Third")
    page.keyboard.press("Enter")
    row = page.locator("tr[data-number='2']").first
    expect(row.locator(".state")).to_contain_text("head changed this")
    expect(row.locator(".state")).to_contain_text("“Second”")
    expect(page.locator(text)).to_have_value("Third")
    assert_in_order(page)
    row.get_by_role("button", name="Keep mine").click()
    expect(state(page)).to_have_text("All saved")
    # Looked at again, the other device has it too.
    other.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(other.locator(text)).to_have_value("Third")


def test_head_sees_the_note_takers_sheet_and_what_fails_is_named(page, talks, visit):
    taker = visit("recorder")
    taker.goto(talks.sheet)
    fact(taker, (1, "n", "4"), "Agreed at last")
    fact(taker, (2, "Tab", "Tab"), "Who said this")
    expect(state(taker)).to_have_text("All saved")
    page.goto(talks.sheet)
    page.get_by_role("link", name="Sheet of recorder").click()
    page.locator("#sheet-release").click()
    errors = page.locator("#rows-errors")
    expect(errors).to_contain_text("Nothing was released.")
    expect(errors).to_be_focused()
    assert_in_order(page)
    errors.get_by_role("link", name="Item 2").click()
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    page.locator("#sheet-release").click()
    page.wait_for_url("**/sheets/**")
    expect(page.locator("h1")).to_have_text("Sheet of recorder")


def test_leaving_with_unsaved_rows_asks_first(page, talks):
    page.goto(talks.sheet)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.context.set_offline(True)
    fact(page, (1, "n", "4"), "Not lost")
    expect(state(page)).to_contain_text("1 row not yet saved")
    assert_in_order(page)
    with page.expect_event("dialog"):
        page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#sheet-pick")).to_be_visible()
    assert asked == ["beforeunload"]
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(state(page)).to_have_text("All saved")
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "Not lost" not in kept


def test_signed_out_meanwhile_keeps_the_row_until_signed_in_again(page, talks):
    page.goto(talks.sheet)
    signed_in = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    fact(page, (1, "n", "4"), "Kept")
    expect(page.locator("#alert")).to_contain_text("You have been signed out.")
    page.context.add_cookies(signed_in)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(state(page)).to_have_text("All saved")
    assert rows_of(page) == [(1, "party:NO", "Agreed", "Kept")]


def test_removed_row_is_gone_and_can_be_put_back(page, talks):
    page.goto(talks.sheet)
    fact(page, (1, "n", "4"), "Too soon")
    row = page.locator("tr[data-number='1']").first
    row.get_by_role("button", name="Remove this row").click()
    expect(page.locator("#sheet-release")).to_have_text("Release 0 rows")
    row.get_by_role("button", name="Put back").click()
    expect(page.locator("#sheet-release")).to_have_text("Release 1 row")
    row.get_by_role("button", name="Remove this row").click()
    expect(page.locator("#sheet-release")).to_have_text("Release 0 rows")
    expect(state(page)).to_have_text("All saved")
    assert rows_of(page) == []


def test_date_on_top_changed_by_two_is_said_and_blocks_the_release(page, talks, visit):
    page.goto(talks.sheet)
    fact(page, (1, "n", "4"), "Said")
    expect(state(page)).to_have_text("All saved")
    other = visit("head")
    other.goto(talks.sheet)
    for window, day in ((other, "11 Apr 2025"), (page, "12 Apr 2025")):
        with window.expect_response("**/sheet/"):
            window.get_by_label("When it was said or done").fill(day)
            window.get_by_label("When it was said or done").press("Enter")
    expect(state(page)).to_contain_text("head changed the top first (11 Apr 2025")
    page.locator("#sheet-release").click()
    expect(page.locator("#alert")).to_contain_text("Nothing was released")
    page.get_by_label("When it was said or done").fill("13 Apr 2025")
    expect(state(page)).to_have_text("All saved")


def test_whole_sheet_without_javascript(visit, page, talks):
    plain = visit("head", java_script_enabled=False)
    plain.goto(talks.sheet)
    line = plain.locator("tr[data-number='4']").first
    line.get_by_label("Who says so").select_option("NO")
    line.get_by_label("Status").select_option(label="4 Agreed")
    line.get_by_label("What was said").fill("By hand")
    plain.get_by_role("button", name="Save drafts").click()
    expect(plain.locator("#messages")).to_contain_text("Saved as drafts")
    second = plain.locator("tr[data-number='4']").nth(1)
    second.get_by_label("What was said").fill("Nobody")
    plain.get_by_role("button", name=re.compile("Release")).click()
    expect(plain.locator("#rows-errors")).to_contain_text("Choose who says so.")
    plain.locator("tr[data-number='4']").nth(1).get_by_label("Who says so").select_option("EU")
    plain.get_by_role("button", name=re.compile("Release")).click()
    expect(plain.locator("#messages")).to_contain_text("Released: 2 entries recorded.")


def test_sheet_has_no_finding_from_a_source(page, talks):
    add_entry(talks, 1, "NO", "Agreed", source="new", source_title="Six agreements")
    page.goto(talks.item(1))
    page.get_by_role("link", name="Six agreements").first.click()
    page.get_by_role("link", name="Log it over several items").click()
    expect(page.locator("h1")).to_contain_text("Six agreements")
    fact(page, (5, "j", "4"), "Signed")
    expect(state(page)).to_have_text("All saved")
    assert_in_order(page)


# --- Many items from the list -------------------------------------------------------------------


def test_rows_of_the_list_are_recorded_together_and_undone_as_one(page, talks):
    page.goto(f"{talks.url}issues/")
    expect(page.locator("#pick")).to_be_hidden()
    page.get_by_label("Select 2 Matter 2").check()
    page.get_by_label("Select 5 Matter 5").click(modifiers=["Shift"])
    page.get_by_role("button", name="Record the same on 4 selected").click()
    dialog = page.locator("#entry-dialog")
    expect(dialog.get_by_role("checkbox", name="4 Matter 4")).to_be_checked()
    dialog.get_by_role("checkbox", name="4 Matter 4").uncheck()
    dialog.get_by_label("Status").select_option("Agreed")
    dialog.get_by_role("button", name="Record on all of them").click()
    expect(dialog.locator(".errors")).to_be_focused()
    assert_in_order(page)
    dialog.get_by_role("radio", name="NO", exact=True).check()
    dialog.get_by_label("When it was said or done").fill("1 Jun 2025")
    dialog.get_by_role("button", name="Record on all of them").click()
    expect(page.locator("#messages")).to_contain_text("Recorded 3 entries on 3 items: 3 moved.")
    expect(dialog).to_be_hidden()
    agreed = page.locator("tr[data-row]", has_text="Agreed")
    expect(agreed).to_have_count(3)
    page.locator("#messages").get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("Undone. 3 entries taken back.")
    expect(agreed).to_have_count(0)


def test_all_of_the_page_are_selected_by_one_box(page, talks):
    page.goto(f"{talks.url}issues/")
    page.get_by_label("select all on this page").check()
    expect(page.get_by_role("button", name="Record the same on 20 selected")).to_be_visible()
    assert_in_order(page)


def test_rows_of_the_list_without_javascript(visit, page, talks):
    plain = visit("head", java_script_enabled=False)
    plain.goto(f"{talks.url}issues/")
    for number in (1, 2):
        plain.get_by_label(f"Select {number} Matter {number}", exact=True).check()
    plain.get_by_role("button", name="Record the same on the selected").click()
    plain.get_by_role("radio", name="EU", exact=True).check()
    plain.get_by_label("Status").select_option("Raised")
    plain.get_by_label("When it was said or done").fill("2025")
    plain.get_by_role("button", name="Record on all of them").click()
    expect(plain.locator("#messages")).to_contain_text("Recorded 2 entries on 2 items: 2 moved.")
