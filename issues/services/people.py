"""Erasing a person: their names go, what they recorded stays and still verifies."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from negotiations import services as frame
from negotiations.models import Membership, Negotiation, User

from ..chaining import person_content
from ..models import ChainLink, PersonErasure
from .chains import Event, append


def erase_person(person: User, *, reason: str, by: str) -> PersonErasure:
    """Blanks the names of an account and closes it for good; an event that names nobody.

    Memberships end; members of every negotiation they had a part in have the event in their
    chain. Raises ValidationError without a reason, for somebody who is erased already, and for the
    last head of a negotiation.
    """
    if not reason.strip():
        raise ValidationError("An erasure needs a reason.")
    with transaction.atomic(), frame.lines_last():
        if PersonErasure.objects.filter(person=person).exists():
            raise ValidationError("This person is erased already.")
        negotiations = _part_in(person)
        for membership in Membership.objects.filter(user=person).order_by("pk"):
            frame.remove_member(membership)
        erasure = PersonErasure.objects.create(person=person, reason=reason.strip(), erased_by=by)
        frame.blank_person(person, name=f"erased-{erasure.uuid.hex[:12]}")
        for negotiation in negotiations:
            append(negotiation, [_event(erasure)])
    return erasure


def _part_in(person: User) -> list[Negotiation]:
    part = Q(memberships__user=person) | Q(issues__entries__recorded_by=person)
    keys = Negotiation.objects.filter(part).order_by().values("pk").distinct()
    return list(Negotiation.objects.filter(pk__in=keys).order_by("pk"))


def _event(erasure: PersonErasure) -> Event:
    content = person_content(erasure)
    return Event("members", ChainLink.Kind.PERSON, erasure.pk, erasure.erased_at, content)
