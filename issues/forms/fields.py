"""Fields of several forms about items."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from ..numbers import Number, number_from


class NumberField(forms.CharField):
    """The number of an item, as in its address: 12 or RU-1."""

    def clean(self, value: Any) -> Number:
        typed = super().clean(value)
        try:
            return number_from(typed)
        except ValueError as error:
            raise ValidationError(str(error)) from error
