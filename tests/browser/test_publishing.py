"""A head looks as the public, lets something out and takes it back; a stranger reads meanwhile."""

import re

import pytest
from playwright.sync_api import expect

from tests.browsing import PHONE, findings
from tests.issues.editions import base, make_published, pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_is_let_out_is_read_without_an_account_until_it_is_taken_back(new_page):
    talks = make_published()
    page = new_page(talks.head)
    page.goto(f"/negotiations/{talks.slug}/preview/")
    assert findings(page) == []
    page.get_by_role("button", name="The public").click()
    expect(page.locator("#eyes")).to_contain_text("as the public would")
    assert findings(page) == []
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("with your own eyes again")).to_be_visible()
    page.goto(f"/negotiations/{talks.slug}/publishing/")
    assert findings(page) == []
    page.get_by_role("button", name="Make link").click()
    link = page.get_by_label("Link to hand over").input_value()
    assert findings(page) == []

    reader = new_page(viewport=PHONE, color_scheme="dark", java_script_enabled=True)
    for rest in pages(talks):
        reader.goto(base(talks) + rest)
        assert findings(reader) == []
        assert reader.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    reader.get_by_label("Another day").fill("2025-03-01")
    reader.get_by_role("button", name="Show", exact=True).click()
    expect(reader.get_by_text("by what was known on 1 Mar 2025")).to_be_visible()
    reader.goto(link)
    expect(reader.get_by_role("heading", name="Fish talks")).to_be_visible()
    assert reader.context.cookies() == []

    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name=re.compile("Withdraw")).click()
    expect(page.locator("#messages")).to_contain_text("Withdrawn: the link no longer works.")
    page.get_by_role("button", name="Switch it off at once").click()
    expect(page.locator("#messages")).to_contain_text("The public edition is off")
    for address in (link, base(talks)):
        reader.goto(address)
        expect(reader.get_by_role("heading", name="Not Found")).to_be_visible()
    assert findings(reader) == []
