"""The tables that can be taken away: items, entries, rounds, and where each item stood."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.utils import timezone

from negotiations.access import scope_filter
from negotiations.models import Delegate, Readout, Round

from ..models import Entry, Issue
from ..reads.rows import waits_text
from ..reads.standings import NOTHING, StandingView
from ..reads.wording import badge_text, fell_text
from .entry_rows import ENTRY_COLUMNS, Column, Row, entry_pages
from .snapshot import PAGE, Snapshot

ITEMS_PER_PAGE = 50


@dataclass(frozen=True)
class Table:
    """One table: its columns, its rows in pages, and how many rows there will be."""

    name: str
    title: str
    about: str
    columns: Callable[[Snapshot], list[Column]]
    pages: Callable[[Snapshot], Iterator[list[Row]]]
    count: Callable[[Snapshot], int]


# --- Where an item stands -----------------------------------------------------------------------


def _standing_columns(snapshot: Snapshot) -> list[Column]:
    parties = snapshot.frame.parties.values()
    return [
        Column("Status", "The headline: see “Who says so” before relying on it.", 20),
        Column("Category", "One of Parley's seven categories.", 18),
        Column("Who says so", "Who has given a status, and whether they agree.", 30),
        Column("Fell from", "Of what is blocked: where it stood before, and when it fell.", 24),
        *(
            column
            for party in parties
            for column in (
                Column(f"{party.code} status", f"{party.name}'s own latest status.", 18),
                Column(f"{party.code} said", "First day on which that was said.", 12),
            )
        ),
    ]


def _standing_cells(view: StandingView, snapshot: Snapshot) -> Row:
    words = {word.party.pk: word for word in view.words}
    cells: Row = [
        str(view.headline) if view.headline else "No status yet",
        view.headline.category if view.headline else None,
        badge_text(view) if view.headline else None,
        fell_text(view),
    ]
    for pk in snapshot.frame.parties:
        word = words.get(pk)
        cells += [str(word.status) if word and word.status else None, word and word.said_first]
    return cells


# --- Items --------------------------------------------------------------------------------------


def _item_columns(snapshot: Snapshot) -> list[Column]:
    return [
        Column("No.", "The number of the item in this negotiation.", 6),
        Column("Reference", "Its own name, such as Article 12.", 14),
        Column("Title", "What it is called today.", 44),
        Column("Heading", "Items with the same heading stand together.", 20),
        Column("Sub-item of", "The number of the item it belongs to.", 10),
        Column("Raised by", "The parties that put it on the table.", 12),
        Column("Description", "What it is about.", 40),
        *_standing_columns(snapshot),
        Column("Last said", "First day of the latest entry.", 12),
        Column("Entries", "How many entries it has in this file's scope.", 8),
        Column("Waits for", "Who has to move, and why.", 30),
        Column("Next step", "What is still to be done.", 30),
        Column("Next step by", "The day by which it is due.", 12),
        Column("Opened", "When the item was recorded (UTC).", 18),
        Column("Who may see it", "public, members or delegation.", 12),
        Column("Delegation", "The party whose delegation alone sees it.", 10),
    ]


def _item_pages(snapshot: Snapshot) -> Iterator[list[Row]]:
    for pks in snapshot.pages(list(snapshot.items), ITEMS_PER_PAGE):
        views = snapshot.standings().on(pks)
        found = Issue.objects.prefetch_related("raised_by").in_bulk(pks)
        asked = _asked(views.values())
        yield [
            _item_row(found[pk], views.get(pk, NOTHING), asked, snapshot)
            for pk in pks
            if pk in found
        ]


def _asked(views: Any) -> dict[int, dict[str, Any]]:
    """What the entries behind these standings say of waiting and of the next step. One query."""
    pks = {pk for view in views for pk in (view.waits_entry, view.next_step_entry) if pk}
    columns = (
        *("waits_for", "waits_party_id", "waits_why", "waits_text"),
        *("next_step", "next_step_by", "next_step_state"),
    )
    rows = Entry.objects.filter(pk__in=pks).order_by().values("pk", *columns)
    return {row["pk"]: row for row in rows}


def _item_row(
    issue: Issue, view: StandingView, asked: dict[int, dict[str, Any]], snapshot: Snapshot
) -> Row:
    waits, step = asked.get(view.waits_entry or 0), asked.get(view.next_step_entry or 0)
    if step and step["next_step_state"]:
        step = None
    return [
        issue.address.plain,
        issue.reference,
        issue.title,
        issue.heading,
        snapshot.items.get(issue.parent_id or 0),
        " ".join(party.code for party in issue.raised_by.all()),
        issue.description,
        *_standing_cells(view, snapshot),
        view.last_said,
        view.entry_count,
        waits_text(snapshot.frame, waits) if waits else None,
        step and step["next_step"],
        step and step["next_step_by"],
        issue.recorded_at,
        issue.audience,
        _code(snapshot, issue.audience_party_id),
    ]


def _code(snapshot: Snapshot, party: int | None) -> str | None:
    return snapshot.frame.parties[party].code if party else None


# --- Rounds -------------------------------------------------------------------------------------


def _round_columns(snapshot: Snapshot) -> list[Column]:
    parties = snapshot.frame.parties.values()
    return [
        Column("Place", "Its place in the order of rounds.", 6),
        Column("No.", "Its own number, if it has one.", 6),
        Column("Title", "", 30),
        Column("State", "Planned, under way, held, postponed or cancelled.", 12),
        Column("First day", "", 12),
        Column("Last day", "", 12),
        Column("Precision", "How exact these days are: day, month or year.", 10),
        Column("Expected", "When it is expected, in words.", 18),
        Column("City", "", 14),
        Column("Venue", "", 18),
        Column("Host", "The code of the party that hosts it.", 8),
        Column("Level", "", 18),
        Column("Side meeting", "yes, or empty.", 10),
        Column("Note", "", 30),
        *(Column(f"{p.code} delegation", "Heads first.", 34) for p in parties),
        *(
            Column(f"{p.code} readout", "What it said of the round as a whole.", 40)
            for p in parties
        ),
    ]


def _round_pages(snapshot: Snapshot) -> Iterator[list[Row]]:
    snapshot.confirm()
    people: dict[tuple[int, int], list[str]] = defaultdict(list)
    here = {"round__negotiation": snapshot.negotiation}
    for one in Delegate.objects.filter(**here):
        words = [one.name, one.function, "head" if one.is_head else ""]
        people[one.round_id, one.party_id].append(", ".join(filter(None, words)))
    texts: dict[tuple[int, int], list[str]] = defaultdict(list)
    readouts = Readout.objects.filter(scope_filter(snapshot.scope), **here)
    for told in readouts.order_by(F("audience_party").asc(nulls_first=True)):
        own = _code(snapshot, told.audience_party_id)
        text = f"{own} only: {told.text}" if own else told.text
        texts[told.round_id, told.party_id].append(text)
    parties = list(snapshot.frame.parties)
    yield [
        [
            *_round_cells(round_, snapshot),
            *("; ".join(people[round_.pk, party]) for party in parties),
            *("\n".join(texts[round_.pk, party]) or None for party in parties),
        ]
        for round_ in snapshot.frame.rounds
    ]


def _round_cells(round_: Round, snapshot: Snapshot) -> Row:
    host = snapshot.frame.parties.get(round_.host_id or 0)
    return [
        *(round_.place, round_.number, round_.title, round_.state),
        *(round_.first_day, round_.last_day, round_.precision if round_.first_day else None),
        *(round_.expected, round_.city, round_.venue, host and host.code, round_.level),
        *("yes" if round_.is_side_meeting else None, round_.note),
    ]


# --- Standings per round ------------------------------------------------------------------------


def _days(snapshot: Snapshot) -> list[tuple[Round | None, dt.date | None]]:
    """Each held round with its last day, then the day of the file; never later than that day."""
    end = snapshot.clock.as_of
    held = [
        (round_, min(round_.last_day, end or round_.last_day))
        for round_ in snapshot.frame.held_rounds
        if round_.first_day and round_.last_day and round_.first_day <= (end or round_.first_day)
    ]
    return [*held, (None, end)]


def _per_round_columns(snapshot: Snapshot) -> list[Column]:
    return [
        Column("No.", "The number of the item.", 6),
        Column("Reference", "", 14),
        Column("Title", "What the item is called today.", 40),
        Column("Round", "Its place in the order of rounds; empty for the day of the file.", 8),
        Column("Round title", "", 24),
        Column("As of", "The end of that round, or the day of the file.", 12),
        *_standing_columns(snapshot),
    ]


def _per_round_pages(snapshot: Snapshot) -> Iterator[list[Row]]:
    days = _days(snapshot)
    today = snapshot.clock.as_of or timezone.localdate(snapshot.at)
    for pks in snapshot.pages(list(snapshot.items), max(1, PAGE // len(days))):
        found = snapshot.standings().on_days(pks, [day for _round, day in days])
        names = Issue.objects.in_bulk(pks)
        yield [
            [
                *(names[pk].address.plain, names[pk].reference, names[pk].title),
                *((round_.place, round_.title) if round_ else (None, "On the day of this file")),
                day or today,
                *_standing_cells(views.get(pk, NOTHING), snapshot),
            ]
            for pk in pks
            if pk in names
            for (round_, day), views in zip(days, found, strict=True)
        ]


TABLES = {
    table.name: table
    for table in (
        Table(
            "items",
            "Items",
            "One row per item: where it stands, who says so, what it waits for.",
            _item_columns,
            _item_pages,
            lambda snapshot: len(snapshot.items),
        ),
        Table(
            "entries",
            "Entries",
            "One row per entry: who said what and when, old → new status, sources, corrections.",
            lambda _snapshot: ENTRY_COLUMNS,
            entry_pages,
            lambda snapshot: snapshot.entry_count,
        ),
        Table(
            "rounds",
            "Rounds",
            "One row per round: dates, place, delegations and each side's readout.",
            _round_columns,
            _round_pages,
            lambda snapshot: len(snapshot.frame.rounds),
        ),
        Table(
            "standings",
            "Standings",
            "One row per item and held round: where it stood at the end of it, by whose word.",
            _per_round_columns,
            _per_round_pages,
            lambda snapshot: len(snapshot.items) * len(_days(snapshot)),
        ),
    )
}


def total_rows(snapshot: Snapshot) -> int:
    """How many rows all of them have, as in a workbook."""
    return sum(table.count(snapshot) for table in TABLES.values())
