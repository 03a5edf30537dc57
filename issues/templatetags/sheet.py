"""The controls of a sheet: a hundred lines of three lists each, written directly."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ..reads.sheets import Choice

register = template.Library()

SELECT = '<select name="{0}-{1}" id="{0}-{1}" data-cell="{1}" aria-label="{2}">{3}</select>'
EMPTY = SafeString('<option value="" data-keys="0">–</option>')
OPTION = '<option value="{}" data-keys="{}"{}>{}</option>'
SELECTED = SafeString(" selected")


@register.simple_tag
def sheet_choice(uuid: str, name: str, label: str, choices: list[Choice], value: str) -> SafeString:
    """A list of one line; a value that is no choice any more stays until it is changed."""
    return format_html(SELECT, uuid, name, label, _options(tuple(choices), value))


# The blank lines of a page share theirs.
@lru_cache(maxsize=256)
def _options(choices: tuple[Choice, ...], value: str) -> SafeString:
    if value and value not in {choice.value for choice in choices}:
        choices = (*choices, Choice(value, f"{value} (no longer here)", "", ""))
    rows = (
        (one.value, one.keys, SELECTED if one.value == value else "", _shown(one))
        for one in choices
    )
    return EMPTY + format_html_join("", OPTION, rows)


def _shown(choice: Choice) -> str:
    """A status with its number; a party's code says its own key."""
    return f"{choice.key} {choice.label}" if choice.key.isdigit() else choice.label
