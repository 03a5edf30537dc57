"""All tables as one XLSX workbook, written row by row; equal content gives equal bytes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.writer.excel import ExcelWriter

from negotiations.dates import date_text

from .cells import starts_formula
from .entry_rows import Column
from .snapshot import Snapshot, scope_text
from .tables import TABLES, Table

# What a zip archive says of the time when no time is told.
NO_TIME = (1980, 1, 1, 0, 0, 0)
# Excel's calendar begins here; an earlier day is carried as text.
FIRST_DAY = dt.date(1900, 3, 1)
LONGEST = 32_767
CUT = " … [cut here: a cell holds no more; the CSV has it all]"
# Letters that XML cannot carry, and what only looks like the escape for one.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")


class _Archive(ZipFile):
    """A zip archive whose parts carry no time."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_args: Any, **_kwargs: Any) -> None:
        super().writestr(_timeless(zinfo_or_arcname), data, ZIP_DEFLATED)

    def write(self, filename: Any, arcname: Any = None, *_args: Any, **_kwargs: Any) -> None:
        with open(filename, "rb") as part, self.open(_timeless(arcname), "w") as copy:
            while chunk := part.read(1 << 20):
                copy.write(chunk)


def _timeless(name: str) -> ZipInfo:
    info = ZipInfo(name.lstrip("/"), NO_TIME)
    info.compress_type = ZIP_DEFLATED
    return info


def write_workbook(path: Path, snapshot: Snapshot) -> Iterator[int]:
    """Writes the file in steps; after each, how many rows are written. Raises Withdrawn."""
    book = Workbook(write_only=True)
    # No name and no time of its own: the first sheet says as of when it is known.
    book.properties.creator = "Parley"
    book.properties.created = book.properties.modified = dt.datetime(*NO_TIME)
    try:
        _explain(book, snapshot)
        written = 0
        for table in TABLES.values():
            sheet = _begin(book, table.title, table.columns(snapshot))
            for rows in table.pages(snapshot):
                for row in rows:
                    sheet.append([_cell(sheet, value) for value in row])
                written += len(rows)
                yield written
        ExcelWriter(book, _Archive(path, "w", ZIP_DEFLATED, allowZip64=True)).save()
    finally:
        _sweep(book)


def _sweep(book: Workbook) -> None:
    """Removes what an interrupted file leaves among the temporary files."""
    for sheet in book.worksheets:
        writer = sheet._writer
        if writer and Path(writer.out).exists():
            writer.cleanup()


def _begin(book: Workbook, title: str, columns: list[Column]) -> Any:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    # On paper: as wide as the page, its head on each.
    sheet.page_setup.orientation = "landscape"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    sheet.print_title_rows = "1:1"
    for place, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width
    sheet.append([_bold(sheet, column.name) for column in columns])
    return sheet


def _bold(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    """A value with its own type: numbers and days as such, text never as a formula."""
    if isinstance(value, dt.datetime):
        return timezone.localtime(value, dt.UTC).replace(tzinfo=None, microsecond=0)
    if isinstance(value, dt.date):
        return value if value >= FIRST_DAY else value.isoformat()
    if not isinstance(value, str) or not value:
        return value or None if isinstance(value, str) else value
    return _text(sheet, value)


def _text(sheet: Any, value: str) -> Any:
    text = _UNFIT.sub(lambda found: f"_x{ord(found[0]):04X}_", value)
    if len(text) > LONGEST:
        text = text[: LONGEST - len(CUT)] + CUT
    if not starts_formula(text) and text not in _ERRORS:
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    # The spreadsheet's own mark for "this is text", kept when the cell is edited.
    cell.quotePrefix = True
    return cell


# --- The first sheet ----------------------------------------------------------------------------


def known_text(snapshot: Snapshot) -> str:
    """As known when: "23 Nov 2026, 14:05 UTC"."""
    at = timezone.localtime(snapshot.at, dt.UTC)
    return f"{date_text(at.date())}, {at:%H:%M} UTC"


def _explain(book: Workbook, snapshot: Snapshot) -> None:
    sheet = book.create_sheet("About")
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    sheet.column_dimensions["A"].width = 24
    sheet.column_dimensions["B"].width = 100
    for name, text in _facts(snapshot):
        sheet.append([_bold(sheet, name), _cell(sheet, text)])
    for table in TABLES.values():
        sheet.append([])
        sheet.append([_bold(sheet, f"Sheet {table.title}"), table.about])
        for column in table.columns(snapshot):
            if column.about:
                sheet.append([_cell(sheet, column.name), _cell(sheet, column.about)])


def _facts(snapshot: Snapshot) -> list[tuple[str, str]]:
    as_of = snapshot.clock.as_of
    return [
        ("Negotiation", snapshot.negotiation.title),
        ("Parties", ", ".join(f"{p.code} {p.name}" for p in snapshot.frame.parties.values())),
        ("Contains", scope_text(snapshot.viewer)),
        ("As known at", known_text(snapshot)),
        ("As of", date_text(as_of) if as_of else "all days"),
        ("Days and moments", "Days are real dates; moments are in UTC."),
        (
            "Formulas",
            "Every text is a text cell: one that begins with =, + or @ is marked as text and "
            "nothing in it is changed.",
        ),
        *((f"Fingerprint, {head.name}", head.hash) for head in snapshot.heads),
        ("Not in this file", "Members, edit histories, and what was undone."),
    ]


__all__ = ["Table", "known_text", "write_workbook"]
