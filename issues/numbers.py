"""The number of an item: in the common series ("12") or in a delegation's own ("RU-1")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

# The code of a party has no space and nothing that means something in an address.
PATTERN = r"(?:[^\s/?#]+-)?[0-9]{1,10}"


class Number(NamedTuple):
    """`series` is a party's code, or empty for the common one, which comes first in order."""

    series: str
    number: int

    def __str__(self) -> str:
        return f"{self.series}-{self.number}" if self.series else str(self.number)

    @property
    def plain(self) -> int | str:
        """As files have it: a number, or text for one of another series."""
        return str(self) if self.series else self.number


def number_from(text: str) -> Number:
    """Reads "12" or "RU-1". Raises ValueError for what is no number of an item."""
    if not re.fullmatch(PATTERN, text):
        raise ValueError(f"“{text[:20]}” is no number of an item.")
    series, _hyphen, number = text.rpartition("-")
    return Number(series, int(number))


def numbers_in(words: Iterable[str]) -> list[Number]:
    """The numbers among these words; what is none is left out."""
    return [number_from(word) for word in words if re.fullmatch(PATTERN, word)]


class NumberConverter:
    """`<item:number>` in an address."""

    regex = PATTERN

    def to_python(self, value: str) -> Number:
        return number_from(value)

    def to_url(self, value: Number | int | str) -> str:
        return str(value)
