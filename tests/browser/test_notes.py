"""A note and something in the vault, with and without scripts; axe finds nothing."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import assert_in_order
from tests.browser.serve import PASSWORD
from tests.browser.talks import open_talks

pytestmark = pytest.mark.browser


# Two people: whoever said once more who they are is not asked again for five minutes.
@pytest.mark.parametrize(("role", "javascript"), [("us", True), ("ru", False)])
def test_a_note_for_named_people_and_lines_in_the_vault(visit, role, javascript):
    page = visit(role, java_script_enabled=javascript)
    talks = open_talks(page, recorder="recorder")
    page.goto(talks.item(1))
    page.get_by_role("link", name="Add a note").click()
    form = page.locator("#note-form")
    form.get_by_label("Note", exact=True).fill("# Before the round\n\nAsk **first**.")
    form.get_by_label("Who may see it").select_option("named")
    form.get_by_role("checkbox", name="recorder").check()
    form.get_by_role("button", name="Save note").click()
    note = page.locator("#notes li")
    expect(note).to_contain_text(f"only recorder, {role}")
    expect(note.locator("strong")).to_have_text("first")
    if javascript:
        expect(page.locator("#announce")).to_have_text("Note added.")
        assert_in_order(page)

    note.get_by_role("link", name="Open").click()
    page.get_by_role("link", name="Who may see it").click()
    page.get_by_label("Who may see it").select_option("members")
    page.get_by_label("Why").fill("The others should know.")
    page.get_by_role("button", name="Show what follows").click()
    expect(page.locator("#sight-preview")).to_contain_text("Gain sight")
    if javascript:
        assert_in_order(page)
    page.goto(talks.item(1))
    page.get_by_role("link", name="Vault").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Nothing in the vault names you here.")).to_be_visible()
    page.get_by_label("Whose lines").select_option("NO")
    page.get_by_label("Red line").fill("Not below ten.")
    page.get_by_role("button", name="Put into the vault").click()
    expect(page.get_by_role("heading", name="Norway")).to_be_visible()
    expect(page.get_by_text("Not below ten.")).to_be_visible()
    if javascript:
        assert_in_order(page)
