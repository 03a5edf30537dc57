"""What a paper says, before it is a page, a PDF or a Word file. Plain values; no ORM."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

# More items than anybody reads on paper.
MOST_ITEMS = 300


class Run(NamedTuple):
    """A piece of text in one style: "", "strong" or "muted".

    `mark` is the shape of a status before it; `source` the number of the source it points at.
    """

    text: str
    style: str = ""
    mark: str = ""
    source: int = 0


Line = tuple[Run, ...]
Cell = tuple[Line, ...]


class Row(NamedTuple):
    cells: tuple[Cell, ...]
    is_child: bool = False


class Group(NamedTuple):
    """A heading across the whole table."""

    title: str


@dataclass(frozen=True)
class Table:
    """`widths`: those of the columns, in parts of a hundred."""

    caption: str
    heads: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[Row | Group, ...]


class Part(NamedTuple):
    """Lines under a small heading, such as what was said on one item."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Section:
    title: str
    intro: tuple[Line, ...] = ()
    table: Table | None = None
    parts: tuple[Part, ...] = ()
    note: str = ""


class NumberedSource(NamedTuple):
    """A source as the list at the end has it."""

    number: int
    text: str
    url: str
    archive_url: str


@dataclass(frozen=True)
class Head:
    """The letterhead. `logo` is a PNG, or empty."""

    heading: str = ""
    footer: str = ""
    logo: bytes = b""


@dataclass(frozen=True)
class Paper:
    """`kind` is the sort of paper in words, `name` goes into the name of a file."""

    kind: str
    title: str
    name: str
    facts: tuple[tuple[str, str], ...]
    marking: str
    author: str
    made_at: dt.datetime
    size: str
    head: Head
    sections: tuple[Section, ...]
    sources: tuple[NumberedSource, ...] = ()

    @property
    def full_title(self) -> str:
        return f"{self.kind}: {self.title}"


class Citable(Protocol):
    """What the numbered list needs of a source."""

    pk: int
    reference: str
    url: str
    archive_url: str

    def __str__(self) -> str: ...


@dataclass
class Sources:
    """Numbers sources in the order in which the paper first names them."""

    numbers: dict[int, int] = field(default_factory=dict)
    listed: list[NumberedSource] = field(default_factory=list)

    def cite(self, sources: Iterable[Citable]) -> list[Run]:
        """ " [1] [3]", for the end of a line."""
        runs = []
        for source in sources:
            if source.pk not in self.numbers:
                self._add(source)
            number = self.numbers[source.pk]
            runs += [Run(" "), Run(f"[{number}]", source=number)]
        return runs

    def _add(self, source: Citable) -> None:
        number = self.numbers[source.pk] = len(self.listed) + 1
        text = " · ".join(filter(None, (str(source), source.reference)))
        self.listed.append(NumberedSource(number, text, source.url, source.archive_url))


def plain(text: str, style: str = "") -> Line:
    return (Run(text, style),)


def cell(*lines: str | Line) -> Cell:
    """A cell of these lines; empty ones are left out."""
    return tuple(plain(line) if isinstance(line, str) else line for line in lines if line)
