"""How the admin writes the rows of the frame: through the same services as the pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError

from negotiations import services
from negotiations.access import can_manage
from negotiations.models import (
    Letterhead,
    Membership,
    Negotiation,
    Override,
    Party,
    Round,
    Source,
    Status,
    StatusScheme,
    User,
)
from negotiations.services import rows

from .desk import Desk


class Writer:
    """Rows about which no rule speaks: saved as typed, with their author in the history.

    `add` gets an empty row and all that was typed, `change` the row as stored and what differs.
    All raise ValidationError for what is refused, and Conflict under a version.
    """

    def add(self, row: Model, by: User, **data: Any) -> Model:
        for name, value in data.items():
            setattr(row, name, value)
        return self._save(row, by, {})

    def change(self, row: Model, by: User, **data: Any) -> Model:
        return self._save(row, by, data)

    def remove(self, row: Model, by: User) -> None:
        try:
            with transaction.atomic():
                rows.delete(row, by=by)
        except ProtectedError as error:
            # What refers to it stays unnamed: the asker may not be allowed to see that.
            raise ValidationError(f"“{row}” is in use and stays on record.") from error

    def _save(self, row: Model, by: User, data: dict[str, Any]) -> Model:
        try:
            with transaction.atomic():
                rows.save(row, by=by, **data)
        except IntegrityError as error:
            raise ValidationError(f"There is such a {row._meta.verbose_name} already.") from error
        return row


class NegotiationWriter(Writer):
    def add(self, row: Model, by: User, **data: Any) -> Model:
        return services.create_negotiation(by=by, **data)

    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Negotiation)  # noqa: S101 - the writer of this model
        version = data.pop("version", row.version)
        return services.update_negotiation(row, version=version, by=by, **data)


class PartyWriter(Writer):
    WORDS = ("code", "name", "since", "until")

    def add(self, row: Model, by: User, **data: Any) -> Model:
        data.pop("order", None)  # a new party sits last
        return services.add_party(data.pop("negotiation"), by=by, **data)

    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Party)  # noqa: S101 - the writer of this model
        services.update_party(row, by=by, **_filled(row, self.WORDS, data))
        rows.save(row, by=by, order=data.get("order", row.order))
        return row

    def remove(self, row: Model, by: User) -> None:
        assert isinstance(row, Party)  # noqa: S101 - the writer of this model
        services.remove_party(row, by=by)


class MembershipWriter(Writer):
    def add(self, row: Model, by: User, **data: Any) -> Model:
        negotiation: Negotiation = data.pop("negotiation")
        _check_tie(negotiation, by, data["user"], data.get("party"))
        return services.add_member(negotiation, by=by, **data)

    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Membership)  # noqa: S101 - the writer of this model
        fields = _filled(row, ("role", "party"), data)
        for party in (row.party, fields["party"]):
            _check_tie(row.negotiation, by, row.user, party)
        return services.update_member(row, by=by, **fields)

    def remove(self, row: Model, by: User) -> None:
        assert isinstance(row, Membership)  # noqa: S101 - the writer of this model
        _check_tie(row.negotiation, by, row.user, row.party)
        services.remove_member(row, by=by)


class LetterheadWriter(Writer):
    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Letterhead)  # noqa: S101 - the writer of this model
        version = data.pop("version", row.version)
        fields = _filled(row, ("heading", "footer", "paper"), data)
        return services.update_letterhead(row.negotiation, version=version, by=by, **fields)


class SchemeWriter(Writer):
    def remove(self, row: Model, by: User) -> None:
        assert isinstance(row, StatusScheme)  # noqa: S101 - the writer of this model
        if row.negotiation:
            raise ValidationError(f"{row.negotiation} uses these statuses; they stay with it.")
        with transaction.atomic():
            for status in row.statuses.all():
                services.remove_status(status, by=by)
            super().remove(row, by)


class StatusWriter(Writer):
    WORDS = ("label", "short", "test", "category", "rung")

    def add(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Status)  # noqa: S101 - the writer of this model
        order = data.pop("order", None) or rows.next_in(data["scheme"].statuses.all(), "order")
        # Held against the ladder once it is there; a refusal takes the row away again.
        with transaction.atomic():
            made = super().add(row, by, order=order, **data)
            return self.change(made, by)

    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Status)  # noqa: S101 - the writer of this model
        row = services.update_status(row, by=by, **_filled(row, self.WORDS, data))
        rest = {name: data[name] for name in ("order", "retired") if name in data}
        rows.save(row, by=by, **rest)
        return row

    def remove(self, row: Model, by: User) -> None:
        assert isinstance(row, Status)  # noqa: S101 - the writer of this model
        services.remove_status(row, by=by)


class SourceWriter(Writer):
    def add(self, row: Model, by: User, **data: Any) -> Model:
        del data["without_file"]  # there is none yet
        negotiation: Negotiation = data.pop("negotiation")
        shown = Desk(by).viewer(negotiation).written_for()
        return services.add_source(negotiation, by=by, **shown, **_renamed(data))

    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Source)  # noqa: S101 - the writer of this model
        if "dated" in data:
            dated = data.pop("dated")
            data["date_first"] = dated.first if dated else None
            data["date_precision"] = dated.precision if dated else row.date_precision
        services.update_source(row, by=by, **_renamed(data))
        return row


class ReadoutWriter(Writer):
    """A new one is for the writer's side, where they have one; widening it has a page."""

    def add(self, row: Model, by: User, **data: Any) -> Model:
        viewer = Desk(by).viewer(data["round"].negotiation)
        return super().add(row, by, **viewer.written_for(), **data)


class RoundWriter(Writer):
    def add(self, row: Model, by: User, **data: Any) -> Model:
        sources = data.pop("sources", ())
        made = services.create_round(data.pop("negotiation"), by=by, **data)
        made.sources.set(sources)
        return made

    def change(self, row: Model, by: User, **data: Any) -> Model:
        assert isinstance(row, Round)  # noqa: S101 - the writer of this model
        sources = data.pop("sources", None)
        version = data.pop("version", row.version)
        saved = services.update_round(row, version=version, by=by, **data)
        if sources is not None:
            unseen = saved.sources.exclude(Desk(by).seen())
            saved.sources.set([*sources, *unseen])
        return saved

    def remove(self, row: Model, by: User) -> None:
        assert isinstance(row, Round)  # noqa: S101 - the writer of this model
        services.remove_round(row, by=by)


class UserWriter(Writer):
    def remove(self, row: Model, by: User) -> None:
        if row == by:
            raise ValidationError("You are signed in with this account.")
        if rows.is_referenced(row):
            raise ValidationError(
                f"{row} is on record here and stays. Untick “Active” instead: then nobody can "
                "sign in with this account."
            )
        super().remove(row, by)


def _renamed(data: dict[str, Any]) -> dict[str, Any]:
    """The form's `document` is the service's `file`."""
    return {("file" if name == "document" else name): value for name, value in data.items()}


def _filled(row: Model, names: tuple[str, ...], data: dict[str, Any]) -> dict[str, Any]:
    """All of these fields: as typed, or as they stand."""
    return {name: data.get(name, getattr(row, name)) for name in names}


def _check_tie(negotiation: Negotiation, by: User, user: User, party: Party | None) -> None:
    """A delegation's own entries are its own: not even a superuser lets themselves in."""
    allowed, why_not = can_manage(Desk(by).viewer(negotiation), user, party)
    if not allowed:
        raise ValidationError({"party": why_not})


class OverrideWriter(Writer):
    """Opened once, with a reason; it is never edited and ends by an act of its own."""

    def add(self, row: Model, by: User, **data: Any) -> Override:
        return services.open_override(data["party"], reason=data["reason"], by=by)
