"""The public edition: what has audience public, whichever door one came in by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.core.paginator import Page
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from negotiations.access import scope_filter, the_public
from negotiations.models import Readout, Round, Source
from negotiations.scopes import PUBLIC_SCOPE

from ..models import Edition, Entry, EntrySource, Issue
from ..models.entries import EntryQuerySet
from .clock import Clock
from .entries import EntryLine, EntryReader, seen_entries
from .frame import FrameView
from .moves import ItemName
from .paging import page_at

PER_PAGE = 50
NOBODY = 0
REPLIES = (Entry.Kind.CORRECTION, Entry.Kind.RETRACTION)


@dataclass(frozen=True)
class Door:
    """Where an edition is read from, and how much of it: `issue` or `round` is all there is.

    `is_shared`: behind a secret. `is_dated`: the door itself leads to one day, so that no address
    has to name it.
    """

    base: str
    edition: Edition
    issue: Issue | None = None
    round: Round | None = None
    is_shared: bool = False
    is_dated: bool = False

    @property
    def is_narrow(self) -> bool:
        return bool(self.issue or self.round)


class PublicFrame(FrameView):
    """The frame of a negotiation as the public reads it, with the addresses of its edition.

    Read as of a day nothing in it depends on today: the same address gives the same page.
    """

    def __init__(self, door: Door, clock: Clock) -> None:
        super().__init__(the_public(door.edition.negotiation), clock)
        self.door = door
        self.query = "" if door.is_dated else clock.query
        if not clock.is_now:
            self.today = clock.day

    @cached_property
    def items(self) -> dict[int, str]:
        """The key of every public item by its id, in the order of the agenda. One query."""
        rows = Issue.objects.visible_to(self.viewer).in_agenda_order(PUBLIC_SCOPE)
        if moment := self.clock.known_moment:
            rows = rows.filter(recorded_at__lte=moment)
        return {pk: self.door.edition.item_key(pk) for pk in rows.values_list("pk", flat=True)}

    def item_with(self, key: str) -> Issue:
        """The public item at this address. Raises Http404."""
        found = next((pk for pk, known in self.items.items() if known == key), None)
        return self.item(found)

    def item(self, pk: int | None) -> Issue:
        """The item, as far as it is public. Raises Http404."""
        if pk not in self.items:
            raise Http404("No item at this address.")
        issue = Issue.objects.select_related("parent").get(pk=pk)
        issue.negotiation = self.negotiation
        return issue

    # --- Addresses; empty for what this door does not lead to ------------------------------------

    def page(self, rest: str) -> str:
        return "" if self.door.is_narrow else f"{self.door.base}{rest}{self.query}"

    def item_page(self, pk: int) -> str:
        if self.door.issue and self.door.issue.pk == pk:
            return f"{self.door.base}{self.query}"
        return self.page(f"items/{self.items[pk]}/") if pk in self.items else ""

    def round_page(self, round_: Round) -> str:
        if self.door.round == round_:
            return f"{self.door.base}{self.query}"
        return self.page(f"rounds/{round_.place}/")

    def source_url(self, uuid: UUID) -> str:
        return self.page(f"sources/{uuid}/")

    # --- What is public ---------------------------------------------------------------------------

    def entries(self) -> EntryQuerySet:
        """Every public entry that was known and not undone, of the day of the page."""
        known = self.clock.known_moment
        seen: Any = seen_entries(self.negotiation.pk, PUBLIC_SCOPE, known)
        rows: EntryQuerySet = seen.visible_to(NOBODY, PUBLIC_SCOPE)
        return rows.filter(counts_from__lte=self.clock.as_of) if self.clock.as_of else rows

    def sources(self) -> QuerySet[Source]:
        """Public sources: of public entries, of rounds and of public readouts."""
        links = EntrySource.objects.filter(entry__in=self.entries().order_by())
        if moment := self.clock.known_moment:
            links = links.filter(recorded_at__lte=moment)
        of_entries = Exists(links.filter(source=OuterRef("pk")))
        of_rounds = Exists(Round.objects.filter(sources=OuterRef("pk")).order_by())
        of_readouts = Exists(self.readouts().filter(source=OuterRef("pk")))
        sources = Source.objects.filter(scope_filter(PUBLIC_SCOPE), negotiation=self.negotiation)
        return sources.filter(of_entries | of_rounds | of_readouts)

    def readouts(self) -> QuerySet[Readout]:
        rows = Readout.objects.filter(scope_filter(PUBLIC_SCOPE))
        return rows.filter(round__negotiation=self.negotiation).order_by()

    def source(self, uuid: UUID) -> Source:
        """The source, as far as it is public. Raises Http404."""
        found = self.sources().filter(uuid=uuid).first()
        if found is None:
            raise Http404("No source at this address.")
        return found


class Counts(NamedTuple):
    """How much of a negotiation is public."""

    items: int
    entries: int
    rounds: int
    readouts: int
    sources: int


def count_public(frame: PublicFrame) -> Counts:
    """A query for each."""
    return Counts(
        len(frame.items),
        frame.entries().order_by().count(),
        len(frame.rounds),
        frame.readouts().count(),
        frame.sources().order_by().count(),
    )


def read_sources(frame: PublicFrame, page: str = "") -> tuple[Page[int], list[Source]]:
    """A page of the sources, the latest first. Raises BadRequest for what is no page."""
    order = frame.sources().order_by("-date_first", "title", "pk")
    shown = page_at(list(order.values_list("pk", flat=True)), page, PER_PAGE)
    found = Source.objects.in_bulk(list(shown.object_list))
    return shown, [found[pk] for pk in shown]


# --- Corrections --------------------------------------------------------------------------------


@dataclass
class Correction:
    """What was put right in public: the entry as it stood, and what was recorded against it."""

    item: ItemName
    url: str
    was: EntryLine
    reply: EntryLine

    @property
    def takes_back(self) -> bool:
        return bool(self.reply.row["kind"] == Entry.Kind.RETRACTION)


def read_corrections(frame: PublicFrame, page: str = "") -> tuple[Page[int], list[Correction]]:
    """Public entries that were corrected or taken back in public, the latest first.

    Raises BadRequest for what is no page.
    """
    visible = frame.entries().order_by()
    replies = visible.filter(kind__in=REPLIES, corrects__in=visible).order_by("-recorded_at", "-pk")
    targets = dict(replies.values_list("pk", "corrects_id"))
    shown = page_at(list(targets), page, PER_PAGE)
    kept = [pk for reply in shown for pk in (reply, targets[reply])]
    found = EntryReader(frame).lines(kept)
    lines = {line.row["pk"]: line for lines in found.values() for line in lines}
    names = _names(list(found))
    made = [_correction(frame, names, lines[targets[reply]], lines[reply]) for reply in shown]
    return shown, made


def _correction(
    frame: PublicFrame, names: dict[int, ItemName], was: EntryLine, reply: EntryLine
) -> Correction:
    item = names[reply.row["issue_id"]]
    return Correction(item, frame.item_page(item.pk), was, reply)


def _names(pks: list[int]) -> dict[int, ItemName]:
    rows = Issue.objects.filter(pk__in=pks).order_by().values_list(*ItemName._fields)
    return {row[0]: ItemName(*row) for row in rows}
