"""Forms whose saving is a service, and how what a service refuses comes back to its field."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone
from django.utils.text import capfirst

from negotiations.exceptions import Conflict
from negotiations.forms import add_refusal
from negotiations.models import User

from .writers import Writer

# The version the person saw; under another name than the model's, which no form may set.
SEEN = "seen_version"
MEANWHILE = (
    "{who} saved this at {when} while you were typing. What stands there now is beside each field "
    "that differs; save again to put yours in its place."
)


class Refused(Exception):
    """A service said no while the form with this prefix was saved."""

    def __init__(self, prefix: str | None, cause: ValidationError | Conflict) -> None:
        super().__init__(str(cause))
        self.prefix = prefix
        self.cause = cause

    @property
    def status(self) -> HTTPStatus:
        if isinstance(self.cause, Conflict):
            return HTTPStatus.CONFLICT
        return HTTPStatus.UNPROCESSABLE_ENTITY


class ServiceForm(forms.ModelForm):
    """A model form that reads and checks; `write` hands what was typed to the writer."""

    writer = Writer()
    # What the page fixes, such as the negotiation of a new party.
    given: Mapping[str, Any] = {}
    # What the services said to the same input a moment ago, by form prefix.
    refusals: Mapping[str | None, ValidationError | Conflict] = {}
    fixed_once_saved: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            for name, value in self.given.items():
                setattr(self.instance, name, value)
        else:
            for name in self.fixed_once_saved:
                if name in self.fields:
                    self._fix(name)

        self.name_fields()

    def name_fields(self) -> None:
        """In a row of a table no label stands beside a field: it is named by its column and row."""
        if not self.prefix:
            return
        row = "new row" if self.instance._state.adding else str(self.instance)
        for field in self.fields.values():
            name_field(field, row)

    def _fix(self, name: str) -> None:
        """Show the present choice and nothing else: no query per row for a list of choices."""
        field, present = self.fields[name], getattr(self.instance, name)
        field.disabled = True
        field.widget = forms.Select(choices=[(present.pk, str(present))])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        cause = self.refusals.get(self.prefix)
        if isinstance(cause, Conflict):
            self._show_conflict(cause.current)
        elif cause:
            add_refusal(self, cause)
        return cleaned

    def _show_conflict(self, current: Model) -> None:
        """Put theirs beside each field; what was typed stays and may be sent again."""
        for name in self.changed_data:
            if name != SEEN:
                self.add_error(name, f"Now: {_shown(current, name)}")
        self.add_error(None, MEANWHILE.format(**_last_writer(current)))
        data = self.data.copy()  # type: ignore[attr-defined]  # what was posted: a QueryDict
        data[self.add_prefix(SEEN)] = str(current.version)  # type: ignore[attr-defined]
        self.data = data

    def _update_errors(self, errors: ValidationError) -> None:
        """Leave out what only names a constraint: the writer says the same in a sentence."""
        if hasattr(errors, "error_dict"):
            named = {c.get_violation_error_message() for c in self.instance._meta.constraints}
            kept = {
                name: [error for error in found if error.message not in named]
                for name, found in errors.error_dict.items()
            }
            errors = ValidationError({name: found for name, found in kept.items() if found})
        super()._update_errors(errors)  # type: ignore[misc]

    def write(self, by: User, **given: Any) -> Model:
        """Hand it to the writer; returns the row as saved. Raises Refused."""
        model = type(self.instance)
        typed = self._typed() | dict(given)
        try:
            if self.instance._state.adding:
                return self.writer.add(model(), by, **{**self.given, **typed})
            # The instance already carries what was typed; the services compare with what was.
            return self.writer.change(model._base_manager.get(pk=self.instance.pk), by, **typed)
        except (ValidationError, Conflict) as cause:
            raise Refused(self.prefix, cause) from cause

    def _typed(self) -> dict[str, Any]:
        """Everything for a new row; for a saved one what differs, and its version."""
        beside = {"DELETE", SEEN, self.instance._meta.pk.name}
        if self.instance._state.adding:
            return {n: v for n, v in self.cleaned_data.items() if n not in beside}
        changed = {n: self.cleaned_data[n] for n in self.changed_data if n not in beside}
        if SEEN in self.cleaned_data:
            changed["version"] = self.cleaned_data[SEEN]
        return changed


class VersionedForm(ServiceForm):
    """The same under a version: a second editor gets a conflict, not a lost text."""

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial[SEEN] = self.instance.version


class ListForm(ServiceForm):
    """A row of a list: only what was changed in it is written, whatever others saved since."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            narrowed(field, 18).show_hidden_initial = True


def name_field(field: Any, row: str) -> None:
    """Name a field for those who do not see its column's head."""
    # Around a choice of rows stands a wrapper, which hands its attributes on to nobody.
    widget = getattr(field.widget, "widget", field.widget)
    widget.attrs["aria-label"] = f"{capfirst(field.label)}: {row}"


def narrowed(field: Any, most: int) -> Any:
    """The field, where it is one of text as wide as its longest value, at most this wide."""
    longest = getattr(field, "max_length", None)
    if longest and isinstance(field.widget, forms.TextInput):
        field.widget.attrs.pop("class", None)
        field.widget.attrs["size"] = min(longest, most)
    return field


def _shown(row: Model, name: str) -> str:
    """A field's value in words."""
    field = row._meta.get_field(name)
    if field.many_to_many:
        return ", ".join(map(str, getattr(row, name).all())) or "nothing"
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    return "nothing" if value in (None, "") else str(value)


def _last_writer(row: Model) -> dict[str, str]:
    last = row.history.select_related("history_user").first()  # type: ignore[attr-defined]
    who = last.history_user if last and last.history_user else "Somebody"
    when = timezone.localtime(last.history_date if last else timezone.now())
    return {"who": str(who), "when": f"{when:%H:%M}"}
