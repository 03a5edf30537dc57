"""Text that a spreadsheet would run as a formula, made harmless without losing a letter."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

# What starts a formula in one spreadsheet or another; the last four are their wide forms.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
GUARD = "'"
RULE = (
    "A text that begins with = + - @, a tab, a line break or an apostrophe has one apostrophe "
    "put before it, so that no spreadsheet runs it. Take that one away to get the text back."
)


def starts_formula(text: str) -> bool:
    """Whether a spreadsheet might take this text for a formula."""
    return text.startswith(_STARTS)


def guarded(text: str) -> str:
    """The text as CSV carries it, by RULE."""
    return GUARD + text if starts_formula(text) or text.startswith(GUARD) else text


def unguarded(text: str) -> str:
    """The text as it was: the reverse of `guarded`."""
    return text[1:] if text.startswith(GUARD) else text


def as_csv(value: Any) -> str:
    """A value as CSV carries it: days as 2025-04-10, moments in UTC."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return f"{timezone.localtime(value, dt.UTC):%Y-%m-%d %H:%M:%S}Z"
    return guarded(value) if isinstance(value, str) else str(value)
