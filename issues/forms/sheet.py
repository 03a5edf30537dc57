"""The sheet: what stands on top of all rows, and one row. They read what was typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import BadRequest, ValidationError
from django.http import QueryDict
from django.utils import timezone

from negotiations.dates import VagueDate, date_text, parse_date
from negotiations.models import Round, Source, Status

from ..models import Issue, Sheet, SheetRow
from ..reads.frame import FrameView
from ..services import EntryData, NewSource, RowData
from .entry import TABLE, EntryForm
from .fields import NumberField

TOP = (
    *("said", "early", "round", "source", "source_url", "source_title", "source_publisher"),
    *("source_date", "audience"),
)
LONGEST_LINE = 1000


class SheetTopForm(EntryForm):
    """Date, source and audience of every row; the round too when opened from a source.

    What the sheet was opened from is not chosen: it is put in place of whatever was sent.
    """

    def __init__(
        self, typed: Mapping[str, Any] | None, *, sheet: Sheet, checked: bool = False, **kw: Any
    ) -> None:
        self.sheet = sheet
        frame: FrameView = kw["frame"]
        values = {**(first_words(sheet, frame) if typed is None else typed), **_fixed(sheet)}
        super().__init__(values if checked else None, initial=values, auto_id="top-%s", **kw)
        for name in set(self.fields) - set(TOP):
            del self.fields[name]
        self.fields["said"].help_text = ""
        if values.get("early"):
            self.fields["early"].widget = forms.CheckboxInput()

    @cached_property
    def _recent(self) -> list[Source]:
        recent = super()._recent
        return [self.sheet.from_source, *recent] if self.sheet.from_source else recent

    def _require_content(self, cleaned: dict[str, Any]) -> None:
        """The rows carry it."""

    # --- What the service gets -------------------------------------------------------------------

    @cached_property
    def sources(self) -> list[Source | NewSource]:
        return self._sources(self.cleaned_data)

    @cached_property
    def _statuses(self) -> dict[str, Status]:
        found = Status.objects.filter(scheme__negotiation=self.frame.negotiation)
        return {status.label: status for status in found.select_related("scheme")}

    def entry_of(self, row: SheetRow) -> EntryData:
        """One row as an entry. Raises ValidationError by field for what names nothing here."""
        who, _, code = row.who.partition(":")
        party, waits = self._party(code), self._party(row.waits)
        self._require_known(row, who == "party" and party is None)
        cleaned = self.cleaned_data
        delegation = cleaned["audience"] == "delegation"
        return EntryData(
            voice=who,
            party=party,
            joint_parties=list(self.frame.parties.values()) if who == "joint" else (),
            said=cleaned["said"],
            said_time=row.time,
            round=self._round(cleaned["round"]),
            status=self._statuses.get(row.status),
            text=row.text,
            waits_for="party" if waits else row.waits,
            waits_party=waits,
            audience=cleaned["audience"],
            audience_party=self.viewer.party if delegation else None,
            sources=self.sources,
        )

    def _require_known(self, row: SheetRow, no_party: bool) -> None:
        if not row.who or no_party:
            raise ValidationError({"who": "Choose who says so."})
        if row.status and row.status not in self._statuses:
            raise ValidationError({"status": f"There is no status “{row.status}” here any more."})
        if row.waits and row.waits not in dict(waits_choices(self.frame)):
            raise ValidationError({"waits": f"“{row.waits}” is no party here any more."})


def _fixed(sheet: Sheet) -> dict[str, str]:
    if sheet.from_source:
        return {"source": str(sheet.from_source.uuid)}
    return {"round": str(sheet.round.place) if sheet.round else ""}


def first_words(sheet: Sheet, frame: FrameView) -> dict[str, str]:
    """What stands on top of a new sheet."""
    source = sheet.from_source
    audience = "delegation" if frame.viewer.party else "members"
    if source is None:
        said = _day_at(sheet.round, frame.today) if sheet.round else ""
        return {"said": said, "source": TABLE, "audience": audience}
    return {"said": source.date_text, "audience": audience}


def _day_at(round_: Round, today: dt.date) -> str:
    """Today while it meets; else its last day, once that is over."""
    first, last = round_.first_day, round_.last_day
    if not first or not last or first > today:
        return ""
    return date_text(today) if last >= today else date_text(last, round_.precision)


def top_words(data: QueryDict) -> dict[str, str]:
    """What was typed on top, as typed; empty fields and what is not asked for left out."""
    return {name: str(data[name])[:600] for name in TOP if data.get(name)}


def is_today(words: Mapping[str, Any]) -> bool:
    """Whether rows are said on the day they are typed: then each has its own time of day."""
    try:
        said = parse_date(words.get("said", ""))
    except ValueError:
        return False
    return said == VagueDate.of_day(timezone.localdate())


# --- Rows ---------------------------------------------------------------------------------------


class SheetRowForm(forms.Form):
    """One row, its fields named after its UUID.

    A draft may be incomplete and may name what is no choice any more; release asks again.
    """

    item = NumberField()
    version = forms.IntegerField(required=False, min_value=0)
    who = forms.CharField(required=False, max_length=20)
    status = forms.CharField(required=False, max_length=40)
    text = forms.CharField(required=False, max_length=LONGEST_LINE)
    waits = forms.CharField(label="Waits for", required=False, max_length=20)
    time = forms.TimeField(
        required=False,
        input_formats=["%H:%M", "%H.%M"],
        error_messages={"invalid": "Write the time like 14:05."},
    )

    def __init__(self, data: QueryDict, uuid: UUID) -> None:
        super().__init__(data, prefix=str(uuid))
        self.uuid = uuid

    @property
    def typed(self) -> dict[str, str]:
        return {name: self.data.get(self.add_prefix(name), "") for name in self.fields}

    @property
    def problems(self) -> list[str]:
        """What is wrong, each with the name of its field."""
        return [f"{self[name].label}: {words[0]}" for name, words in self.errors.items()]

    def row_data(self, issue: Issue, now: dt.time | None) -> RowData:
        """`now`: the time of day a new row gets when it brings none."""
        words = {name: self.cleaned_data[name] for name in SheetRow.WORDS}
        version = self.cleaned_data["version"] or 0
        if not version:
            words["time"] = words["time"] or now
        return RowData(self.uuid, issue, version, **words)


def who_choices(frame: FrameView) -> list[tuple[str, str]]:
    """Parties by code, then the other voices."""
    parties = [(f"party:{party.code}", party.code) for party in frame.parties.values()]
    return [*parties, ("joint", "jointly"), ("third", "press"), ("own", "ours")]


def status_choices(frame: FrameView) -> list[tuple[str, str]]:
    return [(status.label, status.label) for status in frame.offered_statuses]


def waits_choices(frame: FrameView) -> list[tuple[str, str]]:
    parties = [(party.code, party.code) for party in frame.parties.values()]
    return [*parties, ("both", "all parties"), ("outside", "outside"), ("nobody", "nobody")]


def row_forms(data: QueryDict) -> list[SheetRowForm]:
    """The rows that were sent, those left blank not. Raises BadRequest for what is no row."""
    try:
        uuids = [UUID(typed) for typed in data.getlist("row")]
    except ValueError as error:
        raise BadRequest("This page was not complete. Load it again.") from error
    sent = (uuid for uuid in dict.fromkeys(uuids) if not _is_blank(data, uuid))
    return [SheetRowForm(data, uuid) for uuid in sent]


def _is_blank(data: QueryDict, uuid: UUID) -> bool:
    """A line of the table that was left alone."""
    typed = (data.get(f"{uuid}-{name}") for name in SheetRow.WORDS)
    return data.get(f"{uuid}-version", "0") == "0" and not any(typed)
