"""What moved between two rounds or days, or since the viewer last marked as read."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.core.exceptions import BadRequest
from django.core.paginator import Page
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from negotiations.dates import date_text
from negotiations.models import Party, Round
from negotiations.scopes import DELEGATION, MEMBERS
from negotiations.templatetags.parley import moment

from ..models import Entry, Issue, Standing
from ..models.standings import StandingQuerySet
from ..standing import movement
from .clock import Clock
from .entries import EntryReader
from .frame import FrameView
from .moves import MovedItem, Span, Totals, moved_ids, moved_item, with_freshness_of
from .paging import page_at
from .rows import WHY
from .standings import NOTHING, StandingReader, StandingView

ITEMS_PER_PAGE = 48  # four printed pages
LINES_PER_ITEM = 3

Pair = tuple[StandingView, StandingView]


# --- What is compared ---------------------------------------------------------------------------


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


def _compare(start: Moment, end: Moment) -> Comparison:
    if start.day is None or (end.day and start.day >= end.day):
        raise BadRequest("The first of the two must be earlier than the second; exchange them.")
    return Comparison(start, end)


def _since_read(frame: FrameView, end: str) -> Comparison | None:
    if end not in ("", "now"):
        raise BadRequest("What is new since you marked as read is always compared with today.")
    membership = frame.viewer.membership
    if membership is None or membership.read_until is None:
        return None
    words = f"what you had marked as read on {moment(membership.read_until)}"
    return Comparison(Moment(None, words), TODAY, membership.read_until)


def _moment(frame: FrameView, value: str) -> Moment:
    if value == "now":
        return TODAY
    if value.startswith("round-"):
        return _after(_held_round(frame, value.removeprefix("round-")))
    try:
        day = dt.date.fromisoformat(value)
    except ValueError as error:
        raise BadRequest(
            f"“{value[:40]}” is neither a round nor a day. "
            "Write from=round-2 or from=2025-04-10, and to= in the same way."
        ) from error
    if day > frame.today:
        raise BadRequest(f"{date_text(day)} lies in the future; there is nothing to show yet.")
    return Moment(day, f"the end of {date_text(day)}")


def _held_round(frame: FrameView, place: str) -> Round:
    found = next((r for r in frame.rounds if str(r.place) == place), None)
    if found is None:
        raise BadRequest(f"There is no round “{place[:20]}” here.")
    if not found.is_held:
        raise BadRequest(f"“{found}” was not held, so nothing can be compared with it.")
    return found


def _after(round_: Round) -> Moment:
    words = f"the end of {round_.name} ({round_.when})"
    return Moment(round_.last_day, words, round_.place)


def _last_held(frame: FrameView, before: dt.date | None) -> Moment | None:
    """The held round that ended last, or last before that day."""
    ended = [r for r in frame.held_rounds if before is None or _end(r) < before]
    return _after(max(ended, key=lambda r: (_end(r), r.place))) if ended else None


def _end(round_: Round) -> dt.date:
    assert round_.last_day  # noqa: S101 - a held round has dates, says the database
    return round_.last_day


def _before_first(frame: FrameView, to: Moment) -> Moment:
    """The day before the first held round, or before the compared day itself."""
    first = next((frame.before_round(r) for r in frame.held_rounds), None)
    day = first if first and (to.day is None or first < to.day) else None
    day = day or (to.day or frame.today) - dt.timedelta(1)
    return Moment(day, f"the end of {date_text(day)}")


# --- What moved ---------------------------------------------------------------------------------


class Waiting(NamedTuple):
    """Items that wait for the same party, for all or for somebody outside."""

    title: str
    items: list[tuple[Issue, str]]


class Unmoved(NamedTuple):
    """An item whose standing has not moved for so many held rounds."""

    issue: Issue
    rounds: int


@dataclass
class Changes:
    compared: Comparison
    page: Page[int]
    rows: list[MovedItem]
    totals: Totals
    quiet: list[tuple[Issue, int]]
    unmoved: list[Unmoved]
    waiting: list[Waiting]
    audience: str
    base: str = ""

    @property
    def moved(self) -> int:
        return self.page.paginator.count


@dataclass(frozen=True)
class _MomentClock(Clock):
    """A recorded instant instead of a recorded day."""

    moment: dt.datetime | None = None

    @property
    def known_moment(self) -> dt.datetime | None:
        return self.moment


class ChangeReader:
    """Compares the standings of all items at the two ends, in the viewer's scope."""

    def __init__(self, frame: FrameView, compared: Comparison) -> None:
        self.frame = frame
        self.compared = compared
        self.entries = EntryReader(frame)
        self.standings = StandingReader(frame)
        self.earlier = self.standings
        if since := compared.since:
            then = copy.copy(frame)
            then.clock = _MomentClock(known=timezone.localdate(since), moment=since)
            then.parties, then.statuses = frame.parties, frame.statuses
            self.earlier = StandingReader(then)
        self.base = reverse("issues:issue_list", args=[frame.negotiation.slug])

    def read(self, page: str = "") -> Changes:
        """One page of the items that moved; totals, waits and the rest are of all items."""
        told = self._told()
        pairs = self._pairs(self._candidates(told), words=bool(self.compared.since))
        found = Issue.objects.visible_to(self.frame.viewer).in_agenda_order()
        issues = {issue.pk: issue for issue in found.only("number", "reference", "title")}
        moved = [pk for pk in issues if pk in pairs and movement(*pairs[pk]).moved]
        moved_set = set(moved)
        shown = page_at(moved, page, ITEMS_PER_PAGE)
        if not self.compared.since:
            pairs |= self._pairs(list(shown), words=True)
        rows = self._rows([issues[pk] for pk in shown], pairs, told)
        unmoved = [pk for pk in issues if pk not in moved_set]
        return Changes(
            compared=self.compared,
            page=shown,
            rows=rows,
            totals=Totals.of(pairs[pk] for pk in moved),
            quiet=[(issues[pk], len(told[pk])) for pk in unmoved if pk in told],
            unmoved=self._unmoved(issues, unmoved),
            waiting=self._waiting(issues),
            audience=self._audience(rows, told),
            base=self.base,
        )

    def _told(self) -> dict[int, list[int]]:
        """The entries behind the comparison, by item: said in that time, or recorded since."""
        if self.compared.since:
            return self.entries.counting(Q(recorded_at__gt=self.compared.since))
        return self.entries.counting(self.compared.span.began_counting)

    def _candidates(self, told: Iterable[int]) -> list[int]:
        if not self.compared.since:
            return list(moved_ids(self.frame, self.entries, self.compared.span))
        # A retraction moves an item though it says nothing itself.
        new = self.entries.seen().filter(recorded_at__gt=self.compared.since, kind="retraction")
        return list({*told, *new.order_by().values_list("issue_id", flat=True)})

    def _pairs(self, pks: Sequence[int], *, words: bool = False) -> dict[int, Pair]:
        before = self.earlier.on(pks, self.compared.start.day, words=words)
        after = self.standings.on(pks, self.compared.end.day, words=words)
        return {pk: (before.get(pk, NOTHING), after.get(pk, NOTHING)) for pk in pks}

    # --- Rows ------------------------------------------------------------------------------------

    def _rows(
        self, issues: Sequence[Issue], pairs: Mapping[int, Pair], told: Mapping[int, list[int]]
    ) -> list[MovedItem]:
        behind = {issue.pk: _behind(*pairs[issue.pk]) for issue in issues}
        lines = self.entries.lines([pk for pks in behind.values() for pk in pks])
        frames = [
            with_freshness_of(self.frame, end.day)
            for end in (self.compared.start, self.compared.end)
        ]
        rows = []
        for issue in issues:
            row = moved_item(issue, f"{self.base}{issue.number}/", pairs[issue.pk], frames)
            row.lines = lines[issue.pk]
            row.more = len(set(told.get(issue.pk, ())) - set(behind[issue.pk]))
            rows.append(row)
        return rows

    # --- What did not move -----------------------------------------------------------------------

    def _unmoved(self, issues: Mapping[int, Issue], pks: Sequence[int]) -> list[Unmoved]:
        """Those that have not moved for the most held rounds come first."""
        end = self.compared.end.day
        held = [r for r in self.frame.held_rounds if end is None or _end(r) <= end]
        days = [_end(r) for r in held]
        if first := next(map(self.frame.before_round, held), None):
            days.insert(0, first)
        views = self.standings.at_days(pks, days)
        counted = [Unmoved(issues[pk], _unchanged_rounds(views[pk])) for pk in pks]
        return sorted((found for found in counted if found.rounds), key=lambda found: -found.rounds)

    # --- Who is waited for -----------------------------------------------------------------------

    def _waiting(self, issues: Mapping[int, Issue]) -> list[Waiting]:
        entry = "waits_entry__waits_"
        rows = self._standings_at_end().filter(waits_entry__isnull=False)
        own = self.frame.viewer.party
        parties = sorted(self.frame.parties.values(), key=lambda party: party != own)
        groups: dict[int | str, Waiting] = {
            **{party.pk: Waiting(_waits_for(party, own), []) for party in parties},
            Entry.WaitsFor.BOTH.value: Waiting("Waits for all parties", []),
            Entry.WaitsFor.OUTSIDE.value: Waiting("Waits for somebody outside", []),
        }
        for issue_id, kind, party, why, text in rows.order_by(
            "issue__place", "issue__sub_place", "issue"
        ).values_list("issue_id", *(entry + name for name in ("for", "party", "why", "text"))):
            group = groups.get(party or kind)  # nobody any more: no group
            if group:
                group.items.append((issues[issue_id], text or WHY.get(why, "")))
        return [group for group in groups.values() if group.items]

    def _standings_at_end(self) -> StandingQuerySet:
        rows = Standing.objects.as_of(self.standings.scope, self.compared.end.day)
        found: StandingQuerySet = rows.filter(
            issue__negotiation=self.frame.negotiation, issue__entered_in_error=False
        )
        return found

    # --- Who may see the page --------------------------------------------------------------------

    def _audience(self, rows: Sequence[MovedItem], told: Mapping[int, list[int]]) -> str:
        """The narrowest audience of what the page was made from, in words (web-rules C20)."""
        used = {pk for pks in told.values() for pk in pks}
        used |= {pk for row in rows for pk in _resting_on(row.before)}
        named = ("party_rows__status_entry", "press_entry", "own_entry", "waits_entry")
        standing = self._standings_at_end().order_by().distinct()
        found = {
            word for row in standing.values_list(*(f"{n}__audience" for n in named)) for word in row
        }
        entries = self.entries.seen().filter(pk__in=used).order_by()
        found |= set(entries.values_list("audience", flat=True).distinct())
        if DELEGATION in found:
            return f"Contains entries only the {self.frame.viewer.party} delegation may see"
        if MEMBERS in found:
            return "Contains entries for members of this negotiation only"
        return "Made from public entries only"


def _waits_for(party: Party, own: Party | None) -> str:
    if own is None:
        return f"Waits for {party}"
    return f"Waits for {'us' if party == own else 'them'} ({party})"


def _resting_on(view: StandingView) -> set[int]:
    """The entries that make this headline and its badge."""
    own = {word.status_entry for word in view.words}
    aside = {view.press_entry, view.own_entry} if view.badge in ("press", "ours") else set()
    return {pk for pk in own | aside if pk}


def _behind(before: StandingView, after: StandingView) -> list[int]:
    """The entries that did it: those the later standing rests on and the earlier did not."""
    return sorted(_resting_on(after) - _resting_on(before))[-LINES_PER_ITEM:]


def _unchanged_rounds(views: Sequence[StandingView]) -> int:
    """At how many of the last rounds the item stood as after the round before.

    `views` begins with the day before the first round.
    """
    rounds = 0
    for before, after in zip(views[-2::-1], views[:0:-1], strict=True):
        if after.headline is None or (before is not after and movement(before, after).moved):
            break
        rounds += 1
    return rounds
