"""A negotiation as an uploaded JSON file: read and checked, not written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from negotiations.files import size_text
from negotiations.models.negotiation import slug_is_free

from ..documents import Problem, Unreadable, broken_rules, read_document

# What one request reads and writes; manage.py import_json takes any size.
LARGEST = 20_000_000


class DocumentForm(forms.Form):
    """`problems` are what is wrong in the file, each with its place."""

    file = forms.FileField(
        label="File",
        help_text=f"A JSON file that was exported here or from another Parley, "
        f"at most {size_text(LARGEST)}.",
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
    slug = forms.SlugField(
        label="Another address",
        max_length=60,
        required=False,
        validators=[slug_is_free],
        help_text="Small letters, digits and hyphens. Empty: the one that the file names.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problems: list[Problem] = []

    def clean_file(self) -> dict[str, Any]:
        """The document in the file."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(
                f"This file has {size_text(file.size or 0)}. An administrator can import it with "
                "“manage.py import_json”."
            )
        try:
            document = read_document(file.read())
        except Unreadable as error:
            self.problems = error.problems
        else:
            self.problems = broken_rules(document, timezone.now())
        if self.problems:
            raise forms.ValidationError(
                "This is no negotiation that can be imported; what is wrong is listed with its "
                "place. Choose the file again once it is right."
            )
        return document
