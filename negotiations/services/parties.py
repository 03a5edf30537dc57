from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from negotiations.models import Negotiation, Party, User
from negotiations.signals import frame_changed, party_leaves, party_renamed

from .rows import check_unused, delete, lock, moved, next_in, save


def add_party(
    negotiation: Negotiation,
    *,
    by: User | None,
    code: str,
    name: str,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Party:
    """Seat one more party, last in display order; standings follow.

    Raises ValidationError by field for a code or name already taken, or dates the wrong way round.
    """
    with transaction.atomic():
        lock(negotiation)
        party = Party(negotiation=negotiation, order=next_in(negotiation.parties.all(), "order"))
        _write(party, by, code=code, name=name, since=since, until=until)
        frame_changed.send(Party, negotiation=negotiation)
    return party


def update_party(
    party: Party,
    *,
    by: User | None,
    code: str,
    name: str,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Party:
    """Change how a party is called and when it is at the table. Errors as `add_party`."""
    with transaction.atomic():
        lock(party.negotiation)
        was = party.code
        changed = _write(party, by, code=code, name=name, since=since, until=until)
        if "code" in changed:
            party_renamed.send(Party, party=party, was=was)
        if {"since", "until"} & set(changed):
            frame_changed.send(Party, negotiation=party.negotiation)
    return party


def move_party(party: Party, *, by: User | None, step: int) -> None:
    """Move a party `step` places in display order."""
    with transaction.atomic():
        lock(party.negotiation)
        rows = list(party.negotiation.parties.all())
        for order, row in enumerate(moved(rows, party, step), start=1):
            save(row, by=by, order=order)


def remove_party(party: Party, *, by: User | None) -> None:
    """Take away a party that was added by mistake.

    Raises ValidationError once a member, entry, round or item refers to it or might
    (`use_may_be_told`), or if it is one of the last two.
    """
    negotiation = party.negotiation
    with transaction.atomic():
        lock(negotiation)
        if negotiation.parties.count() <= 2:
            raise ValidationError("A negotiation has at least two parties.")
        party_leaves.send(Party, party=party)
        check_unused(party, negotiation, instead="Say until when it is at the table instead.")
        delete(party, by=by)
        frame_changed.send(Party, negotiation=negotiation)


def _write(party: Party, by: User | None, **fields: Any) -> list[str]:
    others = party.negotiation.parties.exclude(pk=party.pk)
    errors = {}
    if others.filter(code__iexact=fields["code"]).exists():
        errors["code"] = f"Another party has the code {fields['code']}."
    if others.filter(name__iexact=fields["name"]).exists():
        errors["name"] = "Another party has this name."
    if fields["since"] and fields["until"] and fields["until"] < fields["since"]:
        errors["until"] = "It cannot leave the table before it came."
    # Now is all that is recorded, whatever the clock says: a day to come would count already.
    for name in ("since", "until"):
        if fields[name] and fields[name] > timezone.localdate():
            errors[name] = "This day is still to come; write it down when it has."
    if errors:
        raise ValidationError(errors)
    return save(party, by=by, **fields)
