"""Entries as rows of a table: item by item in the order of the agenda, each history by its rank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Count

from negotiations.access import scope_filter

from ..models import Entry, EntrySource, Redaction
from ..numbers import Number
from ..reads.history import statuses_before
from ..services.loaded import load
from ..standing import EntryValue, replaced
from .snapshot import PAGE, Snapshot

Row = list[Any]


class Column(NamedTuple):
    """A column: its name, what it means, and how wide it is in a workbook."""

    name: str
    about: str
    width: int


ENTRY_COLUMNS = [
    Column("Item", "The number of the item.", 6),
    Column("Reference", "The item's own name, such as Article 12.", 14),
    Column("Item title", "What the item is called today.", 34),
    Column("Said", "When it was said or done, as exactly as that is known.", 12),
    Column("Said from", "The first day that may mean.", 12),
    Column("Said to", "The last day that may mean.", 12),
    Column("Precision", "day, month or year.", 9),
    Column("Time", "Of the day, if known.", 8),
    Column("Counts from", "The day from which it counts in where the item stands.", 12),
    Column("Recorded (UTC)", "When it entered the record.", 18),
    Column("Voice", "A party's own words, a joint text, a third party, or our assessment.", 14),
    Column("Parties", "Whose words these are.", 10),
    Column("Speaker", "", 20),
    Column("Function", "", 20),
    Column("Old status", "The status that this speaker gave last before.", 18),
    Column("New status", "The status that this entry gives.", 18),
    Column("Position", "", 30),
    Column("Waits for", "party, both, outside or nobody.", 10),
    Column("Waits for party", "", 10),
    Column("Waits why", "", 14),
    Column("Waits for what", "", 24),
    Column("Next step", "", 28),
    Column("Next step: party", "", 10),
    Column("Next step: who", "", 18),
    Column("Next step: by", "", 12),
    Column("Next step: state", "done or dropped; empty while it is open.", 10),
    Column("Text", "What was said.", 60),
    Column("Original wording", "", 30),
    Column("Language", "Of the original wording.", 10),
    Column("Holds since", "", 12),
    Column("Reliability", "", 10),
    Column("Round", "The title of the round it was said at.", 20),
    Column("Sources", "Publisher, title and date, one per line.", 40),
    Column("Source addresses", "In the same order.", 40),
    Column("Audience", "Who may see it.", 12),
    Column("Only for", "The delegation it is kept to.", 8),
    Column("Kind", "entry, correction or retraction.", 11),
    Column("Stands", "yes; no once it was corrected or taken back.", 7),
    Column("Reason", "Why it corrects or takes back another.", 24),
    Column("Recorded by", "Who typed it.", 18),
    Column("UUID", "The entry's own name.", 37),
    Column("Corrects", "The UUID of the entry that it replaces or takes back.", 37),
    Column("Corrected by", "The UUID of the entry that replaces it or takes it back.", 37),
    Column("Redacted", "yes where content was blanked.", 8),
]
_NUMBER = ("issue__series", "issue__number")
_ITEM = ("issue__reference", "issue__title")
_FIELDS = (
    *("pk", "uuid", "said_first", "said_last", "precision", "said_time", "counts_from"),
    *("recorded_at", "voice", "speaker", "speaker_function", "position", "waits_for"),
    *("waits_party_id", "waits_why", "waits_text", "next_step", "next_step_party_id"),
    *("next_step_who", "next_step_by", "next_step_state"),
    *("text", "original_text", "original_language"),
    *("holds_since", "reliability", "round_id", "audience", "audience_party_id", "kind"),
    *("reason", "corrects__uuid", "status_id"),
)
_WHO = ("recorded_by__first_name", "recorded_by__last_name", "recorded_by__username")


class _Told(NamedTuple):
    """An entry among its item's others: whether it still stands, what it changed, what replied."""

    value: EntryValue
    is_out: bool
    old: int | None
    reply: int | None


def entry_pages(snapshot: Snapshot) -> Iterator[list[Row]]:
    """Rows in pages. In memory at a time: the entries of some items, without their texts."""
    for pks in _chunks(snapshot):
        snapshot.confirm()
        loaded = load(snapshot.entries().filter(issue__in=pks))
        told = [
            one for pk in pks for one in _history(snapshot, [entry.value for entry in loaded[pk]])
        ]
        for start in range(0, len(told), PAGE):
            if start:
                snapshot.confirm()
            page = _Page(snapshot, told[start : start + PAGE])
            yield page.rows()


def _chunks(snapshot: Snapshot) -> Iterator[list[int]]:
    """Items in their order, as many at a time as make about a page of entries."""
    counted = snapshot.entries().order_by().values_list("issue_id").annotate(n=Count("pk"))
    counts, chunk, size = dict(counted), [], 0
    for pk in snapshot.items:
        if counts.get(pk):
            chunk.append(pk)
            size += counts[pk]
        if size >= PAGE:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _history(snapshot: Snapshot, values: Sequence[EntryValue]) -> list[_Told]:
    out, day = replaced(values), snapshot.clock.as_of
    ranked = sorted(values, key=lambda value: value.rank)
    due = [value for value in ranked if day is None or value.counts_from <= day]
    before = statuses_before(value for value in due if value.id not in out)
    replies = {v.corrects: v.id for v in ranked}
    replies |= {v.corrects: v.id for v in ranked if v.id not in out}
    return [_Told(v, v.id in out, before.get(v.id), replies.get(v.id)) for v in due]


class _Page:
    """What a page of entries refers to, with a fixed number of queries."""

    def __init__(self, snapshot: Snapshot, told: Sequence[_Told]) -> None:
        self.frame = snapshot.frame
        self.told = told
        pks = [one.value.id for one in told]
        found = Entry.objects.filter(pk__in=pks).order_by()
        self.fields = {row["pk"]: row for row in found.values(*_FIELDS, *_NUMBER, *_ITEM, *_WHO)}
        self.sources = _sources(pks, snapshot)
        self.replies = _uuids(one.reply for one in told)
        redacted = Redaction.objects.filter(entry__in=pks)
        self.redacted = set(redacted.values_list("entry_id", flat=True))

    def rows(self) -> list[Row]:
        return [self._row(one) for one in self.told]

    def _row(self, one: _Told) -> Row:
        value, old = one.value, one.old
        r = self.fields[value.id]
        sources = self.sources[value.id]
        statuses = self.frame.statuses.get
        return [
            Number(r["issue__series"], r["issue__number"]).plain,
            *(r[name] for name in _ITEM),
            *self._dates(r),
            *(r["voice"], self._codes(value), r["speaker"], r["speaker_function"]),
            *(_text(statuses(old or 0)), _text(statuses(r["status_id"]))),
            *(r["position"], r["waits_for"], self._code(r["waits_party_id"])),
            *(r["waits_why"], r["waits_text"]),
            *(r["next_step"], self._code(r["next_step_party_id"])),
            *(r["next_step_who"], r["next_step_by"], r["next_step_state"]),
            *(r["text"], r["original_text"], r["original_language"]),
            *(r["holds_since"], r["reliability"], self._round(r["round_id"])),
            "\n".join(text for text, _url in sources),
            "\n".join(url or "–" for _text, url in sources) if any(u for _, u in sources) else None,
            *(r["audience"], self._code(r["audience_party_id"])),
            *(r["kind"], "no" if one.is_out else "yes", r["reason"], _person(r)),
            *(str(r["uuid"]), _text(r["corrects__uuid"])),
            self.replies.get(one.reply),
            "yes" if value.id in self.redacted else None,
        ]

    def _dates(self, r: dict[str, Any]) -> Row:
        said = Entry(said_first=r["said_first"], precision=r["precision"]).when
        time = r["said_time"] and f"{r['said_time']:%H:%M}"
        return [
            *(said, r["said_first"], r["said_last"], r["precision"], time),
            *(r["counts_from"], r["recorded_at"]),
        ]

    def _codes(self, value: EntryValue) -> str:
        return " ".join(p.code for pk, p in self.frame.parties.items() if pk in value.parties)

    def _code(self, pk: int | None) -> str | None:
        return self.frame.parties[pk].code if pk else None

    def _round(self, pk: int | None) -> str | None:
        round_ = self.frame.rounds_by_id.get(pk or 0)
        return round_.title if round_ else None


def _text(value: object) -> str | None:
    return str(value) if value else None


def _person(r: dict[str, Any]) -> str:
    first, last, username = (r[name] for name in _WHO)
    return f"{first or ''} {last or ''}".strip() or username or ""


def _sources(pks: Sequence[int], snapshot: Snapshot) -> dict[int, list[tuple[str, str]]]:
    seen = scope_filter(snapshot.scope, "source__")
    links = EntrySource.objects.filter(seen, entry__in=pks, recorded_at__lte=snapshot.at)
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for link in links.select_related("source"):
        found[link.entry_id].append((str(link.source), link.source.url))
    return found


def _uuids(pks: Iterable[int | None]) -> dict[int | None, str]:
    wanted = {pk for pk in pks if pk}
    if not wanted:
        return {}
    rows = Entry.objects.filter(pk__in=wanted).order_by().values_list("pk", "uuid")
    return {pk: str(uuid) for pk, uuid in rows}
