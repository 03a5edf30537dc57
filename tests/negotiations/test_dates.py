"""Dates as people write them: what is read, what is refused, and what is written back."""

import datetime as dt
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from negotiations.dates import (
    DAY,
    MONTH,
    MONTHS,
    PRECISION_RANK,
    YEAR,
    VagueDate,
    date_text,
    parse_date,
    span_text,
)

A_DAY = VagueDate.of_day(dt.date(2026, 6, 24))
A_MONTH = VagueDate.of_month(2026, 6)
A_YEAR = VagueDate.of_year(2026)

years = st.integers(1000, 9999)
vague_dates = st.one_of(
    st.dates(min_value=dt.date(1000, 1, 1)).map(VagueDate.of_day),
    st.builds(VagueDate.of_month, years, st.integers(1, 12)),
    years.map(VagueDate.of_year),
)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("24 Jun 2026", A_DAY),
        ("  24  jun   2026 ", A_DAY),
        ("24\N{NO-BREAK SPACE}Jun\N{NO-BREAK SPACE}2026", A_DAY),
        ("24 June 2026", A_DAY),
        ("24 JUNE 2026", A_DAY),
        ("24th June, 2026", A_DAY),
        ("24. Jun. 2026", A_DAY),
        ("24-Jun-2026", A_DAY),
        ("June 24, 2026", A_DAY),
        ("Jun 24th 2026", A_DAY),
        ("2026-06-24", A_DAY),
        ("2026-6-24", A_DAY),
        ("24.6.2026", A_DAY),
        ("24.06.2026", A_DAY),
        ("1 Sept 2026", VagueDate.of_day(dt.date(2026, 9, 1))),
        ("2nd Septem 2026", VagueDate.of_day(dt.date(2026, 9, 2))),
        ("29 Feb 2024", VagueDate.of_day(dt.date(2024, 2, 29))),
        ("Jun 2026", A_MONTH),
        ("june 2026", A_MONTH),
        ("June, 2026", A_MONTH),
        ("2026-06", A_MONTH),
        ("2026-6", A_MONTH),
        ("Feb 2024", VagueDate(dt.date(2024, 2, 1), dt.date(2024, 2, 29), MONTH)),
        ("2026", A_YEAR),
        (" 2026 ", VagueDate(dt.date(2026, 1, 1), dt.date(2026, 12, 31), YEAR)),
    ],
)
def test_reads(typed, expected):
    assert parse_date(typed) == expected


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "no date"),
        ("   ", "no date"),
        ("tomorrow", "no date"),
        ("late May", "no date"),
        ("24 Jun 26", "no date"),
        ("24 Jun", "no date"),
        ("24/06/2026", "no date"),
        ("24 Jun 2026 or so", "no date"),
        ("-2026", "no date"),
        ("20260", "no date"),
        ("2026-06-24T10:00", "no date"),
        ("0026", "no date"),
        ("24 Jun 0026", "no date"),
        ("0026-06-24", "no date"),
        ("24 Foo 2026", "“foo” is no month"),
        ("Juni 2026", "“juni” is no month"),
        ("30 Feb 2026", "no such day"),
        ("29 Feb 2025", "no such day"),
        ("0 Jun 2026", "no such day"),
        ("31.6.2026", "no such day"),
        ("2026-13-01", "no such day"),
        ("2026-13", "no such date"),
        ("2026-00", "no such date"),
    ],
)
def test_refuses_in_a_sentence_that_shows_how(typed, says):
    with pytest.raises(ValueError, match=says) as refused:
        parse_date(typed)
    assert str(refused.value).endswith("such as 24 Jun 2026, Jun 2026 or 2026.")


@pytest.mark.parametrize("number", range(1, 13))
def test_reads_every_month_short_and_long(number):
    first = dt.date(2025, number, 1)
    for pattern in ("%b %Y", "%B %Y"):
        assert parse_date(first.strftime(pattern)) == VagueDate.of_month(2025, number)
    assert date_text(first, MONTH) == f"{MONTHS[number - 1]} 2025"


@given(vague_dates)
@example(VagueDate.of_year(1000))
@example(VagueDate.of_day(dt.date.max))
def test_reads_what_it_writes(date):
    assert parse_date(str(date)) == date
    assert parse_date(f"  {str(date).upper()} ") == date


@given(st.dates(min_value=dt.date(1000, 1, 1)))
def test_reads_the_form_of_computers(day):
    assert parse_date(day.isoformat()) == VagueDate.of_day(day)
    assert parse_date(day.isoformat()[:7]) == VagueDate.of_month(day.year, day.month)
    assert parse_date(f"{day.day}.{day.month}.{day.year}") == VagueDate.of_day(day)


# Text near to a date, so that the parser is reached and not only its last line.
_pieces = ["24", "31", "0", "9999", "2026", "0005", *MONTHS, "Sept", "xyz", "-", ".", " "]
near_dates = st.lists(st.sampled_from(_pieces) | st.text(max_size=3), max_size=7).map("".join)


def read_or_refused(typed):
    try:
        return parse_date(typed), None
    except ValueError as refused:
        return None, str(refused)


@given(near_dates)
@example("24 Jun 2026")
@example("٢٤ Jun ٢٠٢٦")
@example("2٠26")
def test_whatever_is_typed_is_read_for_good_or_refused_in_a_sentence(typed):
    date, refused = read_or_refused(typed)
    if date:
        assert parse_date(str(date)) == date
    else:
        assert re.fullmatch(r".+\. Write a day, a month or a year, .+\.", refused, re.DOTALL)


@given(vague_dates)
def test_first_and_last_day_are_those_of_the_precision(date):
    before, after = date.first.toordinal() - 1, date.last.toordinal() + 1
    same = {
        DAY: lambda d: d,
        MONTH: lambda d: (d.year, d.month),
        YEAR: lambda d: d.year,
    }[date.precision]
    assert date.first <= date.last
    assert same(date.first) == same(date.last)
    assert same(dt.date.fromordinal(before)) != same(date.first)
    if after <= dt.date.max.toordinal():
        assert same(dt.date.fromordinal(after)) != same(date.last)


def test_finer_precision_ranks_later():
    assert sorted(PRECISION_RANK, key=PRECISION_RANK.__getitem__) == [YEAR, MONTH, DAY]


@pytest.mark.parametrize(
    ("first", "last", "precision", "text"),
    [
        ("2025-02-27", "2025-02-27", DAY, "27 Feb 2025"),
        ("2025-04-09", "2025-04-11", DAY, "9–11 Apr 2025"),
        ("2025-04-30", "2025-05-02", DAY, "30 Apr – 2 May 2025"),
        ("2025-12-30", "2026-01-02", DAY, "30 Dec 2025 – 2 Jan 2026"),
        ("2025-04-09", "2026-04-11", DAY, "9 Apr 2025 – 11 Apr 2026"),
        ("2025-12-01", "2025-12-31", MONTH, "Dec 2025"),
        ("2025-11-01", "2025-12-31", MONTH, "Nov – Dec 2025"),
        ("2025-12-01", "2026-01-31", MONTH, "Dec 2025 – Jan 2026"),
        ("2025-01-01", "2025-12-31", YEAR, "2025"),
        ("2025-01-01", "2026-12-31", YEAR, "2025 – 2026"),
    ],
)
def test_writes_the_dates_of_a_round(first, last, precision, text):
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    assert span_text(*days, precision) == text
