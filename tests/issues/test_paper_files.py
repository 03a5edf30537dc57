"""The PDF and the Word file of a paper, read back."""

import datetime as dt
import shutil
import subprocess
import sys
import zipfile
from copy import deepcopy
from io import BytesIO

import pytest
import time_machine
from docx.oxml.ns import qn
from pypdf import PdfReader

from issues.papers import pdf
from tests import factories
from tests.browsing import go_without
from tests.factories import own_audience, record, viewer
from tests.issues.paper_talks import (
    CYRILLIC,
    make_paper_talks,
    paper_address,
    pdf_pages,
    sign_in,
    word,
    word_text,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2025, 6, 20, 12, 30, tzinfo=dt.UTC)
PAPERS = ["paper_state", "paper_moved", "paper_brief"]
FORMATS = ["pdf", "docx"]
SAYS = f"RU · ◕ Agreed · Ivan Petrov, Deputy Minister: {CYRILLIC} [1]"


@pytest.fixture(scope="module")
def made(module_db):
    with time_machine.travel(NOW, tick=False):
        return make_paper_talks()


@pytest.fixture
def talks(made, db):
    with time_machine.travel(NOW, tick=False):
        yield deepcopy(made)


def file_of(talks, name, kind, user=None, **query):
    client = sign_in(user or talks.reader)
    answer = client.get(paper_address(talks, name, format=kind, **query))
    assert answer.status_code == 200
    return answer


class TestPdf:
    def test_says_what_the_page_says_in_every_script(self, talks):
        text = " ".join(pdf_pages(file_of(talks, "paper_state", "pdf").content))
        assert SAYS in text
        assert "[1] Ministry · Readout" in text
        assert "https://example.org/readout?a=1&b=2" in text.replace(" ", "")

    def test_every_page_has_marking_number_and_footer(self, talks):
        factories.set_letterhead(talks.negotiation)
        for number in range(25):
            record(factories.make_issue(talks.negotiation, f"Matter {number}"), "RU", "Raised")
        pages = pdf_pages(file_of(talks, "paper_state", "pdf").content)
        assert len(pages) > 2
        for number, page in enumerate(pages, start=1):
            assert "Contains entries for members of this negotiation only" in page
            assert f"{number} / {len(pages)}" in page
            assert "Room 5" in page
        # The heads of the table come again where it goes on.
        assert "Where it stands, and who says so" in pages[1]

    @pytest.mark.parametrize(("paper", "size"), [("a4", (595, 842)), ("letter", (612, 792))])
    def test_size_of_the_page(self, talks, paper, size):
        found = file_of(talks, "paper_brief", "pdf", paper=paper).content
        box = PdfReader(BytesIO(found)).pages[0].mediabox
        assert (round(box.width), round(box.height)) == size

    def test_says_whose_it_is_and_has_bookmarks(self, talks):
        reader = PdfReader(BytesIO(file_of(talks, "paper_brief", "pdf").content))
        assert reader.metadata.title == "Brief: 1 Visas"
        assert reader.metadata.author == str(talks.reader)
        assert reader.metadata.creation_date == NOW
        assert reader.outline[0].title == "1 Visas"
        assert reader.root_object["/Lang"] == "en-GB"

    def test_the_logo_is_in_it(self, talks):
        factories.set_letterhead(talks.negotiation)
        page = PdfReader(BytesIO(file_of(talks, "paper_brief", "pdf").content)).pages[0]
        assert len(page.images) == 1

    @pytest.mark.parametrize(
        "address",
        ["file:///etc/hostname", "http://127.0.0.1:9/", "https://example.org/x.png", "data:,x"],
    )
    def test_nothing_outside_can_be_reached(self, address):
        fetcher = pdf.fetcher_of({"paper:logo": b"x"})
        with pytest.raises(ValueError, match="nothing from outside"):
            fetcher.fetch(address)
        assert fetcher.fetch("paper:logo").read() == b"x"

    def test_an_address_somebody_typed_is_not_fetched(self, talks, monkeypatch):
        asked = []
        monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *a, **k: asked.append(a))
        record(
            talks.issues[1], "RU", "Blocked", "2 Mar 2025", text='<img src="file:///etc/hostname">'
        )
        text = " ".join(pdf_pages(file_of(talks, "paper_state", "pdf").content))
        assert '<img src="file:///etc/hostname">' in text
        assert asked == []

    def test_without_pango_the_page_says_so_and_word_still_works(self, talks, monkeypatch):
        monkeypatch.setitem(sys.modules, "weasyprint", None)
        answer = sign_in(talks.reader).get(paper_address(talks, "paper_state", format="pdf"))
        assert answer.status_code == 503
        assert b"This server cannot make PDFs" in answer.content
        assert SAYS in word_text(file_of(talks, "paper_state", "docx").content)

    def test_is_a_file_named_after_the_talks_and_the_day(self, talks):
        answer = file_of(talks, "paper_state", "pdf")
        assert answer["Content-Type"] == "application/pdf"
        name = f'attachment; filename="{talks.slug}-state-of-play-2025-06-20.pdf"'
        assert answer["Content-Disposition"] == name


class TestWord:
    def test_says_what_the_page_says(self, talks):
        for name in PAPERS[::2]:
            text = word_text(file_of(talks, name, "docx").content)
            number = 1 if name == "paper_state" else 2
            assert SAYS.replace("[1]", f"[{number}]") in text
            assert f"[{number}]\tMinistry · Readout\nhttps://example.org/readout?a=1&b=2" in text

    def test_has_real_headings(self, talks):
        document = word(file_of(talks, "paper_state", "docx").content)
        styles = [(p.style.name, p.text) for p in document.paragraphs]
        assert ("Title", talks.negotiation.title) in styles
        assert ("Heading 1", "Where it stands") in styles
        assert ("Heading 2", "1 Visas") in styles

    def test_rows_of_heads_repeat_and_no_row_breaks(self, talks):
        table = word(file_of(talks, "paper_state", "docx").content).tables[1]
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        for row in table.rows[1:]:
            assert row._tr.trPr.find(qn("w:cantSplit")) is not None

    def test_marking_and_page_numbers_are_on_every_page(self, talks):
        factories.set_letterhead(talks.negotiation)
        section = word(file_of(talks, "paper_state", "docx").content).sections[0]
        assert "for members of this negotiation only" in section.header.paragraphs[0].text
        foot = section.footer.paragraphs[0]
        fields = [field.get(qn("w:instr")) for field in foot._p.iter(qn("w:fldSimple"))]
        assert fields == ["PAGE", "NUMPAGES"]
        assert foot.text.startswith("Room 5")

    @pytest.mark.parametrize(("paper", "size"), [("a4", (210, 297)), ("letter", (216, 279))])
    def test_size_of_the_page(self, talks, paper, size):
        section = word(file_of(talks, "paper_brief", "docx", paper=paper).content).sections[0]
        assert (round(section.page_width.mm), round(section.page_height.mm)) == size

    def test_says_who_made_it_in_which_language_and_nothing_of_the_machine(self, talks):
        document = word(file_of(talks, "paper_state", "docx").content)
        about = document.core_properties
        assert about.author == about.last_modified_by == str(talks.reader)
        assert (about.comments, about.language) == ("", "en-GB")
        assert about.created.replace(tzinfo=dt.UTC) == NOW
        language = document.styles["Normal"].element.rPr.find(qn("w:lang"))
        assert language.get(qn("w:val")) == "en-GB"

    def test_addresses_of_sources_are_links(self, talks):
        document = word(file_of(talks, "paper_state", "docx").content)
        links = [link.url for p in document.paragraphs for link in p.hyperlinks]
        assert links == ["https://example.org/readout?a=1&b=2"]

    def test_letters_that_no_file_can_hold_do_no_harm(self, talks):
        record(talks.issues[1], "RU", "Blocked", "2 Mar 2025", text="a\x0bb\x1fc")
        assert "abc" in word_text(file_of(talks, "paper_state", "docx").content)

    def test_another_office_opens_it_and_prints_as_many_pages(self, talks, tmp_path):
        if not shutil.which("soffice"):
            go_without("soffice is not on the PATH")
        factories.set_letterhead(talks.negotiation)
        file = tmp_path / "paper.docx"
        file.write_bytes(file_of(talks, "paper_state", "docx", paper="letter").content)
        home = f"-env:UserInstallation=file://{tmp_path}/home"
        command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, file]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        pages = pdf_pages((tmp_path / "paper.pdf").read_bytes())
        for number, page in enumerate(pages, start=1):
            assert "for members of this negotiation only" in page
            assert f"{number} / {len(pages)}" in page
        assert SAYS in " ".join(pages)
        box = PdfReader(tmp_path / "paper.pdf").pages[0].mediabox
        assert (round(box.width), round(box.height)) == (612, 792)


class TestScope:
    """What one delegation keeps to itself changes no byte of anybody else's file."""

    @pytest.mark.parametrize("kind", FORMATS)
    def test_no_byte_changes_outside(self, talks, kind):
        queries = {"paper_moved": {"from": "round-1"}}

        def files(user):
            return [
                file_of(talks, name, kind, user, **queries.get(name, {})).content for name in PAPERS
            ]

        before = {user: files(user) for user in (talks.us, talks.ru)}
        own = own_audience(viewer(talks.negotiation, talks.ru))
        secret = {"text": "canary", "position": "canary", "next_step": "canary", **own}
        for issue in (*talks.issues, talks.sub):
            record(issue, "RU", "Closed", "1 May 2025", by=talks.ru, waits_for="both", **secret)
            record(issue, "third", "Withdrawn", "2 May 2025", by=talks.ru, **secret)
        assert files(talks.us) == before[talks.us]
        for old, new in zip(before[talks.ru], files(talks.ru), strict=True):
            assert old != new

    def test_a_word_file_carries_no_date_but_its_own(self, talks):
        archive = zipfile.ZipFile(BytesIO(file_of(talks, "paper_brief", "docx").content))
        assert {part.date_time for part in archive.infolist()} == {(2025, 6, 20, 12, 30, 0)}
