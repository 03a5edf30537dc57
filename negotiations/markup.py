"""Markup from a pattern and values, for what a page shows dozens of times."""

from __future__ import annotations

from html import escape
from typing import Any

from django.utils.safestring import SafeString


def fill(pattern: str, *values: Any) -> SafeString:
    """As `format_html`, in a third of its time: it neither knows lazy texts nor named values.

    Every value is escaped but what is a SafeString already.
    """
    return SafeString(pattern.format(*map(escaped, values)))


def escaped(value: Any) -> str:
    """The value as text of a page or of an attribute."""
    return value if type(value) is SafeString else escape(str(value))
