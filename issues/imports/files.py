"""An uploaded file as a table, and a table as text that waits for the next step. Pure."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from .tables import (
    MOST_BYTES,
    OLD_EXCEL,
    Cell,
    Fault,
    Row,
    Table,
    Unreadable,
    decode,
    guess_delimiter,
    guess_encoding,
    read_csv,
)


@dataclass(frozen=True)
class Format:
    """How to read a file; what is empty is guessed."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int | None = None


def is_workbook(data: bytes) -> bool:
    """Whether this is XLSX, whatever the file is called."""
    return data[:4] == b"PK\x03\x04"


def sheets_in(data: bytes) -> list[str]:
    """The sheets of a workbook; none of a CSV file. Raises Unreadable."""
    if not is_workbook(data):
        return []
    # Its library is loaded with the first one: it takes 12 MB.
    from .workbooks import sheet_names

    return sheet_names(data)


def check_file(data: bytes) -> None:
    """Raises Unreadable for what is too large, empty or no table at all."""
    if len(data) > MOST_BYTES:
        raise Unreadable(
            f"This file has {len(data) / 1024 / 1024:.0f} MB; at most "
            f"{MOST_BYTES // 1024 // 1024} MB can be read. Divide it."
        )
    if not data.strip():
        raise Unreadable("This file is empty.")
    if data.startswith(OLD_EXCEL):
        raise Unreadable(
            "This is an old Excel file (.xls), or one with a password. Save it as .xlsx or CSV."
        )
    if data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf")):
        raise Unreadable("This is no table. Save the table as XLSX or CSV.")


def read_file(data: bytes, wanted: Format = Format()) -> tuple[Table, Format]:  # noqa: B008
    """The table, and how it was read. Raises Unreadable with a sentence."""
    check_file(data)
    if names := sheets_in(data):
        from .workbooks import read_workbook

        sheet = wanted.sheet if wanted.sheet in names else names[0]
        table = read_workbook(data, sheet, wanted.header_row)
        return table, Format(sheet=sheet, header_row=wanted.header_row)
    encoding = wanted.encoding or guess_encoding(data)
    text = decode(data, encoding)
    delimiter = wanted.delimiter or guess_delimiter(text)
    table = read_csv(text, delimiter, wanted.header_row)
    return table, Format(encoding, delimiter, header_row=wanted.header_row)


# --- Waiting for the next step ------------------------------------------------------------------


def dump(table: Table) -> str:
    """The table as JSON: dates and faults marked, everything else as it is."""
    rows = [[row.number, [_plain(cell) for cell in row.cells]] for row in table.rows]
    whole = [table.header, table.epoch_1904, table.notes, rows]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Table:
    """The table that `dump` wrote."""
    header, epoch_1904, notes, rows = json.loads(text)
    read = [Row(number, [_cell(cell) for cell in cells]) for number, cells in rows]
    return Table(header, read, epoch_1904, notes)


def _plain(cell: Cell) -> Any:
    match cell:
        case Fault():
            return {"fault": cell.sentence}
        case dt.datetime():
            return {"moment": cell.isoformat()}
        case dt.date():
            return {"day": cell.isoformat()}
    return cell


def _cell(value: Any) -> Cell:
    match value:
        case {"fault": sentence}:
            return Fault(sentence)
        case {"moment": moment}:
            return dt.datetime.fromisoformat(moment)
        case {"day": day}:
            return dt.date.fromisoformat(day)
    cell: Cell = value
    return cell
