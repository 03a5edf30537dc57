"""What a person finds: items, entries, rounds and sources that they may see, words marked.

Nothing hidden has any part in it: the index is asked with the viewer's own keys, the order is
that of dates (never of how rare a word is), and counts are of what was found for this viewer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.core.paginator import Page

from negotiations.access import Viewer
from negotiations.addresses import path_within
from negotiations.dates import date_text
from negotiations.models import Negotiation, Party, Round, Source, Status

from ..fulltext import Seen, find, looking
from ..models import Entry, Issue, SearchRow
from ..numbers import Number
from ..services.search import STRUCK, key
from ..spelling import Segment, Terms, has, marked, terms
from . import search_rows as rows
from .frame import FrameView, StatusView, status_views
from .paging import page_at
from .sources import visible_among
from .standings import NOTHING, StandingReader, StandingView
from .wording import badge_text

# What is counted and can be paged through; beyond it one more word helps more than one more page.
MOST = 100
PER_PAGE = 20
PASSAGE = 240
PASSAGES = 2

VOICES = {
    Entry.Voice.JOINT.value: "jointly",
    Entry.Voice.THIRD.value: "press or third party",
    Entry.Voice.OWN.value: "our assessment",
}
ENTRY_LABELS = {
    "position": "Position",
    "original_text": "Original",
    "speaker": "Speaker",
    "speaker_function": "Speaker",
    "waits_text": "Waits for",
    "next_step": "Next step",
    "next_step_who": "Next step",
    "reason": "Reason",
}


class Kind(NamedTuple):
    """A kind of thing: its name in the address, what it is called, how many are shown at first."""

    name: str
    one: str
    many: str
    row: str
    first: int


ITEMS = Kind("items", "Item", "Items", SearchRow.Kind.ITEM, 5)
ENTRIES = Kind("entries", "Entry", "Entries", SearchRow.Kind.ENTRY, 8)
ROUNDS = Kind("rounds", "Round", "Rounds", SearchRow.Kind.ROUND, 4)
SOURCES = Kind("sources", "Source", "Sources", SearchRow.Kind.SOURCE, 5)
KINDS = [ITEMS, ENTRIES, ROUNDS, SOURCES]


@dataclass
class Passage:
    """A stretch of one field with what was found in it; `label`: which field, in words."""

    label: str
    segments: list[Segment]


@dataclass
class Result:
    """One thing that was found, as its line shows it."""

    url: str
    negotiation: Negotiation
    when: str
    title: list[Segment]
    passages: list[Passage] = field(default_factory=list)
    note: str = ""
    parties: list[Party] = field(default_factory=list)
    voice: str = ""
    status: StatusView | None = None
    only_for: Party | None = None
    is_struck: bool = False


@dataclass
class Group:
    """What was found of one kind: so many, and those that are shown."""

    kind: Kind
    ids: list[int]
    struck: set[int]
    word: str = ""  # what one negotiation calls it: Article, Session
    results: list[Result] = field(default_factory=list)
    page: Page[int] | None = None

    @property
    def label(self) -> str:
        return f"{self.word}s" if self.word else self.kind.many

    @property
    def said(self) -> str:
        """ "1 item", "100+ entries"."""
        one = self.word or self.kind.one
        return f"{self.count} {(one if self.count == '1' else self.label).lower()}"

    @property
    def count(self) -> str:
        return f"{MOST}+" if len(self.ids) > MOST else str(len(self.ids))

    @property
    def has_more(self) -> bool:
        """Whether more was found than the first page shows."""
        return len(self.ids) > len(self.results)


class SearchReader:
    """Looks in these negotiations, in each as its viewer sees it."""

    def __init__(self, viewers: Iterable[Viewer], typed: str) -> None:
        # The public has no search: it would need an index of its own.
        self.viewers = {v.negotiation.pk: v for v in viewers if not v.is_public}
        self.terms: Terms = terms(typed)

    def overview(self) -> list[Group]:
        """The first results of every kind of which there are any."""
        with looking():
            groups = [self._found(kind) for kind in KINDS]
        for group in groups:
            group.results = self._results(group, group.ids[: group.kind.first])
        return [group for group in groups if group.ids]

    def one_kind(self, name: str, page: str) -> list[Group]:
        """A page of the results of one kind. Raises BadRequest for what is no page."""
        with looking():
            group = self._found(next(kind for kind in KINDS if kind.name == name))
        group.page = page_at(group.ids[:MOST], page, PER_PAGE)
        group.results = self._results(group, list(group.page))
        return [group] if group.ids else []

    def _found(self, kind: Kind) -> Group:
        """Ids of one more than are counted; what no longer counts comes last."""
        if not self.terms or not self.viewers:
            return Group(kind, [], set())
        if kind is not ENTRIES:
            ids = find(self._seen(kind), self.terms, MOST + 1)
            return Group(kind, self._ranked(kind, ids), set(), self._word(kind))
        ids = find(self._counting(), self.terms, MOST + 1)
        struck = find(self._struck(), self.terms, MOST + 1 - len(ids)) if len(ids) <= MOST else []
        return Group(kind, ids + struck, set(struck))

    def _word(self, kind: Kind) -> str:
        """What the one negotiation that is searched calls its items and rounds."""
        if len(self.viewers) > 1 or kind is SOURCES:
            return ""
        (viewer,) = self.viewers.values()
        here = viewer.negotiation
        return here.item_word if kind is ITEMS else here.round_word

    # --- Who sees what ----------------------------------------------------------------------------

    def _seen(self, kind: Kind) -> Seen:
        """What everybody in a negotiation sees, one's delegation, and one alone."""
        return Seen(self._shared(kind.row) + self._own(kind.row))

    def _shared(self, row: str) -> list[str]:
        found = []
        for pk, viewer in self.viewers.items():
            found.append(key(row, pk))
            if viewer.party:
                found.append(key(row, pk, viewer.party.pk))
        return found

    def _own(self, row: str) -> list[str]:
        found = []
        for pk, viewer in self.viewers.items():
            found.append(key(row, pk, user=viewer.user.pk))
            if viewer.party:
                found.append(key(row, pk, viewer.party.pk, viewer.user.pk))
        return found

    def _counting(self) -> Seen:
        return self._entries(ENTRIES.row, STRUCK)

    def _struck(self) -> Seen:
        seen = self._entries(STRUCK, ENTRIES.row)
        # What one has undone oneself shows to nobody else.
        return Seen([*seen.keys, *self._own(ENTRIES.row)], seen.but)

    def _entries(self, state: str, other: str) -> Seen:
        """Entries in this state: for a delegation what it knows better goes before."""
        keys, but = [], []
        for pk, viewer in self.viewers.items():
            if viewer.party:
                own = viewer.party.pk
                keys.append(key(state, pk, own))
                but.append((key(state, pk), key(other, pk, own)))
            else:
                keys.append(key(state, pk))
        return Seen(keys, but)

    # --- What is shown ----------------------------------------------------------------------------

    def _ranked(self, kind: Kind, ids: list[int]) -> list[int]:
        """Items found by their title first, in the order of their numbers; others as found."""
        if kind is not ITEMS:
            return ids
        places = {
            pk: (
                not has(f"{Number(series, number)} {reference} {title}", self.terms),
                series,
                number,
            )
            for pk, title, reference, series, number in rows.item_names(ids)
        }
        return sorted(places, key=lambda pk: places[pk])

    def _results(self, group: Group, ids: Sequence[int]) -> list[Result]:
        if not ids:
            return []
        make = {ITEMS: self._items, ENTRIES: self._said, ROUNDS: self._rounds}
        found = make.get(group.kind, self._sources)(ids, group.struck)
        return [found[pk] for pk in ids if pk in found]

    def _passages(self, texts: Iterable[tuple[str, str]]) -> list[Passage]:
        found = ((label, marked(text, self.terms, PASSAGE)) for label, text in texts if text)
        return [Passage(label, segments) for label, segments in found if segments][:PASSAGES]

    def _home(self, row: Issue | Round | Source) -> Negotiation:
        """The negotiation of a row, which saves a query for its address."""
        row.negotiation = self.viewers[row.negotiation_id].negotiation
        return row.negotiation

    def _items(self, ids: Sequence[int], _struck: set[int]) -> dict[int, Result]:
        issues = [one for one in rows.items(list(ids)) if self._sees(one.negotiation_id, one)]
        stand = self._standings(issues)
        found = {}
        for issue in issues:
            home = self._home(issue)
            view = stand.get(issue.pk, NOTHING)
            texts = [("Heading", issue.heading), ("", issue.description)]
            found[issue.pk] = Result(
                url=issue.get_absolute_url(),
                negotiation=home,
                when=issue.label,
                title=marked(issue.title, self.terms),
                passages=self._passages(texts),
                note=badge_text(view),
                status=view.headline,
                only_for=issue.audience_party,
            )
        return found

    def _standings(self, issues: Iterable[Issue]) -> dict[int, StandingView]:
        """Where each item stands for its viewer, some queries for each negotiation among them."""
        by_home: dict[int, list[int]] = defaultdict(list)
        for issue in issues:
            by_home[issue.negotiation_id].append(issue.pk)
        found: dict[int, StandingView] = {}
        for home, pks in by_home.items():
            frame = FrameView(self.viewers[home])
            frame.statuses = self._statuses  # as entries show them: asked once for both
            found |= StandingReader(frame).on(pks)
        return found

    def _rounds(self, ids: Sequence[int], _struck: set[int]) -> dict[int, Result]:
        people, told, found = defaultdict(list), defaultdict(list), {}
        for delegate in rows.delegates(list(ids)):
            people[delegate.round_id].append(delegate)
        for readout in rows.readouts(list(ids)):
            told[readout.round_id].append(readout)
        for round_ in rows.rounds(list(ids)):
            home = self._home(round_)
            place = ", ".join(filter(None, (round_.venue, round_.city)))
            texts = [("", round_.level), ("", place), ("", round_.note), ("", round_.duration)]
            texts += [
                (one.party.code, ", ".join(filter(None, (one.name, one.function))))
                for one in people[round_.pk]
            ]
            texts += [
                (f"{one.party.code} said", one.text)
                for one in told[round_.pk]
                if self._sees(home.pk, one)
            ]
            found[round_.pk] = Result(
                url=round_.get_absolute_url(),
                negotiation=home,
                when=round_.when,
                title=marked(round_.title, self.terms),
                passages=self._passages(texts),
            )
        return found

    def _sources(self, ids: Sequence[int], _struck: set[int]) -> dict[int, Result]:
        found = {}
        for source in self._visible_sources(ids):
            home = self._home(source)
            texts = [("", source.publisher), ("No.", source.reference)]
            texts += [("", source.url), ("", source.archive_url)]
            found[source.pk] = Result(
                url=source.get_absolute_url(),
                negotiation=home,
                when=source.date_text or "no date",
                title=marked(source.title, self.terms),
                passages=self._passages(texts),
                note=source.publisher or source.get_kind_display(),
            )
        return found

    def _visible_sources(self, ids: Sequence[int]) -> Iterator[Source]:
        """Asked once more, of those on the page: the index is no authority on who may see."""
        for pk in sorted(set(rows.homes_of_sources(list(ids)))):
            yield from visible_among(self.viewers[pk], ids)

    def _said(self, ids: Sequence[int], struck: set[int]) -> dict[int, Result]:
        undone = set(rows.undone(list(ids)))
        seen = [one for one in rows.entries(list(ids)) if self._may_see(one, one.pk in undone)]
        joint = rows.joint_parties(seen)
        return {one.pk: self._entry(one, joint[one.pk], one.pk in struck) for one in seen}

    def _may_see(self, entry: Entry, is_undone: bool) -> bool:
        """The rule of `visible_to`, asked once more of what is on the page."""
        viewer = self.viewers[entry.issue.negotiation_id]
        if is_undone and entry.recorded_by_id != viewer.user.pk:
            return False
        home = entry.issue.negotiation_id
        return self._sees(home, entry) and self._sees(home, entry.issue)

    def _sees(self, home: int, thing: Any) -> bool:
        scope = self.viewers[home].scope
        return scope.sees(thing.audience, thing.audience_party_id)

    def _entry(self, entry: Entry, joint: list[Party], is_struck: bool) -> Result:
        home = self._home(entry.issue)
        url = path_within("issues:entry", home.slug, entry.issue.address, entry.uuid)
        texts = [(label, getattr(entry, name)) for name, label in ENTRY_LABELS.items()]
        said = marked(entry.text, self.terms, PASSAGE) or _beginning(entry.text)
        kind = "" if entry.kind == Entry.Kind.ENTRY else entry.get_kind_display()
        title = marked(f"{entry.issue.label} {entry.issue.title}", self.terms)
        return Result(
            url=url,
            negotiation=home,
            when=date_text(entry.said_first, entry.precision),
            title=title,
            passages=[*([Passage("", said)] if said else []), *self._passages(texts)],
            note=kind,
            parties=[entry.party] if entry.party else joint,
            voice=VOICES.get(entry.voice, ""),
            status=self._statuses.get(entry.status_id or 0),
            only_for=entry.audience_party,
            is_struck=is_struck,
        )

    @cached_property
    def _statuses(self) -> dict[int, StatusView]:
        """Every status of these negotiations, each with the mark of its own scheme."""
        found: dict[int, list[Status]] = {}
        for status in rows.statuses(list(self.viewers)):
            found.setdefault(status.scheme_id, []).append(status)
        return {pk: view for one in found.values() for pk, view in status_views(one).items()}


def _beginning(text: str) -> list[Segment]:
    """Enough of a text to know which it is, where the words were found beside it."""
    short = text[:PASSAGE]
    return [Segment(short if short == text else f"{short.rsplit(' ', 1)[0]} …")] if text else []
