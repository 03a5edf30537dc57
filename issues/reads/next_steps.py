"""Who owes what by when: the current next step of each item, unless it is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.urls import reverse

from negotiations.dates import date_text
from negotiations.models import Party

from ..models import Entry, Standing
from .entries import EntryLine, EntryReader
from .frame import FrameView
from .moves import ItemName, item_names
from .silence import party_by_code
from .standings import StandingReader

SOON_DAYS = 14
DUE = [("overdue", "Overdue"), ("soon", f"Due within {SOON_DAYS} days"), ("undated", "No date")]


@dataclass(frozen=True)
class StepFilter:
    """`party`: who owes it. `due`: one of DUE, or ""."""

    party: Party | None = None
    due: str = ""

    @property
    def is_active(self) -> bool:
        return bool(self.party or self.due)


def read_step_filter(frame: FrameView, query: Mapping[str, str]) -> StepFilter:
    """Reads `?party=RU&due=overdue`. Raises BadRequest with a sentence."""
    due = query.get("due", "")
    if due and due not in dict(DUE):
        raise BadRequest(f"“{due[:20]}” is no way to choose next steps.")
    return StepFilter(party_by_code(frame, query.get("party", "")), due)


@dataclass(frozen=True)
class Step:
    """One step as it is sorted and counted; `party` owes it (None: nobody is named)."""

    entry: int
    issue: int
    party: int | None
    by: dt.date | None

    def is_overdue(self, day: dt.date) -> bool:
        return self.by is not None and self.by < day

    def fits(self, wanted: StepFilter, day: dt.date) -> bool:
        if wanted.party and self.party != wanted.party.pk:
            return False
        if wanted.due == "undated":
            return self.by is None
        if wanted.due == "soon":
            return self.by is not None and day <= self.by <= day + dt.timedelta(SOON_DAYS)
        return not wanted.due or self.is_overdue(day)


@dataclass
class StepRow:
    """One next step with its item, who said so, and how it stands with the day of the page."""

    issue: ItemName
    url: str
    line: EntryLine
    text: str
    party: Party | None
    who: str
    by: dt.date | None
    is_overdue: bool
    days_left: int | None
    new_group: str = ""

    @property
    def by_text(self) -> str:
        return date_text(self.by) if self.by else ""


class StepReader:
    """Reads next steps in the viewer's scope and at the page's clock."""

    def __init__(self, frame: FrameView) -> None:
        self.frame = frame
        self.names = item_names(frame)
        self.base = reverse("issues:issue_list", args=[frame.negotiation.slug])

    def steps(self) -> list[Step]:
        """All that are still to be done: ours first, overdue first, then by date, undated last."""
        places = {pk: place for place, pk in enumerate(self.names)}
        found = [step for step in self._open() if step.issue in places]
        return sorted(
            found, key=lambda s: (self._group(s.party), s.by or dt.date.max, places[s.issue])
        )

    def _open(self) -> list[Step]:
        entries = Entry.objects.filter(next_step_state="").order_by()
        if self.frame.clock.known:
            views = StandingReader(self.frame).on(list(self.names), words=False)
            entries = entries.filter(pk__in={v.next_step_entry for v in views.values()} - {None})
        else:
            now = Standing.objects.as_of(self.frame.viewer.scope, self.frame.clock.as_of)
            here = now.filter(issue__negotiation=self.frame.negotiation).order_by()
            entries = entries.filter(pk__in=here.values("next_step_entry"))
        columns = ("pk", "issue_id", "next_step_party_id", "next_step_by")
        return [Step(*row) for row in entries.values_list(*columns)]

    def _group(self, party: int | None) -> int:
        """We come first, then the others in their order, then what nobody is named for."""
        own = self.frame.viewer.ours
        if own and party == own.pk:
            return -1
        order = list(self.frame.parties)
        return order.index(party) if party in order else len(order)

    def group_text(self, party: int | None) -> str:
        """ "We owe: Russia", "They owe: …", "Russia owes", or that no party is named."""
        found, own = self.frame.parties.get(party or 0), self.frame.viewer.ours
        if found is None:
            return "No party named"
        if own is None:
            return f"{found.name} owes"
        return f"{'We' if found == own else 'They'} owe: {found.name}"

    def rows(self, steps: list[Step]) -> list[StepRow]:
        """What the page says of these, in their order; a group is named where it begins."""
        lines = EntryReader(self.frame).lines([step.entry for step in steps])
        by_entry = {line.row["pk"]: line for found in lines.values() for line in found}
        said = {row["pk"]: row for row in self._said(steps)}
        rows, last = [], None
        for step in steps:
            row = self._row(step, by_entry[step.entry], said[step.entry])
            group = self.group_text(step.party)
            row.new_group, last = ("" if group == last else group), group
            rows.append(row)
        return rows

    def _said(self, steps: list[Step]) -> list[dict[str, Any]]:
        entries = Entry.objects.filter(pk__in=[step.entry for step in steps]).order_by()
        return list(entries.values("pk", "next_step", "next_step_who"))

    def _row(self, step: Step, line: EntryLine, said: Mapping[str, str]) -> StepRow:
        name, day = self.names[step.issue], self.frame.clock.day
        return StepRow(
            issue=name,
            url=f"{self.base}{name.address}/",
            line=line,
            text=said["next_step"],
            party=self.frame.parties.get(step.party or 0),
            who=said["next_step_who"],
            by=step.by,
            is_overdue=step.is_overdue(day),
            days_left=(step.by - day).days if step.by else None,
        )
