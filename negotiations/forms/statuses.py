from __future__ import annotations

from typing import Any

from django import forms

from negotiations.models import Category, Status

PLAIN = ("label", "short", "test", "category", "rung")


class StatusForm(forms.Form):
    """A status of the negotiation's own scheme."""

    label = forms.CharField(max_length=40)
    short = forms.CharField(
        label="Short word", max_length=8, help_text="Eight letters at most, for narrow cells."
    )
    test = forms.CharField(
        label="When it applies",
        max_length=200,
        help_text="One line that settles whether an item is there.",
    )
    category = forms.ChoiceField(
        choices=Category.choices, help_text="What figures and comparisons count it as."
    )
    rung = forms.IntegerField(
        label="Rung of the ladder",
        required=False,
        min_value=1,
        max_value=99,
        help_text="Higher is nearer to done; empty for blocked and dropped.",
    )

    @staticmethod
    def typed_from(status: Status) -> dict[str, Any]:
        """What stands now, as it would be typed."""
        return {name: getattr(status, name) for name in PLAIN}
