"""A next step is cleared by a later entry that says so; the record of it stays."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from negotiations.access import Viewer
from negotiations.dates import PRECISION_RANK
from negotiations.exceptions import Conflict

from ..models import Entry, Standing
from .entries import Recorded, record
from .entry_data import EntryData
from .refusals import shown_audience
from .standings import lock_items


def current_step(issue_id: int, viewer: Viewer) -> Entry | None:
    """The latest entry in the viewer's scope that names a next step of this item, done or not."""
    now = Standing.objects.as_of(viewer.scope).filter(issue=issue_id)
    standing = now.select_related("next_step_entry__next_step_party").first()
    return standing.next_step_entry if standing else None


def finish_step(
    step: Entry, data: EntryData, *, viewer: Viewer, batch: UUID | None = None
) -> Recorded:
    """Records that `step` is done or no longer needed, as `data.next_step_state` says.

    `data` tells who says so, when and on what source; the step itself and who may see it are
    those of `step`, so that the word of its end reaches nobody who could not see it.
    Raises ValidationError by field, and Conflict when another step has taken its place.
    """
    if data.next_step_state not in Entry.NextStep.values:
        raise ValidationError({"next_step_state": "Say whether it is done or no longer needed."})
    with transaction.atomic():
        lock_items([step.issue_id])
        sent_before = batch is not None and Entry.objects.filter(batch=batch).exists()
        if not sent_before:
            _check_current(step, data, viewer)
        return record(step.issue, _ending(step, data), viewer=viewer, batch=batch)


def _check_current(step: Entry, data: EntryData, viewer: Viewer) -> None:
    now = current_step(step.issue_id, viewer)
    if now is None or now.pk != step.pk or now.next_step_state:
        raise Conflict(now or step)
    # An earlier day would rank below the step itself, and leave it open.
    said = (data.said.first, PRECISION_RANK[data.said.precision])
    if said < (step.said_first, step.precision_rank):
        raise ValidationError(
            {"said": f"The step was set on {step.when}. Give that day or a later one."}
        )


def _ending(step: Entry, data: EntryData) -> EntryData:
    return replace(
        data,
        next_step=step.next_step,
        next_step_party=step.next_step_party,
        next_step_who=step.next_step_who,
        next_step_by=step.next_step_by,
        **shown_audience(step),
    )
