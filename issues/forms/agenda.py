"""Which items of the agenda are marked, and how."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from negotiations.access import Viewer
from negotiations.forms import AudienceField

from ..models import Issue
from ..numbers import numbers_in
from ..services import Mark


class AgendaForm(forms.Form):
    """`item`: one or several references or numbers, separated by commas; "#7" is a number only."""

    item = forms.CharField(
        label="Numbers of the items", max_length=400, help_text="Such as 3, 7, 12."
    )
    mark = forms.ChoiceField(choices=Mark.choices)
    audience = AudienceField()

    def __init__(self, *args: Any, viewer: Viewer, sides: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self.fields["audience"].offer(viewer, sides)  # type: ignore[attr-defined]

    def clean_item(self) -> list[Issue]:
        """The items meant. Raises ValidationError that names what is no item here."""
        typed = (word.strip() for word in re.split(r"[,;]", self.cleaned_data["item"]))
        words = [word for word in typed if word]
        meant = self._items(words)
        missing = [word for word in words if word not in meant]
        if missing or not words:
            raise ValidationError(f"There is no item “{', '.join(missing)[:80]}” here.")
        return list(dict.fromkeys(meant.values()))

    def _items(self, words: list[str]) -> dict[str, Issue]:
        """Each word with its item; a reference comes before a number."""
        shown = Issue.objects.visible_to(self.viewer)
        numbers = numbers_in(word.removeprefix("#") for word in words)
        items = list(shown.numbered(*numbers) | shown.filter(reference__in=words))
        by_word = {f"#{item.address}": item for item in items}
        by_word |= {str(item.address): item for item in items}
        by_word |= {item.reference: item for item in items if item.reference}
        return {word: by_word[word] for word in words if word in by_word}
