"""The first page: each negotiation at a glance, and what came in since it was marked as read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    Case,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    prefetch_related_objects,
)

from negotiations.access import Viewer, scope_filter, viewers_of
from negotiations.dates import date_text
from negotiations.models import Category, Negotiation, Party, Status, User
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, Standing
from ..services.loaded import entries_in, frames_of, load_entries, load_raised_by
from ..standing import movement, periods, standing_on
from ..standing.movement import CONFIRMED
from .counts import stands_now
from .entries import entered_late
from .frame import FrameView

Keys = Mapping[int, Viewer]


@dataclass
class Figure:
    """How many items stand in one category, and of them how many all sides say so."""

    label: str
    category: str
    both: int = 0
    rest: int = 0

    @property
    def total(self) -> int:
        return self.both + self.rest


@dataclass
class News:
    """What was recorded since the viewer marked as read."""

    entries: int = 0
    items: set[int] = field(default_factory=set)
    moved: int = 0
    late: int = 0  # said more than a week before they were entered


@dataclass
class Card:
    """One negotiation on the first page."""

    viewer: Viewer
    frame: FrameView
    figures: list[Figure]
    without_status: int = 0
    items: int = 0
    latest: dt.date | None = None
    latest_precision: str = ""
    news: News | None = None

    @property
    def negotiation(self) -> Negotiation:
        return self.viewer.negotiation

    @property
    def parties(self) -> list[Party]:
        return list(self.frame.parties.values())

    @property
    def all_word(self) -> str:
        return "both" if len(self.frame.parties) == 2 else "all"

    @property
    def latest_text(self) -> str:
        return date_text(self.latest, self.latest_precision) if self.latest else ""

    @property
    def read_until(self) -> dt.datetime | None:
        return self.viewer.membership.read_until if self.viewer.membership else None


def read_home(user: User) -> list[Card]:
    """A card per negotiation of this person, with a fixed number of queries."""
    viewers = viewers_of(user)
    prefetch_related_objects([v.negotiation for v in viewers], "parties", "rounds")
    by_negotiation = {viewer.negotiation.pk: viewer for viewer in viewers}
    cards = {pk: Card(v, _frame(v), _no_figures()) for pk, v in by_negotiation.items()}
    _count(cards)
    for pk, news in _news(by_negotiation).items():
        cards[pk].news = news
    return list(cards.values())


def _frame(viewer: Viewer) -> FrameView:
    """With the parties and rounds that were read for all negotiations at once."""
    frame = FrameView(viewer)
    frame.parties = {party.pk: party for party in viewer.negotiation.parties.all()}
    frame.rounds = list(viewer.negotiation.rounds.all())
    return frame


def _no_figures() -> list[Figure]:
    return [Figure(label, value) for value, label in Category.choices]


def _count(cards: Mapping[int, Card]) -> None:
    """Items by category and badge, and the latest entry. Three queries."""
    scopes = {pk: card.viewer.scope for pk, card in cards.items()}
    categories = dict(_categories(list(cards)))
    for pk, stands in stands_now(scopes).items():
        cards[pk].items = stands.items
        for (headline, badge), n in stands.looks.items():
            _add(cards[pk], categories[headline] if headline else "", badge in CONFIRMED, n)
    for pk, latest, precision in _latest(scopes):
        cards[pk].latest, cards[pk].latest_precision = latest, precision


@prepared
def _categories(negotiations: list[int]) -> QuerySet[Any, Any]:
    rows = Status.objects.filter(scheme__negotiation__in=negotiations).order_by()
    return rows.values_list("pk", "category")


def _latest(scopes: Mapping[int, Scope]) -> QuerySet[Any, Any]:
    """Of each negotiation the day that was last spoken of, and how precise that is."""
    scope = Case(*(When(pk=pk, then=Value(scope.key)) for pk, scope in scopes.items()))
    said = Standing.objects.filter(
        negotiation=OuterRef("pk"),
        scope=OuterRef("scope"),
        last_said__isnull=False,
        issue__entered_in_error=False,
    ).order_by("-last_said", "-last_entry__precision_rank")
    rows = Negotiation.objects.filter(pk__in=scopes).annotate(
        scope=scope,
        latest=Subquery(said.values("last_said")[:1]),
        precision=Subquery(said.values("last_entry__precision")[:1]),
    )
    return rows.order_by().values_list("pk", "latest", "precision")


def _add(card: Card, category: str, is_confirmed: bool, n: int) -> None:
    figure = next((f for f in card.figures if f.category == category), None)
    if figure is None:
        card.without_status += n
    elif is_confirmed:
        figure.both += n
    else:
        figure.rest += n


# --- News ---------------------------------------------------------------------------------------


def _news(viewers: Keys) -> dict[int, News]:
    """What was recorded since each viewer marked as read; nothing where they never did."""
    marked = {pk: v for pk, v in viewers.items() if v.membership and v.membership.read_until}
    found = {pk: News() for pk in marked}
    for negotiation, issue, recorded_at, said_last in _recorded_since(marked):
        found[negotiation].entries += 1
        found[negotiation].items.add(issue)
        found[negotiation].late += entered_late(recorded_at, said_last)
    _count_moved(marked, found)
    return found


def _recorded_since(marked: Keys) -> list[tuple[int, int, dt.datetime, dt.date]]:
    """Every new entry: its negotiation and item, when it was recorded and the last day it means."""
    if not marked:
        return []
    fits = Q()
    for pk, viewer in marked.items():
        assert viewer.membership  # noqa: S101 - only members mark as read
        new = Q(issue__negotiation=pk, recorded_at__gt=viewer.membership.read_until)
        fits |= new & scope_filter(viewer.scope) & scope_filter(viewer.scope, "issue__")
    undone = Q(kind=Entry.Kind.UNDO) | Q(corrections__kind=Entry.Kind.UNDO)
    rows = Entry.objects.filter(fits, issue__entered_in_error=False).exclude(undone).order_by()
    return list(rows.values_list("issue__negotiation", "issue", "recorded_at", "said_last"))


def _count_moved(marked: Keys, found: Mapping[int, News]) -> None:
    """Compares where the touched items stood by what was recorded then, and by what is now."""
    touched = [pk for news in found.values() for pk in news.items]
    if not touched:
        return
    loaded, raised = load_entries(touched), load_raised_by(touched)
    for key, news in found.items():
        viewer = marked[key]
        assert viewer.membership  # noqa: S101 - as above
        parties = viewer.negotiation.parties.all()
        for pk, frame in frames_of(viewer.negotiation, parties, raised, news.items).items():
            entries = entries_in(viewer.scope, loaded[pk])
            then = standing_on(periods(entries, frame, viewer.membership.read_until))
            news.moved += movement(then, standing_on(periods(entries, frame))).moved
