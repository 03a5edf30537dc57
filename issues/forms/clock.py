"""Show as it was on: one control for both clocks."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils import timezone

from negotiations.forms import DayField

from ..reads.frame import FrameView


class AsOfForm(forms.Form):
    day = DayField(required=False, max_length=40, help_text="Such as 10 Apr 2025.")
    round = forms.ChoiceField(label="or the end of", required=False)
    using = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[
            ("all", "all we know today"),
            ("then", "only what was recorded by then"),
        ],
    )
    path = forms.CharField(widget=forms.HiddenInput, required=False, max_length=300)

    def __init__(self, data: Any, *, frame: FrameView) -> None:
        super().__init__(data)
        self.frame = frame
        field = self.fields["round"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        rounds = [(str(r.place), f"{r.name} · {r.when}") for r in frame.held_rounds]
        field.choices = [("", "–"), *rounds]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "day" in cleaned and not cleaned["day"] and not cleaned.get("round"):
            self.add_error("day", "Choose a day or a round.")
        elif cleaned.get("day") and cleaned["day"] > timezone.localdate():
            self.add_error("day", "This lies in the future; there is nothing to show yet.")
        return cleaned

    @property
    def query(self) -> str:
        """The address part for the chosen clocks."""
        day = self._day().isoformat()
        return urlencode(
            {"as_of": day, "known": day} if self.cleaned_data["using"] == "then" else {"as_of": day}
        )

    def _day(self) -> dt.date:
        if self.cleaned_data["day"]:
            return self.cleaned_data["day"]
        place = int(self.cleaned_data["round"])
        round_ = next(r for r in self.frame.held_rounds if r.place == place)
        return min(round_.last_day or self.frame.today, self.frame.today)


class PublicDayForm(forms.Form):
    """The day of an edition: what was known then."""

    day = DayField()
