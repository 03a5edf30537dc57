from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from negotiations.models import LADDER, Negotiation, Status, User

from .rows import check_unused, delete, is_referenced, lock, moved, next_in, save, use_may_be_told

FROZEN = ("category", "rung")
WRITTEN = ("label", "short", "test", "category", "rung")
FROZEN_RULE = "Entries rest on this status, or may: only its words can be changed."
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


def add_statuses(
    negotiation: Negotiation,
    wanted: Mapping[str, str],
    *,
    by: User | None,
    keep: Collection[str] | None = None,
) -> list[Status]:
    """Add a status for each label in `wanted`, which says its category; words come later.

    With `keep`, labels, all other statuses go: a scheme is made of the words. Raises
    ValidationError where one is in use then, or where the ladder has no rung left in between.
    """
    scheme = negotiation.scheme
    with transaction.atomic():
        lock(negotiation)
        present = list(Status.objects.select_for_update().filter(scheme=scheme))
        used = [status for status in present if is_frozen(status)]
        if keep is not None and used:
            raise ValidationError("Entries rest on these statuses, or may; add to them instead.")
        for status in present:
            if keep is not None and status.label not in keep:
                delete(status, by=by)
        made = [_new(negotiation, label, category) for label, category in wanted.items()]
        if used:
            _fit_in(made, present)
        else:
            _number_anew([*scheme.statuses.all(), *made], by)
        for order, status in enumerate(made, start=next_in(scheme.statuses.all(), "order")):
            _write(status, by, **{name: getattr(status, name) for name in WRITTEN}, order=order)
    return made


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
    """Change a status. Words may always change; category and rung freeze (`is_frozen`).

    Raises ValidationError by field, as `add_status`.
    """
    with transaction.atomic():
        # Held until the end, so that no entry starts to use it in between.
        status = Status.objects.select_for_update().get(pk=status.pk)
        if (status.category, status.rung) != (category, rung) and is_frozen(status):
            raise ValidationError({"category": FROZEN_RULE})
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
    """Delete a status nobody ever used. Raises ValidationError for one used or maybe used."""
    with transaction.atomic():
        status = Status.objects.select_for_update().get(pk=status.pk)
        instead = "Rename it, or retire it so that it is no longer offered."
        check_unused(status, status.scheme.negotiation, instead=instead)
        delete(status, by=by)


def is_frozen(status: Status) -> bool:
    """Whether category and rung stay as they are: an entry refers to the status, or might."""
    negotiation = status.scheme.negotiation
    if negotiation and not use_may_be_told(negotiation):
        return True
    return is_referenced(status)


def _write(status: Status, by: User | None, **fields: Any) -> None:
    others = status.scheme.statuses.exclude(pk=status.pk)
    if others.filter(label__iexact=fields["label"]).exists():
        raise ValidationError({"label": "There is a status with this label already."})
    _check_ladder([*others.values_list(*FROZEN), (fields["category"], fields["rung"])])
    save(status, by=by, **fields)


def _new(negotiation: Negotiation, label: str, category: str) -> Status:
    word = label.strip()
    return Status(
        scheme=negotiation.scheme,
        label=word[:40],
        short=word[:8].strip(),
        test=f"“{word[:40]}”, as imported; say here when it applies.",
        category=category,
    )


def _fit_in(made: Iterable[Status], present: Iterable[Status]) -> None:
    """Give each the highest rung of its category, or one between its neighbours'."""
    rungs: dict[int, list[int]] = {}
    for status in present:
        if status.category in STEP:
            rungs.setdefault(STEP[status.category], []).append(status.rung or 0)
    for status in made:
        if status.category not in STEP:
            continue
        step = STEP[status.category]
        below = max((max(rungs[other]) for other in rungs if other < step), default=0)
        above = min((min(rungs[other]) for other in rungs if other > step), default=below + 2)
        status.rung = max(rungs[step]) if step in rungs else below + 1
        if status.rung >= above:
            raise ValidationError(
                f"The ladder has no rung left for “{status}”: choose a status that is there."
            )
        rungs.setdefault(step, []).append(status.rung)


def _number_anew(statuses: list[Status], by: User | None) -> None:
    """Rungs from 1 upwards by category; nobody has used one yet."""
    on_ladder = [status for status in statuses if status.category in STEP]
    on_ladder.sort(key=lambda status: STEP[status.category])
    for rung, status in enumerate(on_ladder, start=1):
        if status.pk:
            save(status, by=by, rung=rung)
        else:
            status.rung = rung


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
