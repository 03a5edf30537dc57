"""Who is to see a thing from now on, and why."""

from __future__ import annotations

from typing import Any

from django import forms

from negotiations.access import Viewer
from negotiations.forms import AudienceField
from negotiations.models import Membership, Party
from negotiations.scopes import DELEGATION, NAMED

from .notes import PeopleField, note_audiences, others_of


class SightForm(forms.Form):
    """Sent once to see what would follow, and once more, unchanged, to do it."""

    audience = AudienceField(required=True)
    reason = forms.CharField(label="Why", max_length=300)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, thing: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self._offer(viewer, thing)
        self.fields["audience"].initial = thing.audience

    def _offer(self, viewer: Viewer, thing: Any) -> None:
        """Says what can be chosen."""
        sides = viewer.negotiation.parties.count()
        members = viewer.negotiation.memberships.count()
        self.fields["audience"].offer(viewer, sides, members)  # type: ignore[attr-defined]

    @property
    def party(self) -> Party | None:
        """Whose delegation alone is to see it."""
        return self.viewer.party if self.cleaned_data["audience"] == DELEGATION else None

    @property
    def is_confirmed(self) -> bool:
        """Whether what would follow from just this was on the screen."""
        return "confirm" in self.data and self.cleaned_data["seen"] == self.chosen

    @property
    def chosen(self) -> str:
        """What was chosen, in one text, to see whether it still is."""
        audience: str = self.cleaned_data["audience"]
        return audience


class NoteSightForm(SightForm):
    """The same for a note, which may be for people by name."""

    audience: Any = forms.ChoiceField(label="Who may see it")
    people = PeopleField(
        label="People you name",
        help_text="For “Only people I name”. You and its author are always among them.",
    )
    field_order = ("audience", "people", "reason", "seen")

    def _offer(self, viewer: Viewer, thing: Any) -> None:
        field: Any = self.fields["audience"]
        field.choices = note_audiences(viewer, viewer.negotiation.memberships.count())
        people: Any = self.fields["people"]
        people.offer(others_of(viewer))
        people.initial = [user.username for user in thing.named]

    @property
    def named(self) -> list[Membership]:
        """Whom it is for, besides those who always are; nobody by name for another audience."""
        people: list[Membership] = self.cleaned_data["people"]
        return people if self.cleaned_data["audience"] == NAMED else []

    @property
    def chosen(self) -> str:
        names = sorted(row.user.username for row in self.named)
        return " ".join([self.cleaned_data["audience"], *names])
