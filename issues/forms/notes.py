"""The form of a note: its words, and once who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django import forms

from negotiations.access import Viewer, own_side
from negotiations.forms import ProseField
from negotiations.models import Membership
from negotiations.scopes import DELEGATION, MEMBERS, NAMED

from ..models import Note

MARKDOWN = "You can use Markdown: *emphasis*, **strong**, - lists and [links](https://…)."
LONGEST = 20_000


class PeopleField(forms.TypedMultipleChoiceField):
    """Members by their user names; gives memberships."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.CheckboxSelectMultiple, **kwargs)

    def offer(self, members: list[Membership]) -> None:
        by_name = {row.user.username: row for row in members}
        self.choices = [(name, str(row.user)) for name, row in by_name.items()]
        self.coerce = by_name.__getitem__


def note_audiences(viewer: Viewer, members: int) -> list[tuple[str, str]]:
    """Whom a note of the viewer's may be for, the narrowest first."""
    offered = [(NAMED, "Only people I name"), (MEMBERS, f"All members, {members} people")]
    if viewer.party:
        offered.insert(0, (DELEGATION, f"Only the delegation of {viewer.party}"))
    return offered if viewer.membership else offered[1:]


def others_of(viewer: Viewer) -> list[Membership]:
    """Whom the viewer may name beside themselves."""
    return [row for row in own_side(viewer) if row.user_id != viewer.user.pk]


class NoteTextForm(forms.Form):
    """The words of a note, under a version."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    text = ProseField(label="Note", max_length=LONGEST, help_text=MARKDOWN)

    @staticmethod
    def typed_from(note: Note) -> dict[str, Any]:
        """What stands now, as it would be typed."""
        return {"version": note.version, "text": note.text}


class NoteForm(forms.Form):
    """A new note with its audience: the narrowest, unless another is chosen."""

    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    text = ProseField(label="Note", max_length=LONGEST, help_text=MARKDOWN)
    audience = forms.ChoiceField(label="Who may see it")
    people = PeopleField(
        label="People you name",
        help_text="For “Only people I name”. You are always among them.",
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, viewer: Viewer, members: int
    ) -> None:
        super().__init__(data, auto_id="id_note_%s")
        field: Any = self.fields["audience"]
        field.choices = note_audiences(viewer, members)
        self.initial = {"token": uuid4(), "audience": field.choices[0][0]}
        people: Any = self.fields["people"]
        people.offer(others_of(viewer))

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("people") and cleaned.get("audience") not in (NAMED, None):
            self.add_error("people", "You named people: choose “Only people I name”, or nobody.")
        return cleaned
