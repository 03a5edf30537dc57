"""The items that hold a text or stand in some way, in the order of the agenda.

How many stand how is counted as standings change. How many hold a text is not: where there are
many items it is not counted either, and their text is read no further than a page goes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Issue, Standing
from ..models.items import IssueQuerySet
from .counts import stands_on
from .frame import FrameView
from .moves import ItemName
from .named import Named

FIELDS = ("title", "reference", "description", "heading")
# The text of no more items than these is read to say how many hold it.
MOST_TEXTS = 1000


@dataclass(frozen=True)
class Wish:
    """Words anywhere in an item; its headline (None: no status yet) and badge, if not any."""

    words: str = ""
    headlines: frozenset[int | None] | None = None
    badges: frozenset[str] | None = None

    def fits(self, headline: int | None, badge: str) -> bool:
        """Whether an item may stand so."""
        return (self.headlines is None or headline in self.headlines) and (
            self.badges is None or badge in self.badges
        )


def holding(words: str) -> Q:
    """The items with these words, or parts of words, in any of their texts."""
    return _holding(*_typed(words))


def _typed(words: str) -> tuple[str | None, str | None]:
    """As plain words or as a pattern.

    SQLite's LIKE knows no capitals beyond ASCII; its regular expressions are Python's, and take
    five times as long.
    """
    return (words, None) if words.isascii() else (None, re.escape(words))


def _holding(words: str | None, pattern: str | None) -> Q:
    # As an expression it is a parameter just as it is, which a prepared query asks for.
    how = ("icontains", Value(words)) if pattern is None else ("iregex", pattern)
    return reduce(or_, (Q((f"{name}__{how[0]}", how[1])) for name in FIELDS))


class Narrowed(Named):
    """Their ids. A page asks how many there are by `counted`; `len` counts all."""

    def __init__(self, frame: FrameView, wish: Wish) -> None:
        super().__init__()
        self._frame, self._wish = frame, wish
        headlines, stands = wish.headlines, wish.headlines is not None or wish.badges is not None
        self._which = (
            *(frame.negotiation.pk, frame.viewer.scope, frame.clock.as_of if stands else None),
            *(_typed(wish.words) if wish.words else (None, None)),
            None if headlines is None else sorted(pk for pk in headlines if pk) or None,
            headlines is not None and None in headlines,
            None if wish.badges is None else sorted(wish.badges),
        )
        self._read: tuple[int, int, Sequence[Sequence[Any]]] = (0, 0, ())

    @cached_property
    def _standing_so(self) -> int:
        """How many stand as is wished, whatever text they hold."""
        looks = stands_on(self._frame, self._frame.clock.as_of).looks
        return sum(n for look, n in looks.items() if self._wish.fits(*look))

    @cached_property
    def _length(self) -> int:
        if not self._wish.words:
            return self._standing_so
        return sum(_counted(*self._which)) if self._can_fit else 0

    @property
    def _can_fit(self) -> bool:
        """Whether any standing could; some status may be of no such category."""
        return self._wish.headlines is None or bool(self._wish.headlines)

    def __len__(self) -> int:
        return self._length

    def counted(self, start: int, stop: int) -> tuple[int, bool]:
        """How many there are, and whether that is only a part of them: one more than the page has.

        The page that begins at `start` and ends before `stop` is read by it.
        """
        if not self._wish.words:
            return self._length, False
        n = len(self[start : stop + 1])
        if n <= stop - start and (n or not start):
            return start + n, False
        if not n or self._standing_so <= MOST_TEXTS:
            return self._length, False
        return stop + 1, True

    def between(self, start: int, stop: int | None) -> Sequence[Sequence[Any]]:
        """The rows of these places, and no query for what was read just before."""
        first, last, rows = self._read
        if stop is None or not first <= start <= stop <= last:
            rows = _fitting.between(start, stop, *self._which) if self._can_fit else []
            first, last = start, start + len(rows) if stop is None else stop
            self._read = first, last, rows
        return rows[start - first : None if stop is None else stop - first]


def _narrowed(
    negotiation: int,
    scope: Scope,
    day: dt.date | None,
    words: str | None,
    pattern: str | None,
    headlines: list[int] | None,
    nothing: bool,
    badges: list[str] | None,
) -> IssueQuerySet:
    issues: IssueQuerySet = Issue.objects.shown_in(negotiation, scope)
    if words or pattern:
        issues = issues.filter(_holding(words, pattern))
    so = Q(headline__in=headlines) if headlines else Q()
    so = so | Q(headline=None) if nothing else so
    so &= Q(badge__in=badges) if badges else Q()
    if not so:
        return issues
    standings = Standing.objects.as_of(scope, day).filter(so, negotiation=negotiation).order_by()
    if day or words or pattern:
        # Asked of the few that hold the text until the page is full: a third of the time.
        return issues.filter(Exists(standings.filter(issue=OuterRef("pk"))))
    # Looked up by itself: few may stand so, and each item that does not would be asked.
    return issues.filter(pk__in=standings.values("issue"))


@prepared
def _fitting(*which: Any) -> QuerySet[Any, Any]:
    scope = which[1]
    return _narrowed(*which).in_agenda_order(scope).values_list(*ItemName._fields)


@prepared
def _counted(*which: Any) -> QuerySet[Any, Any]:
    rows = _narrowed(*which).order_by().values("negotiation").annotate(n=Count("pk"))
    return rows.values_list("n", flat=True)
