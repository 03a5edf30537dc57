"""Forms that open and edit items. They read what was typed; services act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from negotiations.access import Viewer
from negotiations.forms.fields import AudienceField, PartiesField, ProseField

from ..models import Issue
from ..pasting import PastedItem, read_items
from ..services import ItemData


class ItemForm(forms.Form):
    """An item's plain fields. A title is enough."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(max_length=200)
    reference = forms.CharField(
        max_length=40, required=False, help_text="Its own name, such as Article 12."
    )
    parent = forms.TypedChoiceField(
        label="Sub-item of", required=False, empty_value=None, help_text="There is one level."
    )
    heading = forms.CharField(
        max_length=120,
        required=False,
        widget=forms.TextInput({"list": "headings"}),
        help_text="Those with the same heading stand together; a sub-item stands with its parent.",
    )
    raised_by = PartiesField()
    owner = forms.TypedChoiceField(
        required=False, empty_value=None, help_text="Who of the members looks after it."
    )
    description = ProseField(required=False, max_length=5000)
    audience = AudienceField()

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        viewer: Viewer,
        issue: Issue | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.viewer = viewer
        parties = viewer.negotiation.parties.all()
        self.fields["raised_by"].offer(parties)  # type: ignore[attr-defined]
        self.fields["audience"].offer(viewer, len(parties))  # type: ignore[attr-defined]
        if issue:  # changed on a page of its own
            del self.fields["audience"]
        self._offer_parents(issue)
        self._offer_owners()

    def _offer_parents(self, issue: Issue | None) -> None:
        rows = Issue.objects.visible_to(self.viewer).filter(parent=None).in_agenda_order()
        self.top_level = [row for row in rows if row != issue]
        by_number = {str(row.address): row for row in self.top_level}
        self._offer(
            "parent", by_number, {key: f"{row.label} {row}" for key, row in by_number.items()}
        )

    def _offer_owners(self) -> None:
        members = self.viewer.negotiation.memberships.select_related("user")
        by_name = {row.user.username: row.user for row in members}
        self._offer("owner", by_name, {key: str(user) for key, user in by_name.items()})

    def _offer(self, name: str, rows: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        field: Any = self.fields[name]
        field.choices = [("", "–"), *labels.items()]
        field.coerce = rows.__getitem__

    @property
    def headings(self) -> list[str]:
        """The headings there are, in order, as suggestions."""
        return list(dict.fromkeys(row.heading for row in self.top_level if row.heading))

    @property
    def values(self) -> dict[str, Any]:
        """What the services take."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        if "audience" not in self.fields:
            return values
        return values | self.viewer.written_for(values.pop("audience"))

    @staticmethod
    def typed_from(issue: Issue) -> dict[str, Any]:
        """What stands now, as it would be typed."""
        return {
            "version": issue.version,
            "title": issue.title,
            "reference": issue.reference,
            "parent": str(issue.parent.address) if issue.parent else "",
            "heading": issue.heading,
            "raised_by": [party.code for party in issue.raised_by.all()],
            "owner": issue.owner.username if issue.owner else "",
            "description": issue.description,
        }


class PasteForm(forms.Form):
    """Many items at once: one per line."""

    lines = forms.CharField(
        label="Lines",
        strip=False,
        max_length=100_000,
        widget=forms.Textarea({"class": "tall", "spellcheck": "false"}),
        help_text="One item per line. An indented line becomes a sub-item of the one above. "
        "A leading “Art. 12”, “1.2” or “3)” becomes the reference.",
    )
    heading = forms.CharField(
        max_length=120, required=False, help_text="For all of them; leave it empty for none."
    )
    audience = AudienceField()

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self.fields["audience"].offer(viewer, viewer.negotiation.parties.count())  # type: ignore[attr-defined]

    def clean_lines(self) -> str:
        text: str = self.cleaned_data["lines"]
        pasted = read_items(text)
        if pasted.errors:
            raise forms.ValidationError(pasted.errors)
        if not pasted.items:
            raise forms.ValidationError("There is nothing but empty lines.")
        self.pasted = pasted.items
        return text

    @property
    def items(self) -> list[ItemData]:
        """What the service takes."""
        return [self._data(item) for item in self.pasted]

    @property
    def written_for(self) -> dict[str, Any]:
        """Who may see them, as the service takes it."""
        return self.viewer.written_for(self.cleaned_data["audience"])

    def _data(self, item: PastedItem) -> ItemData:
        return ItemData(
            title=item.title,
            reference=item.reference,
            heading=self.cleaned_data["heading"],
            sub_items=[self._data(sub_item) for sub_item in item.sub_items],
        )


class ReasonForm(forms.Form):
    """Why something is done, under a version."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=300)
