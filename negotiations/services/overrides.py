"""Break-glass: opened with a reason, told to the heads concerned, over after an hour."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from negotiations.models import Membership, Override, Party, User
from negotiations.models.overrides import OPEN_FOR

from .security import Kind, note


def open_override(party: Party, *, reason: str, by: User) -> Override:
    """Let a superuser read in the admin what only `party`'s people see, for an hour.

    It is a line of the security log that the heads of that delegation read at once. Raises
    ValidationError without a reason, and for whoever is no superuser or is cleared anyway.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say why: the heads of this delegation read it."})
    if not by.is_superuser:
        raise ValidationError("Only a superuser opens what is not for them.")
    if party.memberships.filter(user=by).exists():
        raise ValidationError({"party": f"You belong to {party}: you see all this already."})
    with transaction.atomic():
        now = timezone.now()
        opened = Override.objects.create(
            negotiation=party.negotiation,
            party=party,
            by=by,
            reason=reason.strip(),
            opened_at=now,
            expires_at=now + OPEN_FOR,
        )
        until = timezone.localtime(opened.expires_at)
        _note(opened, by, f"{party.code}, until {until:%H:%M %Z}: {opened.reason}")
    return opened


def end_override(override: Override, *, by: User) -> None:
    """End it before its time; once over it stays over."""
    with transaction.atomic():
        rows = Override.objects.still_open().filter(pk=override.pk)
        if rows.update(ended_at=timezone.now()):
            _note(override, by, f"{override.party.code}, ended early")


def _note(override: Override, by: User, detail: str) -> None:
    side = override.party if has_head(override.party) else None
    note(Kind.OVERRIDE, by=by, negotiation=override.negotiation, detail=detail, side=side)


def has_head(party: Party) -> bool:
    """Whether somebody heads this delegation; else the other heads are told in its place."""
    heads = party.memberships.filter(role=Membership.Role.HEAD, user__is_active=True)
    return heads.exists()
