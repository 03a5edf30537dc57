"""Rows of entries: whose words, about which item, on which day, with which status."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.models import Party, Round, Source, Status

from ...imports.columns import plain
from ...imports.rows import Draft, read_row, repeats
from ...imports.tables import Row, Table
from ...imports.words import JOINT, NOTHING, OWN, THIRD
from ...models import Entry, Issue, Upload
from ..entry_data import EntryData, NewSource
from ..refusals import check_entry
from .lines import Line, add_refusal, reading_of, written_for

NEW = "new:"
# What the check calls a field, and the column it came from.
NAMES = {
    "said": "date",
    "voice": "asserted_by",
    "joint_parties": "asserted_by",
    "source": "source_url",
}
VOICES = {
    JOINT: "jointly by all parties",
    THIRD: "a press or third-party report",
    OWN: "our own assessment",
}

_address = URLValidator(["http", "https"])


@cache
def is_address(text: str) -> bool:
    """Whether this is a link the model will take."""
    try:
        _address(text)
    except ValidationError:
        return False
    return True


class EntryMaker:
    """Makes an EntryData of each row, by the words the person has explained."""

    def __init__(self, upload: Upload, viewer: Viewer, table: Table) -> None:
        self.viewer, self.negotiation = viewer, viewer.negotiation
        self.options = upload.options
        self.reading = reading_of(upload, table)
        self.repeats = repeats(table, self.reading)
        self.today = timezone.localdate()
        self.parties = {party.code: party for party in self.negotiation.parties.all()}
        self.items = Items(viewer)
        self.rounds = _rounds(viewer)
        self.statuses = self._statuses(upload.words.get("status", {}))
        self.speakers: dict[str, str] = upload.words.get("asserted_by", {})
        # Stands for each item that is yet to be opened: the checks ask whose it is.
        self.shown = written_for(upload, viewer)
        self.unborn = Issue(negotiation=self.negotiation, **self.shown)

    def _statuses(self, words: dict[str, str]) -> dict[str, Status | None]:
        rows = self.negotiation.scheme.statuses.select_related("scheme")
        present = {status.label: status for status in rows}
        labels = dict(self.options.get("labels", ()))
        found: dict[str, Status | None] = {}
        for word, meant in words.items():
            if meant == NOTHING:
                found[word] = None
            elif meant in present:
                found[word] = present[meant]
            elif meant.startswith(NEW):
                unborn = Status(scheme=self.negotiation.scheme, label=labels[word])
                found[word] = present.setdefault(labels[word], unborn)
        return found

    def line(self, row: Row) -> Line:
        """The row as an entry. Its errors include what recording it would refuse."""
        draft = read_row(row, self.reading)
        line = Line.of(draft)
        if before := self.repeats.get(row.number):
            self._repeated(line, before)
        self._place(draft, line)
        values = self._values(draft, line)
        if line.left_out or line.errors.keys() & {"date", "status"}:
            return line
        line.made = EntryData(**values)
        try:
            check_entry(line.item or self.unborn, line.made, self.viewer, self.today)
        except ValidationError as refusal:
            add_refusal(line, refusal, NAMES)
        return line

    def _repeated(self, line: Line, before: int) -> None:
        if self.options.get("skip_repeated"):
            line.left_out = True
        else:
            line.errors.setdefault("", f"This row says the same as row {before}.")

    def _place(self, draft: Draft, line: Line) -> None:
        """The item the row is about, or the one that is to be opened for it."""
        if "item" in draft.errors:
            return
        word = draft.text("item")
        found = self.items.named(word)
        if not word:
            line.errors["item"] = "Say which item this is about."
        elif len(found) > 1:
            line.errors["item"] = f"{len(found)} items are called “{word}”; write the number."
        elif found:
            line.item = found[0]
            line.understood["item"] = f"{line.item.label} {line.item}"
        elif word.isdecimal():
            line.errors["item"] = f"There is no item number {word}."
        elif self.options.get("open_items"):
            line.opens = word
            line.understood["item"] = "new: opened with the import"
        else:
            line.errors["item"] = f"There is no item “{word[:80]}”."

    def _values(self, draft: Draft, line: Line) -> dict[str, Any]:
        said = draft.values.get("date")
        if not said and "date" not in draft.errors:
            line.errors["date"] = "Say when it was said: a day, a month or a year."
        if said:
            line.understood["date"] = str(said)
        self._status(draft, line, "before")
        return {
            "said": said,
            "said_time": draft.values.get("time"),
            **self._voice(draft, line),
            "status": self._status(draft, line, "status"),
            "round": self._round(draft, line),
            "sources": self._sources(draft, line),
            "audience": self.shown["audience"],
            "audience_party": self.shown["audience_party"],
            **{
                name: draft.text(name)
                for name in ("text", "position", "next_step", "speaker", "speaker_function")
            },
            "original_text": draft.text("original_text"),
        }

    def _voice(self, draft: Draft, line: Line) -> dict[str, Any]:
        word = draft.text("asserted_by")
        meant = self.speakers.get(plain(word), "") if word else self.options.get("speaker", "")
        if not meant:
            line.errors.setdefault(
                "asserted_by",
                f"“{word[:40]}” is no party here." if word else "Say who says so.",
            )
            return {"voice": Entry.Voice.OWN}
        line.understood["asserted_by"] = speaker_text(meant, self.parties)
        if meant in (THIRD, OWN):
            return {"voice": meant}
        codes = self.parties if meant == JOINT else meant.split()
        parties = [self.parties[code] for code in codes if code in self.parties]
        if len(parties) == 1:
            return {"voice": Entry.Voice.PARTY, "party": parties[0]}
        return {"voice": Entry.Voice.JOINT, "joint_parties": parties}

    def _status(self, draft: Draft, line: Line, name: str) -> Status | None:
        word = draft.text(name)
        if not word:
            return None
        if plain(word) not in self.statuses:
            line.errors.setdefault(name, f"“{word[:40]}” is no status here.")
            return None
        status = self.statuses[plain(word)]
        line.understood[name] = str(status) if status else "no status"
        return status

    def _round(self, draft: Draft, line: Line) -> Round | None:
        word = draft.text("round")
        found = self.rounds.get(plain(word)) if word else None
        if word and not found:
            line.errors.setdefault("round", f"There is no round “{word[:40]}”.")
        if found:
            line.understood["round"] = str(found)
        return found

    def _sources(self, draft: Draft, line: Line) -> list[Source | NewSource]:
        url, title = draft.text("source_url"), draft.text("source_title")
        if url.startswith("www."):
            url = f"https://{url}"
        if url and not is_address(url):
            if "://" in url or title:
                line.errors.setdefault("source_url", f"“{url[:60]}” is no web address.")
            # "Protocol No. 3" in a column of sources names a paper.
            url, title = "", title or url
        if not url and not title:
            return []
        kind = Source.Kind.WEB if url else Source.Kind.DOCUMENT
        publisher = draft.text("publisher")
        return [NewSource(title=(title or url)[:300], kind=kind, url=url, publisher=publisher)]


def speaker_text(meant: str, parties: dict[str, Party]) -> str:
    """Who is meant by "RU", "RU US" or one of the voices, in words."""
    if meant in VOICES:
        return VOICES[meant]
    names = [parties[code].name for code in meant.split() if code in parties]
    return names[0] if len(names) == 1 else f"jointly by {' and '.join(names)}"


class Items:
    """The viewer's items by number, reference and title."""

    def __init__(self, viewer: Viewer) -> None:
        self.by_reference: dict[str, list[Issue]] = {}
        self.by_title: dict[str, list[Issue]] = {}
        self.by_number: dict[str, list[Issue]] = {}
        for issue in Issue.objects.visible_to(viewer).in_agenda_order():
            issue.negotiation = viewer.negotiation
            self.by_title.setdefault(plain(issue.title), []).append(issue)
            self.by_number[str(issue.address)] = [issue]
            if issue.reference:
                self.by_reference.setdefault(plain(issue.reference), []).append(issue)

    def named(self, word: str) -> list[Issue]:
        """Those with this reference; else this title, else this number."""
        key = plain(word)
        return (
            self.by_reference.get(key) or self.by_title.get(key) or self.by_number.get(word) or []
        )


def _rounds(viewer: Viewer) -> dict[str, Round]:
    """The rounds by all that they may be called; what fits two goes to the first."""
    found: dict[str, Round] = {}
    for row in viewer.negotiation.rounds.all():
        names = [row.title, row.short, row.name]
        if row.number:
            words = ("", "Round ", "Раунд ", f"{viewer.negotiation.round_word} ")
            names += [f"{word}{row.number}" for word in words]
        for name in filter(None, map(plain, names)):
            found.setdefault(name, row)
    return found


def new_category(meant: str) -> str:
    """The category of a status that is to be made for a word; "" for any other meaning."""
    return meant.removeprefix(NEW) if meant.startswith(NEW) else ""
