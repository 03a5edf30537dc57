"""XLSX: values, never formulas; limits before anything is unpacked."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from negotiations.dates import VagueDate

from .tables import MOST_COLUMNS, Cell, Fault, Row, Table, Unreadable, letter, table_of

MOST_UNPACKED = 100 * 1024 * 1024
MOST_PARTS = 500
# A table ends here for us, however many formatted but empty rows the sheet has.
MOST_LINES = 200_000

DAMAGED = "This XLSX file cannot be read: it is damaged or protected by a password."
NO_VALUE = "This is a formula without a stored value: open the file, save it, upload it again."

_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"')
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')


def sheet_names(data: bytes) -> list[str]:
    """The sheets, in their order. Raises Unreadable for what is no XLSX or unpacks too large."""
    _check_size(data)
    names = [page.title for page in _opened(data).worksheets]
    if not names:
        raise Unreadable(DAMAGED)
    return names


def read_workbook(data: bytes, sheet: str = "", header_row: int | None = None) -> Table:
    """The table on `sheet`, or on the first one. Raises Unreadable."""
    _check_size(data)
    book = _opened(data)
    page = next((one for one in book.worksheets if one.title == sheet), book.worksheets[0])
    formulas, merged = _look_into(data, page._worksheet_path)
    twin = _opened(data, values=False)[page.title] if formulas else None
    try:
        table = table_of(_rows(page, twin, merged), header_row)
    except Unreadable:
        raise
    except Exception as error:  # a part of the file may be broken in any way
        raise Unreadable(DAMAGED) from error
    table.epoch_1904 = book.epoch == CALENDAR_MAC_1904
    if merged:
        table.notes.append("The sheet has merged cells; only the first cell of each has a value.")
    return table


def _check_size(data: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile as error:
        raise Unreadable(DAMAGED) from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Unreadable(
            f"Unpacked this file is larger than {MOST_UNPACKED // 1024 // 1024} MB. Copy the table "
            "into a new workbook, or save it as CSV."
        )


def _opened(data: bytes, *, values: bool = True) -> Any:
    try:
        return load_workbook(io.BytesIO(data), read_only=True, data_only=values, keep_links=False)
    except Exception as error:  # openpyxl raises whatever the broken part happens to cause
        raise Unreadable(DAMAGED) from error


def _look_into(data: bytes, path: str) -> tuple[bool, dict[tuple[int, int], str]]:
    """Whether the sheet has formulas, and the merged cells that hold nothing of their own."""
    formulas, tail = False, b""
    merged: dict[tuple[int, int], str] = {}
    with zipfile.ZipFile(io.BytesIO(data)).open(path) as part:
        while chunk := _chunk(part):
            text = tail + chunk
            formulas = formulas or bool(_FORMULA.search(text))
            for found in _MERGED.findall(text):
                merged |= _covered(found.decode())
            tail = text[-100:]
    return formulas, merged


def _chunk(part: BinaryIO | Any) -> bytes:
    try:
        return bytes(part.read(1 << 20))
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise Unreadable(DAMAGED) from error


def _covered(area: str) -> dict[tuple[int, int], str]:
    """Row and column of each cell but the first, with the first one's name."""
    left, top, right, bottom = range_boundaries(area)
    if (right - left + 1) * (bottom - top + 1) > 100_000 or right > MOST_COLUMNS * 200:
        raise Unreadable(f"The cells {area} are merged; unmerge them first.")
    first = f"{letter(left - 1)}{top}"
    cells = {(row, col): first for row in range(top, bottom + 1) for col in range(left, right + 1)}
    del cells[top, left]
    return cells


def _rows(page: Any, twin: Any, merged: dict[tuple[int, int], str]) -> Iterator[Row]:
    # What the file says of its own size is not to be trusted.
    for sheet in filter(None, (page, twin)):
        sheet.reset_dimensions()
    formulas = twin.iter_rows() if twin else None
    for number, cells in enumerate(page.iter_rows(), start=1):
        if number > MOST_LINES:
            return
        behind = next(formulas, ()) if formulas else ()
        read = [_cell(cell, behind, place) for place, cell in enumerate(cells)]
        if any(value != "" for value in read):
            yield Row(number, _unmerged(read, number, merged))


def _unmerged(cells: list[Cell], number: int, merged: dict[tuple[int, int], str]) -> list[Cell]:
    for place, cell in enumerate(cells):
        first = merged.get((number, place + 1))
        if first and cell == "" and not first.endswith(f"{number}"):
            cells[place] = Fault(f"This cell is merged with {first}: write it in every row.")
    return cells


def _cell(cell: Any, behind: tuple[Any, ...], place: int) -> Cell:
    value = cell.value
    if value is None:
        formula = behind[place].value if place < len(behind) else None
        return Fault(NO_VALUE) if formula is not None else ""
    if cell.data_type == "e":
        return Fault(f"The spreadsheet shows {value} here.")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime | dt.date):
        return _day(value, str(cell.number_format))
    if isinstance(value, int | float):
        return value
    return str(value).strip()


def _day(value: dt.datetime | dt.date, number_format: str) -> Cell:
    """A day; where the cell shows only its month or year, that: the day was never written."""
    shown = _QUOTED.sub("", number_format).lower()
    if "d" not in shown and "y" in shown and "h" not in shown:
        vague = VagueDate.of_month(value.year, value.month)
        return str(vague if "m" in shown else VagueDate.of_year(value.year))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date()
    return value
