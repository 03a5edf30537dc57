"""What is carried away on paper: its length, its markings, and no screen furniture."""

import math
import shutil
import subprocess

import pytest
from playwright.sync_api import expect

from tests.browser.talks import add_entry, add_round, open_talks
from tests.browsing import go_without

pytestmark = pytest.mark.browser

CASE = "/negotiations/russia-us/"
NO_PDFTOTEXT = "pdftotext is not on the PATH"


def pages_of(page, tmp_path):
    """The texts of the pages as they would be printed in black and white."""
    pdf = tmp_path / "page.pdf"
    page.emulate_media(media="print")
    pdf.write_bytes(page.pdf(prefer_css_page_size=True))
    page.emulate_media(media="screen")
    if not shutil.which("pdftotext"):
        go_without(NO_PDFTOTEXT)
    done = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    return done.stdout.decode().removesuffix("\f").split("\f")


def test_twelve_items_that_moved_fit_one_page_and_the_next_takes_a_second(visit, tmp_path):
    page = visit("head")
    talks = open_talks(page, items="\n".join(f"Matter {n}" for n in range(1, 25)))
    add_round(talks, "First", "10 Feb 2025")
    add_round(talks, "Second", "10 Apr 2025")
    for number in range(1, 13):
        add_entry(talks, number, "NO", "Raised", "10 Feb 2025", audience="public")
        add_entry(talks, number, "NO", "Agreed", "10 Apr 2025", audience="public")
    page.goto(f"{talks.url}changes/")
    (only,) = pages_of(page, tmp_path)
    for number in range(1, 13):
        assert f"{number} Matter {number}" in only
    for number in range(13, 25):
        add_entry(talks, number, "NO", "Agreed", "10 Apr 2025", audience="public")
    page.reload()
    assert len(pages_of(page, tmp_path)) == 2


def test_paper_says_who_may_read_it_and_who_printed_it_when(visit, tmp_path):
    head, mine = visit("head"), visit("ru")
    talks = open_talks(head)
    head.goto(f"{talks.url}members/")
    talks.send("members/", username="ru", role="recorder", party="NO")
    add_round(talks, "First", "10 Feb 2025")
    add_entry(talks, 1, "NO", "Agreed", "1 May 2025")
    mine.goto(f"{talks.url}changes/?from=round-1&to=now")
    common = pages_of(mine, tmp_path)[0]
    assert "ru" in common.split("Printed by")[1].split()[0]
    assert "members" in common
    assert "only the" not in common.lower()
    mine.goto(talks.item(2) + "entries/")
    mine.get_by_role("radio", name="NO", exact=True).check()
    mine.get_by_label("When it was said or done").fill("1 May 2025")
    mine.get_by_label("Status").select_option("Blocked")
    mine.get_by_label("Who may see it").select_option("delegation")
    mine.get_by_role("button", name="Save").click()
    expect(mine.locator("#messages")).to_contain_text("Saved.")
    mine.goto(f"{talks.url}changes/?from=round-1&to=now")
    (marked,) = pages_of(mine, tmp_path)
    assert "entries only the Norway delegation may see" in " ".join(marked.split())
    head.goto(f"{talks.url}changes/?from=round-1&to=now")
    assert "Harbour fees" not in pages_of(head, tmp_path)[0]


@pytest.mark.parametrize("path", ["", "issues/", "issues/16/", "rounds/3/", "changes/"])
def test_nothing_that_only_works_on_screen_is_printed(visit, path):
    page = visit("head")
    page.goto(CASE + path)
    page.emulate_media(media="print", color_scheme="dark")
    for gone in page.locator("nav, button, input, select, textarea, .add, dialog").all():
        assert not gone.is_visible(), gone.evaluate("element => element.outerHTML")
    assert page.get_by_role("heading", level=1).is_visible()
    colour = "(element, name) => getComputedStyle(element)[name]"
    assert page.locator("body").evaluate(colour, "backgroundColor") == "rgb(255, 255, 255)"
    for status in page.locator(".st").all():
        assert status.evaluate(colour, "color") in ("rgb(0, 0, 0)", "rgb(51, 51, 51)")


def test_every_column_of_the_state_of_play_is_on_paper(visit, tmp_path):
    page = visit("viewer")
    page.goto(f"{CASE}?empty=1")
    text = "\n".join(pages_of(page, tmp_path))
    for words in (
        "Where it stands",
        "Waits for",
        "Experts",
        "Only RU says so",
        "Printed by viewer",
    ):
        assert words in text


# How many sheets at least: the marking must stand on the second one too.
SHEETS = {"": 2, "issues/": 2, "issues/16/": 2, "rounds/": 1, "rounds/3/": 2}


@pytest.mark.parametrize("path", SHEETS)
def test_every_sheet_says_for_whom_it_is(visit, tmp_path, path):
    page = visit("viewer")
    page.goto(CASE + path)
    sheets = pages_of(page, tmp_path)
    assert len(sheets) >= SHEETS[path]
    for sheet in sheets:
        assert "For members of this negotiation. Printed by viewer on" in " ".join(sheet.split())


def test_every_sheet_of_what_moved_says_what_it_was_made_from(visit, tmp_path):
    page = visit("viewer")
    page.goto(f"{CASE}changes/?from=round-1&to=now")
    sheets = pages_of(page, tmp_path)
    assert len(sheets) > 1
    for sheet in sheets:
        assert "Made from public entries only. Printed by viewer" in " ".join(sheet.split())


def test_long_entries_of_the_case_stay_within_a_page_per_twelve_items(visit, tmp_path):
    page = visit("viewer")
    page.goto(f"{CASE}changes/?from=round-1&to=now")
    moved = page.locator("tr[data-row]").count()
    assert moved > 12
    assert len(pages_of(page, tmp_path)) <= math.ceil(moved / 12)
