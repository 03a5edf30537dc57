"""Dates as spreadsheets and people write them, in English and Russian. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from negotiations.dates import MONTHS, VagueDate, parse_date

from .tables import Cell, Fault

HINT = "Write 10 Apr 2025, 10.04.2025, 2025-04-10, Apr 2025 or 2025."
RUSSIAN = ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")

_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})$")
_DOTTED = re.compile(r"^(\d{1,2})[.\-](\d{1,2})[.\-](\d{4}|\d{2})$")
_MONTH = re.compile(r"^(\d{1,2})[./](\d{4})$")
_ISO = re.compile(r"^(\d{4})[./-](\d{1,2})(?:[./-](\d{1,2}))?$")
_TIME = re.compile(r"[T ,]+(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$")
_CYRILLIC = re.compile(r"[а-яё]+")
_YEAR_WORD = re.compile(r"\s*(?:г\.?|года|год)$")
_SERIAL = re.compile(r"^\d{5}(?:\.\d+)?$")

YEARS = range(1900, 2101)
SERIALS = range(367, 73_051)  # 1901 to 2100, counted from 1900


def read_date(
    cell: Cell, *, day_first: bool = True, epoch_1904: bool = False
) -> tuple[VagueDate, dt.time | None]:
    """The day, month or year a cell means, and the time of day if it says one.

    Raises ValueError with a sentence.
    """
    if isinstance(cell, Fault):
        raise ValueError(cell.sentence)
    if isinstance(cell, dt.datetime):
        return VagueDate.of_day(cell.date()), cell.time().replace(second=0, microsecond=0)
    if isinstance(cell, dt.date):
        return VagueDate.of_day(cell), None
    if isinstance(cell, int | float):
        return _number(cell, epoch_1904)
    return _text(cell, day_first, epoch_1904)


def guess_day_first(cells: Iterable[Cell]) -> bool:
    """Whether 04/05/2025 is the fourth of May, by the dates that can only be read one way."""
    found = [match for cell in cells if isinstance(cell, str) and (match := _SLASHED.match(cell))]
    month_first = sum(int(match[2]) > 12 for match in found)
    return not month_first or sum(int(match[1]) > 12 for match in found) >= month_first


def _number(number: float, epoch_1904: bool) -> tuple[VagueDate, dt.time | None]:
    """A year, or the number under which a spreadsheet keeps a day."""
    if number in YEARS:
        return VagueDate.of_year(int(number)), None
    if int(number) not in SERIALS:
        raise ValueError(f"The number {number:g} is no date. {HINT}")
    beginning = dt.datetime(1904, 1, 1) if epoch_1904 else dt.datetime(1899, 12, 30)
    moment = beginning + dt.timedelta(days=number)
    time = moment.time().replace(second=0, microsecond=0) if number % 1 else None
    return VagueDate.of_day(moment.date()), time


def _text(typed: str, day_first: bool, epoch_1904: bool) -> tuple[VagueDate, dt.time | None]:
    text, time = _without_time(" ".join(typed.split()).strip(" .,").casefold())
    if found := _SLASHED.match(text):
        return _slashed(found, typed, day_first), time
    if found := _DOTTED.match(text):
        return _day(_year(found[3]), int(found[2]), int(found[1]), typed), time
    if found := _ISO.match(text):
        if found[3]:
            return _day(int(found[1]), int(found[2]), int(found[3]), typed), time
        return _month(int(found[1]), int(found[2]), typed), time
    if found := _MONTH.match(text):
        return _month(int(found[2]), int(found[1]), typed), time
    if _SERIAL.match(text):
        return _number(float(text), epoch_1904)
    try:
        return parse_date(_english(text)), time
    except ValueError as error:
        raise ValueError(f"“{typed[:40]}” is no date. {HINT}") from error


def _without_time(text: str) -> tuple[str, dt.time | None]:
    found = _TIME.search(text.upper())
    if not found:
        return text, None
    if int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f"“{text[:40]}” has no such time of day.")
    return text[: found.start()].strip(), dt.time(int(found[1]), int(found[2]))


def _slashed(found: re.Match[str], typed: str, day_first: bool) -> VagueDate:
    day, month = (int(found[1]), int(found[2])) if day_first else (int(found[2]), int(found[1]))
    if month > 12 and day <= 12:
        order = "day" if day_first else "month"
        raise ValueError(f"“{typed[:40]}” has no month {month} when the {order} comes first.")
    return _day(_year(found[3]), month, day, typed)


def _year(digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (2000 if int(digits) < 70 else 1900)


def _day(year: int, month: int, day: int, typed: str) -> VagueDate:
    try:
        return VagueDate.of_day(dt.date(year, month, day))
    except ValueError as error:
        raise ValueError(f"There is no such day as “{typed[:40]}”. {HINT}") from error


def _month(year: int, month: int, typed: str) -> VagueDate:
    if not 1 <= month <= 12 or year < 1:
        raise ValueError(f"There is no such month as “{typed[:40]}”. {HINT}")
    return VagueDate.of_month(year, month)


def _english(text: str) -> str:
    """The same with the month in English: "10 апреля 2025 г." is "10 Apr 2025"."""
    text = _YEAR_WORD.sub("", text).replace("sept ", "sep ")
    return _CYRILLIC.sub(lambda found: _month_name(found[0]), text)


def _month_name(word: str) -> str:
    for number, stem in enumerate(RUSSIAN):
        # "ма" would also begin "март"; May is "май" or "мая" and nothing else.
        if word in ("май", "мая") if stem == "ма" else word.startswith(stem):
            return MONTHS[number]
    return word
