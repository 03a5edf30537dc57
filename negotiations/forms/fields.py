"""Fields that read dates as people write them, and what joins a form to a service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict

from negotiations.access import Viewer
from negotiations.dates import DAY, VagueDate, date_text, parse_date
from negotiations.files import ACCEPT, MAX_BYTES, check_file, size_text
from negotiations.models import Party
from negotiations.scopes import DELEGATION, MEMBERS, PUBLIC

Made = TypeVar("Made")


class SharedFields(dict[str, forms.Field]):
    """The fields of a form class, which each form copies without their lists of choices.

    Django copies every choice and every validator anew: a twentieth of the time it takes to record
    an entry. Such forms set new choices and never change those of their class.
    """

    def __deepcopy__(self, _memo: Any) -> dict[str, forms.Field]:
        return {name: _copied(field) for name, field in self.items()}


class SparseForm(forms.Form):
    """A form of many fields of which few are filled in.

    What came empty, or not at all, and need not be there is not looked at field by field: half of
    the time it took to check the entry form.
    """

    def _clean_fields(self) -> None:
        every = self.fields
        sent = self._sent()
        self.fields = {n: f for n, f in every.items() if f.required or f.disabled or n in sent}
        left = [name for name in every if name not in self.fields]
        self.cleaned_data = {name: _cleaned_empty(type(self), name) for name in left}
        try:
            super()._clean_fields()  # type: ignore[misc]
        finally:
            self.fields = every

    def _sent(self) -> set[str]:
        """The fields in which something stands."""
        lists = self.data.lists() if hasattr(self.data, "lists") else self.data.items()
        return {name for name, value in lists if value not in ("", [], [""], None)} | {*self.files}


@cache
def _cleaned_empty(form: type[forms.Form], name: str) -> Any:
    """What a field of this form makes of nothing; `()` for a list, which nobody can add to."""
    field = form.base_fields[name]
    cleaned = field.clean(field.widget.value_from_datadict({}, MultiValueDict(), name))
    return () if cleaned == [] else cleaned


def _copied(field: forms.Field) -> forms.Field:
    clone = _like(field)
    clone.widget = _like(field.widget)
    clone.widget.attrs = dict(field.widget.attrs)
    clone.error_messages = dict(field.error_messages)
    return clone


def _like(thing: Made) -> Made:
    """What `copy.copy` makes of a plain object, in a third of its time."""
    clone = object.__new__(type(thing))
    clone.__dict__.update(thing.__dict__)
    return clone


class VagueDateField(forms.CharField):
    """A day, a month or a year in words; gives a VagueDate, or None when empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"max_length": 40} | kwargs))

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        try:
            return parse_date(typed)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class DayField(VagueDateField):
    """One day in words; gives a date, or None when empty."""

    def clean(self, value: Any) -> Any:
        found: VagueDate | None = super().clean(value)
        if found is None:
            return None
        if found.precision != DAY:
            raise ValidationError("Write the day too, such as 24 Jun 2026.")
        return found.first


class ProseField(forms.CharField):
    """A text of several lines. Browsers send CR LF; kept is what other writers keep, LF."""

    widget = forms.Textarea({"rows": 3})

    def clean(self, value: Any) -> str:
        return super().clean(value).replace("\r\n", "\n")


class AudienceField(forms.ChoiceField):
    """Who may see a thing: all members, one's own delegation, the public.

    Not said at all, it is what the viewer's own writing is for by itself.
    """

    def __init__(self, **kwargs: Any) -> None:
        given: dict[str, Any] = {"label": "Who may see it", "required": False} | kwargs
        super().__init__(**given)

    def offer(self, viewer: Viewer, sides: int, members: int = 0) -> None:
        """The choices of this viewer, their own side first chosen; `members` people see the rest.

        `sides`: how many parties there are.
        """
        self.choices = audience_choices(viewer, sides, members)
        self.initial = viewer.first_audience


def audience_choices(viewer: Viewer, sides: int, members: int = 0) -> list[tuple[str, str]]:
    """Each audience in words, with how many people and whose that is."""
    both = "both delegations" if sides == 2 else "all delegations"
    people = f"{members} people, {both}" if members else both
    choices = [(MEMBERS, f"All members ({people})")]
    if viewer.party:
        choices.append((DELEGATION, f"Only the delegation of {viewer.party}"))
    return [*choices, (PUBLIC, "Public: may be published")]


class DocumentField(forms.FileField):
    """A file of a kind that is kept with a source (`negotiations.files`)."""

    widget = forms.FileInput({"accept": ACCEPT})
    default_validators = [check_file]

    def __init__(self, **kwargs: Any) -> None:
        hint = f"A document, a picture or plain text of at most {size_text(MAX_BYTES)}."
        super().__init__(required=False, help_text=hint, **kwargs)


def say_file_is_gone(form: forms.BaseForm, name: str) -> None:
    """Of a refused form nothing is lost but the file: browsers do not send it along again."""
    file = form.files.get(name)
    if file:
        form.fields[name].help_text = f"“{file.name}” was not kept. Choose the file again."


class PartyField(forms.TypedChoiceField):
    """One party by its code; gives the Party, or None."""

    def __init__(self, *, nobody: str, **kwargs: Any) -> None:
        super().__init__(required=False, empty_value=None, **kwargs)
        self.nobody = nobody

    def offer(self, parties: Iterable[Party]) -> None:
        """Say which parties there are; read once by the caller, however many forms there are."""
        by_code = {party.code: party for party in parties}
        self.choices = [("", self.nobody), *party_choices(by_code.values())]
        self.coerce = by_code.__getitem__


class PartiesField(forms.TypedMultipleChoiceField):
    """Any number of parties by their codes; gives a list of Party."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.CheckboxSelectMultiple, **kwargs)

    def offer(self, parties: Iterable[Party]) -> None:
        """Say which parties there are."""
        by_code = {party.code: party for party in parties}
        self.choices = party_choices(by_code.values())
        self.coerce = by_code.__getitem__


def party_choices(parties: Iterable[Party]) -> list[tuple[str, str]]:
    """Code and "RU – Russia" of each party."""
    return [(party.code, f"{party.code} – {party.name}") for party in parties]


def typed(day: dt.date | None, precision: str = DAY) -> str:
    """A stored date as one would type it."""
    return date_text(day, precision) if day else ""


def add_refusal(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Put what a service refused beside its field, or above the form where it has none.

    A form whose fields are called otherwise than the model's says so in `renamed`.
    """
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    renamed: dict[str, str] = getattr(form, "renamed", {})
    for field, errors in refusal.error_dict.items():
        name = renamed.get(field, field)
        form.add_error(name if name in form.fields else None, errors)


def attempt(form: forms.BaseForm, write: Callable[[dict[str, Any]], Made]) -> Made | None:
    """What `write` makes of a valid form; None when the form or the service refused."""
    if not form.is_valid():
        return None
    try:
        return write(form.cleaned_data)
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return None
