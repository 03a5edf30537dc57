"""Papers in a browser: in order on every screen, printed with their marking, and as files."""

import io

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.looks import assert_in_order
from tests.browser.talks import add_entry, open_talks
from tests.factories import picture

pytestmark = pytest.mark.browser

CASE = "/negotiations/russia-us/"
PAPERS = ["papers/state/", "papers/moved/?from=round-1&to=now", "issues/16/brief/"]


@pytest.mark.parametrize("path", PAPERS)
def test_every_paper_is_in_order(visit, path):
    page = visit("viewer")
    page.goto(CASE + path)
    assert_in_order(page)


@pytest.mark.parametrize(("size", "points"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_every_printed_page_has_its_size_marking_and_number(visit, size, points):
    page = visit("viewer")
    page.goto(f"{CASE}papers/state/?paper={size}")
    pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert len(pages) > 2
    for number, one in enumerate(pages, start=1):
        text = " ".join(one.extract_text().split())
        assert (round(one.mediabox.width), round(one.mediabox.height)) == points
        assert "Made from public entries only" in text
        assert f"{number} / {len(pages)}" in text
        assert "Sign out" not in text


@pytest.mark.parametrize(("link", "ending"), [("PDF", ".pdf"), ("Word", ".docx")])
def test_a_file_says_that_it_is_being_made_and_arrives(visit, link, ending):
    page = visit("viewer")
    page.goto(CASE + PAPERS[2])
    with page.expect_download() as arrived:
        page.get_by_role("link", name=link, exact=True).click()
    assert arrived.value.suggested_filename.endswith(ending)
    expect(page.get_by_role("status").filter(has_text="is ready")).to_be_visible()
    assert page.locator("[aria-busy]").count() == 0


def test_without_scripts_the_same_links_are_downloads(visit):
    page = visit("viewer", java_script_enabled=False)
    page.goto(f"{CASE}issues/16/")
    page.get_by_role("link", name="Brief").click()
    with page.expect_download() as arrived:
        page.get_by_role("link", name="Word", exact=True).click()
    assert arrived.value.suggested_filename.endswith(".docx")


def test_the_head_sets_the_letterhead_and_sees_it_on_paper(visit):
    page = visit("head")
    talks = open_talks(page)
    add_entry(talks, 1, "NO", "Agreed")
    page.goto(f"{talks.url}edit/")
    page.get_by_role("link", name="Letterhead").click()
    page.get_by_label("Line at the head").fill("Ministry of Fish")
    logo = {"name": "logo.png", "mimeType": "image/png", "buffer": picture()}
    page.get_by_label("Logo", exact=False).last.set_input_files(logo)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_alt_text("The present logo")).to_be_visible()
    assert_in_order(page)
    page.get_by_role("link", name="See it on the state of play").click()
    expect(page.locator("#paper header")).to_contain_text("Ministry of Fish")
    assert page.locator("#paper .logo").evaluate("image => image.naturalWidth") == 60
