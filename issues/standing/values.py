"""The plain values that the rules work on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

HELD, DROPPED, DONE = "held", "dropped", "done"
OWN_WORDS = ("party", "joint")
SAYS, TAKES_BACK = ("entry", "correction"), ("retraction", "undo")

JOINT, SEPARATE, ONLY = "joint", "separate", "only"
CLAIMS_MORE, DIFFER, PRESS, OURS = "more", "differ", "press", "ours"

BEGINNING = dt.date.min


class StatusLike(Protocol):
    @property
    def category(self) -> str: ...
    @property
    def rung(self) -> int | None: ...


class StatusValue(NamedTuple):
    id: int
    category: str
    rung: int | None


def height(status: StatusLike) -> int:
    """The rung; held and dropped stand below every rung."""
    return -1 if status.rung is None else status.rung


class ReplyLike(Protocol):
    """What decides whether an entry still counts; that of a reply is enough."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def corrects(self) -> int | None: ...


class EntryValue(NamedTuple):
    """One entry as the rules see it. `counts_from` and the said days are effective dates.

    A tuple: a hundred of them are read in four fifths of the time of a dataclass.
    """

    id: int
    voice: str
    parties: frozenset[int]
    said_first: dt.date
    precision_rank: int
    counts_from: dt.date
    recorded_at: dt.datetime
    kind: str = "entry"
    corrects: int | None = None
    status: StatusValue | None = None
    has_position: bool = False
    has_waits: bool = False
    has_next_step: bool = False

    @property
    def said(self) -> tuple[dt.date, int, dt.datetime]:
        return self.said_first, self.precision_rank, self.recorded_at

    @property
    def rank(self) -> tuple[dt.date, int, dt.datetime, int]:
        """The order of the rules: first day, finer precision later, recorded time, id."""
        return (*self.said, self.id)


@dataclass(frozen=True)
class Seat:
    """A party at the table, perhaps only from or until a day (both inclusive)."""

    party: int
    since: dt.date | None = None
    until: dt.date | None = None

    def taken_on(self, day: dt.date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True)
class Frame:
    seats: tuple[Seat, ...]
    raised_by: frozenset[int] = frozenset()
    assessor: bool = False


@dataclass(frozen=True)
class Word:
    """One party's own words: the entry that gives its status, when it last spoke, its position."""

    party: int
    claim: EntryValue | None = None
    spoke: EntryValue | None = None
    position: EntryValue | None = None


@dataclass(frozen=True)
class StandingValue:
    headline: StatusValue | None = None
    badge: str = ""
    words: tuple[Word, ...] = ()
    fell_from: StatusValue | None = None
    fell_on: dt.date | None = None
    last: EntryValue | None = None
    waits: EntryValue | None = None
    next_step: EntryValue | None = None
    press: EntryValue | None = None
    own: EntryValue | None = None
    count: int = 0

    @property
    def own_statuses(self) -> Mapping[int, StatusValue]:
        return {w.party: w.claim.status for w in self.words if w.claim and w.claim.status}


@dataclass(frozen=True)
class Period:
    """A standing that holds from `since` until the day before `until` (None: until now)."""

    since: dt.date
    until: dt.date | None
    standing: StandingValue


@dataclass(frozen=True)
class Begun:
    """A period of which it is known already since when it holds; it still does at `by`.

    An item that was held fell from a status, on a day: that is not told by what counts by then.
    """

    since: dt.date = BEGINNING
    by: dt.date = BEGINNING
    fell_from: StatusValue | None = None
    fell_on: dt.date | None = None


FROM_THE_BEGINNING = Begun()
