from __future__ import annotations

from typing import Any

from django import forms

from negotiations.models import Negotiation, StatusScheme

from .fields import ProseField

PARTY_ROWS = 8
# What comes after a negotiation is opened.
TYPICAL, PASTE, TABLE = "typical", "paste", "table"
# What an address can carry: /negotiations/<slug>/parties/<code>/.
CODE = r"^[^\s/?#]+$"
CODE_HELP = "Up to eight letters, digits or hyphens, such as RU."

PLAIN = ("title", "description", "rule", "round_word", "item_word", "freshness_months")

PartyRow = tuple[forms.BoundField, forms.BoundField]


class PlainFields(forms.Form):
    title = forms.CharField(max_length=160)
    description = ProseField(required=False, max_length=5000)
    rule = forms.ChoiceField(
        label="What makes the headline",
        choices=Negotiation.Rule.choices,
        initial=Negotiation.Rule.PARTIES,
        widget=forms.RadioSelect,
        help_text="The parties’ own words, or the assessment of your own team.",
    )
    round_word = forms.CharField(
        label="Word for a round", max_length=30, initial="Round", help_text="Such as Session."
    )
    item_word = forms.CharField(
        label="Word for an item", max_length=30, initial="Item", help_text="Such as Article."
    )
    freshness_months = forms.IntegerField(
        label="Freshness limit in months",
        initial=6,
        min_value=1,
        max_value=120,
        help_text="A word older than this reads “last said”.",
    )

    @property
    def plain(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PLAIN}


class NegotiationNewForm(PlainFields):
    """A negotiation with its statuses and its first parties, on one page without scripts."""

    scheme = forms.ModelChoiceField(
        StatusScheme.objects.none(),
        label="Statuses",
        help_text="Copied into the negotiation; you can rename and add to them later.",
        to_field_name="slug",
        empty_label=None,
        widget=forms.RadioSelect,
    )

    begin = forms.ChoiceField(
        label="Begin with",
        choices=[
            (TYPICAL, "the typical items of such talks, to be edited first"),
            (PASTE, "a list of items that you paste"),
            (TABLE, "a spreadsheet or CSV file of items, rounds or entries"),
        ],
        initial=TYPICAL,
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schemes = StatusScheme.objects.filter(negotiation=None).order_by("pk")
        scheme: Any = self.fields["scheme"]
        scheme.queryset = schemes.prefetch_related("statuses")
        # The first one loaded is the default of the product.
        scheme.initial = schemes.values_list("slug", flat=True).first()
        for row in range(1, PARTY_ROWS + 1):
            needed = row <= 2
            self.fields[f"code_{row}"] = forms.RegexField(
                CODE, label=f"Code of party {row}", max_length=8, required=needed
            )
            self.fields[f"name_{row}"] = forms.CharField(
                label=f"Name of party {row}", max_length=80, required=needed
            )

    def first_parties(self) -> list[PartyRow]:
        """The fields of the two parties there must be, for the template."""
        return self._rows(1, 2)

    def more_parties(self) -> list[PartyRow]:
        """The fields of those there may be."""
        return self._rows(3, PARTY_ROWS)

    def has_more_parties(self) -> bool:
        """Whether anything was typed for a third party, so that it shows again."""
        return any(field.value() for row in self.more_parties() for field in row)

    def _rows(self, first: int, last: int) -> list[PartyRow]:
        return [(self[f"code_{row}"], self[f"name_{row}"]) for row in range(first, last + 1)]

    @property
    def parties(self) -> list[tuple[str, str]]:
        """(code, name) of each row that was filled in."""
        rows = [
            (self.cleaned_data[f"code_{row}"], self.cleaned_data[f"name_{row}"])
            for row in range(1, PARTY_ROWS + 1)
        ]
        return [(code, name) for code, name in rows if code]

    def clean(self) -> dict[str, Any]:
        for row in range(3, PARTY_ROWS + 1):
            # A field with an error of its own is not in cleaned_data.
            code = self.cleaned_data.get(f"code_{row}")
            name = self.cleaned_data.get(f"name_{row}")
            if code and name == "":
                self.add_error(f"name_{row}", "Say what this party is called.")
            if name and code == "":
                self.add_error(f"code_{row}", "Give this party a short code, such as RU.")
        return self.cleaned_data


class NegotiationEditForm(PlainFields):
    """The plain fields under a version."""

    second_factor = forms.BooleanField(
        label="Only with a second factor",
        required=False,
        help_text="Whoever has none yet is led to set one up before they see anything here.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def plain(self) -> dict[str, Any]:
        return super().plain | {"second_factor": self.cleaned_data["second_factor"]}

    @staticmethod
    def typed_from(negotiation: Negotiation) -> dict[str, Any]:
        """What stands now, as it would be typed."""
        names = (*PLAIN, "second_factor", "version")
        return {name: getattr(negotiation, name) for name in names}
