from __future__ import annotations

from negotiations import origin
from negotiations.models import Membership, Negotiation, Party, SecurityEvent, User

Kind = SecurityEvent.Kind


def note(
    kind: str,
    *,
    by: User | None,
    about: User | None = None,
    negotiation: Negotiation | None = None,
    detail: str = "",
) -> SecurityEvent:
    """Write a line of the security log, in the transaction of what it tells.

    `detail` holds no words of the talks and nothing that only a delegation may know: the head
    reads it. The address is that of the request that is being answered, if any.
    """
    return SecurityEvent.objects.create(
        kind=kind,
        by=by if by and by.pk else None,
        about=about,
        negotiation=negotiation,
        detail=detail[:200],
        address=origin.address.get()(),
    )


def place_of(membership: Membership) -> str:
    """What a membership allows, for the log: its role and its delegation."""
    return place(membership.role, membership.party)


def place(role: str, party: Party | None) -> str:
    word = Membership.Role(role).label.partition(":")[0]
    return f"{word}, {party.code}" if party else word
