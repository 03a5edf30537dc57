"""Dates with a precision: a first and a last day, as people write them. Pure; no ORM."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

DAY, MONTH, YEAR = "day", "month", "year"
PRECISION_RANK = {YEAR: 0, MONTH: 1, DAY: 2}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class VagueDate:
    """A day, a month or a year. `first` and `last` are both inclusive."""

    first: dt.date
    last: dt.date
    precision: str

    @classmethod
    def of_day(cls, day: dt.date) -> VagueDate:
        return cls(day, day, DAY)

    @classmethod
    def of_month(cls, year: int, month: int) -> VagueDate:
        last = calendar.monthrange(year, month)[1]
        return cls(dt.date(year, month, 1), dt.date(year, month, last), MONTH)

    @classmethod
    def of_year(cls, year: int) -> VagueDate:
        return cls(dt.date(year, 1, 1), dt.date(year, 12, 31), YEAR)

    def __str__(self) -> str:
        return date_text(self.first, self.precision)


@lru_cache(maxsize=4096)
def date_text(first: dt.date, precision: str = DAY) -> str:
    """10 Apr 2025, Apr 2025 or 2025. No locale and no format string: cheap enough for every row."""
    if precision == YEAR:
        return str(first.year)
    month = f"{MONTHS[first.month - 1]} {first.year}"
    return month if precision == MONTH else f"{first.day} {month}"


@lru_cache(maxsize=4096)
def span_text(first: dt.date, last: dt.date, precision: str = DAY) -> str:
    """A round's dates: "27 Feb 2025", "9–11 Apr 2025", "30 Apr – 2 May 2025" or "Dec 2025"."""
    start, end = date_text(first, precision), date_text(last, precision)
    if start == end:
        return start
    if precision == YEAR or first.year != last.year:
        return f"{start} – {end}"
    if first.month == last.month:
        return f"{first.day}–{end}"
    return f"{start[:-5]} – {end}"


# Four digits, the first not a zero: "0024" is a slip, and could not be written back.
_DAY_WORDS = re.compile(r"^(\d{1,2})(?:st|nd|rd|th)?[\s.\-]+([a-z]{3,9})\.?,?[\s\-]+([1-9]\d{3})$")
_WORDS_DAY = re.compile(r"^([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+([1-9]\d{3})$")
_MONTH_WORDS = re.compile(r"^([a-z]{3,9})\.?,?[\s\-]+([1-9]\d{3})$")
_ISO = re.compile(r"^([1-9]\d{3})-(\d{1,2})(?:-(\d{1,2}))?$")
_DOTTED = re.compile(r"^(\d{1,2})\.(\d{1,2})\.([1-9]\d{3})$")
_YEAR_ONLY = re.compile(r"^([1-9]\d{3})$")

HINT = "Write a day, a month or a year, such as 24 Jun 2026, Jun 2026 or 2026."


def _month_number(word: str) -> int:
    full = [name.lower() for name in calendar.month_name]
    for number in range(1, 13):
        if full[number].startswith(word) and len(word) >= 3:
            return number
    raise ValueError(f"“{word}” is no month. {HINT}")


def _day(year: int, month: int, day: int) -> VagueDate:
    try:
        return VagueDate.of_day(dt.date(year, month, day))
    except ValueError as error:
        raise ValueError(f"There is no such day. {HINT}") from error


def parse_date(text: str) -> VagueDate:
    """Reads "24 Jun 2026", "2026-06-24", "24.6.2026", "Jun 2026", "2026-06" or "2026".

    Raises ValueError with a sentence for the person who typed it.
    """
    typed = " ".join(text.strip().lower().split())
    if found := _YEAR_ONLY.match(typed):
        return _checked(VagueDate.of_year, int(found[1]))
    if found := _ISO.match(typed):
        if found[3]:
            return _day(int(found[1]), int(found[2]), int(found[3]))
        return _checked(VagueDate.of_month, int(found[1]), int(found[2]))
    if found := _DOTTED.match(typed):
        return _day(int(found[3]), int(found[2]), int(found[1]))
    if found := _DAY_WORDS.match(typed):
        return _day(int(found[3]), _month_number(found[2]), int(found[1]))
    if found := _WORDS_DAY.match(typed):
        return _day(int(found[3]), _month_number(found[1]), int(found[2]))
    if found := _MONTH_WORDS.match(typed):
        return _checked(VagueDate.of_month, int(found[2]), _month_number(found[1]))
    raise ValueError(f"This is no date Parley can read. {HINT}")


def _checked(make: Callable[..., VagueDate], *numbers: int) -> VagueDate:
    try:
        return make(*numbers)
    except (ValueError, calendar.IllegalMonthError) as error:
        raise ValueError(f"There is no such date. {HINT}") from error
