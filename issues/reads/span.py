"""Two days between which something may have moved or been said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# Later than any day: the standing that holds now.
NOW_DAY = dt.date.max


@dataclass(frozen=True)
class Span:
    """From the end of the day `before` to the end of the day `after` (None: until now)."""

    before: dt.date
    after: dt.date | None

    @property
    def last(self) -> dt.date:
        return self.after or NOW_DAY
