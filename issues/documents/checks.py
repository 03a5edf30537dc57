"""What a schema cannot say: that references lead somewhere and that the rules are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from negotiations.dates import VagueDate, parse_date
from negotiations.scopes import DELEGATION, MEMBERS, WIDTH

from ..numbers import number_from
from .reading import MOST, Document, Problem

Json = dict[str, Any]
_LONGEST_DAY = dt.timedelta(days=1)
_web_address = URLValidator(schemes=["http", "https", "ftp", "ftps"])


def broken_rules(document: Document, now: dt.datetime) -> list[Problem]:
    """What in a document that follows the schema breaks a rule; fifty findings at most."""
    names = _Names(document)
    found = chain(
        names.twice,
        _frame(document, names, now),
        _sources(document, names),
        _rounds(document, names),
        _items(document, names, now),
        _agenda(document, names),
        _Entries(document, names, now).problems(),
    )
    return list(islice(found, MOST))


def said_on(text: str) -> VagueDate:
    """2025-04-10, 2025-04 or 2025. Raises ValueError for a day that does not exist."""
    return parse_date(text)


def moment_of(text: str) -> dt.datetime:
    """A moment as the document writes it. Raises ValueError."""
    return dt.datetime.fromisoformat(text)


class _Names:
    """What records may refer to, and what stands in the file twice."""

    def __init__(self, document: Document) -> None:
        self.twice: list[Problem] = []
        self.scope: Json = document["scope"]
        self.parties = self._unique(document, "parties", "code")
        self._unique(document, "parties", "name", fold=True)
        self._unique(document, "parties", "code", fold=True)
        self.statuses = self._unique(document, "statuses", "label")
        self.sources = self._unique(document, "sources", "uuid")
        self.rounds = self._unique(document, "rounds", "place")
        self.items = self._unique(document, "items", "number")
        self._unique(document, "entries", "uuid")

    def _unique(
        self, document: Document, section: str, key: str, *, fold: bool = False
    ) -> set[Any]:
        seen: set[Any] = set()
        for place, record in enumerate(document[section]):
            value = record[key].casefold() if fold else record[key]
            if value in seen:
                path = f"$.{section}[{place}].{key}"
                self._say_once(Problem(path, f"“{record[key]}” stands here twice."))
            seen.add(value)
        return seen

    def _say_once(self, problem: Problem) -> None:
        if problem not in self.twice:
            self.twice.append(problem)

    def strangers(self, record: Json, path: str, **fields: set[Any]) -> Iterator[Problem]:
        """Fields that name what is not in the file."""
        for name, known in fields.items():
            value = record.get(name)
            named = value if isinstance(value, list) else [value]
            for one in named:
                if one is not None and one not in known:
                    yield Problem(f"{path}.{name}", f"There is no “{one}” in this file.")


def _numbered(document: Document, section: str) -> Iterator[tuple[str, Json]]:
    for place, record in enumerate(document[section]):
        yield f"$.{section}[{place}]", record


def _bad_days(record: Json, path: str, *names: str) -> Iterator[Problem]:
    """Fields that hold a day, or a vague date, that is in no calendar."""
    for name in names:
        if name in record:
            try:
                said_on(record[name])
            except ValueError:
                yield Problem(f"{path}.{name}", f"“{record[name]}” is in no calendar.")


def _bad_moments(record: Json, path: str, now: dt.datetime, *names: str) -> Iterator[Problem]:
    for name in names:
        if name not in record:
            continue
        try:
            late = moment_of(record[name]) > now
        except ValueError:
            yield Problem(f"{path}.{name}", f"“{record[name]}” is no moment.")
        else:
            if late:
                yield Problem(f"{path}.{name}", "This lies in the future.")


# --- The frame ----------------------------------------------------------------------------------


def _frame(document: Document, names: _Names, now: dt.datetime) -> Iterator[Problem]:
    scope = document["scope"]
    yield from _bad_moments(document["negotiation"], "$.negotiation", now, "archived_at")
    if (scope["audience"] == "delegation") != ("party" in scope):
        yield Problem("$.scope.party", "A delegation's file names its party, no other does.")
    yield from names.strangers(scope, "$.scope", party=names.parties)
    for path, status in _numbered(document, "statuses"):
        aside = status["category"] in ("held", "dropped")
        if aside == ("rung" in status):
            sentence = "Blocked and dropped statuses have no rung, all others have one."
            yield Problem(f"{path}.rung", sentence)
    for path, party in _numbered(document, "parties"):
        yield from _bad_days(party, path, "since", "until")
        if party.get("since", "") > party.get("until", "9999"):
            yield Problem(f"{path}.until", "It cannot leave the table before it came.")


def _sources(document: Document, names: _Names) -> Iterator[Problem]:
    for path, source in _numbered(document, "sources"):
        yield from _audience(source, path, names)
        yield from _bad_days(source, path, "dated")
        for name in ("url", "archive_url"):
            try:
                if name in source:
                    _web_address(source[name])
            except ValidationError:
                yield Problem(f"{path}.{name}", "This is no web address.")


def _rounds(document: Document, names: _Names) -> Iterator[Problem]:
    for path, round_ in _numbered(document, "rounds"):
        yield from names.strangers(round_, path, host=names.parties, sources=names.sources)
        yield from _bad_days(round_, path, "first_day", "last_day", "expected_by")
        yield from _round_days(round_, path)
        yield from _sides(round_, path, names)


def _round_days(round_: Json, path: str) -> Iterator[Problem]:
    first, last = round_.get("first_day"), round_.get("last_day")
    if (first is None) != (last is None) or (first and last and last < first):
        yield Problem(f"{path}.last_day", "It has both days or none, and ends after it begins.")
    if round_["state"] in ("held", "under_way") and first is None:
        yield Problem(f"{path}.first_day", "A round that took place has a date.")


def _sides(round_: Json, path: str, names: _Names) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for place, person in enumerate(round_.get("delegates", [])):
        where, key = f"{path}.delegates[{place}]", (person["party"], person["name"])
        yield from names.strangers(person, where, party=names.parties)
        if key in seen:
            yield Problem(f"{where}.name", "This person is in the delegation twice.")
        seen.add(key)
    for place, readout in enumerate(round_.get("readouts", [])):
        where = f"{path}.readouts[{place}]"
        key = (readout["party"], readout.get("audience_party", ""))
        yield from _audience(readout, where, names)
        yield from names.strangers(readout, where, party=names.parties, source=names.sources)
        if key in seen:
            yield Problem(f"{where}.party", "This party has a readout already.")
        seen.add(key)


# --- Items --------------------------------------------------------------------------------------


def _items(document: Document, names: _Names, now: dt.datetime) -> Iterator[Problem]:
    top: dict[int | str, Json] = {}
    for path, item in _numbered(document, "items"):
        yield from _audience(item, path, names)
        yield from _series(item, path, names)
        yield from names.strangers(item, path, raised_by=names.parties)
        yield from _bad_moments(item, path, now, "recorded_at")
        if "parent" not in item:
            top[item["number"]] = item
        elif item["parent"] not in top:
            yield Problem(f"{path}.parent", "A sub-item stands after the top-level item it names.")
        else:
            yield from _further(item, path, top[item["parent"]])


def _series(item: Json, path: str, names: _Names) -> Iterator[Problem]:
    """A number of another series begins with the code of the delegation that keeps it."""
    series = number_from(str(item["number"])).series
    if series and series != item.get("audience_party"):
        yield Problem(f"{path}.number", f"Only what “{series}” keeps to itself has such a number.")


def _audience(record: Json, path: str, names: _Names) -> Iterator[Problem]:
    """Whose own it is, and that the file may hold it."""
    kept = record.get("audience", MEMBERS) == DELEGATION
    if kept != ("audience_party" in record):
        sentence = "What is kept to a delegation names it, nothing else does."
        yield Problem(f"{path}.audience_party", sentence)
    elif kept and record["audience_party"] != names.scope.get("party"):
        yield Problem(f"{path}.audience", "This is outside the scope that the file states.")
    yield from names.strangers(record, path, recorded_party=names.parties)


def _further(record: Json, path: str, outer: Json) -> Iterator[Problem]:
    """What is part of something never shows to more people than that does."""
    # The file knows one delegation: what is kept at all is kept to the same.
    inner, around = (one.get("audience", MEMBERS) for one in (record, outer))
    if WIDTH[inner] > WIDTH[around]:
        yield Problem(f"{path}.audience", "This would show to more people than what it is part of.")


def _agenda(document: Document, names: _Names) -> Iterator[Problem]:
    seen: set[tuple[Any, ...]] = set()
    for path, line in _numbered(document, "agenda"):
        yield from _audience(line, path, names)
        yield from names.strangers(line, path, round=names.rounds, item=names.items)
        if not line.get("planned") and "outcome" not in line:
            yield Problem(path, "This line says neither that it was planned nor what became of it.")
        key = (line["round"], line["item"], line.get("audience_party"))
        if key in seen:
            yield Problem(path, "This item is on the agenda of this round twice.")
        seen.add(key)


# --- Entries ------------------------------------------------------------------------------------

_SAYS = ("status", "text", "position", "waits_for", "next_step")


class _Entries:
    """Each entry by itself, then against the one it corrects."""

    def __init__(self, document: Document, names: _Names, now: dt.datetime) -> None:
        self.document = document
        self.names = names
        self.now = now

    def problems(self) -> Iterator[Problem]:
        before: dict[str, Json] = {}
        for path, entry in _numbered(self.document, "entries"):
            yield from self._references(entry, path)
            yield from self._dates(entry, path)
            yield from self._content(entry, path)
            yield from _audience(entry, path, self.names)
            yield from _reply(entry, path, before)
            before[entry["uuid"]] = entry

    def _references(self, entry: Json, path: str) -> Iterator[Problem]:
        names, parties = self.names, self.names.parties
        yield from names.strangers(
            entry,
            path,
            item=names.items,
            round=names.rounds,
            status=names.statuses,
            party=parties,
            joint_parties=parties,
            waits_party=parties,
            next_step_party=parties,
        )
        seen: set[str] = set()
        for place, link in enumerate(entry.get("sources", [])):
            where = f"{path}.sources[{place}]"
            yield from names.strangers(link, where, source=names.sources)
            yield from _bad_moments(link, where, self.now, "recorded_at")
            if link["source"] in seen:
                yield Problem(where, "This source stands here twice.")
            seen.add(link["source"])

    def _dates(self, entry: Json, path: str) -> Iterator[Problem]:
        bad = [
            *_bad_days(entry, path, "said", "counts_from", "next_step_by"),
            *_bad_moments(entry, path, self.now, "recorded_at"),
            *_bad_moments(entry.get("redaction", {}), f"{path}.redaction", self.now, "redacted_at"),
            *_bad_time(entry, path),
        ]
        yield from bad or _order_of_dates(entry, path)

    def _content(self, entry: Json, path: str) -> Iterator[Problem]:
        voice = entry["voice"]
        if (voice == "party") != ("party" in entry):
            yield Problem(f"{path}.party", "A party's own words name the party, others do not.")
        # Neither a retraction nor what was blanked tells whose text it was.
        tells = entry["kind"] != "retraction" and "redaction" not in entry
        if voice == "joint" and tells and len(set(entry.get("joint_parties", []))) < 2:
            yield Problem(f"{path}.joint_parties", "A joint text has at least two parties.")
        if voice != "joint" and "joint_parties" in entry:
            yield Problem(f"{path}.joint_parties", "Only a joint text has these.")
        if (entry.get("waits_for") == "party") != ("waits_party" in entry):
            yield Problem(f"{path}.waits_party", "Only waiting for a party names a party.")
        if "next_step_state" in entry and "next_step" not in entry:
            yield Problem(f"{path}.next_step_state", "There is no next step that this tells of.")
        says = [name for name in _SAYS if name in entry]
        if entry["kind"] == "retraction" and set(says) - {"text"}:
            yield Problem(path, "A retraction carries nothing.")
        if entry["kind"] != "retraction" and not says and "redaction" not in entry:
            yield Problem(path, "This entry says nothing.")


def _bad_time(entry: Json, path: str) -> Iterable[Problem]:
    try:
        dt.time.fromisoformat(entry.get("said_time", "00:00:00"))
    except ValueError:
        yield Problem(f"{path}.said_time", f"“{entry['said_time']}” is no time of day.")


def _order_of_dates(entry: Json, path: str) -> Iterator[Problem]:
    """An entry tells of what was; it counts from its last day or the earlier day of recording."""
    said, recorded = said_on(entry["said"]), moment_of(entry["recorded_at"]).date()
    counts = dt.date.fromisoformat(entry["counts_from"])
    # Which day a moment falls on differs by a day around the world.
    if said.first > recorded + _LONGEST_DAY:
        yield Problem(f"{path}.said", "This lies after the day on which it was recorded.")
    near = abs(counts - recorded) <= _LONGEST_DAY and counts <= said.last
    if counts != said.last and not near:
        sentence = "This is neither its last day nor the earlier day on which it was recorded."
        yield Problem(f"{path}.counts_from", sentence)


def _reply(entry: Json, path: str, before: dict[str, Json]) -> Iterator[Problem]:
    """What corrects or takes back another stands after it, on the same item, for no more people."""
    if (entry["kind"] == "entry") == ("corrects" in entry):
        yield Problem(f"{path}.corrects", "Corrections and retractions name their target.")
        return
    if "corrects" not in entry:
        return
    target = before.get(entry["corrects"])
    if target is None:
        yield Problem(f"{path}.corrects", "There is no such entry before this one.")
        return
    if target["item"] != entry["item"]:
        yield Problem(f"{path}.item", "A correction belongs to the item it corrects.")
    if WIDTH[entry["audience"]] > WIDTH[target["audience"]]:
        yield Problem(f"{path}.audience", "A correction never has a wider audience.")
    if target["kind"] == "retraction" and entry["kind"] == "correction":
        yield Problem(f"{path}.kind", "A retraction can only be retracted.")
