"""Files as they come: each broken one gets a clear answer and changes nothing."""

import io
import zipfile
from copy import deepcopy

import pytest
from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from issues.models import Entry, Import, Issue, Upload
from negotiations.models import Source
from tests import factories
from tests.issues.importing import (
    HEADER,
    ROWS,
    address,
    bring_in,
    check,
    csv_bytes,
    send,
    upload,
    xlsx_bytes,
)

pytestmark = pytest.mark.django_db
RUSSIAN = [["Прямые рейсы", "10 апреля 2025 г.", "RU", "Agreed", "Договорились", ""]]


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(scope="module")
def made(module_db):
    talks = factories.make_talks()
    factories.record(factories.make_issue(talks.negotiation, "Banking"), "RU", "Raised")
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


@pytest.fixture
def recorder(client, talks):
    client.force_login(talks.recorder)
    return client


@pytest.fixture
def faults(recorder, talks):
    """Uploads a file, takes every guess, and returns the page of the check."""

    def found(data, **words):
        answer = upload(recorder, talks, data)
        assert answer.status_code == 302, answer.context["form"].errors
        assert send(recorder, address(talks, "columns")).status_code == 302
        assert send(recorder, address(talks, "words"), **words).status_code == 302
        page = check(recorder, talks)
        assert b"cannot be imported" in page.content
        unchanged()
        return page.context["preview"].check.faults

    return found


@pytest.fixture
def refusal(recorder, talks):
    """Uploads a file that cannot be read at all; what is said beside the field."""

    def said(data, name="table.csv"):
        answer = upload(recorder, talks, data, name=name)
        assert answer.status_code == 422
        assert not Upload.objects.exists()
        unchanged()
        return " ".join(answer.context["form"].errors["file"])

    return said


def unchanged():
    """The record is as before: one item with one entry."""
    assert (Issue.objects.count(), Entry.objects.count()) == (1, 1)
    assert not Import.objects.exists()
    assert not Source.objects.exists()


class TestRefusedAtOnce:
    def test_50_megabytes(self, refusal):
        assert "This file has 50 MB; at most 20 MB" in refusal(b"a,b\n" * (50 * 1024 * 256))

    def test_a_workbook_that_unpacks_to_gigabytes(self, refusal):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("xl/worksheets/sheet1.xml", b"0" * (101 * 1024 * 1024))
        assert "larger than 100 MB" in refusal(packed.getvalue(), "bomb.xlsx")

    @pytest.mark.parametrize("spoilt", ["workbook.xml", "sheet1.xml"])
    def test_entities_that_multiply(self, refusal, spoilt):
        data, packed = xlsx_bytes(), io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as good, zipfile.ZipFile(packed, "w") as bad:
            for part in good.namelist():
                text = good.read(part)
                if part.endswith(spoilt):
                    text = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
                bad.writestr(part, text)
        assert "damaged" in refusal(packed.getvalue(), "bomb.xlsx")

    def test_half_a_workbook(self, refusal):
        data = xlsx_bytes()
        assert "damaged" in refusal(data[: len(data) // 2], "half.xlsx")

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "empty"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 64, "old Excel file"),
            (b"%PDF-1.7 and so on", "no table"),
            (b"Item,Date\n", "no rows below a header"),
            (b'Item,Date\nBanking,"2025\nFlights,2025\n', "row that begins on line 2"),
            (b"Item,Date\nBanking,\x002025\n", "not text"),
            (b"a,b\n" + b"1,2\n" * 50_001, "more than 50,000 rows"),
            (b",".join(b"x%d" % n for n in range(101)) + b"\n1\n", "more than 100 columns"),
        ],
    )
    def test_what_is_no_table(self, refusal, data, sentence):
        assert sentence in refusal(data)


class TestReadAllTheSame:
    """What other programs trip over is no fault of the file."""

    @pytest.mark.parametrize(
        ("encoding", "delimiter"),
        [
            ("utf-8", ","),
            ("utf-8-sig", ";"),
            ("utf-16", "\t"),
            ("utf-16-le", "\t"),
            ("cp1251", ";"),
        ],
    )
    def test_any_encoding_and_separator(self, recorder, talks, encoding, delimiter):
        bring_in(recorder, talks, csv_bytes(HEADER, RUSSIAN, encoding, delimiter))
        entry = Entry.objects.latest("pk")
        assert (str(entry.issue), entry.text) == ("Прямые рейсы", "Договорились")
        assert entry.when == "10 Apr 2025"

    def test_western_letters(self, recorder, talks):
        rows = [["Pêche à Genève", "2025", "RU", "Agreed", "Fußnote – “so”", ""]]
        bring_in(recorder, talks, csv_bytes(HEADER, rows, "cp1252"))
        assert Entry.objects.latest("pk").text == "Fußnote – “so”"

    def test_days_counted_from_1904(self, recorder, talks):
        def change(book, sheet):
            book.epoch = CALENDAR_MAC_1904
            sheet["B2"].value = 44_295  # a number without a format of dates

        rows = [["Banking", None, "RU", "Agreed", "", ""]]
        bring_in(recorder, talks, xlsx_bytes(rows=rows, change=change))
        assert Entry.objects.latest("pk").when == "10 Apr 2025"

    def test_a_day_that_shows_as_a_month_is_a_month(self, recorder, talks):
        import datetime as dt

        def change(_book, sheet):
            sheet["B2"].value = dt.date(2025, 4, 1)
            sheet["B2"].number_format = "mmm\\-yy"

        bring_in(recorder, talks, xlsx_bytes(rows=ROWS[:1], change=change))
        assert Entry.objects.latest("pk").when == "Apr 2025"

    def test_a_title_above_the_table(self, recorder, talks):
        def change(_book, sheet):
            sheet.insert_rows(1, 2)
            sheet["A1"] = "Our talks, as of spring"
            sheet.merge_cells("A1:F1")

        bring_in(recorder, talks, xlsx_bytes(rows=ROWS[:1], change=change))
        assert Entry.objects.count() == 2


class TestFaultsOfRows:
    def test_an_encoding_chosen_wrongly(self, recorder, talks):
        upload(recorder, talks, csv_bytes(HEADER, RUSSIAN, "cp1251"))
        answer = send(recorder, address(talks, "columns"), encoding="utf-8-sig", again="yes")
        assert "Line 2 is not UTF-8." in answer.content.decode()
        unchanged()

    def test_merged_cells(self, faults):
        rows = [ROWS[0], [None, *ROWS[1][1:]]]
        data = xlsx_bytes(rows=rows, change=lambda _book, sheet: sheet.merge_cells("A2:A3"))
        assert faults(data) == {3: {"item": "This cell is merged with A2: write it in every row."}}

    def test_formulas_nobody_calculated(self, faults):
        def change(_book, sheet):
            sheet["E2"] = '=CONCATENATE("They ","agreed")'

        found = faults(xlsx_bytes(rows=ROWS[:1], change=change))
        assert found[2]["text"].startswith("This is a formula without a stored value")

    def test_cells_that_show_an_error(self, faults):
        def change(_book, sheet):
            sheet["E2"].value, sheet["E2"].data_type = "#REF!", "e"

        assert faults(xlsx_bytes(rows=ROWS[:1], change=change)) == {
            2: {"text": "The spreadsheet shows #REF! here."}
        }

    def test_repeated_rows(self, faults):
        assert faults(csv_bytes(rows=[ROWS[0], ROWS[1], ROWS[0]])) == {
            4: {"": "This row says the same as row 2."}
        }

    def test_repeated_rows_may_be_left_out(self, recorder, talks):
        bring_in(recorder, talks, csv_bytes(rows=[ROWS[0], ROWS[0]]), skip_repeated="on")
        assert Import.objects.get().row_count == 1

    def test_unknown_parties(self, recorder, talks):
        rows = [["Banking", "2025", "Atlantis", "Agreed", "", ""]]
        upload(recorder, talks, csv_bytes(rows=rows))
        send(recorder, address(talks, "columns"))
        answer = send(recorder, address(talks, "words"))
        assert answer.status_code == 422
        assert "Atlantis" in answer.content.decode()
        unchanged()

    def test_nobody_who_says_so(self, faults):
        rows = [["Banking", "2025", "", "Agreed", "", ""]]
        assert faults(csv_bytes(rows=rows)) == {2: {"asserted_by": "Say who says so."}}

    def test_future_dates(self, faults):
        rows = [ROWS[0], ["Banking", "1 Jan 2099", "RU", "Agreed", "", ""]]
        assert faults(csv_bytes(rows=rows))[3]["date"].startswith("This lies in the future.")

    def test_days_that_do_not_exist(self, faults):
        rows = [["Banking", day, "RU", "Agreed", "", ""] for day in ("31.02.2025", "13/13/2025")]
        assert list(faults(csv_bytes(rows=rows))) == [2, 3]

    def test_addresses_that_are_none(self, faults):
        rows = [["Banking", "2025", "RU", "Agreed", "", "javascript://alert(1)"]]
        assert "is no web address" in faults(csv_bytes(rows=rows))[2]["source_url"]

    def test_more_cells_than_columns(self, faults):
        data = b"Item,Date,Status\nBanking,2025,Raised,and more\n"
        assert "more cells than the header" in faults(data, speaker="own")[2]["item"]

    def test_items_that_may_not_be_opened(self, faults):
        rows = [["Flights", "2025", "RU", "Agreed", "", ""], ["99", "2025", "RU", "Agreed", "", ""]]
        found = faults(csv_bytes(rows=rows), open_items="")
        assert [found[row]["item"] for row in (2, 3)] == [
            "There is no item “Flights”.",
            "There is no item number 99.",
        ]


def test_what_excel_itself_would_write_can_be_read_back():
    """The files of these tests are as a spreadsheet writes them."""
    assert load_workbook(io.BytesIO(xlsx_bytes())).active["A2"].value == "Banking"
