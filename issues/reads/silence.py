"""What nobody speaks of any more, and what the other side never answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import BadRequest
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from negotiations.dates import date_text
from negotiations.models import Category, Party, Round

from ..models import AgendaLine, Issue, Standing
from ..models.items import IssueQuerySet
from ..standing import Period, standing_on
from ..standing.values import CLAIMS_MORE, DONE, DROPPED, ONLY, StandingValue
from .frame import FrameView
from .rows import ItemRow
from .standings import StandingReader, StandingView, period
from .wording import ahead_and_behind

UNANSWERED = (ONLY, CLAIMS_MORE)
# Of what is closed or dropped nobody has to speak.
AWAITED = [value for value in Category.values if value not in (DONE, DROPPED)]
DEFAULT_ROUNDS, DEFAULT_DAYS = 2, 90


@dataclass(frozen=True)
class Quiet:
    """How long is silence: nothing said on or after `since`. One of `rounds` and `days` is set."""

    since: dt.date
    rounds: int | None = None
    days: int | None = None
    party: Party | None = None

    @property
    def text(self) -> str:
        if self.days is not None:
            return f"for {self.days} days, since {date_text(self.since)}"
        if self.since == dt.date.min:
            return f"for {self.rounds} rounds; so many have not been held"
        many = f"the last {self.rounds} rounds" if self.rounds != 1 else "the last round"
        return f"at or since {many}, from {date_text(self.since)}"


def main_rounds(frame: FrameView) -> list[Round]:
    """The rounds held by the day of the page, side meetings left out."""
    return frame.main_rounds(frame.clock.day)


def _first_day(round_: Round) -> dt.date:
    assert round_.first_day  # noqa: S101 - a held round has dates, says the database
    return round_.first_day


def read_quiet(frame: FrameView, query: Mapping[str, str]) -> Quiet:
    """Reads `?rounds=2` or `?days=90`, and `?party=RU`. Raises BadRequest with a sentence."""
    party = party_by_code(frame, query.get("party", ""))
    held, days = main_rounds(frame), query.get("days", "").strip()
    rounds = query.get("rounds", "").strip()
    if days or (not rounds and not held):
        count = _number(days or str(DEFAULT_DAYS), 20_000)
        return Quiet(frame.clock.day - dt.timedelta(count), days=count, party=party)
    count = _number(rounds or str(min(DEFAULT_ROUNDS, len(held))), 1_000)
    since = _first_day(held[-count]) if count <= len(held) else dt.date.min
    return Quiet(since, rounds=count, party=party)


def _number(typed: str, most: int) -> int:
    if not typed.isdecimal() or not 1 <= int(typed[:9]) <= most:
        raise BadRequest(f"“{typed[:20]}” is no number from 1 to {most}.")
    return int(typed)


def party_by_code(frame: FrameView, code: str) -> Party | None:
    """The party with this code, None for "". Raises BadRequest for any other."""
    found = next((p for p in frame.parties.values() if p.code == code), None)
    if code and found is None:
        raise BadRequest(f"There is no party “{code[:20]}” here.")
    return found


# --- What nobody mentioned ----------------------------------------------------------------------


@dataclass(frozen=True)
class Spoken:
    """When one party last said anything of an item."""

    party: Party
    text: str


@dataclass(frozen=True)
class SilentRow:
    row: ItemRow
    last: dt.date | None
    rounds: int
    spoken: list[Spoken]


class SilenceReader:
    """Reads both lists in the viewer's scope and at the page's clock."""

    def __init__(self, frame: FrameView, standings: StandingReader) -> None:
        self.frame = frame
        self.standings = standings

    def silent(self, quiet: Quiet) -> list[int]:
        """Items of which no party (or not `quiet.party`) has spoken since, longest silence first.

        What was marked as discussed at a round was spoken of. One query, or two at an earlier
        recorded day.
        """
        issues = Issue.objects.visible_to(self.frame.viewer)
        if quiet.party is None:
            issues = issues.filter(~Exists(self._discussed(quiet.since)))
        if self.frame.clock.known:
            return self._silent_known(issues, quiet)
        rows = issues.annotate(now=period(self.standings.scope, self.frame.clock.as_of))
        whose = Q(now__party_rows__party=quiet.party) if quiet.party else None
        rows = rows.filter(Q(now__category__in=[*AWAITED, ""]) | Q(("now__id", None)))
        rows = rows.annotate(spoke=Max("now__party_rows__spoke_first", filter=whose))
        rows = rows.filter(Q(spoke__lt=quiet.since) | Q(spoke=None))
        order = (F("spoke").asc(nulls_last=True), "place", "sub_place", "pk")
        return list(rows.order_by(*order).values_list("pk", flat=True))

    def _discussed(self, since: dt.date) -> QuerySet[AgendaLine]:
        lines = AgendaLine.objects.in_scope(self.frame.viewer.scope).order_by()
        lines = lines.filter(issue=OuterRef("pk"), outcome="discussed")
        return lines.filter(round__first_day__gte=since, round__first_day__lte=self.frame.clock.day)

    def _silent_known(self, issues: IssueQuerySet, quiet: Quiet) -> list[int]:
        known = issues.filter(recorded_at__lte=self.frame.clock.known_moment).in_agenda_order()
        views = self.standings.on(list(known.values_list("pk", flat=True)))
        spoke = {pk: last_spoke(view, quiet.party) for pk, view in views.items()}
        found = [
            pk
            for pk, view in views.items()
            if view.category in (*AWAITED, "") and (spoke[pk] or dt.date.min) < quiet.since
        ]
        return sorted(found, key=lambda pk: spoke[pk] or dt.date.max)

    def silent_rows(self, rows: Sequence[ItemRow], party: Party | None) -> list[SilentRow]:
        """What the page says of each: when who last spoke, and how many rounds ago that was."""
        starts = [_first_day(r) for r in main_rounds(self.frame)]
        found = []
        for row in rows:
            last = last_spoke(row.view, party)
            rounds = sum(start > (last or dt.date.min) for start in starts)
            found.append(SilentRow(row, last, rounds, _spoken(row.view)))
        return found

    # --- What the other side never answered ------------------------------------------------------

    def unanswered(self, party: Party | None) -> dict[int, dt.date]:
        """Items where a claim stands alone, and since when; the oldest first.

        With `party` only those which that party has not answered.
        """
        find = self._unanswered_known if self.frame.clock.known else self._unanswered_stored
        found = find()
        if party:
            views = self.standings.on(list(found))
            behind = {pk for pk in found if party in sides(views[pk])[1]}
            found = {pk: day for pk, day in found.items() if pk in behind}
        return found

    def _unanswered_stored(self) -> dict[int, dt.date]:
        """The run of such periods begins where the last other one ended."""
        scope = self.standings.scope
        others = Standing.objects.filter(
            issue=OuterRef("issue"), scope=scope.key, until__lte=OuterRef("since")
        ).exclude(badge=OuterRef("badge"), category=OuterRef("category"))
        began = Subquery(others.order_by("-until").values("until")[:1])
        rows = Standing.objects.as_of(scope, self.frame.clock.as_of).filter(
            issue__in=Issue.objects.visible_to(self.frame.viewer).order_by(),
            badge__in=UNANSWERED,
            category__in=AWAITED,
        )
        rows = rows.annotate(began=Coalesce(began, "since"))
        order = ("began", "issue__place", "issue__sub_place", "issue")
        return dict(rows.order_by(*order).values_list("issue", "began"))

    def _unanswered_known(self) -> dict[int, dt.date]:
        issues = Issue.objects.visible_to(self.frame.viewer).in_agenda_order()
        known = issues.filter(recorded_at__lte=self.frame.clock.known_moment)
        found = {}
        computed = self.standings.computed(list(known.values_list("pk", flat=True)))
        for pk, periods in computed.items():
            now = standing_on(periods, self.frame.clock.as_of)
            if now.badge in UNANSWERED and now.headline and now.headline.category in AWAITED:
                found[pk] = _began(periods, self.frame.clock.day, now)
        return dict(sorted(found.items(), key=lambda item: item[1]))


def _began(periods: Sequence[Period], day: dt.date, now: StandingValue) -> dt.date:
    """Where the unbroken run of the same badge in the same category began."""
    began = day
    for one in reversed([p for p in periods if p.since <= day]):
        standing = one.standing
        if (standing.badge, _category(standing)) != (now.badge, _category(now)):
            break
        began = one.since
    return began


def _category(standing: StandingValue) -> str:
    return standing.headline.category if standing.headline else ""


def last_spoke(view: StandingView, party: Party | None) -> dt.date | None:
    """The latest day on which any party, or this one, said anything of the item."""
    days = [w.spoke_first for w in view.words if w.spoke_first and party in (None, w.party)]
    return max(days, default=None)


def _spoken(view: StandingView) -> list[Spoken]:
    return [
        Spoken(
            word.party,
            date_text(word.spoke_first, word.spoke_precision)
            if word.spoke_first
            else "nothing on record",
        )
        for word in view.words
    ]


def sides(view: StandingView) -> tuple[list[Party], list[Party]]:
    """Who makes the claim that stands alone, and who has not answered it."""
    if view.badge == CLAIMS_MORE:
        return ahead_and_behind(view)
    claim = [word.party for word in view.words if word.status]
    return claim, [word.party for word in view.words if not word.status]


@dataclass(frozen=True)
class UnansweredRow:
    """A claim, who has not answered it, and since when."""

    row: ItemRow
    since: dt.date
    claimed_by: list[Party]
    silent: list[Party]

    @property
    def since_text(self) -> str:
        return date_text(self.since)


def unanswered_rows(rows: Sequence[ItemRow], since: Mapping[int, dt.date]) -> list[UnansweredRow]:
    """What the page says of each of these items."""
    return [UnansweredRow(row, since[row.issue.pk], *sides(row.view)) for row in rows]
