"""Writes the security log: each line chained to the one before, in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import transaction

from negotiations import origin
from negotiations.chains import sealed_line
from negotiations.models import (
    Membership,
    Negotiation,
    Party,
    SecurityEvent,
    SecurityHead,
    User,
)

Kind = SecurityEvent.Kind
# What is to be written when the work around it is done; None where lines are written at once.
_waiting: ContextVar[list[dict[str, Any]] | None] = ContextVar("waiting", default=None)


def note(
    kind: str,
    *,
    by: User | None,
    about: User | None = None,
    negotiation: Negotiation | None = None,
    detail: str = "",
    side: Party | None = None,
) -> None:
    """Write a line of the security log, in the transaction of what it tells and last in it.

    `detail` holds no words of the talks, no names of people, and nothing that only a delegation
    may know, unless it is for the heads of that delegation, `side`. The address is that of the
    request that is being answered, if any.
    """
    line: dict[str, Any] = {
        "kind": kind,
        "by": by if by and by.pk else None,
        "about": about,
        "side": side,
    }
    line |= {"negotiation": negotiation, "detail": detail[:200]}
    waiting = _waiting.get()
    if waiting is None:
        write_line(**line)
    else:
        waiting.append(line)


@contextmanager
def lines_last() -> Iterator[None]:
    """What is noted within is written at the end, negotiation by negotiation.

    For a transaction that locks other rows after a line: whoever holds the end of the log then
    waits for nobody, so that two people never wait for each other.
    """
    token = _waiting.set([])
    try:
        yield
        waiting = _waiting.get() or []
    finally:
        _waiting.reset(token)
    waiting.sort(key=lambda line: line["negotiation"].pk if line["negotiation"] else 0)
    for line in waiting:
        note(**line)


def write_line(*, negotiation: Negotiation | None = None, **fields: Any) -> SecurityEvent:
    """The line itself, at once; see `note`. Others wait for the end of its chain until commit."""
    with transaction.atomic():
        head = _locked_head(negotiation)
        event = SecurityEvent(
            negotiation=negotiation,
            place=head.length + 1,
            previous=head.hash,
            address=origin.address.get()(),
            **fields,
        )
        event.hash = sealed_line(event)
        event.save(force_insert=True)
        head.length, head.hash = event.place, event.hash
        head.save(update_fields=["length", "hash"])
    return event


def _locked_head(negotiation: Negotiation | None) -> SecurityHead:
    rows = SecurityHead.objects.select_for_update().filter(negotiation=negotiation)
    if found := rows.first():
        return found
    # Two who write the first line at once both try; the other's is found then.
    SecurityHead.objects.bulk_create([SecurityHead(negotiation=negotiation)], ignore_conflicts=True)
    return rows.get()


def place_of(membership: Membership) -> str:
    """What a membership allows, for the log: its role and its delegation."""
    return place(membership.role, membership.party)


def place(role: str, party: Party | None) -> str:
    word = Membership.Role(role).label.partition(":")[0]
    return f"{word}, {party.code}" if party else word
