"""What entries add up to (design §2, Standing). `periods` is the entry point."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from .values import (
    CLAIMS_MORE,
    DIFFER,
    DROPPED,
    FROM_THE_BEGINNING,
    HELD,
    JOINT,
    ONLY,
    OURS,
    OWN_WORDS,
    PRESS,
    SAYS,
    SEPARATE,
    TAKES_BACK,
    Begun,
    EntryValue,
    Frame,
    Period,
    ReplyLike,
    StandingValue,
    StatusValue,
    Word,
    height,
)

# --- Which entries count ------------------------------------------------------------------------


def counting(entries: Iterable[EntryValue], known: dt.datetime | None = None) -> list[EntryValue]:
    """The entries that count, of those in one scope and recorded by `known` (None: all).

    A correction keeps its target out even when it is itself corrected; a retraction takes back
    all that its target did, unless it is itself taken back.
    """
    seen = [e for e in entries if known is None or e.recorded_at <= known]
    out = replaced(seen)
    return [e for e in seen if e.kind in SAYS and e.id not in out]


def replaced(entries: Iterable[ReplyLike]) -> set[int | None]:
    """Ids of what no longer counts: corrected, or taken back. Replies alone are enough."""
    seen = list(entries)
    undone = _taken_back(seen)
    corrections = {e.corrects for e in seen if e.kind == "correction" and e.id not in undone}
    return undone | corrections


def _taken_back(entries: Iterable[ReplyLike]) -> set[int | None]:
    """Ids of what a standing retraction takes back.

    A retraction can itself be taken back. Each pass settles one more link of such a chain, so
    that no clock is asked for the order.
    """
    takers = [e for e in entries if e.kind in TAKES_BACK]
    gone: set[int | None] = set()
    for _ in takers:
        before, gone = gone, {e.corrects for e in takers if e.id not in gone}
        if gone == before:
            break
    return gone


# --- What they add up to ------------------------------------------------------------------------


def _latest(one: EntryValue | None, other: EntryValue) -> EntryValue:
    return other if one is None or other.rank > one.rank else one


@dataclass
class _Ledger:
    """What is on record by some day. Entries are added in the order in which they count."""

    frame: Frame
    claims: dict[int, list[EntryValue]] = field(default_factory=lambda: defaultdict(list))
    spoke: dict[int, EntryValue] = field(default_factory=dict)
    positions: dict[int, EntryValue] = field(default_factory=dict)
    joint: list[EntryValue] = field(default_factory=list)
    marks: dict[str, EntryValue] = field(default_factory=dict)
    count: int = 0

    def add_all(self, entries: Iterable[EntryValue]) -> None:
        for entry in entries:
            self.add(entry)

    def add(self, entry: EntryValue) -> None:
        self.count += 1
        self._mark("last", entry)
        if entry.has_waits:
            self._mark("waits", entry)
        if entry.has_next_step:
            self._mark("next_step", entry)
        if entry.voice in OWN_WORDS:
            self._add_own_words(entry)
        elif entry.status:
            self._mark("press" if entry.voice == "third" else "own", entry)

    def _mark(self, name: str, entry: EntryValue) -> None:
        self.marks[name] = _latest(self.marks.get(name), entry)

    def _add_own_words(self, entry: EntryValue) -> None:
        if entry.status and entry.voice == "joint":
            insort(self.joint, entry, key=lambda e: e.rank)
        for party in entry.parties:
            self.spoke[party] = _latest(self.spoke.get(party), entry)
            if entry.status:
                insort(self.claims[party], entry, key=lambda e: e.rank)
            if entry.has_position:
                self.positions[party] = _latest(self.positions.get(party), entry)

    def words(self, day: dt.date) -> tuple[Word, ...]:
        return tuple(
            Word(
                seat.party,
                self.claims[seat.party][-1] if self.claims.get(seat.party) else None,
                self.spoke.get(seat.party),
                self.positions.get(seat.party),
            )
            for seat in self.frame.seats
            if seat.taken_on(day)
        )

    def standing(self, day: dt.date) -> StandingValue:
        words = self.words(day)
        headline, badge = self._headline(words)
        return StandingValue(
            headline,
            badge,
            words,
            last=self.marks.get("last"),
            waits=self.marks.get("waits"),
            next_step=self.marks.get("next_step"),
            press=self.marks.get("press"),
            own=self.marks.get("own"),
            count=self.count,
        )

    def _headline(self, words: tuple[Word, ...]) -> tuple[StatusValue | None, str]:
        own = self.marks.get("own")
        if self.frame.assessor and own:
            return own.status, OURS
        claims = {w.party: w.claim for w in words if w.claim}
        if claims:
            asked = self.frame.raised_by & {word.party for word in words}
            return _least(claims, asked), self._badge(words, claims)
        aside = [self.marks[name] for name in ("press", "own") if name in self.marks]
        if not aside:
            return None, ""
        chosen = max(aside, key=lambda e: e.rank)
        return chosen.status, PRESS if chosen.voice == "third" else OURS

    def _badge(self, words: tuple[Word, ...], claims: Mapping[int, EntryValue]) -> str:
        """Rule 5, first that fits."""
        categories = {_status(c).category for c in claims.values()}
        if len(categories) > 1:
            return CLAIMS_MORE if _claims_more(words, claims) else DIFFER
        if len(claims) < len(words) or len(words) == 1:
            return ONLY
        stands = self._joint_text_stands(frozenset(claims), categories.pop())
        return JOINT if stands else SEPARATE

    def _joint_text_stands(self, parties: frozenset[int], category: str) -> bool:
        """A joint text of all in that category, and nobody has since said another category."""
        for text in reversed(self.joint):
            if text.parties >= parties and _status(text).category == category:
                return not any(
                    _status(claim).category != category
                    for party in parties
                    for claim in self.claims[party][self._place_after(party, text) :]
                )
        return False

    def _place_after(self, party: int, text: EntryValue) -> int:
        return bisect_right(self.claims[party], text.rank, key=lambda e: e.rank)


def _status(claim: EntryValue) -> StatusValue:
    assert claim.status is not None  # noqa: S101 - a claim is an entry that carries a status
    return claim.status


def _least(claims: Mapping[int, EntryValue], raised_by: frozenset[int]) -> StatusValue:
    """Rules 3 and 4: dropped by all, or by all who raised it; else the least advanced."""
    dropped = {p for p, c in claims.items() if _status(c).category == DROPPED}
    if dropped == claims.keys() or (raised_by and raised_by <= dropped):
        return _status(max((claims[p] for p in dropped), key=lambda e: e.rank))
    rest = [claim for party, claim in claims.items() if party not in dropped]
    lowest = min(height(_status(claim)) for claim in rest)
    return _status(max((c for c in rest if height(_status(c)) == lowest), key=lambda e: e.rank))


def _claims_more(words: tuple[Word, ...], claims: Mapping[int, EntryValue]) -> bool:
    """Whoever is ahead spoke after the last word of whoever is behind.

    Said on the same day and recorded at once is not "after": nobody was left to answer.
    """
    if any(_status(c).category == DROPPED for c in claims.values()):
        return False
    lowest = min(height(_status(claim)) for claim in claims.values())
    least = {_status(c).category for c in claims.values() if height(_status(c)) == lowest}
    ahead = [c.said for c in claims.values() if _status(c).category not in least]
    behind = [
        w.spoke.said for w in words if w.claim and w.spoke and _status(w.claim).category in least
    ]
    return bool(ahead) and min(ahead) > max(behind)


def periods(
    entries: Iterable[EntryValue],
    frame: Frame,
    known: dt.datetime | None = None,
    begun: Begun = FROM_THE_BEGINNING,
) -> list[Period]:
    """All standings of one item over effective time, by what was recorded by `known`.

    `entries` are those in one scope, in any order. The first period begins at the beginning of
    time, or is the one that `begun` tells of; the last one holds now; neighbours always differ.
    """
    by_day: dict[dt.date, list[EntryValue]] = defaultdict(list)
    for entry in counting(entries, known):
        by_day[entry.counts_from].append(entry)
    ledger = _Ledger(frame)
    days = sorted(by_day.keys() | _days_of(frame))
    start = bisect_right(days, begun.by)
    for day in days[:start]:
        ledger.add_all(by_day.get(day, ()))
    standing = ledger.standing(begun.by)
    if begun.fell_on:
        standing = replace(standing, fell_from=begun.fell_from, fell_on=begun.fell_on)
    found = [Period(begun.since, None, standing)]
    for day in days[start:]:
        ledger.add_all(by_day.get(day, ()))
        _append(found, day, ledger.standing(day))
    return found


def _days_of(frame: Frame) -> set[dt.date]:
    """Days on which a party comes to the table or has left it."""
    came = {seat.since for seat in frame.seats if seat.since}
    last = {seat.until for seat in frame.seats if seat.until and seat.until < dt.date.max}
    return came | {day + dt.timedelta(1) for day in last}


def _append(found: list[Period], day: dt.date, standing: StandingValue) -> None:
    before = found[-1].standing
    if standing.headline and standing.headline.category == HELD:
        if before.headline and before.headline.category == HELD:
            standing = replace(standing, fell_from=before.fell_from, fell_on=before.fell_on)
        elif before.headline:
            standing = replace(standing, fell_from=before.headline, fell_on=day)
    if standing != before:
        found[-1] = replace(found[-1], until=day)
        found.append(Period(day, None, standing))


def standing_on(found: list[Period], day: dt.date | None = None) -> StandingValue:
    """The standing on an effective day, of what `periods` returned. None: now."""
    if day is None:
        return found[-1].standing
    return next(p.standing for p in reversed(found) if p.since <= day)
