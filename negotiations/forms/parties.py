from __future__ import annotations

from typing import Any

from django import forms

from negotiations.models import Party

from .fields import DayField, typed
from .negotiation import CODE, CODE_HELP


class PartyForm(forms.Form):
    code = forms.RegexField(CODE, max_length=8, help_text=CODE_HELP)
    name = forms.CharField(max_length=80)
    since = DayField(
        label="At the table since",
        required=False,
        help_text="Only a party at the table on a date is asked about that date.",
    )
    until = DayField(label="At the table until", required=False)

    @staticmethod
    def typed_from(party: Party) -> dict[str, Any]:
        """What stands now, as it would be typed."""
        return {
            "code": party.code,
            "name": party.name,
            "since": typed(party.since),
            "until": typed(party.until),
        }
