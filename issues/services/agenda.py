"""The agenda of a round, marked while it meets: one fact at a time."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import models, transaction

from negotiations.models import Party, Round, User
from negotiations.scopes import DELEGATION, MEMBERS
from negotiations.services.rows import delete, save

from ..models import AgendaLine, Issue
from .opening import own_party
from .refusals import audience_text

Outcome = AgendaLine.Outcome
HAS_BEGUN = (Round.State.HELD, Round.State.UNDER_WAY)


class Mark(models.TextChoices):
    """What one button says. Each sets one fact and leaves the other as it is."""

    PLANNED = "planned", "Planned"
    NOT_PLANNED = "not_planned", "Not planned"
    DISCUSSED = Outcome.DISCUSSED.value, Outcome.DISCUSSED.label
    NOT_REACHED = Outcome.NOT_REACHED.value, Outcome.NOT_REACHED.label
    NO_OUTCOME = "no_outcome", "No outcome"


def mark_agenda(
    round_: Round,
    issues: Sequence[Issue],
    *,
    mark: str,
    by: User | None,
    party: Party | None = None,
    audience: str = "",
) -> None:
    """Set one fact for these items at the round; two people marking at once do not meet.

    `party` is the delegation of whoever marks. Without `audience` it is the line they have that
    changes: their own, else the common one; a new one is for their delegation, if they have one.
    Raises ValidationError for an outcome at a round that has not begun.
    """
    with transaction.atomic():
        current = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
        if mark in Outcome.values and current.state not in HAS_BEGUN:
            raise ValidationError("What became of an item is marked once the round has begun.")
        for issue in issues:
            word = audience or _audience_of(current, issue, party)
            own = party if word == DELEGATION else None
            line = _present(current, issue, own) or AgendaLine()
            set_agenda_line(
                current,
                issue,
                by=by,
                planned=_planned(line, mark),
                outcome=_outcome(line, mark),
                audience=word,
                audience_party=own,
                recorded_party=party,
            )


def _audience_of(round_: Round, issue: Issue, party: Party | None) -> str:
    """Of the line that somebody of this delegation, or of none, means by default."""
    if party is None:
        return MEMBERS
    common = _present(round_, issue, None)
    return common.audience if common and not _present(round_, issue, party) else DELEGATION


def set_agenda_line(
    round_: Round,
    issue: Issue,
    *,
    by: User | None,
    planned: bool,
    outcome: str = "",
    audience: str = MEMBERS,
    audience_party: Party | None = None,
    recorded_party: Party | None = None,
) -> AgendaLine | None:
    """Say whether an item was planned for a round and what became of it: discussed, not reached.

    The two are separate facts and neither follows from entries. With neither, the line goes.
    With `audience_party` it is the line of that delegation alone, beside the common one; one that
    is there keeps the audience it has. Raises ValidationError where a new one would be for more
    people than its item.
    """
    if round_.negotiation_id != issue.negotiation_id:
        raise ValidationError("This item belongs to another negotiation.")
    with transaction.atomic():
        # Whoever records at this round has locked the item and needs the round: none waits here.
        Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
        present = _present(round_, issue, audience_party)
        if not planned and not outcome:
            if present:
                delete(present, by=by)
            return None
        line = present or _line(round_, issue, audience, audience_party, recorded_party)
        save(line, by=by, planned=planned, outcome=outcome)
    return line


def _present(round_: Round, issue: Issue, party: Party | None) -> AgendaLine | None:
    return AgendaLine.objects.filter(round=round_, issue=issue, audience_party=party).first()


def _line(
    round_: Round,
    issue: Issue,
    audience: str,
    party: Party | None,
    recorded_party: Party | None,
) -> AgendaLine:
    own = own_party(audience, party, recorded_party)
    line = AgendaLine(round=round_, issue=issue, audience=audience, audience_party=own)
    line.recorded_party = recorded_party
    if not line.is_within(issue):
        raise ValidationError({"audience": f"“{issue}” is {audience_text(issue)}."})
    return line


def _planned(line: AgendaLine, mark: str) -> bool:
    return {Mark.PLANNED.value: True, Mark.NOT_PLANNED.value: False}.get(mark, line.planned)


def _outcome(line: AgendaLine, mark: str) -> str:
    if mark in Outcome.values:
        return mark
    return "" if mark == Mark.NO_OUTCOME else line.outcome
