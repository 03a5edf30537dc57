from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from negotiations.models import LADDER, Negotiation, Status, User

from .rows import delete, is_referenced, lock, moved, next_in, save

FROZEN = ("category", "rung")
LADDER_RULE = "Rungs rise with the categories: open, in talks, close to agreement, agreed, closed."
STEP = {category.value: step for step, category in enumerate(LADDER)}


def add_status(
    negotiation: Negotiation,
    *,
    by: User | None,
    label: str,
    short: str,
    test: str,
    category: str,
    rung: int | None = None,
) -> Status:
    """Add a status to the negotiation's own scheme, last in the list.

    Raises ValidationError by field for a label already there or a rung that breaks the ladder.
    """
    scheme = negotiation.scheme
    with transaction.atomic():
        lock(negotiation)
        status = Status(scheme=scheme, order=next_in(scheme.statuses.all(), "order"))
        _write(status, by, label=label, short=short, test=test, category=category, rung=rung)
    return status


def update_status(
    status: Status,
    *,
    by: User | None,
    label: str,
    short: str,
    test: str,
    category: str,
    rung: int | None = None,
) -> Status:
    """Change a status. Words may always change; category and rung freeze once it is used.

    Raises ValidationError by field, as `add_status`.
    """
    with transaction.atomic():
        # Held until the end, so that no entry starts to use it in between.
        status = Status.objects.select_for_update().get(pk=status.pk)
        if (status.category, status.rung) != (category, rung) and status_in_use(status):
            raise ValidationError(
                {"category": "This status is in use: only its words can be changed."}
            )
        _write(status, by, label=label, short=short, test=test, category=category, rung=rung)
    return status


def retire_status(status: Status, *, by: User | None, retired: bool = True) -> None:
    """No longer offer a status, or offer it again; history keeps it either way."""
    with transaction.atomic():
        save(Status.objects.select_for_update().get(pk=status.pk), by=by, retired=retired)


def move_status(status: Status, *, by: User | None, step: int) -> None:
    """Move a status `step` places in the list; the ladder is a matter of rungs, not of the list."""
    with transaction.atomic():
        rows = list(status.scheme.statuses.all())
        for order, row in enumerate(moved(rows, status, step), start=1):
            save(row, by=by, order=order)


def remove_status(status: Status, *, by: User | None) -> None:
    """Delete a status nobody ever used. Raises ValidationError for one in use."""
    with transaction.atomic():
        status = Status.objects.select_for_update().get(pk=status.pk)
        if status_in_use(status):
            raise ValidationError(
                f"“{status}” is in use and stays on record. Rename it, or retire it so that it is "
                "no longer offered."
            )
        delete(status, by=by)


def status_in_use(status: Status) -> bool:
    """Whether any entry or standing refers to the status."""
    return is_referenced(status)


def _write(status: Status, by: User | None, **fields: Any) -> None:
    others = status.scheme.statuses.exclude(pk=status.pk)
    if others.filter(label__iexact=fields["label"]).exists():
        raise ValidationError({"label": "There is a status with this label already."})
    _check_ladder([*others.values_list(*FROZEN), (fields["category"], fields["rung"])])
    save(status, by=by, **fields)


def _check_ladder(statuses: Iterable[tuple[str, int | None]]) -> None:
    """Rungs and categories rise together; blocked and dropped stand beside the ladder."""
    statuses = list(statuses)
    for category, rung in statuses:
        if category in STEP and not rung:
            raise ValidationError({"rung": "Say which rung of the ladder this is, from 1."})
        if category not in STEP and rung is not None:
            raise ValidationError({"rung": "Blocked and dropped have no rung; leave it empty."})
    steps = [(rung or 0, STEP[category]) for category, rung in statuses if category in STEP]
    for (rung, step), (next_rung, next_step) in pairwise(sorted(steps)):
        if next_step < step or (next_step > step and next_rung == rung):
            raise ValidationError({"rung": LADDER_RULE})
