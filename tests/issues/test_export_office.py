"""The files as an office suite and a large negotiation meet them."""

import datetime as dt
import shutil
import subprocess
import tracemalloc

import pytest
from openpyxl import load_workbook

from issues import services
from issues.exports.csv_file import csv_pages
from issues.exports.document import write_document
from issues.exports.snapshot import take
from issues.exports.tables import TABLES
from issues.exports.workbook import write_workbook
from tests import factories
from tests.browsing import go_without
from tests.factories import entry_data, record, viewer
from tests.issues.exported import prepared, signed_in, table

SOFFICE = shutil.which("soffice")


UTF_8 = "--infilter=CSV:44,34,76"


def converted(path, kind, *options):
    """The file as LibreOffice saves it in another kind, after opening it."""
    if not SOFFICE:
        go_without("soffice is not on the PATH")
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    command = [SOFFICE, profile, *options, "--headless", "--convert-to", kind]
    command += ["--outdir", path.parent, path]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return path.with_suffix(f".{kind.partition(':')[0]}")


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


TEXTS = [
    '=HYPERLINK("http://x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "'quoted",
    "\u0416\u00df\nline two",
    "#N/A",
]


@pytest.fixture
def talks(db):
    talks = factories.make_talks()
    issue = factories.make_issue(talks.negotiation, "=1+1")
    for place, text in enumerate(TEXTS, start=1):
        record(issue, "RU", "Raised", f"{place} Feb 2025", text=text)
    return talks


def test_libreoffice_reads_the_workbook_as_it_was_meant(talks, tmp_path):
    path = tmp_path / "talks.xlsx"
    path.write_bytes(prepared(signed_in(talks.reader), talks.slug, "xlsx"))
    # Once through LibreOffice and out again: what it took for a formula would be one now.
    (tmp_path / "copy").mkdir()
    source = tmp_path / "copy" / "talks.xlsx"
    shutil.copy(converted(path, "ods"), tmp_path / "copy" / "talks.ods")
    converted(tmp_path / "copy" / "talks.ods", "xlsx")
    sheet = load_workbook(source)["Entries"]
    rows = list(sheet.iter_rows())
    place = {cell.value: at for at, cell in enumerate(rows[0])}
    assert [row[place["Text"]].value for row in rows[1:]] == TEXTS
    assert {row[place["Text"]].data_type for row in rows[1:]} == {"s"}
    assert [row[place["Said from"]].value for row in rows[1:]] == [
        dt.datetime(2025, 2, day) for day in range(1, len(TEXTS) + 1)
    ]
    assert {row[place["Item"]].value for row in rows[1:]} == {1}
    assert {row[place["Item title"]].value for row in rows[1:]} == {"=1+1"}


def test_libreoffice_runs_nothing_of_the_csv(talks, tmp_path):
    path = tmp_path / "entries.csv"
    path.write_bytes(table(signed_in(talks.reader), talks.slug, "entries"))
    sheet = load_workbook(converted(path, "xlsx", UTF_8)).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    texts = {cell.value for cell in cells}
    assert {"'+1", "'@SUM(A1)", "''quoted", "\u0416\u00df\nline two"} <= texts


class TestMemory:
    """What is held at a time does not grow with what is taken away."""

    def grow(self, talks, items):
        """More items with ten entries each."""
        names = [f"Item {talks.negotiation.issues.count() + place}" for place in range(items)]
        data = [services.ItemData(name) for name in names]
        issues = services.open_issues(talks.negotiation, data, by=None)
        said = [
            entry_data(talks.negotiation, who, "Raised", f"{day} Feb 2025", text="word " * 100)
            for day in range(1, 6)
            for who in ("RU", "US")
        ]
        pairs = [(issue, one) for issue in issues for one in said]
        services.record_many(pairs, viewer=viewer(talks.negotiation))

    def peak(self, work):
        tracemalloc.start()
        work()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    def peaks(self, talks, tmp_path):
        def snapshot():
            return take(viewer(talks.negotiation))

        works = {
            "csv": lambda: sum(map(len, csv_pages(TABLES["entries"], snapshot()))),
            "xlsx": lambda: sum(write_workbook(tmp_path / "book", snapshot())),
            "json": lambda: sum(write_document(tmp_path / "document", snapshot())),
        }
        works["csv"]()
        return {name: self.peak(work) for name, work in works.items()}

    def test_it_does_not_grow_with_the_number_of_entries(self, talks, tmp_path, monkeypatch):
        for module in ("entry_rows", "document", "tables"):
            monkeypatch.setattr(f"issues.exports.{module}.PAGE", 20)
        self.grow(talks, 5)
        before = self.peaks(talks, tmp_path)
        self.grow(talks, 10)
        after = self.peaks(talks, tmp_path)
        # Three times as many rows; what grows are the numbers of the items.
        assert {name: after[name] < 1.25 * before[name] for name in before} == dict.fromkeys(
            before, True
        ), (before, after)
