"""A whole negotiation from a document: recorded times and UUIDs kept, all of it or nothing."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from negotiations.dates import PRECISION_RANK, parse_date
from negotiations.models import Negotiation, Party, Source, User
from negotiations.scopes import Scope
from negotiations.services.loading import LoadedFrame, day_of, insert, load_frame, shown_in

from ..models import AgendaLine, Entry, EntrySource, Issue, Redaction
from ..numbers import number_from
from .chains import chain_negotiation, import_events
from .search import index_rounds, index_sources
from .standings import rebuild_negotiation

Json = dict[str, Any]
# By their numbers: 12, or "RU-1".
Items = dict[int | str, Issue]
BATCH = 500
ALREADY_HERE = "This negotiation is on this server already, or part of it is; nothing was changed."


def load_negotiation(document: Json, *, by: User, slug: str = "") -> Negotiation:
    """Open the negotiation that a checked document holds; `by` becomes its head.

    The one way by which entries keep the time at which they were recorded elsewhere. Their authors
    become accounts that nobody can sign in with. `slug` takes the place of the file's own address.
    Raises ValidationError for an address that is taken, and where its UUIDs are here already.
    """
    with transaction.atomic():
        _refuse_known(document)
        address = slug or document["negotiation"]["slug"]
        frame = load_frame(document, by=by, slug=address)
        items = _items(document["items"], frame, by)
        _agenda(document["agenda"], frame, items, by)
        _Entries(frame, items, _People(address)).write(document["entries"])
        rebuild_negotiation(frame.negotiation)
        chain_negotiation(frame.negotiation, import_events(_heads(document, frame), timezone.now()))
        # With the standings the items and entries were indexed; the rest has no standing.
        for index, rows in ((index_rounds, frame.rounds), (index_sources, frame.sources)):
            for page in _pages([row.pk for row in rows.values()]):
                index(page)
    return frame.negotiation


def _heads(document: Json, frame: LoadedFrame) -> dict[str, str]:
    """The heads of the exporter's chains, by the names that these chains have here."""
    party = frame.parties.get(document["scope"].get("party", ""))
    named = {"delegation": Scope.of_party(party.pk).key} if party else {}
    return {named.get(key, key): head for key, head in document.get("heads", {}).items()}


def _refuse_known(document: Json) -> None:
    for model, section in ((Entry, "entries"), (Source, "sources")):
        uuids = [record["uuid"] for record in document[section]]
        for page in _pages(uuids):
            if model.objects.filter(uuid__in=page).exists():
                raise ValidationError({"file": ALREADY_HERE})


def _pages(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


# --- Items --------------------------------------------------------------------------------------


def _items(records: list[Json], frame: LoadedFrame, by: User) -> Items:
    """Items in the order of the file: parents first, for their sub-items to point at."""
    tops = [record for record in records if "parent" not in record]
    rows = [_item(record, frame, place=place) for place, record in enumerate(tops, start=1)]
    items = {issue.address.plain: issue for issue in insert(rows, Issue, by=by)}
    under: dict[int | str, int] = {}
    children = []
    for record in records:
        if "parent" in record:
            parent = items[record["parent"]]
            under[record["parent"]] = under.get(record["parent"], 0) + 1
            place = {"place": parent.place, "sub_place": under[record["parent"]]}
            children.append(_item(record, frame, parent=parent, **place))
    items |= {issue.address.plain: issue for issue in insert(children, Issue, by=by)}
    _raised_by(records, items, frame)
    return items


def _item(record: Json, frame: LoadedFrame, **place: Any) -> Issue:
    plain = ("reference", "title", "description", "heading")
    number = number_from(str(record["number"]))
    return Issue(
        negotiation=frame.negotiation,
        series=number.series,
        number=number.number,
        **shown_in(record, frame.parties),
        recorded_at=dt.datetime.fromisoformat(record["recorded_at"]),
        **{name: record[name] for name in plain if name in record},
        **place,
    )


def _raised_by(records: list[Json], items: Items, frame: LoadedFrame) -> None:
    through = Issue.raised_by.through
    through.objects.bulk_create(
        [
            through(issue=items[record["number"]], party=frame.parties[code])
            for record in records
            for code in dict.fromkeys(record.get("raised_by", []))
        ],
        batch_size=BATCH,
    )


def _agenda(records: list[Json], frame: LoadedFrame, items: Items, by: User) -> None:
    rows = [
        AgendaLine(
            round=frame.rounds[record["round"]],
            issue=items[record["item"]],
            planned=record.get("planned", False),
            outcome=record.get("outcome", ""),
            order=record.get("order", 0),
            **shown_in(record, frame.parties),
        )
        for record in records
    ]
    insert(rows, AgendaLine, by=by)


# --- Entries ------------------------------------------------------------------------------------


class _People:
    """An account for each pseudonym. Nobody can sign in with it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.accounts: dict[str, User] = {}

    def account(self, name: str | None) -> User | None:
        if name is None:
            return None
        if name not in self.accounts:
            self.accounts[name] = self._make(name)
        return self.accounts[name]

    def _make(self, name: str) -> User:
        username = f"{self.address}-{name}"
        while User.objects.filter(username=username).exists():
            username = f"{self.address}-{name}-{secrets.token_hex(2)}"
        _word, _hyphen, number = name.partition("-")
        user = User(username=username, first_name="Person", last_name=number, is_active=False)
        user.set_unusable_password()
        user.save()
        return user


_PLAIN = (
    *("uuid", "kind", "reason", "voice", "speaker", "speaker_function", "holds_since"),
    *("position", "waits_for", "waits_why", "waits_text"),
    *("next_step", "next_step_who", "next_step_state"),
    *("text", "original_text", "original_language", "reliability", "audience"),
)
_PARTIES = ("party", "waits_party", "next_step_party", "audience_party", "recorded_party")


class _Entries:
    """Writes entries in the order of the file, some hundred at a time."""

    def __init__(self, frame: LoadedFrame, items: Items, people: _People) -> None:
        self.frame = frame
        self.items = items
        self.people = people
        self.written: dict[str, Entry] = {}

    def write(self, records: list[Json]) -> None:
        waiting: dict[str, Json] = {}
        for record in records:
            # A row can only point at one that is there.
            if len(waiting) == BATCH or record.get("corrects") in waiting:
                self._insert(list(waiting.values()))
                waiting = {}
            waiting[record["uuid"]] = record
        self._insert(list(waiting.values()))

    def _insert(self, records: list[Json]) -> None:
        made = Entry.objects.bulk_create([self._entry(record) for record in records])
        pairs = list(zip(made, records, strict=True))
        self.written |= {record["uuid"]: entry for entry, record in pairs}
        joint = Entry.joint_parties.through
        joint.objects.bulk_create(
            joint(entry=entry, party=party)
            for entry, record in pairs
            for party in self._parties(record.get("joint_parties", []))
        )
        EntrySource.objects.bulk_create(
            self._link(entry, link) for entry, record in pairs for link in record.get("sources", [])
        )
        Redaction.objects.bulk_create(
            _redaction(entry, record["redaction"])
            for entry, record in pairs
            if "redaction" in record
        )

    def _entry(self, record: Json) -> Entry:
        said, party = parse_date(record["said"]), self.frame.parties.get
        said_time = record.get("said_time")
        return Entry(
            issue=self.items[record["item"]],
            corrects=self.written[record["corrects"]] if "corrects" in record else None,
            said_first=said.first,
            said_last=said.last,
            precision=said.precision,
            precision_rank=PRECISION_RANK[said.precision],
            said_time=dt.time.fromisoformat(said_time) if said_time else None,
            counts_from=dt.date.fromisoformat(record["counts_from"]),
            recorded_at=dt.datetime.fromisoformat(record["recorded_at"]),
            recorded_by=self.people.account(record.get("recorded_by")),
            round=self.frame.rounds.get(record.get("round", 0)),
            status=self.frame.statuses.get(record.get("status", "")),
            next_step_by=day_of(record, "next_step_by"),
            **{name: record[name] for name in _PLAIN if name in record},
            **{name: party(record.get(name, "")) for name in _PARTIES},
        )

    def _parties(self, codes: list[str]) -> list[Party]:
        return [self.frame.parties[code] for code in dict.fromkeys(codes)]

    def _link(self, entry: Entry, link: Json) -> EntrySource:
        return EntrySource(
            entry=entry,
            source=self.frame.sources[link["source"]],
            recorded_at=dt.datetime.fromisoformat(link["recorded_at"]),
            recorded_by=self.people.account(link.get("recorded_by")),
        )


def _redaction(entry: Entry, record: Json) -> Redaction:
    return Redaction(
        entry=entry,
        sha256=record["sha256"],
        reason=record["reason"],
        redacted_at=dt.datetime.fromisoformat(record["redacted_at"]),
        redacted_by="elsewhere, before it was imported",
    )
