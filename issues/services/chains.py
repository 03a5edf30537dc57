"""Adds to the chains of hashes, in the transaction that writes the rows (SECURITY.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.db import transaction
from django.db.models import QuerySet

from negotiations.models import Negotiation
from negotiations.prepared import prepared
from negotiations.writes import insert, update

from ..chaining import (
    came_content,
    chain_of,
    entry_content,
    left_content,
    note_content,
    redaction_content,
    sealed,
    shown_content,
    source_content,
    words_of,
)
from ..models import (
    AudienceChange,
    ChainHead,
    ChainLink,
    Entry,
    EntrySource,
    Redaction,
    SightChange,
)

Kind = ChainLink.Kind


@dataclass(frozen=True)
class Event:
    """What is about to become a link."""

    chain: str
    kind: str
    row: int | None
    at: dt.datetime
    content: str
    words: str = ""
    note: str = ""


def append(
    negotiation: Negotiation, events: Sequence[Event], heads: dict[str, ChainHead] | None = None
) -> None:
    """Adds events to their chains, in this order; one writer at a time per negotiation.

    Inside the caller's transaction, and last in it: until its end others wait for the heads.
    `heads`: as the caller has locked them for these events.
    """
    if not events:
        return
    heads = lock_heads(negotiation.pk, events) if heads is None else heads
    links = [_link(heads[event.chain], event) for event in events]
    insert(links)
    for chain in sorted({event.chain for event in events}):
        head = heads[chain]
        update(ChainHead, [head.pk], length=head.length, hash=head.hash)


def lock_heads(negotiation: int, events: Iterable[Event] = ()) -> dict[str, ChainHead]:
    """One writer at a time from here on; what else it locks, it has locked before.

    Returns the heads of a negotiation by chain, those of these events among them. All are locked,
    in one order, so that no two writers cross.
    """
    heads = {head.chain: head for head in _heads(negotiation)}
    if missing := {event.chain for event in events} - heads.keys():
        new = [ChainHead(negotiation_id=negotiation, chain=chain) for chain in sorted(missing)]
        ChainHead.objects.bulk_create(new, ignore_conflicts=True)
        heads = {head.chain: head for head in _heads(negotiation)}
    return heads


@prepared
def _heads(negotiation: int) -> QuerySet[ChainHead]:
    rows = ChainHead.objects.select_for_update()
    return rows.filter(negotiation=negotiation).order_by("chain")


def _link(head: ChainHead, event: Event) -> ChainLink:
    link = ChainLink(
        negotiation_id=head.negotiation_id,
        chain=event.chain,
        place=head.length + 1,
        kind=event.kind,
        row=event.row,
        recorded_at=event.at,
        words=event.words,
        note=event.note,
        content=event.content,
        previous=head.hash,
    )
    link.hash = sealed(link)
    head.length, head.hash = link.place, link.hash
    return link


# --- Events -------------------------------------------------------------------------------------


def entry_event(entry: Entry, joint: Iterable[int], chain: str = "", words: str = "") -> Event:
    """An entry as it was recorded; `words` in place of their hash where they are blanked."""
    chain = chain or chain_of(entry.audience, entry.audience_party_id)
    words = words or words_of(entry)
    content = entry_content(entry, joint, words)
    return Event(chain, Kind.ENTRY, entry.pk, entry.recorded_at, content, words)


def source_event(link: EntrySource, chain: str = "") -> Event:
    chain = chain or chain_of(link.entry.audience, link.entry.audience_party_id)
    return Event(chain, Kind.SOURCE, link.pk, link.recorded_at, source_content(link))


def redaction_event(redaction: Redaction, chain: str = "") -> Event:
    entry = redaction.entry
    chain = chain or chain_of(entry.audience, entry.audience_party_id)
    content = redaction_content(redaction)
    return Event(chain, Kind.REDACTION, redaction.pk, redaction.redacted_at, content)


def audience_events(change: AudienceChange, entry: str) -> list[Event]:
    """One event for those who saw it, one for those who see it; `entry` is its content."""
    old = chain_of(change.old_audience, change.old_party_id)
    new = chain_of(change.new_audience, change.new_party_id)
    at = change.changed_at
    return [
        Event(old, Kind.LEFT, change.pk, at, left_content(change)),
        Event(new, Kind.CAME, change.pk, at, came_content(change, entry)),
    ]


def chain_audience(negotiation: Negotiation, change: AudienceChange) -> None:
    """The same for a change that was just made, in the caller's transaction."""
    links = ChainLink.objects.filter(negotiation=negotiation, kind=Kind.ENTRY, row=change.entry_id)
    append(negotiation, audience_events(change, links.values_list("content", flat=True)[0]))


def sight_events(change: SightChange) -> list[Event]:
    """The same for a thing that is no entry: one for who saw it, one for who sees it."""
    at = change.changed_at
    return [
        Event(
            chain_of(change.old_audience, change.old_party_id),
            Kind.HIDDEN,
            change.pk,
            at,
            left_content(change),
        ),
        Event(
            chain_of(change.new_audience, change.new_party_id),
            Kind.SHOWN,
            change.pk,
            at,
            shown_content(change),
        ),
    ]


def import_events(heads: dict[str, str], at: dt.datetime) -> list[Event]:
    """The head that the exporter's file named for each chain: what came before, elsewhere."""
    return [
        Event(chain, Kind.IMPORT, None, at, note_content(head), note=head)
        for chain, head in heads.items()
    ]


# --- From rows that are there -------------------------------------------------------------------


def chain_negotiation(negotiation: Negotiation, first: Sequence[Event] = ()) -> None:
    """Links for all rows that have none, in the order of recording, after `first`.

    For what came in by another way than the services: a loaded fixture, a whole negotiation from
    a file, and what was recorded before there were chains. A second call adds nothing.
    """
    from .chain_rows import Rows

    with transaction.atomic():
        events = sorted(Rows(negotiation).unlinked(), key=attrgetter("at"))
        append(negotiation, [*first, *events])
