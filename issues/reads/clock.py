"""The two clocks of a page: as of which effective day, and by what was recorded by when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import BadRequest
from django.utils import timezone

from negotiations.dates import date_text


@dataclass(frozen=True)
class Clock:
    """`as_of`: effective, `known`: recorded (both inclusive days). None and None is now."""

    as_of: dt.date | None = None
    known: dt.date | None = None

    @property
    def is_now(self) -> bool:
        return self.as_of is None and self.known is None

    @property
    def known_moment(self) -> dt.datetime | None:
        """The last instant of the day `known`, in the zone of the server."""
        if self.known is None:
            return None
        return timezone.make_aware(dt.datetime.combine(self.known, dt.time.max))

    @property
    def day(self) -> dt.date:
        """The effective day the page speaks of."""
        return self.as_of or self.known or timezone.localdate()

    @property
    def query(self) -> str:
        """What to append to links so that they stay in the same time: "?as_of=…" or ""."""
        parts = [
            f"{name}={day.isoformat()}"
            for name, day in (("as_of", self.as_of), ("known", self.known))
            if day
        ]
        return "?" + "&".join(parts) if parts else ""

    @property
    def text(self) -> str:
        return date_text(self.day)

    @property
    def typed(self) -> str:
        """The chosen effective day as one would type it."""
        return date_text(self.as_of) if self.as_of else ""

    @property
    def is_known(self) -> bool:
        """Whether the page uses only what was recorded by a day."""
        return self.known is not None


@dataclass(frozen=True)
class MomentClock(Clock):
    """A recorded instant instead of a recorded day."""

    moment: dt.datetime | None = None

    @property
    def known_moment(self) -> dt.datetime | None:
        return self.moment


NOW = Clock()


def clock_from(query: Mapping[str, str]) -> Clock:
    """Reads `?as_of=YYYY-MM-DD&known=YYYY-MM-DD`. Raises BadRequest with a sentence."""
    return Clock(_day(query, "as_of"), _day(query, "known"))


def _day(query: Mapping[str, str], name: str) -> dt.date | None:
    typed = query.get(name, "").strip()
    if not typed:
        return None
    try:
        day = dt.date.fromisoformat(typed)
    except ValueError as error:
        raise BadRequest(
            f"“{typed[:40]}” is no date. Write {name} as year-month-day: {name}=2025-04-10."
        ) from error
    if day > timezone.localdate():
        raise BadRequest(f"{date_text(day)} lies in the future; there is nothing to show yet.")
    return day
