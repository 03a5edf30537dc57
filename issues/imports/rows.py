"""One line of a table read by its columns: plain values, and what is wrong with each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from negotiations.dates import VagueDate

from .columns import FIELDS, ROUNDS, field_of, plain
from .dates import read_date
from .tables import Cell, Fault, Row, Table, text_of

DATES = ("date", "start", "end")
ONE_LINE = ("title", "heading", "item", "speaker", "source_title", "publisher")


@dataclass(frozen=True)
class Reading:
    """How a table is to be read: what its columns hold, and whether 4/5 is the fourth of May."""

    kind: str
    columns: Mapping[str, int]
    day_first: bool = True
    epoch_1904: bool = False


@dataclass
class Draft:
    """What one row says. `errors` by field; the rest of the values is good."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return str(self.values.get(name, ""))


def read_row(row: Row, reading: Reading) -> Draft:
    """The values of one row; cells that cannot be read become errors, never guesses."""
    draft = Draft(row.number)
    if isinstance(row.cells[0], Fault) and 0 not in reading.columns.values():
        draft.errors[next(iter(reading.columns))] = row.cells[0].sentence
    for name, place in reading.columns.items():
        cell = row.cells[place]
        if isinstance(cell, Fault):
            draft.errors[name] = cell.sentence
        elif text_of(cell):
            _read(draft, name, cell, reading)
    return draft


def _read(draft: Draft, name: str, cell: Cell, reading: Reading) -> None:
    try:
        if name in DATES:
            draft.values[name], time = read_date(
                cell, day_first=reading.day_first, epoch_1904=reading.epoch_1904
            )
            draft.values["time"] = time
        elif name == "number" and reading.kind == ROUNDS:
            draft.values[name] = _number(text_of(cell))
        else:
            draft.values[name] = _text(name, cell, reading.kind)
    except ValueError as error:
        draft.errors[name] = str(error)


def _number(text: str) -> int:
    digits = "".join(filter(str.isdecimal, text))
    if not digits or len(digits) > 4:
        raise ValueError(f"“{text[:40]}” is no number of a round.")
    return int(digits)


def _text(name: str, cell: Cell, kind: str) -> str:
    text = text_of(cell).replace("\r\n", "\n")
    if name in ONE_LINE:
        text = " ".join(text.split())
    limit = field_of(kind, name).limit
    if limit and len(text) > limit:
        raise ValueError(f"This has {len(text)} characters; there is room for {limit}.")
    return text


def repeats(table: Table, reading: Reading) -> dict[int, int]:
    """Rows that say word for word what an earlier one says: their numbers, and the earlier's."""
    first: dict[tuple[str, ...], int] = {}
    found: dict[int, int] = {}
    places = sorted(reading.columns.values())
    for row in table.rows:
        key = tuple(plain(text_of(row.cells[place])) for place in places)
        before = first.setdefault(key, row.number)
        if before != row.number:
            found[row.number] = before
    return found


def column_texts(table: Table, reading: Reading, name: str) -> Iterable[str]:
    """What stands in the column of `name`, row by row."""
    place = reading.columns.get(name)
    if place is None:
        return []
    return [text_of(row.cells[place]) for row in table.rows]


def labels(kind: str) -> dict[str, str]:
    """The fields of a kind as they are called on screen."""
    return {one.name: one.label for one in FIELDS[kind]}


def days(first: VagueDate | None, last: VagueDate | None) -> VagueDate | None:
    """A round's dates from its first and last day; one alone stands for both.

    Raises ValueError when they are not equally precise or the wrong way round.
    """
    if not first or not last:
        return first or last
    if first.precision != last.precision:
        raise ValueError("First and last day are not equally precise.")
    if last.last < first.first:
        raise ValueError("The round cannot end before it begins.")
    return VagueDate(first.first, last.last, first.precision)
