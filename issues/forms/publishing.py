"""What the head lets out: the public edition, and links for people without an account."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from negotiations.forms import DayField
from negotiations.models import Round

from ..models import Issue
from ..reads.edition import PublicFrame

WHOLE = "edition"
LASTS = {"day": dt.timedelta(days=1), "week": dt.timedelta(days=7), "month": dt.timedelta(days=30)}


class EditionForm(forms.Form):
    may_be_indexed = forms.BooleanField(
        required=False, label="Search engines may list it (otherwise they are told not to)"
    )


class ShareForm(forms.Form):
    """What a link shows, as of when, and how long it works."""

    what = forms.ChoiceField(label="What it shows")
    day = DayField(
        required=False,
        label="As it was known on",
        help_text="Empty: always as it is at that moment. Else a day such as 10 Apr 2025.",
    )
    lasts = forms.ChoiceField(
        label="It works for",
        choices=[("day", "1 day"), ("week", "1 week"), ("month", "1 month")],
        initial="week",
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any, *, frame: PublicFrame) -> None:
        super().__init__(data, auto_id="share_%s")
        issues = Issue.objects.in_bulk(frame.items)
        self.issues = {f"item-{key}": issues[pk] for pk, key in frame.items.items()}
        self.rounds = {f"round-{round_.place}": round_ for round_ in frame.rounds}
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [
            (WHOLE, "All that is public"),
            (f"One {frame.negotiation.item_word.lower()}", _named(self.issues)),
            (f"One {frame.negotiation.round_word.lower()}", _named(self.rounds)),
        ]

    def clean_day(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["day"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("This lies in the future; there is nothing to show yet.")
        return day

    @property
    def chosen(self) -> dict[str, Any]:
        """What `services.share` wants to know."""
        typed = self.cleaned_data
        what = typed["what"]
        return {
            "issue": self.issues.get(what),
            "round_": self.rounds.get(what),
            "day": typed["day"],
            "lasts": LASTS[typed["lasts"]],
        }


def _named(rows: dict[str, Issue] | dict[str, Round]) -> list[tuple[str, str]]:
    return [(key, str(row)) for key, row in rows.items()]
