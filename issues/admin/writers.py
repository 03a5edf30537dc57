"""How the admin writes items and agendas: through the services, so that standings follow."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from negotiations.admin.desk import Desk
from negotiations.admin.writers import Writer
from negotiations.models import User
from negotiations.services import rows

from .. import services
from ..models import AgendaLine, Issue


class IssueWriter(Writer):
    def add(self, row: Model, by: User, **data: Any) -> Model:
        negotiation = data.pop("negotiation", None) or data["parent"].negotiation
        shown = Desk(by).viewer(negotiation).written_for()
        return services.open_issue(negotiation, by=by, **shown, **data)

    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Issue)  # noqa: S101 - the writer of this model
        version = data.pop("version", row.version)
        return services.update_issue(row, version=version, by=by, **data)


class AgendaLineWriter(Writer):
    """A line that says nothing would be no line: here that is a slip, not a deletion."""

    def add(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, AgendaLine)  # noqa: S101 - the writer of this model
        row.round, row.issue = data.pop("round"), data.pop("issue")
        for name, value in Desk(by).viewer(row.round.negotiation).written_for().items():
            setattr(row, name, value)
        there = AgendaLine.objects.filter(audience_party=row.audience_party)
        if there.filter(round=row.round, issue=row.issue).exists():
            raise ValidationError({"issue": "This item is on the agenda already."})
        return self.change(row, by, **data)

    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, AgendaLine)  # noqa: S101 - the writer of this model
        planned, outcome = data.get("planned", row.planned), data.get("outcome", row.outcome)
        if not planned and not outcome:
            raise ValidationError(f"“{row.issue}”: say that it was planned, or what became of it.")
        with transaction.atomic():
            line = services.set_agenda_line(
                row.round, row.issue, by=by, planned=planned, outcome=outcome, **_shown(row)
            )
            assert line  # noqa: S101 - it says something
            rows.save(line, by=by, order=data.get("order", row.order))
        return line

    def remove(self, row: Model, by: User) -> None:
        assert isinstance(row, AgendaLine)  # noqa: S101 - the writer of this model
        services.set_agenda_line(row.round, row.issue, by=by, planned=False, **_shown(row))


def _shown(line: AgendaLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in services.SHOWN}
