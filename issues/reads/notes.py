"""The notes on an item, as far as they are for the viewer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter

from django.core.paginator import Page
from django.db.models import QuerySet, prefetch_related_objects
from django.utils.safestring import SafeString

from negotiations.access import Role, Viewer, can
from negotiations.models import User
from negotiations.prepared import prepared
from negotiations.scopes import DELEGATION, MEMBERS, NAMED, PUBLIC

from ..markdown import rendered
from ..models import Issue, Note, SightChange, SightPerson
from ..services import may_change_note_sight, may_remove
from .paging import page_at

ON_ITEM = 5
ON_PAGE = 50


@dataclass(frozen=True)
class NoteLine:
    """One note as it is shown: its words, who may see it, what the viewer may do with it."""

    note: Note
    may_edit: bool
    may_remove: bool
    may_show: bool = False

    @property
    def url(self) -> str:
        return self.note.get_absolute_url()

    @property
    def html(self) -> SafeString:
        return rendered(self.note.text)

    @property
    def audience(self) -> str:
        """Who may see it, in words."""
        return note_audience_text(self.note)


def note_audience_text(note: Note) -> str:
    """Who may see a note, in words: all members, one delegation, or people by name."""
    if note.audience == MEMBERS:
        return "all members"
    if note.audience == DELEGATION:
        return f"only {note.audience_party}"
    return f"only {', '.join(map(str, note.named))}"


@dataclass(frozen=True)
class Notes:
    """The latest notes on an item, and whether there are more."""

    lines: list[NoteLine]
    more: bool


@dataclass(frozen=True)
class NoteChange:
    """One step of a note's history; `html` is what it said then, `reason` why others see it."""

    by: User | None
    at: dt.datetime
    what: str
    html: SafeString = SafeString("")
    reason: str = ""


def read_notes(viewer: Viewer, issue: Issue) -> Notes:
    """The latest that are not removed; one query, and one more for the named people."""
    if viewer.scope.key == PUBLIC:
        return Notes([], more=False)
    membership = viewer.membership.pk if viewer.membership else None
    rows = _latest(issue.pk, viewer.scope.party_id, membership)
    return Notes(_lines(viewer, issue, rows[:ON_ITEM]), more=len(rows) > ON_ITEM)


@prepared
def _latest(issue: int, side: int | None, membership: int | None) -> QuerySet[Note]:
    rows: QuerySet[Note] = Note.objects.in_sight(side, membership)
    rows = rows.filter(issue=issue, removed=False).select_related("author", "audience_party")
    return rows.order_by("-written_at", "-pk")[: ON_ITEM + 1]


def page_of_notes(viewer: Viewer, issue: Issue, number: str) -> tuple[list[NoteLine], Page[int]]:
    """One page of all notes on the item, removed ones as well. Raises BadRequest."""
    rows = Note.objects.visible_to(viewer).filter(issue=issue)
    page = page_at(list(rows.values_list("pk", flat=True)), number, ON_PAGE)
    found = rows.select_related("author", "audience_party").in_bulk(list(page))
    return _lines(viewer, issue, [found[pk] for pk in page]), page


def note_line(viewer: Viewer, note: Note) -> NoteLine:
    """One note, with its named people, and whether the viewer may show it to others."""
    (line,) = _lines(viewer, note.issue, [note])
    return replace(line, may_show=may_change_note_sight(note, viewer)[0])


def _lines(viewer: Viewer, issue: Issue, notes: list[Note]) -> list[NoteLine]:
    named = [note for note in notes if note.audience not in (MEMBERS, DELEGATION)]
    prefetch_related_objects(named, "people__user")
    may_edit = can(viewer, Role.RECORDER)[0]
    for note in notes:
        note.issue = issue
    return [
        NoteLine(note, may_edit and not note.removed, may_remove(note, viewer)[0]) for note in notes
    ]


def history_of(viewer: Viewer, note: Note) -> list[NoteChange]:
    """What the note said before, the latest first; for who sees the note.

    That it was shown to others is told to who saw it before and sees it since.
    """
    rows = list(note.history.select_related("history_user").order_by("history_date", "pk"))
    steps = [
        NoteChange(row.history_user, row.history_date, what, rendered(row.text))
        for old, row in zip([None, *rows[:-1]], rows, strict=True)
        if (what := _what(old, row))
    ]
    steps += _shown(viewer, note)
    return sorted(steps, key=attrgetter("at"), reverse=True)


def _shown(viewer: Viewer, note: Note) -> Iterable[NoteChange]:
    rows = SightChange.objects.filter(kind=SightChange.Kind.NOTE, row=note.pk)
    for change in rows.select_related("changed_by").prefetch_related("people__user"):
        people = list(change.people.all())
        was = {row.membership for row in people if not row.is_since}
        since = [row for row in people if row.is_since]
        ends = (
            (change.old_audience, change.old_party_id, was),
            (change.new_audience, change.new_party_id, {row.membership for row in since}),
        )
        if all(_saw(viewer, *end) for end in ends):
            what = f"made it for {_whom(change.new_audience, since)}"
            yield NoteChange(change.changed_by, change.changed_at, what, reason=change.reason)


def _saw(viewer: Viewer, audience: str, party: int | None, named: set[int]) -> bool:
    if audience == NAMED:
        return viewer.membership is not None and viewer.membership.pk in named
    return viewer.scope.sees(audience, party)


def _whom(audience: str, people: Iterable[SightPerson]) -> str:
    if audience == NAMED:
        return ", ".join(sorted(str(row.user) for row in people))
    return "all members" if audience == MEMBERS else "the own delegation"


def _what(old: Note | None, new: Note) -> str:
    """What happened to its words; nothing where only others see it since."""
    if old is None:
        return "written"
    if old.removed != new.removed:
        return "removed" if new.removed else "brought back"
    return "" if old.text == new.text else "changed"
