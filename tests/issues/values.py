"""Builders of the plain values that the rules work on: no database."""

import datetime as dt

from issues.standing import EntryValue, Frame, Seat, StatusValue, periods, standing_on
from negotiations.dates import PRECISION_RANK, parse_date

RAISED = StatusValue(1, "open", 1)
TALKS = StatusValue(2, "engaged", 2)
PRINCIPLE = StatusValue(3, "settling", 3)
AGREED = StatusValue(4, "settled", 4)
BEGUN = StatusValue(5, "settled", 5)
CLOSED = StatusValue(6, "done", 6)
BLOCKED = StatusValue(7, "held", None)
WITHDRAWN = StatusValue(8, "dropped", None)
STATUSES = (RAISED, TALKS, PRINCIPLE, AGREED, BEGUN, CLOSED, BLOCKED, WITHDRAWN)

# What other schemes have: a second status on a rung, in its own or another category; a second
# held; a second done.
WITH_THEM = StatusValue(9, "engaged", 2)
DRAFTED = StatusValue(10, "settling", 2)
REJECTED = StatusValue(11, "held", None)
RATIFIED = StatusValue(12, "done", 7)
OTHERS = (WITH_THEM, DRAFTED, REJECTED, RATIFIED)

A, B, C = 1, 2, 3
TWO = Frame((Seat(A), Seat(B)))
THREE = Frame((Seat(A), Seat(B), Seat(C)))


def day(text):
    return parse_date(text).first


def moment(text):
    """Noon of a day: on the recorded clock."""
    return dt.datetime.combine(day(text), dt.time(12), dt.UTC)


def end_of(text):
    return moment(text).replace(hour=23)


class Record:
    """One item's entries as they are recorded: one a day from 1 Jan 2025, said the same day.

    `said` and `recorded` take dates as people write them and override either clock.
    """

    def __init__(self):
        self.entries = []

    def says(self, party, status=None, **more):
        return self._add("party", {party}, status, **more)

    def jointly(self, parties, status=None, **more):
        return self._add("joint", parties, status, **more)

    def press(self, status=None, **more):
        return self._add("third", (), status, **more)

    def assess(self, status=None, **more):
        return self._add("own", (), status, **more)

    def correct(self, target, status=None, **more):
        """The same voice, at the same time, with another status."""
        more.setdefault("said", str(target.said_first))
        return self._add(
            target.voice, target.parties, status, kind="correction", corrects=target.id, **more
        )

    def retract(self, target, kind="retraction", **more):
        return self._add(target.voice, target.parties, kind=kind, corrects=target.id, **more)

    def _add(self, voice, parties, status=None, *, said=None, recorded=None, **more):
        today = day("2025-01-01") + dt.timedelta(len(self.entries))
        recorded = recorded or said or str(today)
        when = parse_date(said or str(today))
        entry = EntryValue(
            id=len(self.entries) + 1,
            voice=voice,
            parties=frozenset(parties),
            said_first=when.first,
            precision_rank=PRECISION_RANK[when.precision],
            counts_from=min(when.last, parse_date(recorded).last),
            recorded_at=moment(str(parse_date(recorded).last)),
            status=status,
            **more,
        )
        self.entries.append(entry)
        return entry

    def standing(self, frame=TWO, *, on=None, known=None):
        found = periods(self.entries, frame, end_of(known) if known else None)
        return standing_on(found, day(on) if on else None)

    def shows(self, frame=TWO, **when):
        """The headline and who says so."""
        standing = self.standing(frame, **when)
        return standing.headline, standing.badge
