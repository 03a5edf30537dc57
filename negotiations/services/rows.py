"""What every writer needs: save with its author, lock under a version, order, ask who refers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from negotiations.exceptions import Conflict
from negotiations.models import Negotiation, User

Row = TypeVar("Row", bound=models.Model)


def save(row: Row, *, by: User | None, touched: bool = False, **fields: Any) -> list[str]:
    """Set `fields` and save with `by` in the history; returns the names that changed.

    No change, no history row, unless `touched`: something beside the row itself has changed.
    Raises ValidationError by field for what the model refuses.
    """
    adding = row._state.adding
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    if changed or adding or touched:
        # Unique rows are checked by the services, whose sentences say what to do.
        row.full_clean(validate_unique=False, validate_constraints=False)
        written = list(changed)
        if hasattr(row, "version") and not adding:
            row.version += 1
            written.append("version")
        row._history_user = by  # type: ignore[attr-defined]
        # Only what changed: the rest of the row may be older than what is stored.
        row.save(update_fields=None if adding else written)
    return changed


def locked(row: Row, version: int) -> Row:
    """The row as it is now, locked; raises Conflict when it is no longer at `version`."""
    current: Row = type(row)._default_manager.select_for_update(no_key=True).get(pk=row.pk)
    if current.version != version:  # type: ignore[attr-defined]
        raise Conflict(current)
    return current


def lock(negotiation: Negotiation) -> None:
    """One writer of a frame at a time: places, numbers and names are given out in turn.

    Rows that refer to the negotiation are written meanwhile: whoever waits with one for its commit
    may hold the end of a chain that is asked for here next.
    """
    Negotiation.objects.select_for_update(no_key=True).get(pk=negotiation.pk)


def is_referenced(row: models.Model) -> bool:
    """Whether anything refers to the row, in whichever app; copies in histories do not count."""
    for relation in row._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        if relation.on_delete is models.DO_NOTHING:
            continue
        others = relation.related_model._base_manager
        if others.filter(**{relation.field.name: row.pk}).exists():
            return True
    return False


def use_may_be_told(negotiation: Negotiation) -> bool:
    """Whether what to do with a row may depend on what refers to it.

    Where somebody is or was tied to a delegation, items and entries may refer to it that only
    that delegation sees, and a refusal would tell of them. So there nothing is removed and nothing
    that freezes is changed, used or not.
    """
    people = negotiation.memberships.model
    tied = {"negotiation": negotiation, "party__isnull": False}
    return not (people.objects.filter(**tied).exists() or people.history.filter(**tied).exists())


def check_unused(row: models.Model, negotiation: Negotiation | None, *, instead: str) -> None:
    """Raises ValidationError unless `row` may go, in a sentence that ends with what to do."""
    if negotiation and not use_may_be_told(negotiation):
        raise ValidationError(
            f"“{row}” stays on record. Delegations keep entries of their own here, so nothing may "
            f"tell whether one of them refers to it. {instead}"
        )
    if is_referenced(row):
        raise ValidationError(f"“{row}” is in use and stays on record. {instead}")


def delete(row: models.Model, *, by: User | None) -> None:
    """Delete the row; its history keeps who did it."""
    row._history_user = by  # type: ignore[attr-defined]
    row.delete()


def next_in(rows: models.QuerySet[Any], field: str) -> int:
    """One more than the highest value of `field` among the rows; 1 when there are none."""
    highest = rows.aggregate(highest=models.Max(field))["highest"]
    return int(highest or 0) + 1


def moved(rows: Iterable[Row], row: Row, step: int) -> list[Row]:
    """The rows with `row` `step` places further on, kept within the list."""
    order = list(rows)
    at = next(place for place, other in enumerate(order) if other.pk == row.pk)
    order.insert(min(max(at + step, 0), len(order) - 1), order.pop(at))
    return order
