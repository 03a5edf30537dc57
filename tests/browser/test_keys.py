"""Everything by keyboard: focus is never lost or covered, and single keys can be switched off."""

import pytest
from playwright.sync_api import expect

from tests.browser.talks import open_talks

pytestmark = pytest.mark.browser

CASE = "/negotiations/russia-us/"
# Whether something else lies over the first corner of what has the focus.
COVERED = """() => {
  const at = document.activeElement, box = at.getClientRects()[0];
  const over = document.elementFromPoint(box.left + 2, box.top + 2);
  return over !== null && !at.contains(over) && !over.contains(at);
}"""


def test_rows_are_walked_and_entries_opened_with_single_keys(visit):
    page = visit("head")
    page.goto(CASE)
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("tr[data-row] a:focus")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Add entry · 1 Banking and financing")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#add-1")).to_be_focused()
    page.keyboard.press("f")
    expect(page.locator("[data-filter]")).to_be_focused()


def test_letters_typed_into_a_field_are_only_letters(visit):
    page = visit("head")
    page.goto(f"{CASE}rounds/3/")
    address = page.url
    page.get_by_label("Numbers of the items").press_sequentially("afj?[/]k")
    expect(page.get_by_label("Numbers of the items")).to_have_value("afj?[/]k")
    assert page.url == address
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.goto(f"{CASE}issues/1/")
    page.get_by_label("What was said").press_sequentially("afj?[/]k")
    expect(page.get_by_label("What was said")).to_have_value("afj?[/]k")
    expect(page.get_by_label("What was said")).to_be_focused()


def test_keys_are_listed_and_can_be_switched_off(visit):
    page = visit("head")
    page.goto(f"{CASE}rounds/3/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("previous and next round")
    dialog.get_by_label("Use these keys in this browser").uncheck()
    dialog.get_by_role("button", name="Close").press("Enter")
    for key in "[]afj/":
        page.keyboard.press(key)
    page.reload()
    for key in "[]afj/":
        page.keyboard.press(key)
    assert page.url.endswith("/rounds/3/")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("?")
    dialog.get_by_label("Use these keys in this browser").check()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("]")
    page.wait_for_url("**/rounds/4/")


@pytest.mark.parametrize("path", ["", "issues/", "issues/1/", "rounds/3/", "changes/"])
def test_focus_is_never_behind_what_stays_in_place(visit, path):
    page = visit("head")
    page.goto(CASE + path)
    stops = 0
    while stops < 60:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert not page.evaluate(COVERED), page.evaluate("document.activeElement.outerHTML")
        stops += 1
    assert stops > 15


def test_skip_link_leads_past_the_navigation(visit):
    page = visit("viewer")
    page.goto(CASE)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("path", ["", "issues/"])
def test_filtering_by_keyboard_keeps_the_focus(visit, path):
    page = visit("head")
    page.goto(CASE + path)
    page.locator("#id_category").press("b")
    expect(page.locator("tr[data-row]")).to_have_count(4)
    expect(page.locator("#id_category")).to_be_focused()
    page.locator("#id_q").fill("flights")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("#id_q")).to_be_focused()


def test_moving_items_by_keyboard_keeps_the_focus_and_is_announced(visit):
    page = visit("head")
    talks = open_talks(page)
    page.goto(f"{talks.url}issues/order/")
    page.locator("#down-1").press("Enter")
    expect(page.locator("#announce")).to_have_text("Fish quotas was moved.")
    expect(page.locator("ol.rows > li").first).to_contain_text("Harbour fees")
    expect(page.locator("#down-1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("ol.rows > li").last).to_contain_text("Fish quotas")
    expect(page.locator("#down-1")).to_be_focused()


# Presses the focused button as soon as a swap lets anything else happen.
PRESSED_AT_ONCE = """document.addEventListener("htmx:afterSwap", () =>
  setTimeout(() => document.activeElement.click(), 0), { once: true })"""


def test_key_pressed_right_after_a_swap_is_not_lost(visit):
    page = visit("head")
    talks = open_talks(page, items="Fish quotas\nHarbour fees\nIce roads")
    page.goto(f"{talks.url}issues/order/")
    page.evaluate(PRESSED_AT_ONCE)
    page.locator("#down-1").press("Enter")
    expect(page.locator("ol.rows > li").last).to_contain_text("Fish quotas")
    expect(page.locator("#down-1")).to_be_focused()
