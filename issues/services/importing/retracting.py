"""Taking an import back: its entries retracted, its items marked, its rounds removed."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from negotiations.access import Role, Viewer, can
from negotiations.models import Round
from negotiations.services import remove_round

from ...imports.columns import ROUNDS
from ...models import AgendaLine, Entry, Import, Issue
from ..entries import retract_many
from ..items import mark_in_error


def may_retract_import(made: Import, viewer: Viewer) -> tuple[bool, str]:
    """Whoever imported it, or a head; rounds are the head's alone."""
    allowed, why_not = can(viewer, Role.HEAD if made.kind == ROUNDS else Role.RECORDER)
    if not allowed:
        return False, why_not
    if made.retracted_at:
        return False, "This import is retracted already."
    if made.by_id != viewer.user.pk and not viewer.is_head:
        return False, "Only whoever imported it, or a head, retracts an import."
    return True, ""


def retract_import(made: Import, *, viewer: Viewer, reason: str) -> Import:
    """Takes back all that the import wrote; what others built on stays and is named in `left`.

    One transaction. Raises ValidationError without the right or a reason.
    """
    allowed, why_not = may_retract_import(made, viewer)
    if not allowed:
        raise ValidationError(why_not)
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    with transaction.atomic():
        made = Import.objects.select_for_update().get(pk=made.pk)
        if made.retracted_at:
            raise ValidationError("This import is retracted already.")
        left = [
            *_retract_entries(made, viewer, reason),
            *_mark_items(made, viewer, reason),
            *_remove_rounds(made, viewer),
        ]
        made.retracted_at, made.retracted_by = timezone.now(), viewer.user
        made.reason, made.left = reason.strip()[:300], "\n".join(left)
        made.save()
    return made


def _retract_entries(made: Import, viewer: Viewer, reason: str) -> list[str]:
    if not made.batch:
        return []
    visible = Entry.objects.visible_to(viewer.user, viewer.scope)
    rows = visible.filter(batch=made.batch).order_by("batch_place")
    entries = list(rows.select_related("issue", "party", "audience_party"))
    taken = retract_many(entries, viewer=viewer, reason=reason)
    kept = len(entries) - len(taken)
    return [f"{kept} that had been corrected or taken back meanwhile."] if kept else []


def _mark_items(made: Import, viewer: Viewer, reason: str) -> list[str]:
    """Items that the viewer sees nobody else recorded on; sub-items first, then their parents."""
    issues = list(Issue.objects.visible_to(viewer).filter(pk__in=made.made_items))
    used = _used(issues, made, viewer)
    left = [
        f"{issue.label} {issue}: others recorded on it." for issue in issues if issue.pk in used
    ]
    for issue in sorted(issues, key=lambda one: one.parent_id is None):
        if issue.pk in used:
            continue
        try:
            mark_in_error(issue, version=issue.version, by=viewer.user, reason=reason.strip()[:300])
        except ValidationError as refusal:
            left.append(f"{issue.label} {issue}: {' '.join(refusal.messages)}")
    return left


def _used(issues: Sequence[Issue], made: Import, viewer: Viewer) -> set[int]:
    """What hangs on an item and did not come with the import. In the viewer's scope, like all."""
    keys = [issue.pk for issue in issues]
    visible = Entry.objects.visible_to(viewer.user, viewer.scope).filter(issue__in=keys)
    if made.batch:
        visible = visible.exclude(batch=made.batch).exclude(corrects__batch=made.batch)
    entries = visible.order_by().values_list("issue", flat=True)
    agenda = AgendaLine.objects.in_scope(viewer.scope).filter(issue__in=keys).order_by()
    return set(entries) | set(agenda.values_list("issue", flat=True))


def _remove_rounds(made: Import, viewer: Viewer) -> list[str]:
    left = []
    for round_ in Round.objects.filter(negotiation=viewer.negotiation, pk__in=made.made_rounds):
        title = str(round_)
        try:
            with transaction.atomic():
                remove_round(round_, by=viewer.user)
        except ValidationError as refusal:
            left.append(f"{title}: {' '.join(refusal.messages)}")
    return left
