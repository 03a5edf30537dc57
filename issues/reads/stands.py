"""Where one item stands, in words: the head of its page and of its paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from negotiations.models import Party
from negotiations.prepared import prepared

from ..models import Entry
from .frame import FrameView, StatusView
from .rows import waits_text
from .standings import StandingView
from .wording import badge_text, fell_text


@dataclass(frozen=True)
class PartyWord:
    """One party at the table: its own status with its date, and its position."""

    party: Party
    status: StatusView | None
    dated: str
    position: Entry | None


@dataclass(frozen=True)
class Stands:
    """The standing with what it rests on; `aside`: what press or we ourselves say."""

    view: StandingView
    words: list[PartyWord]
    badge: str
    fell: str
    waits: str
    next_step: Entry | None
    aside: list[Entry]


def read_stands(frame: FrameView, view: StandingView) -> Stands:
    """A standing in words. One query at most."""
    entries = _named_entries(view)
    waits, step = (entries.get(pk or 0) for pk in (view.waits_entry, view.next_step_entry))
    return Stands(
        view,
        words=[
            PartyWord(
                word.party,
                word.status,
                word.date_text(frame.fresh_from),
                entries.get(word.position_entry or 0),
            )
            for word in view.words
        ],
        badge=badge_text(view, short=False),
        fell=fell_text(view),
        waits=waits_text(frame, vars(waits)) if waits else "",
        # Its latest entry may say that it is done or not needed any more.
        next_step=None if step is None or step.next_step_state else step,
        aside=[entries[pk] for pk in (view.press_entry, view.own_entry) if pk in entries],
    )


def _named_entries(view: StandingView) -> dict[int, Entry]:
    named: Iterable[int | None] = (
        view.waits_entry,
        view.next_step_entry,
        view.press_entry,
        view.own_entry,
        *(word.position_entry for word in view.words),
    )
    return {entry.pk: entry for entry in _entries([pk for pk in named if pk])}


@prepared
def _entries(pks: list[int]) -> QuerySet[Entry]:
    rows: QuerySet[Entry] = Entry.objects.filter(pk__in=pks).order_by()
    return rows.select_related("next_step_party", "status")
