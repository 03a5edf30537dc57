"""The frame of a negotiation from a document that was checked: everything but its items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.utils import bulk_create_with_history

from negotiations.dates import DAY, parse_date
from negotiations.models import (
    Delegate,
    Membership,
    Negotiation,
    Party,
    Readout,
    Round,
    Source,
    Status,
    StatusScheme,
    User,
)
from negotiations.scopes import MEMBERS

from .rows import save

Json = dict[str, Any]
Row = TypeVar("Row", bound=models.Model)
BATCH = 500


@dataclass(frozen=True)
class LoadedFrame:
    """What the document's records refer to, by the names they have there."""

    negotiation: Negotiation
    parties: dict[str, Party]
    statuses: dict[str, Status]
    sources: dict[str, Source]
    rounds: dict[int, Round]


def load_frame(document: Json, *, by: User, slug: str) -> LoadedFrame:
    """Open the negotiation of the document at the address `slug`; `by` becomes its head.

    The document keeps to its schema and its rules: that was checked by the caller, who holds the
    transaction too. Raises ValidationError for an address that is taken or cannot be one.
    """
    if Negotiation.objects.filter(slug=slug).exists():
        raise ValidationError({"slug": f"The address “{slug}” is taken here; choose another."})
    negotiation = _negotiation(document["negotiation"], by, slug)
    parties = _parties(document["parties"], negotiation, by)
    tied = parties.get(document["scope"].get("party", ""))
    # A delegation's own entries are for its people; whoever brings them is one of these.
    membership = Membership(negotiation=negotiation, user=by)
    save(membership, by=by, role=Membership.Role.HEAD, party=tied)
    sources = _sources(document["sources"], negotiation, by, parties)
    return LoadedFrame(
        negotiation,
        parties,
        _statuses(document, negotiation, by),
        sources,
        _rounds(document["rounds"], negotiation, by, parties, sources),
    )


def insert(rows: Iterable[Row], model: type[Row], *, by: User | None) -> list[Row]:
    """Write rows that were checked, with one line each in the edit history, in few statements."""
    made = list(rows)
    if made:
        made = bulk_create_with_history(made, model, batch_size=BATCH, default_user=by)
    return made


def day_of(record: Json, name: str) -> dt.date | None:
    """The day in this field, if there is one."""
    return dt.date.fromisoformat(record[name]) if name in record else None


def shown_in(record: Json, parties: dict[str, Party]) -> Json:
    """Who may see what this record tells of: all members, where an older file does not say."""
    return {
        "audience": record.get("audience", MEMBERS),
        "audience_party": parties.get(record.get("audience_party", "")),
        "recorded_party": parties.get(record.get("recorded_party", "")),
    }


def _negotiation(record: Json, by: User, slug: str) -> Negotiation:
    names = ("title", "description", "rule", "round_word", "item_word", "freshness_months")
    negotiation = Negotiation()
    archived = record.get("archived_at")
    save(
        negotiation,
        by=by,
        slug=slug,
        archived_at=dt.datetime.fromisoformat(archived) if archived else None,
        **{name: record[name] for name in names if name in record},
    )
    return negotiation


def _statuses(document: Json, negotiation: Negotiation, by: User) -> dict[str, Status]:
    about = {"description": "", **document["scheme"]}
    scheme = StatusScheme.objects.create(negotiation=negotiation, **about)
    rows = [
        Status(scheme=scheme, order=order, **record)
        for order, record in enumerate(document["statuses"], start=1)
    ]
    return {status.label: status for status in insert(rows, Status, by=by)}


def _parties(records: list[Json], negotiation: Negotiation, by: User) -> dict[str, Party]:
    rows = [
        Party(
            negotiation=negotiation,
            order=order,
            code=record["code"],
            name=record["name"],
            since=day_of(record, "since"),
            until=day_of(record, "until"),
        )
        for order, record in enumerate(records, start=1)
    ]
    return {party.code: party for party in insert(rows, Party, by=by)}


def _sources(
    records: list[Json], negotiation: Negotiation, by: User, parties: dict[str, Party]
) -> dict[str, Source]:
    rows = [_source(record, negotiation, parties) for record in records]
    return {str(source.uuid): source for source in insert(rows, Source, by=by)}


def _source(record: Json, negotiation: Negotiation, parties: dict[str, Party]) -> Source:
    """A source without its file: of that only the name and the hash came along."""
    plain = ("uuid", "kind", "title", "reference", "publisher", "language", "url", "archive_url")
    dated, file = record.get("dated"), record.get("file", {})
    when = parse_date(dated) if dated else None
    return Source(
        negotiation=negotiation,
        date_first=when.first if when else None,
        date_precision=when.precision if when else DAY,
        file_name=file.get("name", ""),
        file_sha256=file.get("sha256", ""),
        **shown_in(record, parties),
        **{name: record[name] for name in plain if name in record},
    )


def _rounds(
    records: list[Json],
    negotiation: Negotiation,
    by: User,
    parties: dict[str, Party],
    sources: dict[str, Source],
) -> dict[int, Round]:
    rows = [_round(record, negotiation, parties) for record in records]
    rounds = {round_.place: round_ for round_ in insert(rows, Round, by=by)}
    people, told, links = [], [], []
    for record in records:
        round_ = rounds[record["place"]]
        for one in record.get("delegates", []):
            people.append(Delegate(round=round_, **one | {"party": parties[one["party"]]}))
        for one in record.get("readouts", []):
            source = sources[one["source"]] if "source" in one else None
            named = {"party": parties[one["party"]], "source": source, **shown_in(one, parties)}
            told.append(Readout(round=round_, **one | named))
        links += [
            Round.sources.through(round=round_, source=sources[uuid])
            for uuid in dict.fromkeys(record.get("sources", []))
        ]
    insert(people, Delegate, by=by)
    insert(told, Readout, by=by)
    Round.sources.through.objects.bulk_create(links)
    return rounds


def _round(record: Json, negotiation: Negotiation, parties: dict[str, Party]) -> Round:
    elsewhere = {"delegates", "readouts", "sources", "host", "first_day", "last_day", "expected_by"}
    return Round(
        negotiation=negotiation,
        host=parties.get(record.get("host", "")),
        first_day=day_of(record, "first_day"),
        last_day=day_of(record, "last_day"),
        expected_by=day_of(record, "expected_by"),
        **{"precision": ""}
        | {name: value for name, value in record.items() if name not in elsewhere},
    )
