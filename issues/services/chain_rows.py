"""The rows of one negotiation that are chained, and whether they are what their links say."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from negotiations.models import Negotiation

from .. import triggers
from ..chaining import (
    came_content,
    chain_of,
    entry_content,
    left_content,
    note_content,
    person_content,
    redaction_content,
    sealed,
    shown_content,
    source_content,
    words_of,
)
from ..models import (
    AudienceChange,
    ChainHead,
    ChainLink,
    Entry,
    EntrySource,
    Note,
    PersonErasure,
    Redaction,
    SightChange,
)
from .chains import (
    Event,
    audience_events,
    entry_event,
    redaction_event,
    sight_events,
    source_event,
)
from .sight import KINDS

Kind = ChainLink.Kind
# What every row has to have, by the name of its table here.
_KINDS = {
    "entries": (Kind.ENTRY,),
    "sources": (Kind.SOURCE,),
    "changes": (Kind.LEFT, Kind.CAME),
    "redactions": (Kind.REDACTION,),
    "sights": (Kind.HIDDEN, Kind.SHOWN),
}
_TABLE = {kind: name for name, kinds in _KINDS.items() for kind in kinds} | {Kind.PERSON: "people"}


class Rows:
    """Everything of a negotiation that has links, and the links; read at once."""

    def __init__(self, negotiation: Negotiation) -> None:
        here = {"entry__issue__negotiation": negotiation}
        entries = Entry.objects.filter(issue__negotiation=negotiation)
        sources = EntrySource.objects.filter(**here).select_related("source")
        self.negotiation = negotiation
        self.entries = entries.order_by("pk").select_related("status", "issue").in_bulk()
        self.sources = sources.order_by("pk").in_bulk()
        self.changes = AudienceChange.objects.filter(**here).order_by("changed_at", "pk").in_bulk()
        self.redactions = Redaction.objects.filter(**here).order_by("pk").in_bulk()
        sights = SightChange.objects.filter(negotiation=negotiation)
        self.sights = sights.order_by("changed_at", "pk").prefetch_related("people").in_bulk()
        self.people = PersonErasure.objects.order_by("pk").in_bulk()
        self.links = list(ChainLink.objects.filter(negotiation=negotiation))
        self.heads = {h.chain: h for h in ChainHead.objects.filter(negotiation=negotiation)}
        self.joint = self._joint()
        self.moves: dict[int, list[AudienceChange]] = defaultdict(list)
        self._connect()

    def _joint(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        through = Entry.joint_parties.through.objects
        rows = through.filter(entry__issue__negotiation=self.negotiation)
        for entry, party in rows.values_list("entry_id", "party_id"):
            found[entry].append(party)
        return found

    def _connect(self) -> None:
        """Gives every row its entry without another query."""
        for entry in self.entries.values():
            if entry.corrects_id:
                target = self.entries.get(entry.corrects_id)
                entry._state.fields_cache["corrects"] = target
        for rows in (self.sources, self.changes, self.redactions):
            for row in rows.values():
                row.entry = self.entries[row.entry_id]
        for change in self.changes.values():
            self.moves[change.entry_id].append(change)
        self.redacted = {row.entry_id: row for row in self.redactions.values()}
        self.contents = {x.row: x.content for x in self.links if x.kind == Kind.ENTRY}

    def table(self, name: str) -> dict[int, Any]:
        """Its rows by id."""
        found: dict[int, Any] = getattr(self, name)
        return found

    def first_chain(self, entry: Entry) -> str:
        """The chain of the audience that an entry was recorded for."""
        for change in self.moves[entry.pk]:
            return chain_of(change.old_audience, change.old_party_id)
        return chain_of(entry.audience, entry.audience_party_id)

    def chain_at(self, entry: Entry, moment: dt.datetime) -> str:
        """The chain of the audience that an entry had at this moment."""
        chain = self.first_chain(entry)
        for change in self.moves[entry.pk]:
            if change.changed_at <= moment:
                chain = chain_of(change.new_audience, change.new_party_id)
        return chain

    def missing(self) -> Iterator[tuple[str, int]]:
        """Kind and row of every link that ought to be there and is not."""
        linked = {(link.kind, link.row) for link in self.links}
        for name, kinds in _KINDS.items():
            for pk in self.table(name):
                yield from ((kind.value, pk) for kind in kinds if (kind, pk) not in linked)

    # --- Making links ---------------------------------------------------------------------------

    def unlinked(self) -> Iterator[Event]:
        """Events for all rows without a link; of one moment, entries come first."""
        for kind, pk in list(self.missing()):
            yield from self._events(kind, self.table(_TABLE[Kind(kind)])[pk])

    def _events(self, kind: str, row: Any) -> Iterator[Event]:
        match kind:
            case Kind.ENTRY:
                stone = self.redacted.get(row.pk)
                words = stone.sha256 if stone else ""
                event = entry_event(row, self.joint[row.pk], self.first_chain(row), words)
                self.contents[row.pk] = event.content
                yield event
            case Kind.SOURCE:
                yield source_event(row, self.chain_at(row.entry, row.recorded_at))
            case Kind.REDACTION:
                yield redaction_event(row, self.chain_at(row.entry, row.redacted_at))
            case Kind.LEFT | Kind.CAME:
                events = audience_events(row, self.contents[row.entry_id])
                yield from (event for event in events if event.kind == kind)
            case Kind.HIDDEN | Kind.SHOWN:
                yield from (event for event in sight_events(row) if event.kind == kind)

    # --- Looking at links -----------------------------------------------------------------------

    def fault(self, link: ChainLink) -> str:
        """What is wrong with what a link is about, or nothing; whether it hangs in its chain is
        for the caller to see.
        """
        if sealed(link) != link.hash:
            return "the link itself was changed"
        if link.kind == Kind.IMPORT:
            return "" if note_content(link.note) == link.content else "the link was changed"
        row = self.table(_TABLE[Kind(link.kind)]).get(link.row or 0)
        if row is None:
            return f"the {Kind(link.kind).label} is missing"
        if link.kind == Kind.ENTRY:
            return self._entry_fault(row, link)
        same = self._content(link.kind, row) == link.content
        return "" if same else f"{self._name(link.kind, row)} is not what was recorded"

    def _entry_fault(self, entry: Entry, link: ChainLink) -> str:
        name = self._name(link.kind, entry)
        words = link.words if entry.pk in self.redacted else words_of(entry)
        if entry.pk in self.redacted and not _is_blank(entry):
            return f"{name} is redacted and says something"
        content = entry_content(entry, self.joint[entry.pk], words)
        if (content, words) != (link.content, link.words):
            return f"{name} is not what was recorded"
        if self.first_chain(entry) != link.chain or self._moved_silently(entry):
            return f"{name} is not for the audience it was recorded for"
        return ""

    def _moved_silently(self, entry: Entry) -> bool:
        """Whether the audience changes, one after the other, lead to another audience."""
        chain = self.first_chain(entry)
        for change in self.moves[entry.pk]:
            if chain_of(change.old_audience, change.old_party_id) != chain:
                return True
            chain = chain_of(change.new_audience, change.new_party_id)
        return chain != chain_of(entry.audience, entry.audience_party_id)

    def _content(self, kind: str, row: Any) -> str:
        match kind:
            case Kind.SOURCE:
                return source_content(row)
            case Kind.LEFT:
                return left_content(row)
            case Kind.CAME:
                return came_content(row, self.contents.get(row.entry_id, ""))
            case Kind.REDACTION:
                return redaction_content(row)
            case Kind.HIDDEN:
                return left_content(row)
            case Kind.SHOWN:
                return shown_content(row)
        return person_content(row)

    def _name(self, kind: str, row: Any) -> str:
        if kind == Kind.PERSON:
            return f"the erasure {row.uuid}"
        if kind in _KINDS["sights"]:
            return f"the change {row.uuid} of who may see {_of(row)}"
        entry = row if kind == Kind.ENTRY else row.entry
        about = f"entry {entry.uuid} of item {entry.issue.address}"
        return about if kind == Kind.ENTRY else f"the {Kind(kind).label} of {about}"

    def strayed(self) -> Iterator[str]:
        """Things whose last change gave them another audience than they have, in words."""
        last = {(change.kind, change.row): change for change in self.sights.values()}
        models: dict[type[Any], str] = {**KINDS, Note: SightChange.Kind.NOTE}
        for model, kind in models.items():
            changes = {pk: change for (name, pk), change in last.items() if name == kind}
            for thing in model._default_manager.filter(pk__in=changes):
                change = changes[thing.pk]
                given = (change.new_audience, change.new_party_id, _named_by(change))
                if (thing.audience, thing.audience_party_id, _named_now(thing)) != given:
                    name = self._name(Kind.SHOWN, change)
                    yield f"{name} was not the last: it is for another audience now"

    def told(self, kind: str, pk: int) -> str:
        """A row without a link, in words."""
        return f"{self._name(kind, self.table(_TABLE[Kind(kind)])[pk])} has no link"


def _of(change: SightChange) -> str:
    """ "an item", "a readout": what it was about."""
    word = change.get_kind_display()
    return f"an {word}" if word.startswith("i") else f"a {word}"


def _named_by(change: SightChange) -> set[int]:
    return {row.membership for row in change.people.all() if row.is_since}


def _named_now(thing: Any) -> set[int]:
    """Whom it names, where it is a note."""
    return {row.membership for row in thing.people.all()} if isinstance(thing, Note) else set()


def _is_blank(entry: Entry) -> bool:
    return all(getattr(entry, name) == triggers.blank(name) for name in triggers.WORDS)
