"""One negotiation as one JSON document, by negotiation.schema.json: a record to a line.

No time of its own, no database id, no name of an account: exported, imported and exported again
it has the same bytes. Empty fields are left out. Authors are person-1, person-2 … in the order in
which they first appear.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from negotiations.access import scope_filter
from negotiations.models import Delegate, Readout, Round, Shown, Source

from ..models import AgendaLine, Entry, EntrySource, Issue, Redaction
from .snapshot import PAGE, Snapshot

FORMAT, VERSION = "parley-negotiation", 1
SCHEMA = Path(__file__).with_name("negotiation.schema.json")
Json = dict[str, Any]


def write_document(path: Path, snapshot: Snapshot) -> Iterator[int]:
    """Writes the file in steps; after each, how many entries are written. Raises Withdrawn."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for text, written in document_parts(snapshot):
            file.write(text)
            yield written


def document_parts(snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    """The document in pieces, each with the number of entries so far."""
    snapshot.confirm()
    rounds = _Rounds(snapshot)
    written = 0
    yield _head(snapshot), written
    sections: list[tuple[str, Iterable[list[Json]]]] = [
        ("sources", _source_pages(snapshot, rounds)),
        ("rounds", [rounds.records()]),
        ("items", _item_pages(snapshot)),
        ("agenda", [_agenda(snapshot)]),
        ("entries", _entry_pages(snapshot)),
    ]
    for name, pages in sections:
        yield f',\n"{name}": [', written
        mark = "\n"
        for page in pages:
            written += len(page) if name == "entries" else 0
            yield mark + ",\n".join(map(line, page)) if page else "", written
            mark = ",\n" if page else mark
        yield "\n]", written
    yield "\n}\n", written


def line(record: Json) -> str:
    """A record on one line, without its empty fields."""
    empty: tuple[Any, ...] = ("", None, [])
    kept = {
        name: value for name, value in record.items() if value not in empty and value is not False
    }
    return json.dumps(kept, ensure_ascii=False)


def moment(value: dt.datetime) -> str:
    """2026-11-23T14:05:00.000123Z"""
    return f"{timezone.localtime(value, dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def day(value: dt.date | None, precision: str = "day") -> str | None:
    """2025-04-10, 2025-04 or 2025, as exactly as it is known."""
    if value is None:
        return None
    return value.isoformat()[: {"year": 4, "month": 7}.get(precision, 10)]


# --- The frame ----------------------------------------------------------------------------------


def _head(snapshot: Snapshot) -> str:
    negotiation, viewer = snapshot.negotiation, snapshot.viewer
    fields = ("slug", "title", "description", "rule", "round_word", "item_word", "freshness_months")
    about: Json = {name: getattr(negotiation, name) for name in fields}
    if negotiation.archived_at:
        about["archived_at"] = moment(negotiation.archived_at)
    scope = {"audience": "members"}
    if viewer.party:
        scope = {"audience": "delegation", "party": viewer.party.code}
    statuses = ("label", "short", "test", "category", "rung", "retired")
    scheme = negotiation.scheme
    parts = {
        "format": json.dumps(FORMAT),
        "version": str(VERSION),
        "scope": line(scope),
        "heads": line({head.audience: head.hash for head in snapshot.filed_heads}),
        "negotiation": line(about),
        "scheme": line(
            {"slug": scheme.slug, "name": scheme.name, "description": scheme.description}
        ),
        "statuses": _list(
            {name: getattr(status, name) for name in statuses}
            for status in snapshot.frame.statuses.values()
        ),
        "parties": _list(
            {"code": p.code, "name": p.name, "since": day(p.since), "until": day(p.until)}
            for p in snapshot.frame.parties.values()
        ),
    }
    return "{\n" + ",\n".join(f'"{name}": {text}' for name, text in parts.items())


def _list(records: Iterable[Json]) -> str:
    return "[\n" + ",\n".join(map(line, records)) + "\n]"


class _Rounds:
    """The rounds with all that belongs to them, read at once, so that their sources are known."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        here = {"round__negotiation": snapshot.negotiation}
        self.people: dict[int, list[Delegate]] = defaultdict(list)
        for delegate in Delegate.objects.filter(**here):
            self.people[delegate.round_id].append(delegate)
        self.told: dict[int, list[Readout]] = defaultdict(list)
        seen = scope_filter(snapshot.scope)
        told = Readout.objects.filter(seen, **here).select_related("source")
        for readout in told.order_by("party__order", "pk"):
            self.told[readout.round_id].append(readout)
        self.sources: dict[int, list[Source]] = defaultdict(list)
        links = Round.sources.through.objects.filter(
            scope_filter(snapshot.scope, "source__"), **here
        ).select_related("source")
        for link in links.order_by("pk"):
            self.sources[link.round_id].append(link.source)

    def source_ids(self) -> set[int]:
        ids = {source.pk for sources in self.sources.values() for source in sources}
        return ids | {one.pk for told in self.told.values() for r in told for one in self._seen(r)}

    def _seen(self, told: Readout) -> list[Source]:
        """Its source, where it has one that the reader of the file may see."""
        source, scope = told.source, self.snapshot.scope
        seen = source and scope.sees(source.audience, source.audience_party_id)
        return [source] if source and seen else []

    def records(self) -> list[Json]:
        return [self._record(round_) for round_ in self.snapshot.frame.rounds]

    def _record(self, round_: Round) -> Json:
        parties = self.snapshot.frame.parties
        host = parties.get(round_.host_id or 0)
        plain = ("state", "level", "city", "venue", "expected", "duration", "note")
        return {
            "place": round_.place,
            "number": round_.number,
            "title": round_.title,
            "short": round_.short,
            **{name: getattr(round_, name) for name in plain},
            "is_side_meeting": round_.is_side_meeting,
            "host": host and host.code,
            "first_day": day(round_.first_day),
            "last_day": day(round_.last_day),
            "precision": round_.precision,
            "expected_by": day(round_.expected_by),
            "delegates": [self._person(person) for person in self.people[round_.pk]],
            "readouts": [self._readout(told) for told in self.told[round_.pk]],
            "sources": [str(source.uuid) for source in self.sources[round_.pk]],
        }

    def _person(self, person: Delegate) -> Json:
        code = self.snapshot.frame.parties[person.party_id].code
        record = {"party": code, "name": person.name}
        optional = {"function": person.function, "is_head": person.is_head, "order": person.order}
        return record | {name: value for name, value in optional.items() if value}

    def _readout(self, told: Readout) -> Json:
        record = {"party": self.snapshot.frame.parties[told.party_id].code, "text": told.text}
        for source in self._seen(told):
            record["source"] = str(source.uuid)
        return record | {name: code for name, code in _shown(told, self.snapshot).items() if code}


def _shown(thing: Shown, snapshot: Snapshot) -> Json:
    """Who may see it, and whose people wrote it down."""
    parties = snapshot.frame.parties
    own, by = parties.get(thing.audience_party_id or 0), parties.get(thing.recorded_party_id or 0)
    return {
        "audience": thing.audience,
        "audience_party": own and own.code,
        "recorded_party": by and by.code,
    }


def _source_pages(snapshot: Snapshot, rounds: _Rounds) -> Iterator[list[Json]]:
    """The sources of what is in the file, and no others."""
    links = EntrySource.objects.filter(
        source=OuterRef("pk"), recorded_at__lte=snapshot.at, entry__in=snapshot.entries()
    )
    rows = Source.objects.filter(scope_filter(snapshot.scope), negotiation=snapshot.negotiation)
    rows = rows.filter(Exists(links.order_by()) | Q(pk__in=rounds.source_ids()))
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    for page in snapshot.pages(pks, PAGE):
        found = Source.objects.filter(pk__in=page).order_by("pk")
        yield [_source(one) | _shown(one, snapshot) for one in found]


def _source(source: Source) -> Json:
    plain = ("kind", "title", "reference", "publisher", "language", "url", "archive_url")
    return {
        "uuid": str(source.uuid),
        **{name: getattr(source, name) for name in plain},
        "dated": day(source.date_first, source.date_precision),
        "file": _file(source),
    }


def _file(source: Source) -> Json | None:
    """The name and hash of an uploaded file; the file itself stays where it is."""
    if not source.file_sha256:
        return None
    return {"name": source.file_name, "sha256": source.file_sha256}


# --- Items --------------------------------------------------------------------------------------


def _item_pages(snapshot: Snapshot) -> Iterator[list[Json]]:
    for pks in snapshot.pages(list(snapshot.items), PAGE):
        found = Issue.objects.prefetch_related("raised_by").in_bulk(pks)
        yield [_item(found[pk], snapshot) for pk in pks if pk in found]


def _item(issue: Issue, snapshot: Snapshot) -> Json:
    return {
        "number": issue.address.plain,
        "parent": snapshot.items.get(issue.parent_id or 0),
        "reference": issue.reference,
        "title": issue.title,
        "description": issue.description,
        "heading": issue.heading,
        "raised_by": [party.code for party in issue.raised_by.all()],
        "recorded_at": moment(issue.recorded_at),
        **_shown(issue, snapshot),
    }


def _agenda(snapshot: Snapshot) -> list[Json]:
    lines = AgendaLine.objects.in_scope(snapshot.scope).select_related("round")
    order = ("round__place", "order", "issue__series", "issue__number", "pk")
    return [
        {
            "round": line.round.place,
            "item": snapshot.items[line.issue_id],
            "planned": line.planned,
            "outcome": line.outcome,
            "order": line.order or None,
            **_shown(line, snapshot),
        }
        for line in lines.filter(round__negotiation=snapshot.negotiation).order_by(*order)
        if line.issue_id in snapshot.items
    ]


# --- Entries ------------------------------------------------------------------------------------

_PLAIN = (
    *("position", "waits_for", "waits_why", "waits_text"),
    *("next_step", "next_step_who", "next_step_state"),
    *("text", "original_text", "original_language", "reliability", "holds_since"),
)
_CODES = ("waits_party", "next_step_party", "audience_party", "recorded_party")


def _entry_pages(snapshot: Snapshot) -> Iterator[list[Json]]:
    """Entries in the order in which they were recorded, a range of ids at a time."""
    people = _People()
    first = snapshot.entries().order_by("pk").values_list("pk", flat=True).first()
    for start in range(first or 1, (snapshot.last_id if first else 0) + 1, PAGE):
        snapshot.confirm()
        page = snapshot.entries().filter(pk__gte=start, pk__lt=start + PAGE)
        entries = list(page.order_by("pk").select_related("corrects", "redaction"))
        joint, links = _joint(entries, snapshot), _links(entries, snapshot)
        yield [
            _Entry(entry, snapshot, people).record(joint[entry.pk], links[entry.pk])
            for entry in entries
            if entry.issue_id in snapshot.items
        ]


class _People:
    """Names for authors that tell nobody who they are."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}

    def name(self, pk: int | None) -> str | None:
        if pk is None:
            return None
        return self.names.setdefault(pk, f"person-{len(self.names) + 1}")


class _Entry:
    """One entry on its way into the document."""

    def __init__(self, entry: Entry, snapshot: Snapshot, people: _People) -> None:
        self.entry = entry
        self.snapshot = snapshot
        self.people = people

    def record(self, joint: list[str], links: Sequence[EntrySource]) -> Json:
        entry, frame = self.entry, self.snapshot.frame
        round_, status = frame.rounds_by_id.get(entry.round_id or 0), entry.status_id
        return {
            "uuid": str(entry.uuid),
            "item": self.snapshot.items[entry.issue_id],
            "kind": entry.kind,
            "corrects": str(entry.corrects.uuid) if entry.corrects else None,
            "reason": entry.reason,
            "voice": entry.voice,
            "party": self._code(entry.party_id),
            "joint_parties": joint,
            "speaker": entry.speaker,
            "speaker_function": entry.speaker_function,
            "said": day(entry.said_first, entry.precision),
            "said_time": entry.said_time and entry.said_time.isoformat(),
            "counts_from": day(entry.counts_from),
            "recorded_at": moment(entry.recorded_at),
            "recorded_by": self.people.name(entry.recorded_by_id),
            "round": round_ and round_.place,
            "status": str(frame.statuses[status]) if status else None,
            **{name: getattr(entry, name) for name in _PLAIN},
            **{name: self._code(getattr(entry, f"{name}_id")) for name in _CODES},
            "next_step_by": day(entry.next_step_by),
            "audience": entry.audience,
            "sources": [self._link(link) for link in links],
            "redaction": self._redaction(),
        }

    def _code(self, pk: int | None) -> str | None:
        return self.snapshot.frame.parties[pk].code if pk else None

    def _link(self, link: EntrySource) -> Json:
        record = {"source": str(link.source.uuid), "recorded_at": moment(link.recorded_at)}
        name = self.people.name(link.recorded_by_id)
        return record | ({"recorded_by": name} if name else {})

    def _redaction(self) -> Json | None:
        found: Redaction | None = getattr(self.entry, "redaction", None)
        if found is None:
            return None
        at = moment(found.redacted_at)
        return {"sha256": found.sha256, "reason": found.reason, "redacted_at": at}


def _joint(entries: Sequence[Entry], snapshot: Snapshot) -> dict[int, list[str]]:
    pks = [entry.pk for entry in entries if entry.voice == Entry.Voice.JOINT]
    spoken: dict[int, set[int]] = defaultdict(set)
    links = Entry.joint_parties.through.objects.filter(entry__in=pks)
    for entry, party in links.values_list("entry_id", "party_id"):
        spoken[entry].add(party)
    parties = snapshot.frame.parties.items()
    found: dict[int, list[str]] = defaultdict(list)
    for entry, said in spoken.items():
        found[entry] = [party.code for pk, party in parties if pk in said]
    return found


def _links(entries: Sequence[Entry], snapshot: Snapshot) -> dict[int, list[EntrySource]]:
    pks = [entry.pk for entry in entries]
    seen = scope_filter(snapshot.scope, "source__")
    rows = EntrySource.objects.filter(seen, entry__in=pks, recorded_at__lte=snapshot.at)
    found: dict[int, list[EntrySource]] = defaultdict(list)
    for link in rows.select_related("source"):
        found[link.entry_id].append(link)
    return found
