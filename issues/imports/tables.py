"""A table as uploaded: a header and rows of typed cells, from CSV or (see `workbooks`) XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 100
LONGEST_CELL = 20_000

ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16 (“Unicode text” of Excel)",
    "cp1251": "Windows, Cyrillic (1251)",
    "cp1252": "Windows, Western (1252)",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# Six of these letters in a row are a Russian word in one code page and gibberish in the other.
_CYRILLIC_RUN = re.compile(rb"[\xa8\xb8\xc0-\xff]{3,}")
_HIGH = re.compile(rb"[\x80-\xff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


class Unreadable(Exception):
    """The file cannot be read; a sentence for the person who chose it."""


@dataclass(frozen=True)
class Fault:
    """A cell that holds no usable value, and why."""

    sentence: str


Cell = str | int | float | dt.date | dt.datetime | Fault


@dataclass(frozen=True)
class Row:
    """One line of the table; `number` as the spreadsheet counts them."""

    number: int
    cells: Sequence[Cell]


@dataclass
class Table:
    """`epoch_1904`: plain numbers that are meant as days count from 1904, as old Macs did."""

    header: list[str]
    rows: list[Row]
    epoch_1904: bool = False
    notes: list[str] = field(default_factory=list)


def text_of(cell: Cell) -> str:
    """What a cell says, on one or several lines, without blanks around it."""
    if isinstance(cell, Fault):
        return ""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "minutes")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def is_blank(cell: Cell) -> bool:
    return not isinstance(cell, Fault) and not text_of(cell)


# --- CSV ----------------------------------------------------------------------------------------


def guess_encoding(data: bytes) -> str:
    """The likeliest of ENCODINGS: by its mark, by being valid UTF-8, by runs of Cyrillic."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    sample = data[:200_000]
    if sample.count(0) > len(sample) // 4:
        return "utf-16"
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        runs = sum(len(run) for run in _CYRILLIC_RUN.findall(sample))
        return "cp1251" if runs > len(_HIGH.findall(sample)) // 2 else "cp1252"
    return "utf-8-sig"


def decode(data: bytes, encoding: str) -> str:
    """The text. Raises Unreadable where it is not in that encoding."""
    name = _utf_16(data) if encoding == "utf-16" else encoding
    try:
        text = data.decode(name).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(
            f"Line {line} is not {ENCODINGS[encoding]}. Choose another encoding, or save the "
            "file as “CSV UTF-8”."
        ) from error
    if _CONTROL.search(text):
        raise Unreadable(
            f"Read as {ENCODINGS[encoding]} this is not text. Choose another encoding, or save "
            "the table as CSV or XLSX."
        )
    return text


def _utf_16(data: bytes) -> str:
    """Without a mark: little or big end first, by where the zeros of ASCII letters stand."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-le" if data[1:200:2].count(0) >= data[0:200:2].count(0) else "utf-16-be"


def guess_delimiter(text: str) -> str:
    """The one that gives most rows the same number of cells, more than one."""
    lines = text.splitlines()[:50]

    def score(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        except csv.Error:
            return 0, 0
        width, rows = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        return (rows, width) if width > 1 else (0, 0)

    return max(DELIMITERS, key=score)


def read_csv(text: str, delimiter: str, header_row: int | None = None) -> Table:
    """The table. Raises Unreadable for an open quotation mark, too many rows or columns."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    def rows() -> Iterator[Row]:
        start = 1
        try:
            for cells in reader:
                yield Row(start, [cell.strip() for cell in cells])
                start = reader.line_num + 1
        except csv.Error as error:
            raise Unreadable(
                f"The row that begins on line {start} cannot be read: a quotation mark is not "
                "closed, or stands in the middle of a cell."
            ) from error

    return table_of(rows(), header_row)


# --- What CSV and XLSX have in common ------------------------------------------------------------


def table_of(rows: Iterable[Row], header_row: int | None = None) -> Table:
    """Header and rows; the header is the first row with two filled cells, unless it is given.

    Raises Unreadable for a table without rows, or with too many rows or columns.
    """
    header: list[str] = []
    kept: list[Row] = []
    for row in rows:
        filled = [place for place, cell in enumerate(row.cells) if not is_blank(cell)]
        if filled and filled[-1] >= MOST_COLUMNS:
            raise Unreadable(f"Row {row.number} has more than {MOST_COLUMNS} columns.")
        if not header:
            header = _header(row, filled, header_row)
        elif filled:
            kept.append(_fitted(row, len(header)))
        if len(kept) > MOST_ROWS:
            raise Unreadable(f"There are more than {MOST_ROWS:,} rows; divide the file.")
    if not kept:
        raise Unreadable(
            "There are no rows below a header. The first row must name at least two columns."
        )
    return Table(header, kept)


def _header(row: Row, filled: list[int], header_row: int | None) -> list[str]:
    if row.number < header_row if header_row else len(filled) < 2:
        return []
    names: list[str] = []
    for place in range(filled[-1] + 1 if filled else 0):
        name = " ".join(text_of(row.cells[place]).split())[:80] or f"Column {letter(place)}"
        again = sum(other.partition(" (")[0] == name for other in names)
        names.append(f"{name} ({again + 1})" if name in names else name)
    return names


def _fitted(row: Row, width: int) -> Row:
    """The row with as many cells as the header; what stands beyond it is a fault."""
    cells = list(row.cells[:width]) + [""] * (width - len(row.cells))
    if any(not is_blank(cell) for cell in row.cells[width:]):
        cells[0] = Fault("This row has more cells than the header: is a separator unquoted?")
    for place, cell in enumerate(cells):
        if isinstance(cell, str) and len(cell) > LONGEST_CELL:
            cells[place] = Fault(f"This cell holds more than {LONGEST_CELL:,} characters.")
    return Row(row.number, cells)


def letter(place: int) -> str:
    """0: A, 25: Z, 26: AA, as spreadsheets name columns."""
    word = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        word = chr(65 + rest) + word
    return word
