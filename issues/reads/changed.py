"""What the page "What moved" is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.core.paginator import Page

from negotiations.templatetags.parley import plural

from .entries import all_entered
from .moves import ItemName, MovedItem, Pair, Totals


@dataclass
class Waiting:
    """The first items that wait for the same party, for all or for somebody outside.

    `code` is what the filter of the list calls them; `others`: how many more there are.
    """

    title: str
    code: str
    items: list[tuple[ItemName, str]] = field(default_factory=list)
    others: int = 0


class Unmoved(NamedTuple):
    """An item whose standing has not moved for so many held rounds."""

    issue: ItemName
    rounds: int


@dataclass
class Changes:
    """`still`: how many items have a status and did not move; `unmoved` names some of them.

    `quiet_count`: to how many entries were added that moved nothing; `quiet` some of them, each
    with how many entries.
    """

    page: Page[int]
    rows: list[MovedItem]
    totals: Totals
    quiet: list[tuple[ItemName, int]]
    quiet_count: int
    still: int
    unmoved: list[Unmoved]
    waiting: list[Waiting]
    audience: str
    base: str

    @property
    def moved(self) -> int:
        return self.page.paginator.count

    @property
    def quiet_words(self) -> list[tuple[ItemName, str]]:
        """The first of the quiet ones, each with how many entries it has."""
        return [(item, plural(n, "entry,entries")) for item, n in self.quiet]

    @property
    def more_quiet(self) -> int:
        return self.quiet_count - len(self.quiet)

    @property
    def more_still(self) -> int:
        return self.still - len(self.unmoved)

    @property
    def unmoved_words(self) -> list[tuple[ItemName, str]]:
        """Each with for how long: "unchanged for 3 held rounds"."""
        return [
            (item, f"unchanged for {plural(rounds, 'held round')}" if rounds else "unchanged")
            for item, rounds in self.unmoved
        ]

    @cached_property
    def all_entered(self) -> str:
        """The one day on which all that is shown was entered, if late."""
        return all_entered(line for row in self.rows for line in row.lines)


class End(NamedTuple):
    """What an item comes to at the end: whether it has a status, and what says who is waited for.

    `waits` as `waits_key` has it; without such an entry, empty.
    """

    issue: int
    has_status: bool
    entry: int | None
    waits: str


@dataclass
class Found:
    """What is compared: everything in its number, and of what did not move the first ones.

    `quiet`: each with how many entries; `waits`: each with the entry that says so, by whom.
    """

    names: Mapping[int, ItemName]
    moved: Sequence[int]
    totals: Totals
    quiet: Sequence[tuple[int, int]]
    quiet_count: int
    still: Sequence[int]
    still_count: int
    waits: Mapping[str, Sequence[tuple[int, int]]]
    waits_count: Mapping[str, int]
    # The entries behind some items, and at least those for one audience and party; before and
    # after, where it is known already.
    told_on: Callable[[list[int]], Mapping[int, list[int]]]
    told_to: Callable[[str, int | None], Iterable[int]]
    pairs: Mapping[int, Pair] = field(default_factory=dict)
