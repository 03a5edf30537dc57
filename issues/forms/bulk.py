"""The entry form for many items at once: the same word on each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from ..models import Issue
from ..services import EntryData
from .entry import EntryForm


class BulkForm(EntryForm):
    """The entry form with the items it is meant for, each of which can still be left out."""

    item = forms.TypedMultipleChoiceField(
        label="Recorded on each of",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one item."},
    )
    field_order = ("item",)

    def __init__(self, *args: Any, issues: Sequence[Issue], **kw: Any) -> None:
        super().__init__(*args, **kw)
        field = self.fields["item"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101 - declared above
        by_number = {str(issue.address): issue for issue in issues}
        field.choices = [(key, f"{one.label} {one.title}") for key, one in by_number.items()]
        field.coerce = by_number.__getitem__
        self.initial.setdefault("item", list(by_number))

    def pairs(self) -> list[tuple[Issue, EntryData]]:
        """Every item with what is said of it."""
        said = self.entry_data()
        return [(issue, data) for issue in self.cleaned_data["item"] for data in said]
