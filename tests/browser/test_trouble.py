"""Two people at once, lost answers, and what is left in the browser after signing out."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.looks import assert_in_order
from tests.browser.talks import open_talks

pytestmark = pytest.mark.browser

CASE = "/negotiations/russia-us/"
KEPT = "JSON.stringify([{...sessionStorage}, {...localStorage}])"


@pytest.fixture
def page(visit):
    return visit("head")


@pytest.mark.parametrize("javascript", [True, False])
def test_second_editor_gets_both_versions_and_keeps_what_was_typed(visit, page, javascript):
    talks = open_talks(page, recorder="recorder")
    slower = visit("recorder", java_script_enabled=javascript)
    for window in (page, slower):
        window.goto(f"{talks.item(1)}edit/")
    page.get_by_label("Title").fill("Fish quotas and seasons")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{talks.item(1)}")
    slower.get_by_label("Title").fill("Quotas for fish")
    slower.get_by_role("button", name="Save").click()
    conflict = slower.locator("#conflict")
    expect(conflict).to_contain_text("head saved this first")
    expect(conflict).to_contain_text("Fish quotas and seasons")
    expect(conflict).to_contain_text("Quotas for fish")
    expect(slower.get_by_label("Title")).to_have_value("Quotas for fish")
    if javascript:
        assert_in_order(slower)
    slower.get_by_role("button", name="Save").click()
    expect(slower.get_by_role("heading", level=1)).to_contain_text("Quotas for fish")


@pytest.mark.parametrize("status", [500, 503])
def test_error_while_saving_in_the_dialog_is_said_there_and_sent_again_once(page, status):
    talks = open_talks(page, items="Pilots")
    page.goto(talks.url)
    page.locator("#add-1").click()
    dialog = page.locator("#entry-dialog")
    dialog.get_by_role("radio", name="NO", exact=True).check()
    dialog.get_by_label("When it was said or done").fill("2025")
    dialog.get_by_label("What was said").fill("Not yet.")
    page.route("**/entries/", lambda route: route.fulfill(status=status, body="trace"), times=1)
    dialog.get_by_role("button", name="Save").click()
    alert = dialog.get_by_role("alert").filter(has_text="Something went wrong on the server")
    expect(alert).to_be_visible()
    expect(dialog.get_by_label("What was said")).to_have_value("Not yet.")
    alert.get_by_role("button", name="Try again").press("Enter")
    expect(page.locator("#messages")).to_contain_text("Saved.")
    page.goto(talks.item(1))
    expect(page.locator("ol.tl > li:not(.divider)")).to_have_count(1)


def test_lost_network_while_reading_is_said_and_tried_again(page):
    page.goto(f"{CASE}issues/")
    page.context.set_offline(True)
    page.get_by_role("combobox", name="Category").select_option("held")
    alert = page.locator("#alert")
    expect(alert).to_contain_text("could not be reached")
    page.context.set_offline(False)
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator("tr[data-row]")).to_have_count(4)
    expect(alert).to_be_empty()


def test_server_that_lost_the_item_says_so(page):
    talks = open_talks(page, items="Pilots")
    page.goto(talks.url)
    talks.send("issues/1/error/", reason="Typed twice", version="1")
    page.locator("#add-1").click()
    expect(page.locator("#alert")).to_contain_text("Nothing is at this address, or not for you.")
    expect(page.locator("#entry-dialog")).to_be_hidden()


def test_signing_out_leaves_nothing_behind(visit):
    page = visit()
    sign_in(page, "viewer")
    page.goto(f"{CASE}issues/")
    page.get_by_role("combobox", name="Category").select_option("held")
    expect(page.locator("tr[data-row]")).to_have_count(4)
    assert "Direct flights" not in page.evaluate(KEPT)
    assert "<" not in page.evaluate(KEPT)
    page.goto(CASE)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/")
    # What htmx notes of this very page is all.
    assert page.evaluate("Object.values(sessionStorage).join()") == "/login/"
    for _ in range(3):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert "Direct flights" not in page.content()
    assert page.context.request.get(CASE, max_redirects=0).status == 302


def test_stranger_sees_what_is_not_there(visit):
    page = visit("stranger")
    page.goto(CASE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    page.goto("/")
    expect(page.get_by_text("You are a member of no negotiation.")).to_be_visible()
    assert "Russia" not in page.content()
