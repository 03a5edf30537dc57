"""Who is to see a thing from now on, and why."""

from __future__ import annotations

from typing import Any

from django import forms

from negotiations.access import Viewer
from negotiations.forms import AudienceField
from negotiations.models import Party
from negotiations.scopes import DELEGATION


class SightForm(forms.Form):
    """Sent once to see what would follow, and once more, unchanged, to do it."""

    audience = AudienceField(required=True)
    reason = forms.CharField(label="Why", max_length=300)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, thing: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        sides = viewer.negotiation.parties.count()
        members = viewer.negotiation.memberships.count()
        self.fields["audience"].offer(viewer, sides, members)  # type: ignore[attr-defined]
        self.fields["audience"].initial = thing.audience

    @property
    def party(self) -> Party | None:
        """Whose delegation alone is to see it."""
        return self.viewer.party if self.cleaned_data["audience"] == DELEGATION else None

    @property
    def is_confirmed(self) -> bool:
        """Whether what would follow from just this was on the screen."""
        audience: str = self.cleaned_data["audience"]
        return "confirm" in self.data and self.cleaned_data["seen"] == audience
