"""For whom a page or a paper is, by what it was made from (web-rules C20)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from negotiations.models import Party
from negotiations.prepared import prepared
from negotiations.scopes import DELEGATION, MEMBERS, Scope

from ..models import Entry, Issue
from .entries import EntryReader, only_for
from .frame import FrameView

# Whether something of one audience is there.
Asked = Callable[[str], bool]

# Of these an entry changes what others are seen to say, though it is not named itself.
BEARS = (
    ~Q(status=None)
    | ~Q(position="")
    | ~Q(waits_for="")
    | ~Q(next_step="")
    | ~Q(corrects=None)
    | Q(voice__in=(Entry.Voice.PARTY, Entry.Voice.JOINT))
)


def marking_text(party: Party | None, rests_on: Asked, tells_of: Asked) -> str:
    """The narrowest audience of what was used, in words.

    `rests_on` asks about the entries of one audience, `tells_of` about the items.
    """
    if party:
        whose = f"only the {party} delegation may see"
        if rests_on(DELEGATION):
            return f"Contains entries {whose}"
        if tells_of(DELEGATION):
            return f"Tells of items {whose}"
    if rests_on(MEMBERS):
        return "Contains entries for members of this negotiation only"
    if tells_of(MEMBERS):
        return "Tells of items for members of this negotiation only"
    return "Made from public entries only"


def marking_of(frame: FrameView, issues: Collection[int], *, notes: bool) -> str:
    """What a paper about these items says of who may read it.

    Asked of all that bears on where they and their sub-items stand, and not only of what is
    printed: to mark a paper once too often costs less than once too seldom. `notes`: entries
    that bear on nothing are printed as well.
    """
    seen = EntryReader(frame).seen().filter(Q(issue__in=issues) | Q(issue__parent__in=issues))
    entries = (seen if notes else seen.filter(BEARS)).order_by()
    items = Issue.objects.visible_to(frame.viewer).order_by()
    items = items.filter(Q(pk__in=issues) | Q(parent__in=issues))
    return marking_text(
        frame.viewer.party,
        lambda audience: entries.filter(audience=audience).exists(),
        lambda audience: items.filter(audience=audience).exists(),
    )


def marking_of_all(frame: FrameView, told: Callable[[str, int | None], Iterable[int]]) -> str:
    """The same of a page about all items, which also tells of or counts the entries `told`.

    They are asked for only where none bears on anything, by audience and party: those of other
    audiences may be among them.
    """
    where = (frame.negotiation.pk, frame.viewer.scope, frame.clock.known_moment)
    own = frame.viewer.party

    def whose(audience: str) -> tuple[str, int | None]:
        return audience, own.pk if own and audience == DELEGATION else None

    return marking_text(
        own,
        lambda audience: bool(
            _bearing(*where, *whose(audience)) or _told(audience, list(told(*whose(audience))))
        ),
        lambda audience: bool(_items(*where, *whose(audience))),
    )


@prepared
def _told(audience: str, entries: list[int]) -> QuerySet[Any, Any]:
    rows = Entry.objects.filter(audience=audience, pk__in=entries).order_by()
    return rows.values_list("pk")[:1]


@prepared
def _bearing(
    negotiation: int, scope: Scope, known: dt.datetime | None, audience: str, party: int | None
) -> QuerySet[Any, Any]:
    # By the items one after the other: one list of all of them took half of "What moved".
    shown = Issue.objects.shown_in(negotiation, scope).filter(pk=OuterRef("issue"))
    shown = shown.filter(recorded_at__lte=known) if known else shown
    rows = Entry.objects.in_scope(scope).filter(BEARS, only_for(audience, party))
    rows = rows.filter(Exists(shown.order_by()), issue__negotiation=negotiation)
    rows = rows.filter(recorded_at__lte=known) if known else rows
    return rows.order_by().values_list("pk")[:1]


@prepared
def _items(
    negotiation: int, scope: Scope, known: dt.datetime | None, audience: str, party: int | None
) -> QuerySet[Any, Any]:
    rows = Issue.objects.shown_in(negotiation, scope).filter(only_for(audience, party))
    rows = rows.filter(recorded_at__lte=known) if known else rows
    return rows.order_by().values_list("pk")[:1]
