"""Rows of items and of rounds."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from negotiations.access import Viewer
from negotiations.dates import VagueDate
from negotiations.models import Party, Round

from ...imports.columns import plain
from ...imports.rows import Draft, column_texts, days, read_row
from ...imports.tables import Row, Table
from ...imports.words import JOINT, guess_speaker
from ...models import Issue, Upload
from ..opening import ItemData
from ..refusals import audience_text
from .entry_lines import Items
from .lines import Line, reading_of, written_for

State = Round.State
STATES = {
    plain(word): state
    for state, words in {
        State.PLANNED: "planned|scheduled|expected|запланирован|планируется",
        State.UNDER_WAY: "under way|ongoing|идёт|идет",
        State.HELD: "held|done|took place|completed|состоялся|состоялась|прошёл|прошел|проведён",
        State.POSTPONED: "postponed|delayed|отложен|перенесён|перенесен",
        State.CANCELLED: "cancelled|canceled|отменён|отменен|отменена",
    }.items()
    for word in words.split("|")
}


class ItemMaker:
    """Makes an ItemData of each row; `line.opens` names the row's parent within the file."""

    def __init__(self, upload: Upload, viewer: Viewer, table: Table) -> None:
        self.reading = reading_of(upload, table)
        self.items = Items(viewer)
        self.unborn = Issue(**written_for(upload, viewer))
        self.parties = {party.code: party for party in viewer.negotiation.parties.all()}
        self.names = [(party.code, party.name) for party in self.parties.values()]
        self.rows = self._rows(table)
        self.first: dict[tuple[str, ...], int] = {}
        for row in table.rows:
            self.first.setdefault(self._key(read_row(row, self.reading)), row.number)

    def _rows(self, table: Table) -> dict[str, str]:
        """Title and reference of each row of the file that has no parent: what stands below it."""
        titles = list(column_texts(table, self.reading, "title"))
        references = list(column_texts(table, self.reading, "reference")) or [""] * len(titles)
        parents = list(column_texts(table, self.reading, "parent")) or [""] * len(titles)
        found: dict[str, str] = {}
        for title, reference, parent in zip(titles, references, parents, strict=True):
            for name in (title, reference):
                if name and not parent:
                    found.setdefault(plain(name), plain(f"{reference} {title}"))
        return found

    @staticmethod
    def _key(draft: Draft) -> tuple[str, ...]:
        return tuple(plain(draft.text(name)) for name in ("parent", "reference", "title"))

    def line(self, row: Row) -> Line:
        """The row as an item, with what opening it would refuse."""
        draft = read_row(row, self.reading)
        line = Line.of(draft)
        title = draft.text("title")
        if not title:
            line.errors.setdefault("title", "An item has a title.")
        before = self.first[self._key(draft)]
        if title and before != row.number:
            line.errors.setdefault("title", f"This row repeats row {before}.")
        parent = self._parent(draft, line)
        self._refuse_twice(draft, line, parent)
        line.made = ItemData(
            title=title,
            reference=draft.text("reference"),
            heading=draft.text("heading"),
            description=draft.text("description"),
            parent=parent,
            raised_by=self._raised_by(draft, line),
        )
        return line

    def _parent(self, draft: Draft, line: Line) -> Any:
        word = draft.text("parent")
        if not word:
            return None
        if plain(word) in self.rows:
            line.opens = self.rows[plain(word)]
            return None
        found = [item for item in self.items.named(word) if item.parent_id is None]
        if len(found) != 1:
            line.errors.setdefault(
                "parent", f"“{word[:80]}” is no top-level item here, nor in this file."
            )
            return None
        if not self.unborn.is_within(found[0]):
            line.errors.setdefault("parent", f"“{found[0]}” is {audience_text(found[0])}.")
        line.understood["parent"] = f"{found[0].label} {found[0]}"
        return found[0]

    def _refuse_twice(self, draft: Draft, line: Line, parent: Any) -> None:
        if line.opens:
            return
        for item in self.items.by_title.get(plain(draft.text("title")), ()):
            same_place = item.parent_id == (parent.pk if parent else None)
            if same_place and plain(item.reference) == plain(draft.text("reference")):
                line.errors.setdefault("title", f"This is there already, as number {item.address}.")

    def _raised_by(self, draft: Draft, line: Line) -> list[Party]:
        word = draft.text("raised_by")
        if not word:
            return []
        meant = guess_speaker(word, self.names, {})
        codes = list(self.parties) if meant == JOINT else meant.split()
        if not codes or not set(codes) <= set(self.parties):
            line.errors.setdefault("raised_by", f"“{word[:40]}” is no party here.")
            return []
        line.understood["raised_by"] = ", ".join(self.parties[code].name for code in codes)
        return [self.parties[code] for code in codes]


class RoundMaker:
    """Makes the keywords of `create_round` of each row."""

    def __init__(self, upload: Upload, viewer: Viewer, table: Table) -> None:
        self.reading = reading_of(upload, table)
        self.word = viewer.negotiation.round_word
        self.today = timezone.localdate()
        rounds = viewer.negotiation.rounds.all()
        self.taken = {row.title.strip().casefold(): f"place {row.place}" for row in rounds}
        for row in table.rows:
            title = self._title(read_row(row, self.reading)).casefold()
            self.taken.setdefault(title, f"row {row.number}")

    def line(self, row: Row) -> Line:
        """The row as a round, with what adding it would refuse."""
        draft = read_row(row, self.reading)
        line = Line.of(draft)
        title = self._title(draft)
        if not title:
            line.errors.setdefault("title", "A round has a title or a number.")
        elif (before := self.taken[title.casefold()]) != f"row {row.number}":
            line.errors.setdefault("title", f"A round with this title is there, in {before}.")
        when = self._when(draft, line)
        state = self._state(draft, line, when)
        line.understood |= {"title": title, "state": State(state).label.lower()}
        if when:
            line.understood["start"] = str(VagueDate(when.first, when.first, when.precision))
        line.made = {
            "title": title,
            "number": draft.values.get("number"),
            "first_day": when.first if when else None,
            "last_day": when.last if when else None,
            "state": state,
            **({"precision": when.precision} if when else {}),
            **{name: draft.text(name) for name in ("city", "venue", "level", "note")},
        }
        return line

    def _title(self, draft: Draft) -> str:
        number = draft.values.get("number")
        return draft.text("title") or (f"{self.word} {number}" if number else "")

    def _when(self, draft: Draft, line: Line) -> VagueDate | None:
        try:
            return days(draft.values.get("start"), draft.values.get("end"))
        except ValueError as error:
            line.errors.setdefault("end", str(error))
            return None

    def _state(self, draft: Draft, line: Line, when: VagueDate | None) -> str:
        word = draft.text("state")
        state = STATES.get(plain(word), "") if word else _state_by(when, self.today)
        if not state:
            line.errors.setdefault("state", f"“{word[:40]}” is no state of a round.")
            return State.PLANNED
        if state in (State.HELD, State.UNDER_WAY) and not (line.errors.keys() & {"start", "end"}):
            if not when:
                line.errors.setdefault("start", "A round that took place has a date.")
            elif when.first > self.today:
                line.errors.setdefault("start", "This lies in the future: the round is planned.")
        return state


def _state_by(when: VagueDate | None, today: dt.date) -> str:
    """Without a word for it: held once it is over, under way while it lasts, else planned."""
    if when is None or when.first > today:
        return State.PLANNED
    return State.HELD if when.last < today else State.UNDER_WAY
