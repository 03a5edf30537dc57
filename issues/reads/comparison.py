"""Which two ends are compared, as the address of "What moved" says it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.core.exceptions import BadRequest

from negotiations.dates import date_text
from negotiations.models import Round
from negotiations.templatetags.parley import moment

from ..spans import Span
from .frame import FrameView


class Moment(NamedTuple):
    """One end of the comparison: its day (None: now), in words, and the round if it is one."""

    day: dt.date | None
    text: str
    place: int | None = None


@dataclass(frozen=True)
class Comparison:
    """`since` is set when recorded time is compared: what came in since the viewer last looked."""

    start: Moment
    end: Moment
    since: dt.datetime | None = None

    @property
    def span(self) -> Span:
        return Span(self.start.day or dt.date.min, self.end.day)


TODAY = Moment(None, "today")


def read_comparison(frame: FrameView, query: Mapping[str, str]) -> Comparison | None:
    """Reads `?from=` and `?to=`: round-2, 2025-04-10, for `to` also now, for `from` also read.

    Without them: the last two held rounds. None when there is nothing to compare with yet.
    Raises BadRequest with a sentence.
    """
    start, end = query.get("from", "").strip(), query.get("to", "").strip()
    if start == "read":
        return _since_read(frame, end)
    if start:
        return _compare(_moment(frame, start), _moment(frame, end or "now"))
    to = _moment(frame, end) if end else _last_held(frame, None)
    if to is None:
        return None
    return _compare(_last_held(frame, to.day) or _before_first(frame, to), to)


def _now(frame: FrameView) -> Moment:
    """The day of the page: today, or the day it shows."""
    if frame.clock.is_now:
        return TODAY
    return Moment(frame.clock.day, f"the end of {frame.clock.text}")


def _compare(start: Moment, end: Moment) -> Comparison:
    if start.day is None or (end.day and start.day >= end.day):
        raise BadRequest("The first of the two must be earlier than the second; exchange them.")
    return Comparison(start, end)


def _since_read(frame: FrameView, end: str) -> Comparison | None:
    if end not in ("", "now") or not frame.clock.is_now:
        raise BadRequest("What is new since you marked as read is always compared with today.")
    membership = frame.viewer.membership
    if membership is None or membership.read_until is None:
        return None
    words = f"what you had marked as read on {moment(membership.read_until)}"
    return Comparison(Moment(None, words), TODAY, membership.read_until)


def _moment(frame: FrameView, value: str) -> Moment:
    if value == "now":
        return _now(frame)
    if value.startswith("round-"):
        return _after(_held_round(frame, value.removeprefix("round-")))
    try:
        day = dt.date.fromisoformat(value)
    except ValueError as error:
        raise BadRequest(
            f"“{value[:40]}” is neither a round nor a day. "
            "Write from=round-2 or from=2025-04-10, and to= in the same way."
        ) from error
    _refuse_later(frame, day, date_text(day))
    return Moment(day, f"the end of {date_text(day)}")


def _held_round(frame: FrameView, place: str) -> Round:
    found = next((r for r in frame.rounds if str(r.place) == place), None)
    if found is None:
        raise BadRequest(f"There is no round “{place[:20]}” here.")
    if not found.is_held:
        raise BadRequest(f"“{found}” was not held, so nothing can be compared with it.")
    _refuse_later(frame, _end(found), f"“{found}”")
    return found


def _refuse_later(frame: FrameView, day: dt.date, what: str) -> None:
    """Raises BadRequest for a day after the one that the page shows."""
    if day <= frame.clock.day:
        return
    if frame.clock.is_now:
        raise BadRequest(f"{what} lies in the future; there is nothing to show yet.")
    raise BadRequest(f"{what} came after {frame.clock.text}, the day that this page shows.")


def _after(round_: Round) -> Moment:
    words = f"the end of {round_.name} ({round_.when})"
    return Moment(round_.last_day, words, round_.place)


def _last_held(frame: FrameView, before: dt.date | None) -> Moment | None:
    """The held round that ended last, or last before that day."""
    held = [r for r in frame.held_rounds if _end(r) <= frame.clock.day]
    ended = [r for r in held if before is None or _end(r) < before]
    return _after(max(ended, key=lambda r: (_end(r), r.place))) if ended else None


def _end(round_: Round) -> dt.date:
    assert round_.last_day  # noqa: S101 - a held round has dates, says the database
    return round_.last_day


def _before_first(frame: FrameView, to: Moment) -> Moment:
    """The day before the first held round, or before the compared day itself."""
    first = next((frame.before_round(r) for r in frame.held_rounds), None)
    day = first if first and (to.day is None or first < to.day) else None
    day = day or (to.day or frame.clock.day) - dt.timedelta(1)
    return Moment(day, f"the end of {date_text(day)}")
