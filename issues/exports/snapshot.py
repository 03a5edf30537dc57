"""What one file is made of: the scope of its viewer, as known at the moment it was begun."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Max
from django.utils import timezone

from negotiations.access import Viewer, may_still_see
from negotiations.models import Negotiation
from negotiations.scopes import PUBLIC, Scope

from ..models import AudienceChange, Entry, Issue, Redaction, SightChange
from ..models.entries import EntryQuerySet
from ..numbers import Number
from ..reads.chains import Head, heads_of, heads_to_file
from ..reads.clock import NOW, Clock, MomentClock
from ..reads.frame import FrameView
from ..reads.standings import StandingReader

PAGE = 500


CHANGED = "What you may see here has changed meanwhile."


class Withdrawn(Exception):
    """The file may not be finished: the reason, in a sentence for the person who asked for it."""


@dataclass(frozen=True)
class Snapshot:
    """Everything recorded by `at` with an id up to `last_id`; `begun` is when it was taken.

    Titles, parties, rounds and agenda are as they are today (design §2).
    """

    frame: FrameView
    begun: dt.datetime
    at: dt.datetime
    last_id: int
    hidden: frozenset[int] = field(repr=False)

    @property
    def viewer(self) -> Viewer:
        return self.frame.viewer

    @property
    def scope(self) -> Scope:
        return self.frame.viewer.scope

    @property
    def clock(self) -> Clock:
        return self.frame.clock

    @property
    def negotiation(self) -> Negotiation:
        return self.frame.negotiation

    @cached_property
    def items(self) -> dict[int, int | str]:
        """The number of every item by its id, in the order of the agenda."""
        rows = Issue.objects.visible_to(self.viewer).filter(recorded_at__lte=self.at)
        columns = rows.in_agenda_order().values_list("pk", "series", "number")
        return {pk: Number(series, number).plain for pk, series, number in columns}

    @cached_property
    def entry_count(self) -> int:
        """How many entries the file tells of, whatever their kind."""
        rows = self.entries().order_by()
        if self.clock.as_of:
            rows = rows.filter(counts_from__lte=self.clock.as_of)
        return int(rows.count())

    @cached_property
    def heads(self) -> list[Head]:
        """The heads of the chains in scope, as they were at the moment."""
        return heads_of(self.viewer, self.at)

    @cached_property
    def filed_heads(self) -> list[Head]:
        """The same, as a file of the whole negotiation names them."""
        return heads_to_file(self.viewer, self.at)

    def entries(self) -> EntryQuerySet:
        """The entries in scope that were known at the moment; undone ones never."""
        rows: EntryQuerySet = Entry.objects.in_scope(self.scope).filter(
            issue__negotiation=self.negotiation,
            issue__entered_in_error=False,
            issue__recorded_at__lte=self.at,
            recorded_at__lte=self.at,
            pk__lte=self.last_id,
        )
        rows = rows.exclude(kind=Entry.Kind.UNDO)
        return rows.exclude(pk__in=self.hidden) if self.hidden else rows

    def standings(self) -> StandingReader:
        """Reads standings as known at the moment, even when something was recorded since."""
        newer = Entry.objects.filter(issue__negotiation=self.negotiation, recorded_at__gt=self.at)
        if not self.clock.known and not newer.exists():
            return StandingReader(self.frame)
        frame = copy.copy(self.frame)
        known = timezone.localdate(self.at)
        frame.clock = MomentClock(as_of=self.clock.as_of, known=known, moment=self.at)
        return StandingReader(frame)

    def confirm(self) -> None:
        """Raises Withdrawn once the viewer's access, or the audience of an entry, has changed.

        Asked before every page: a file never holds what its reader may no longer see.
        """
        if not may_still_see(self.viewer):
            raise Withdrawn(CHANGED)
        moved = SightChange.objects.known_in(self.scope).filter(negotiation=self.negotiation)
        moved = moved.exclude(kind=SightChange.Kind.NOTE)  # no file holds notes
        if self._was_restricted() or moved.filter(changed_at__gt=self.begun).exists():
            raise Withdrawn("Who may see what this file holds was changed meanwhile.")

    def _was_restricted(self) -> bool:
        """Whether an entry was undone, blanked or given another audience since the beginning.

        Only what this scope may know of counts: a refusal tells nothing of anybody else's.
        """
        here = Entry.objects.filter(issue__negotiation=self.negotiation).order_by()
        # By the id: the table of entries is large, and has no index on their kind.
        later = here.in_scope(self.scope).filter(pk__gt=self.last_id)
        if later.filter(kind=Entry.Kind.UNDO).exists():
            return True
        # First what is new in these small tables, of any negotiation: as a rule nothing at all.
        blanked = list(
            Redaction.objects.filter(redacted_at__gt=self.begun).values_list("entry_id", flat=True)
        )
        if blanked and here.in_scope(self.scope).filter(pk__in=blanked).exists():
            return True
        moved = self._newly_restricted()
        return bool(moved) and here.filter(pk__in=moved).exists()

    def _newly_restricted(self) -> list[int]:
        """Entries whose audience changed, as far as this scope saw them before or sees them now."""
        changes = AudienceChange.objects.filter(changed_at__gt=self.begun)
        columns = ("entry_id", "old_audience", "old_party_id", "new_audience", "new_party_id")
        sees = self.scope.sees
        return [
            entry
            for entry, old, old_party, new, new_party in changes.values_list(*columns)
            if sees(old, old_party) or sees(new, new_party)
        ]

    def pages(self, pks: Sequence[int], size: int) -> Iterator[Sequence[int]]:
        """These ids in pages, each after a look at the viewer's access."""
        for start in range(0, len(pks), size):
            self.confirm()
            yield pks[start : start + size]


def take(viewer: Viewer, clock: Clock = NOW) -> Snapshot:
    """A snapshot for this viewer, as known now or at the clock's recorded day."""
    last = Entry.objects.aggregate(last=Max("pk"))["last"] or 0
    return take_again(viewer, clock, timezone.now(), last)


def take_again(viewer: Viewer, clock: Clock, begun: dt.datetime, last_id: int) -> Snapshot:
    """The snapshot that was begun then, in whichever process: the same but for today's frame."""
    at = min(clock.known_moment or begun, begun)
    hidden = _undone(viewer)
    frame = FrameView(viewer, clock)
    # Read at the start, so that the pages of one file agree.
    _ = frame.parties, frame.statuses, frame.rounds
    snapshot = Snapshot(frame, begun, at, last_id, hidden)
    _ = snapshot.heads, snapshot.filed_heads
    return snapshot


def _undone(viewer: Viewer) -> frozenset[int]:
    """Ids of what was undone, and of what replied to it: neither can be told without the other."""
    rows = Entry.objects.in_scope(viewer.scope).filter(issue__negotiation=viewer.negotiation)
    undone = rows.filter(kind=Entry.Kind.UNDO).order_by().values_list("corrects_id", flat=True)
    found: set[int] = set()
    new = set(undone)
    while new:
        found |= new
        replies = rows.filter(corrects__in=new).exclude(kind=Entry.Kind.UNDO).order_by()
        new = set(replies.values_list("pk", flat=True)) - found
    return frozenset(found)


def scope_text(viewer: Viewer) -> str:
    """Who may read a file of this viewer's, for its page and its first sheet."""
    if viewer.party:
        return f"What members may see, and what only the delegation of {viewer.party} may see."
    if viewer.scope.key == PUBLIC:
        return "What may be published."
    return "What all members of this negotiation may see."
