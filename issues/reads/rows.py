"""One row per item: what the state of play, the list and the round page show of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.safestring import SafeString

from negotiations.addresses import path_to
from negotiations.dates import DAY, date_text
from negotiations.models import Category, Party
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, Issue, Standing
from ..standing import Movement, movement
from .frame import FrameView
from .moves import ItemName
from .standings import NOTHING, StandingReader, StandingView
from .wording import badge_text, movement_text, words_text

CATEGORY_LABELS = dict(Category.choices)
WHY = dict(Entry.Why.choices)


@dataclass(slots=True)
class ItemRow:
    """An item with where it stands, in the viewer's scope and at the page's clock."""

    issue: Issue | ItemName
    url: str
    view: StandingView
    badge: str = ""
    words: str = ""
    waits: str = ""
    moved: Movement | None = None
    moved_text: str = ""
    sub_items: str = ""
    is_child: bool = False
    parent_title: str = ""
    new_heading: str = ""
    only_for: Party | None = None
    cells: SafeString = field(default_factory=SafeString)

    @property
    def last_said(self) -> str:
        """When something was last said on it, as precise as that was."""
        view = self.view
        return date_text(view.last_said, view.last_precision or DAY) if view.last_said else ""

    @property
    def name(self) -> str:
        return f"{self.issue.label} {self.issue.title}"

    @property
    def arrow(self) -> str:
        return {"up": "▲", "down": "▼"}.get(self.moved.direction, "") if self.moved else ""


class RowBuilder:
    """Builds rows with a fixed number of queries, however many items."""

    def __init__(self, frame: FrameView, reader: StandingReader) -> None:
        self.frame = frame
        self.reader = reader
        list_url = path_to("issues:issue_list", frame.negotiation.slug)
        self.base = list_url  # an item's address is this and its number: no reverse per row

    def rows(
        self, issues: Sequence[Issue | ItemName], since: dt.date | None = None
    ) -> list[ItemRow]:
        """Rows in the order of `issues`; with `since`, what moved from that day to the clock."""
        pks = [issue.pk for issue in issues]
        views, then = self._views(pks, since)
        waits = self._waits(views.values())
        parents = self.sub_items([issue.pk for issue in issues if issue.parent_id is None])
        rows = []
        for issue in issues:
            row = self._row(issue, views.get(issue.pk, NOTHING))
            row.waits = waits.get(row.view.waits_entry or 0, "")
            row.sub_items = parents.get(issue.pk, "")
            if since:
                self._move(row, then.get(issue.pk, NOTHING))
            rows.append(row)
        self._group(rows)
        return rows

    def family(self, issue: Issue, children: Sequence[Issue], *, waits: bool) -> list[ItemRow]:
        """The row of an item and those of all its sub-items. One query, one more with `waits`."""
        issues = [issue, *children]
        views = self.reader.on([one.pk for one in issues])
        rows = [self._row(one, views.get(one.pk, NOTHING)) for one in issues]
        if waits:
            words = self._waits(views.values())
            for row in rows:
                row.waits = words.get(row.view.waits_entry or 0, "")
        counts = Counter(views[one.pk].category for one in children if one.pk in views)
        rows[0].sub_items = sub_items_text(counts) if counts else ""
        return rows

    def _views(
        self, pks: Sequence[int], since: dt.date | None
    ) -> tuple[dict[int, StandingView], dict[int, StandingView]]:
        """Where each item stands at the clock, and where it stood on the day `since`."""
        if since is None:
            return self.reader.on(pks), {}
        views, then = self.reader.on_days(pks, [None, since])
        return views, then

    def url(self, issue: Issue | ItemName) -> str:
        return f"{self.base}{issue.address}/"

    def _row(self, issue: Issue | ItemName, view: StandingView) -> ItemRow:
        row = ItemRow(issue, f"{self.url(issue)}{self.frame.clock.query}", view)
        if issue.audience_party_id:  # nobody sees what another delegation keeps
            row.only_for = self.frame.viewer.party
        if view.headline:
            row.badge, row.words = badge_text(view), words_text(view, self.frame)
        return row

    def _move(self, row: ItemRow, before: StandingView) -> None:
        row.moved = movement(before, row.view)
        row.moved_text = movement_text(row.moved, before.headline)

    def _group(self, rows: list[ItemRow]) -> None:
        """Headings where they begin; a sub-item below its parent, or with the parent's name."""
        last, parent = "", None
        parents = self._missing_parents(rows)
        for row in rows:
            issue, heading = row.issue, row.issue.heading
            if issue.parent_id is None:
                parent = issue.pk
            row.is_child = issue.parent_id is not None and issue.parent_id == parent
            if issue.parent_id and not row.is_child:
                row.parent_title, heading = parents[issue.parent_id]
            if heading != last and not row.is_child:
                last = heading
                row.new_heading = heading or "Other"

    def _missing_parents(self, rows: list[ItemRow]) -> dict[int, tuple[str, str]]:
        """Title and heading of the parents of sub-items. No query where they are all here."""
        here = {row.issue.pk: (row.issue.title, row.issue.heading) for row in rows}
        wanted = {r.issue.parent_id for r in rows if r.issue.parent_id} - here.keys()
        if wanted:
            here |= {pk: (title, heading) for pk, title, heading in _parents(list(wanted))}
        return here

    def _waits(self, views: Iterable[StandingView]) -> dict[int, str]:
        """What items wait for, in words, by the entry that says so. One query."""
        pks = {view.waits_entry for view in views if view.waits_entry}
        return {row["pk"]: waits_text(self.frame, row) for row in _waiting(list(pks))}

    def sub_items(self, pks: Sequence[int]) -> dict[int, str]:
        """ "8 sub-items: 2 blocked, 6 no status yet", by parent. One query."""
        if self.frame.clock.known:
            return self._sub_items_computed(pks)
        counted: dict[int, dict[str, int]] = defaultdict(dict)
        found = _by_category(self.reader.scope, self.frame.clock.as_of, list(pks))
        for parent, category, n in found:
            counted[parent][category] = n
        return {parent: sub_items_text(counts) for parent, counts in counted.items()}

    def _sub_items_computed(self, pks: Sequence[int]) -> dict[int, str]:
        children = Issue.objects.visible_to(self.frame.viewer).filter(
            parent__in=pks, recorded_at__lte=self.frame.clock.known_moment
        )
        parents = {pk: parent or 0 for pk, parent in children.values_list("pk", "parent")}
        counted: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for pk, view in self.reader.on(list(parents)).items():
            counted[parents[pk]][view.category] += 1
        return {parent: sub_items_text(counts) for parent, counts in counted.items()}


@prepared
def _parents(pks: list[int]) -> QuerySet[Any, Any]:
    return Issue.objects.filter(pk__in=pks).order_by().values_list("pk", "title", "heading")


@prepared
def _waiting(pks: list[int]) -> QuerySet[Any, Any]:
    columns = ("pk", "waits_for", "waits_party_id", "waits_why", "waits_text")
    return Entry.objects.filter(pk__in=pks).order_by().values(*columns)


@prepared
def _by_category(scope: Scope, day: dt.date | None, parents: list[int]) -> QuerySet[Any, Any]:
    rows = Standing.objects.as_of(scope, day)
    rows = rows.filter(issue__parent__in=parents, issue__entered_in_error=False).order_by()
    return rows.values_list("issue__parent", "category").annotate(n=Count("pk"))


def waits_text(frame: FrameView, row: Mapping[str, Any]) -> str:
    """ "US: answer on the road map", "all parties: wording" or "" when it waits no more."""
    if row["waits_for"] in ("", "nobody"):
        return ""
    party = frame.parties.get(row["waits_party_id"])
    who = party.code if party else dict(Entry.WaitsFor.choices)[row["waits_for"]].lower()
    what = row["waits_text"] or WHY.get(row["waits_why"], "")
    return f"{who}: {what}" if what else who


def sub_items_text(counts: dict[str, int]) -> str:
    """The sub-items of a parent by category, most telling first."""
    total = sum(counts.values())
    order = ["held", "dropped", "open", "engaged", "settling", "settled", "done", ""]
    words = [
        f"{counts[name]} {CATEGORY_LABELS[name].lower() if name else 'no status yet'}"
        for name in order
        if counts.get(name)
    ]
    return f"{total} sub-item{'' if total == 1 else 's'}: {', '.join(words)}"
