"""Searching by keyboard, as one types, and without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import assert_in_order
from tests.browsing import PHONE

pytestmark = pytest.mark.browser

CASE = "/negotiations/russia-us/"
BOX = "[data-search]"


def test_the_box_is_one_key_away_and_leads_to_the_entry_itself(visit):
    page = visit("head")
    page.goto(CASE)
    page.keyboard.press("/")
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.type("Darchiyev flights")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?*in=russia-us*")
    entries = page.locator("section", has=page.get_by_role("heading", name="Entries"))
    expect(entries.locator("mark").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**#history-line-*")
    assert page.locator(":target").is_visible()


def test_results_follow_what_is_typed_and_are_announced(visit):
    page = visit("head")
    page.goto("/search/")
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.type("зеленск", delay=20)
    expect(page.locator("#search-results")).to_contain_text("Nothing in your negotiations")
    page.locator(BOX).fill("Дарчиев")
    expect(page.locator("#search-results mark").first).to_have_text("Darchiev")
    expect(page.locator("#announce")).to_contain_text("Found:")
    expect(page.locator(BOX)).to_be_focused()
    page.wait_for_url("**q=*")
    page.reload()
    expect(page.locator("#search-results mark").first).to_have_text("Darchiev")


def test_it_works_without_scripts(visit):
    page = visit("viewer", java_script_enabled=False)
    page.goto(CASE)
    page.locator(BOX).fill("visas")
    page.locator("#search-box button").click()
    page.locator("#search-results .pager a").first.click()
    expect(page.locator("#search-results section")).to_have_count(1)
    page.get_by_role("link", name="Everything that fits").click()
    expect(page.locator("#search-results section")).not_to_have_count(1)


def test_what_is_found_is_readable_on_paper_and_on_a_phone(visit):
    page = visit("head", viewport=PHONE)
    page.goto("/search/?in=russia-us&q=flights&kind=entries")
    assert_in_order(page)
    page.emulate_media(media="print")
    expect(page.locator("#search-results")).to_be_visible()
    expect(page.locator("header.top")).to_be_hidden()
