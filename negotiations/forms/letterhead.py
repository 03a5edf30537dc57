from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from negotiations.models import Letterhead
from negotiations.pictures import MOST_BYTES, logo_png

PLAIN = ("heading", "footer", "paper")


class LogoField(forms.FileField):
    """A picture; gives a PNG made anew, or None."""

    def clean(self, value: Any, initial: Any = None) -> Any:
        upload = super().clean(value, initial)
        if not upload:
            return None
        try:
            return logo_png(upload.read(MOST_BYTES + 1))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class LetterheadForm(forms.Form):
    """What stands on the papers, under a version."""

    heading = forms.CharField(
        required=False,
        max_length=160,
        label="Line at the head",
        help_text="Above the title of every paper, such as the name of your ministry or union.",
    )
    footer = forms.CharField(
        required=False,
        max_length=160,
        label="Line at the foot",
        help_text="On every page, beside the page number.",
    )
    paper = forms.ChoiceField(
        label="Paper", choices=Letterhead.Paper.choices, widget=forms.RadioSelect, initial="a4"
    )
    logo = LogoField(
        required=False,
        label="Logo",
        help_text="PNG, JPEG or WebP, at most 2 MB; it is printed at most 2 cm high.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    remove_logo = forms.BooleanField(required=False, label="Take the present logo off")
    version = forms.IntegerField(widget=forms.HiddenInput)

    @staticmethod
    def typed_from(letterhead: Letterhead) -> dict[str, Any]:
        """What stands now, as it would be typed."""
        return {name: getattr(letterhead, name) for name in (*PLAIN, "version")}
