"""From nothing to talks with items, a round and people, through the pages, with and without
scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.talks import add_entry, open_talks

pytestmark = pytest.mark.browser

LIST = "Art. 1 Fish quotas\n  1.1 Cod\n  1.2 Herring\nArt. 2 Harbour fees"


@pytest.mark.parametrize("javascript", [True, False])
def test_setting_up_talks_of_ones_own(visit, javascript):
    page = visit("us", java_script_enabled=javascript)
    page.goto("/")
    page.get_by_role("link", name="New negotiation").click()
    page.get_by_label("Title").fill(f"Fish talks, scripts {javascript}")
    for row, (code, name) in enumerate([("NO", "Norway"), ("EU", "European Union")], start=1):
        page.get_by_label(f"Code of party {row}").fill(code)
        page.get_by_label(f"Name of party {row}").fill(name)
    page.get_by_role("radio", name="Trade text rounds").check()
    page.get_by_role("button", name="Create negotiation").click()

    page.get_by_label("Lines").fill(LIST)
    page.get_by_role("button", name="Open these items").click()
    expect(page.locator("tr[data-row]")).to_have_count(4)
    expect(page.get_by_text("4 opened. None claims a status yet.")).to_be_visible()

    page.get_by_role("link", name="Order", exact=True).click()
    page.get_by_role("button", name="Down: Fish quotas").click()
    expect(page.locator("ol.rows > li").first).to_contain_text("Harbour fees")

    page.get_by_role("navigation", name="Negotiation").get_by_text("Rounds").click()
    page.get_by_role("link", name="Add the first round").click()
    page.get_by_label("Title", exact=True).fill("Opening")
    page.get_by_label("State").select_option("under_way")
    page.get_by_label("Began or begins").fill("1 Nov 2026")
    page.get_by_role("button", name="Add round").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Opening")

    page.get_by_role("navigation", name="Negotiation").get_by_text("Members").click()
    page.get_by_label("User name").first.fill("recorder")
    page.get_by_role("button", name="Add member").click()
    expect(page.get_by_text("recorder is a member.")).to_be_visible()

    page.get_by_role("navigation", name="Negotiation").get_by_text("Set up").click()
    page.get_by_role("button", name="Archive this negotiation").click()
    expect(page.get_by_text("Archived: it can be read, not changed.")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_home_counts_what_came_in_since_it_was_marked_as_read(visit, javascript):
    page = visit("head", java_script_enabled=javascript)
    talks = open_talks(page)
    card = page.locator("section", has=page.get_by_role("link", name=talks.title, exact=True))
    page.goto(f"{talks.url}changes/?from=read")
    expect(page.get_by_text("You have not marked this negotiation as read yet.")).to_be_visible()
    page.get_by_role("button", name="Mark as read").click()
    expect(page.locator("#messages")).to_contain_text("Marked as read.")
    page.goto("/")
    expect(card).to_contain_text("Nothing new since you marked as read")
    add_entry(talks, 2, "NO", "Agreed")
    page.reload()
    card.get_by_role("link", name="1 new entry").click()
    expect(page.locator("tr[data-row]")).to_contain_text(["Harbour fees"])
    page.goto("/")
    expect(card).to_contain_text("1 new entry")
