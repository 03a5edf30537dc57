"""What is looked for."""

from __future__ import annotations

from django import forms

from ..reads.search import KINDS


class SearchForm(forms.Form):
    """An empty box is no error, and nothing typed is an operator."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        error_messages={
            "max_length": "That is too long to look for: %(show_value)d letters, 200 at most."
        },
    )
    kind = forms.ChoiceField(
        required=False,
        choices=[(kind.name, kind.many) for kind in KINDS],
        error_messages={"invalid_choice": "There is no such kind of thing to look for."},
    )
