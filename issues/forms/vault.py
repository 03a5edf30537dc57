"""The form of the vault: four lines, whose they are, and who is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from negotiations.access import Viewer, members_of
from negotiations.forms import ProseField
from negotiations.forms.fields import PartyField
from negotiations.models import Party

from ..models import VaultVersion
from ..reads.vault import LINES
from .notes import PeopleField


def _line(name: str, hint: str) -> ProseField:
    return ProseField(label=LINES[name], required=False, max_length=5000, help_text=hint)


class VaultForm(forms.Form):
    """What a version says and whom it names. The viewer stays among them."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    red_line = _line("red_line", "What is not to be given, whatever is offered.")
    fallback = _line("fallback", "What to go back to when the first position does not hold.")
    bottom_line = _line("bottom_line", "The least that can be accepted.")
    instruction = _line("instruction", "What was decided at home, by whom and when.")
    people = PeopleField(
        label="Who may read and change this",
        help_text="Nobody else sees that it is here. You are always among them.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        viewer: Viewer,
        side: Party | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        people: Any = self.fields["people"]
        members = members_of(viewer.negotiation, side)
        people.offer([row for row in members if row.user_id != viewer.user.pk])

    @property
    def words(self) -> dict[str, str]:
        """The four lines, as the services take them."""
        return {name: self.cleaned_data[name] for name in VaultVersion.WORDS}

    @staticmethod
    def typed_from(version: VaultVersion) -> dict[str, Any]:
        """What stands now, as it would be typed."""
        words = {name: getattr(version, name) for name in VaultVersion.WORDS}
        named = [row.user.username for row in version.people.select_related("user")]
        return {"version": version.number, "people": named, **words}


class NewVaultForm(VaultForm):
    """The same for lines that are new: whose they are is settled here."""

    party = PartyField(label="Whose lines", nobody="–")
    field_order = ("version", "party", *LINES, "people")

    def __init__(self, data: Mapping[str, Any] | None = None, *, viewer: Viewer) -> None:
        initial = {"party": viewer.party.code if viewer.party else ""}
        super().__init__(data, viewer=viewer, side=viewer.party, initial=initial)
        party: Any = self.fields["party"]
        party.offer(viewer.negotiation.parties.all())
        party.required = True
