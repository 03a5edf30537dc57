"""The parties, statuses and rounds of one negotiation, read once per page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.addresses import path_within
from negotiations.dates import date_text
from negotiations.marks import mark_of, top_rung
from negotiations.models import Membership, Negotiation, Party, Round, Status
from negotiations.prepared import prepared

from .clock import NOW, Clock
from .stepping import Steps, steps_between

Row = TypeVar("Row", Party, Round)


@dataclass(frozen=True)
class StatusView:
    """A status as pages show it: always shape, word and colour."""

    pk: int
    label: str
    short: str
    test: str
    category: str
    rung: int | None
    retired: bool
    mark: str

    def __str__(self) -> str:
        return self.label


def status_views(statuses: list[Status]) -> dict[int, StatusView]:
    """The statuses of one scheme, by id."""
    top = top_rung(statuses)
    return {
        s.pk: StatusView(
            s.pk, s.label, s.short, s.test, s.category, s.rung, s.retired, mark_of(s, top)
        )
        for s in statuses
    }


@prepared
def _parties(negotiation: int) -> QuerySet[Party]:
    return Party.objects.filter(negotiation=negotiation)


@prepared
def _statuses(negotiation: int) -> QuerySet[Status]:
    return Status.objects.filter(scheme__negotiation=negotiation).select_related("scheme")


@prepared
def _members(negotiation: int) -> QuerySet[Any, Any]:
    return Membership.objects.filter(negotiation=negotiation).order_by().values_list("pk")


@prepared
def _rounds(negotiation: int) -> QuerySet[Round]:
    return Round.objects.filter(negotiation=negotiation)


class FrameView:
    """What every page of a negotiation needs of its frame. Each part is one query, when asked."""

    def __init__(self, viewer: Viewer, clock: Clock = NOW) -> None:
        self.viewer = viewer
        self.clock = clock
        self.negotiation: Negotiation = viewer.negotiation
        self.today: dt.date = timezone.localdate()
        # What was counted of it, by day: `counts.stands_on`.
        self.stands: dict[dt.date | None, Any] = {}

    @cached_property
    def parties(self) -> dict[int, Party]:
        return {party.pk: party for party in self._own(_parties(self.negotiation.pk))}

    @cached_property
    def statuses(self) -> dict[int, StatusView]:
        return status_views(self.status_rows)

    @cached_property
    def status_rows(self) -> list[Status]:
        """Of whoever records one of them: pages show `statuses`."""
        return _statuses(self.negotiation.pk)

    @property
    def offered_statuses(self) -> list[StatusView]:
        return [status for status in self.statuses.values() if not status.retired]

    @cached_property
    def rounds(self) -> list[Round]:
        return self._own(_rounds(self.negotiation.pk))

    def _own(self, rows: list[Row]) -> list[Row]:
        """With the negotiation at hand, of which their addresses are made."""
        for row in rows:
            row.negotiation = self.negotiation
        return rows

    @cached_property
    def member_count(self) -> int:
        """How many people may see what is for all members."""
        return len(_members(self.negotiation.pk))

    @cached_property
    def rounds_by_id(self) -> dict[int, Round]:
        return {round_.pk: round_ for round_ in self.rounds}

    @property
    def held_rounds(self) -> list[Round]:
        return [r for r in self.rounds if r.is_held]

    def main_rounds(self, by: dt.date) -> list[Round]:
        """The rounds held by that day, by their first; side meetings only where all are."""
        held = [r for r in self.held_rounds if r.last_day and r.last_day <= by]
        main = [r for r in held if not r.is_side_meeting] or held
        return sorted(main, key=lambda r: (r.first_day or by, r.place))

    @property
    def steps(self) -> Steps:
        """From the day of the page to the ends of the rounds around it."""
        return steps_between(self.main_rounds(self.today), self.clock, self.today)

    @property
    def next_round(self) -> Round | None:
        """The first round under way or planned whose time has not passed without news."""
        states = (Round.State.UNDER_WAY, Round.State.PLANNED)
        found = (r for r in self.rounds if r.state in states)
        return next((r for r in found if not r.passed_without_news(self.today)), None)

    @property
    def next_round_text(self) -> str:
        """ "next: Round 3, 12 Jun 2026", or that none is dated and which passed without news."""
        if found := self.next_round:
            verb = "under way" if found.state == Round.State.UNDER_WAY else "next"
            return f"{verb}: {found.title}, {found.when}"
        passed = [r for r in self.rounds if r.passed_without_news(self.today)]
        if not passed:
            return "no next round planned"
        return f"no next round dated (“{passed[-1].when}” passed without news)"

    def before_round(self, round_: Round) -> dt.date | None:
        """The day before a held round began; None without dates."""
        return round_.first_day - dt.timedelta(1) if round_.first_day else None

    def source_url(self, uuid: UUID) -> str:
        """The page of a source; pages name dozens, and `reverse` is slow."""
        return path_within("issues:source_detail", self.negotiation.slug, uuid)

    @cached_property
    def fresh_from(self) -> dt.date:
        """A word older than this day reads "last said" (rule 9)."""
        return months_before(self.clock.day, self.negotiation.freshness_months)


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day of the month so many months earlier, or that month's last day."""
    index = day.year * 12 + day.month - 1 - months
    first = dt.date(index // 12, index % 12 + 1, 1)
    length = (first.replace(day=28) + dt.timedelta(4)).replace(day=1) - first
    return first.replace(day=min(day.day, length.days))


def aged_date_text(first: dt.date, precision: str, fresh_from: dt.date) -> str:
    """A party's date beside its status: "10 Apr 2025", or "last said 10 Apr 2025"."""
    text = date_text(first, precision)
    return f"last said {text}" if first < fresh_from else text
