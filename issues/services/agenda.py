"""The agenda of a round, marked while it meets: one fact at a time."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import models, transaction

from negotiations.models import Round, User

from ..models import AgendaLine, Issue
from .items import set_agenda_line

Outcome = AgendaLine.Outcome
HAS_BEGUN = (Round.State.HELD, Round.State.UNDER_WAY)


class Mark(models.TextChoices):
    """What one button says. Each sets one fact and leaves the other as it is."""

    PLANNED = "planned", "Planned"
    NOT_PLANNED = "not_planned", "Not planned"
    DISCUSSED = Outcome.DISCUSSED.value, Outcome.DISCUSSED.label
    NOT_REACHED = Outcome.NOT_REACHED.value, Outcome.NOT_REACHED.label
    NO_OUTCOME = "no_outcome", "No outcome"


def mark_agenda(round_: Round, issues: Sequence[Issue], *, mark: str, by: User | None) -> None:
    """Set one fact for these items at the round; two people marking at once do not meet.

    Raises ValidationError for an outcome at a round that has not begun.
    """
    with transaction.atomic():
        current = Round.objects.select_for_update().get(pk=round_.pk)
        if mark in Outcome.values and current.state not in HAS_BEGUN:
            raise ValidationError("What became of an item is marked once the round has begun.")
        present = {line.issue_id: line for line in current.agenda_lines.filter(issue__in=issues)}
        for issue in issues:
            line = present.get(issue.pk) or AgendaLine()
            set_agenda_line(
                current,
                issue,
                by=by,
                planned=_planned(line, mark),
                outcome=_outcome(line, mark),
            )


def _planned(line: AgendaLine, mark: str) -> bool:
    return {Mark.PLANNED.value: True, Mark.NOT_PLANNED.value: False}.get(mark, line.planned)


def _outcome(line: AgendaLine, mark: str) -> str:
    if mark in Outcome.values:
        return mark
    return "" if mark == Mark.NO_OUTCOME else line.outcome
