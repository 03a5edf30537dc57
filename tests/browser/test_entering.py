"""Adding, correcting, taking back: what the page says, what changes in place, where focus is."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looks import assert_in_order
from tests.browser.talks import add_entry, add_round, open_talks

pytestmark = pytest.mark.browser

FIRST = "Fish quotas"


@pytest.fixture
def page(visit):
    return visit("head")


@pytest.fixture
def talks(page):
    """Norway has called the first item Raised; nobody has spoken of the others."""
    talks = open_talks(page)
    add_round(talks, "Spring round", "10 Apr 2025", number="1")
    add_entry(talks, 1, "NO", "Raised", "10 Apr 2025")
    return talks


def fill(page, who="EU", status="", said="24 Jun 2026", text="They said so."):
    """Types an entry into the form that is open."""
    form = page.locator("#entry-dialog[open] form, main form:has(#entry-fields)").last
    form.get_by_role("radio", name=who, exact=True).check()
    form.get_by_label("Status").select_option(status)
    form.get_by_label("When it was said or done").fill(said)
    form.get_by_label("What was said").fill(text)
    return form


def row(page, title=FIRST):
    return page.locator("tr[data-row]", has_text=title)


def message(page):
    return page.locator("#messages .message")


def announced(page):
    return page.get_by_role("status")


def figure(page, words):
    return page.locator("#figures div", has_text=words).locator("dd a").first


def history(page):
    return page.locator("ol.tl > li:not(.divider)")


# --- From the state of play ---------------------------------------------------------------------


def test_entry_from_a_row_changes_row_figures_and_head_line_in_place(page, talks):
    page.goto(talks.url)
    page.evaluate("document.body.dataset.same = 'page'")
    page.get_by_role("link", name=f"Add an entry to 1 {FIRST}").click()
    fill(page, "EU", "Agreed", "1 Jun 2025")
    page.get_by_role("button", name="Save").click()
    stays = "Saved. Headline stays Raised: Norway says so, 10 Apr 2025."
    expect(message(page)).to_contain_text(stays)
    expect(announced(page)).to_have_text(stays)
    expect(page.locator("#entry-dialog")).to_be_hidden()
    expect(row(page).locator(".now")).to_contain_text("EU claims more, NO has not answered")
    expect(figure(page, "Not answered")).to_have_text("1")
    expect(page.locator("#state-line")).to_contain_text("latest entry 1 Jun 2025")
    expect(page.locator("#add-1")).to_be_focused()
    assert page.evaluate("document.body.dataset.same") == "page"


def test_headline_that_changes_is_said_with_what_it_was(page, talks):
    page.goto(talks.url)
    page.locator("#add-1").click()
    fill(page, "NO", "Blocked", "1 Jun 2025")
    page.get_by_role("button", name="Save").click()
    said = "Saved. Headline is now Blocked (was Raised): Norway says so, 1 Jun 2025."
    expect(message(page)).to_contain_text(said)
    expect(announced(page)).to_have_text(said)
    expect(figure(page, "Blocked")).to_have_text("1")


def test_undo_takes_back_all_that_one_form_wrote(page, talks):
    page.goto(talks.url)
    page.locator("#add-1").click()
    form = fill(page, "EU", "Agreed", "1 Jun 2025")
    form.get_by_label("The other side said the same").check()
    form.get_by_role("button", name="Save").click()
    expect(row(page).locator(".now")).to_contain_text("Both say so, separately")
    message(page).get_by_role("button", name="Undo").press("Enter")
    expect(message(page)).to_contain_text("Undone. Headline is now Raised (was Agreed)")
    expect(row(page).locator(".now")).to_contain_text("Only NO says so")
    expect(page.locator("body")).not_to_be_focused()


def test_past_cell_presets_round_and_date(page, talks):
    page.goto(talks.url)
    row(page).locator("td[data-round]").first.click()
    dialog = page.locator("#entry-dialog")
    expect(dialog.get_by_label("When it was said or done")).to_have_value("10 Apr 2025")
    expect(dialog.get_by_label("Round")).to_have_value("1")
    expect(dialog.get_by_label("Source", exact=False).first).to_be_visible()
    fill(page, "EU", "Under discussion", "10 Apr 2025")
    dialog.get_by_role("button", name="Save").click()
    expect(row(page).locator("td[data-round]").first).to_contain_text("Raised")


def test_closing_the_dialog_returns_to_where_one_was(page, talks):
    page.goto(f"{talks.url}?empty=1")
    for leave in ("Escape", "Cancel"):
        page.locator("#add-2").press("Enter")
        page.locator("#entry-dialog").wait_for()
        if leave == "Escape":
            page.keyboard.press("Escape")
        else:
            page.locator("#entry-dialog").get_by_text("Cancel").click()
        expect(page.locator("#entry-dialog")).to_be_hidden()
        expect(page.locator("#add-2")).to_be_focused()


def test_refused_entry_says_why_beside_the_field_and_keeps_the_rest(page, talks):
    page.goto(talks.url)
    page.locator("#add-1").click()
    form = fill(page, "EU", "Agreed", "1 Jun 2093", "Agreed for good.")
    form.get_by_role("button", name="Save").click()
    dialog = page.locator("#entry-dialog")
    expect(dialog.locator(".errors")).to_be_focused()
    said = dialog.get_by_label("When it was said or done")
    expect(said).to_have_attribute("aria-invalid", "true")
    expect(said).to_have_accessible_description(containing("future"))
    expect(dialog.get_by_label("What was said")).to_have_value("Agreed for good.")
    dialog.locator(".errors a").first.click()
    expect(said).to_be_focused()
    said.fill("1 Jun 2025")
    dialog.get_by_role("button", name="Save").click()
    expect(message(page)).to_contain_text("Saved.")


def containing(words):
    return re.compile(re.escape(words))


def test_three_fast_clicks_record_once(page, talks):
    page.goto(f"{talks.url}?empty=1")
    page.locator("#add-2").click()
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    fill(page, "EU", "Raised").get_by_role("button", name="Save").click(click_count=3)
    expect(message(page)).to_contain_text("Saved.")
    assert sent.count("POST") == 1
    page.goto(talks.item(2))
    expect(history(page)).to_have_count(1)


def test_wide_work_shows_that_it_is_under_way(page, talks):
    page.goto(talks.item(1))
    held = []
    page.route("**/entries/", lambda route: held.append(route))
    form = fill(page, "EU", "Raised")
    with page.expect_request("**/entries/"):
        form.get_by_role("button", name="Save").click()
    expect(form).to_have_attribute("aria-busy", "true")
    expect(form.get_by_text("Saving…")).to_be_visible()
    held[0].continue_()
    expect(message(page)).to_contain_text("Saved.")
    expect(page.get_by_text("Saving…")).to_be_hidden()


# --- From elsewhere -----------------------------------------------------------------------------


def test_entry_on_the_items_page_heads_the_history_and_empties_the_form(page, talks):
    page.goto(talks.item(1))
    form = fill(page, "EU", "Under discussion", "1 Jun 2025", "We shall see.")
    form.get_by_label("What was said").press("Tab")
    form.get_by_role("button", name="Save").press("Enter")
    expect(history(page).first).to_contain_text("We shall see.")
    expect(page.locator(".standing")).to_contain_text("European Union claims more, Norway has")
    expect(page.get_by_label("What was said")).to_have_value("")
    expect(page.get_by_role("button", name="Save")).to_be_focused()
    expect(history(page).first.get_by_role("button", name="undo")).to_be_visible()


def test_entry_from_the_list_changes_its_row(page, talks):
    page.goto(f"{talks.url}issues/")
    page.get_by_role("link", name="Add an entry to 2 Harbour fees").click()
    fill(page, "NO", "Agreed").get_by_role("button", name="Save").click()
    expect(row(page, "Harbour fees")).to_contain_text("Only NO says so")
    expect(page.locator("#add-2")).to_be_focused()


def test_entry_and_agenda_from_the_page_of_a_round(page, talks):
    page.goto(f"{talks.url}rounds/1/")
    page.get_by_label("Numbers of the items").fill("1, 2")
    page.get_by_role("button", name="Put on the agenda").press("Enter")
    expect(announced(page)).to_contain_text("planned")
    page.locator("#discussed-2").press("Enter")
    expect(page.locator("#discussed-2")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#discussed-2")).to_be_focused()
    page.locator("#add-2").click()
    expect(page.locator("#entry-dialog").get_by_label("Round")).to_have_value("1")
    fill(page, "EU", "Agreed", "10 Apr 2025").get_by_role("button", name="Save").click()
    expect(row(page, "Harbour fees")).to_contain_text("Agreed")
    expect(page.locator("#round-page .facts div", has_text="Moved forward")).to_contain_text("2")


# --- Repairing ----------------------------------------------------------------------------------


def test_correction_shows_both_and_what_it_did(page, talks):
    page.goto(talks.item(1))
    page.get_by_role("link", name="correct").press("Enter")
    dialog = page.locator("#entry-dialog")
    dialog.get_by_label("Why it is corrected").fill("Misheard")
    dialog.get_by_label("Status").select_option("Agreed")
    dialog.get_by_role("button", name="Save the correction").click()
    expect(message(page)).to_contain_text("Headline is now Agreed (was Raised)")
    expect(page.locator("li.struck")).to_contain_text("Misheard")
    assert page.locator("li.struck .said").first.evaluate(
        "said => getComputedStyle(said).textDecorationLine"
    ) == ("line-through")
    expect(history(page).filter(has_text="Corrects the entry of 10 Apr 2025")).to_be_visible()
    expect(page.locator("body")).not_to_be_focused()
    assert_in_order(page)


def test_taking_back_needs_a_reason_and_restores_what_was_before(page, talks):
    add_entry(talks, 1, "NO", "Agreed", "1 May 2025")
    page.goto(talks.item(1))
    page.get_by_role("link", name="take back").first.click()
    dialog = page.locator("#entry-dialog")
    dialog.get_by_role("button", name="Take it back").click()
    expect(dialog.locator(".errors")).to_be_visible()
    dialog.get_by_label("Why it is taken back").fill("Never said")
    dialog.get_by_role("button", name="Take it back").click()
    expect(message(page)).to_contain_text("Headline is now Raised (was Agreed)")
    expect(history(page).filter(has_text="Taken back: the entry of 1 May 2025")).to_be_visible()


def test_second_source_needs_no_correction(page, talks):
    page.goto(talks.item(1))
    page.get_by_role("link", name="add a source").click()
    dialog = page.locator("#entry-dialog")
    dialog.get_by_label("Title").fill("Minutes of the first day")
    dialog.get_by_role("button", name="Add the source").click()
    expect(history(page).first).to_contain_text("Minutes of the first day")
    expect(announced(page)).to_have_text("Source added.")


def test_file_of_a_new_source_goes_along_and_comes_back(page, talks):
    page.goto(talks.item(1))
    fill(page, "EU", "Agreed")
    page.get_by_text("A new source", exact=True).click()
    minutes = {"name": "Minutes.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 said"}
    page.get_by_label("File").set_input_files(minutes)
    page.get_by_role("button", name="Save").click()
    link = history(page).first.get_by_role("link", name="file, 13 bytes")
    with page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == "Minutes.pdf"
    assert saved.value.path().read_bytes() == b"%PDF-1.7 said"
    history(page).first.get_by_role("link", name="Minutes.pdf").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Minutes.pdf")
    assert_in_order(page)


def test_second_of_two_corrections_gets_both_versions(visit, page, talks):
    talks.send("members/", username="recorder", role="recorder")
    slower = visit("head")
    for window in (page, slower):
        window.goto(talks.item(1))
        window.get_by_role("link", name="correct").click()
        window.get_by_label("Why it is corrected").fill("Misheard")
        window.locator("#reply-text").fill(f"As heard in window {window is page}")
        window.locator("#reply-said").fill("11 Apr 2025")
    page.locator("#reply-save").click()
    expect(message(page)).to_contain_text("Saved.")
    slower.locator("#reply-save").click()
    conflict = slower.locator("#reply-errors")
    expect(conflict).to_contain_text("Somebody was faster.")
    expect(conflict).to_contain_text("As heard in window True")
    expect(conflict).to_be_focused()
    expect(slower.locator("#reply-text")).to_have_value("As heard in window False")
    assert_in_order(slower)


# --- Without scripts ----------------------------------------------------------------------------


def test_whole_life_of_an_entry_without_scripts(visit, talks):
    page = visit("head", java_script_enabled=False)
    page.goto(talks.url)
    page.locator("#add-1").click()
    form = fill(page, "EU", "Agreed", "1 Jun 2093")
    form.get_by_role("button", name="Save").click()
    expect(page).to_have_title(re.compile("^Error: "))
    form.get_by_label("When it was said or done").fill("1 Jun 2025")
    form.get_by_role("button", name="Save").click()
    expect(message(page)).to_contain_text("Saved. Headline stays Raised: Norway says so")
    expect(row(page).locator(".now")).to_contain_text("EU claims more")
    message(page).get_by_role("button", name="Undo").click()
    expect(message(page)).to_contain_text("Undone.")
    page.get_by_role("link", name="correct").last.click()
    page.get_by_label("Why it is corrected").fill("Misheard")
    page.get_by_label("Status").select_option("Agreed")
    page.get_by_role("button", name="Save the correction").click()
    expect(message(page)).to_contain_text("Headline is now Agreed (was Raised)")
    expect(page.locator("li.struck", has_text="Misheard")).to_be_visible()


def test_agenda_is_marked_without_scripts(visit, talks):
    page = visit("head", java_script_enabled=False)
    page.goto(f"{talks.url}rounds/1/")
    page.get_by_label("Numbers of the items").fill("2")
    page.get_by_role("button", name="Mark as discussed").click()
    expect(message(page)).to_contain_text("Harbour fees: discussed.")
    expect(page.locator("#discussed-2")).to_have_attribute("aria-pressed", "true")
