"""The one entry form: it validates and makes an `EntryData`; the service acts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.choices import BaseChoiceIterator

from negotiations.dates import VagueDate, parse_date
from negotiations.forms import (
    DayField,
    DocumentField,
    ProseField,
    SharedFields,
    SparseForm,
    VagueDateField,
    audience_choices,
    say_file_is_gone,
)
from negotiations.models import Party, Round, Source, Status

from ..models import Entry
from ..reads.frame import FrameView
from ..reads.sources import last_used_source, recent_sources
from ..services import EntryData, NewSource

Choices = list[tuple[str, str]]

NEW, LAST, TABLE = "new", "last", "table"
OTHERS = {"joint": "Jointly", "third": "Press", "own": "Ours"}
_TIME = re.compile(r"^(.*\d{4})[ ,]+(\d{1,2}:\d{2})$")


class _Offered(BaseChoiceIterator):
    """What a field offers, asked for only when it is shown or chosen from, and once.

    Given a function, Django looks at each choice anew every time: a fifth of checking the form.
    """

    def __init__(self, ask: Callable[[], Choices]) -> None:
        self.ask = ask

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.choices)

    @cached_property
    def choices(self) -> Choices:
        return self.ask()


class EntryForm(SparseForm):
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    who = forms.ChoiceField(label="Who says so", widget=forms.RadioSelect)
    joint = forms.MultipleChoiceField(
        label="Parties to the joint text", widget=forms.CheckboxSelectMultiple, required=False
    )
    also = forms.MultipleChoiceField(
        label="The same was said separately by",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Writes an entry for each of them as well.",
    )
    same = forms.BooleanField(label="The other side said the same, separately", required=False)
    status = forms.ChoiceField(required=False)
    said = forms.CharField(
        label="When it was said or done",
        max_length=40,
        help_text="A day, a month or a year: 24 Jun 2026, Jun 2026 or 2026.",
    )
    early = forms.BooleanField(label="Yes, this was before the negotiation began", required=False)
    text = ProseField(label="What was said", required=False, max_length=5000)
    speaker = forms.CharField(required=False, max_length=160)
    speaker_function = forms.CharField(label="Function", required=False, max_length=200)
    round = forms.ChoiceField(required=False)
    source = forms.ChoiceField(required=False)
    source_url = forms.URLField(label="Link", required=False, max_length=500, assume_scheme="https")
    source_title = forms.CharField(label="Title", required=False, max_length=300)
    source_publisher = forms.CharField(label="Publisher", required=False, max_length=160)
    source_date = VagueDateField(label="Dated", required=False, max_length=40)
    source_file = DocumentField(label="File")
    position = ProseField(required=False, max_length=2000)
    waits = forms.ChoiceField(label="Waits for", required=False)
    waits_why = forms.ChoiceField(
        label="Why", required=False, choices=[("", "–"), *Entry.Why.choices]
    )
    waits_text = forms.CharField(label="What for", required=False, max_length=200)
    next_step = forms.CharField(label="Next step", required=False, max_length=300)
    next_step_party = forms.ChoiceField(label="By which party", required=False)
    next_step_who = forms.CharField(label="By whom", required=False, max_length=120)
    next_step_by = DayField(label="By when", required=False, max_length=40)
    next_step_state = forms.ChoiceField(
        label="Is it done",
        required=False,
        choices=[("", "Still to be done"), *Entry.NextStep.choices],
    )
    holds_since = forms.CharField(label="Holds since", required=False, max_length=40)
    original_text = ProseField(label="Original wording", required=False, max_length=5000)
    original_language = forms.CharField(label="Its language", required=False, max_length=40)
    reliability = forms.ChoiceField(
        required=False, choices=[("", "Not said"), *Entry.Reliability.choices]
    )
    audience = forms.ChoiceField(label="Who may see it")

    PLAIN = (
        *("speaker", "speaker_function", "text", "position", "waits_why", "waits_text"),
        *("next_step", "next_step_who", "next_step_by", "next_step_state"),
        *("holds_since", "original_text", "original_language", "reliability"),
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, frame: FrameView, members: int = 0, **kw: Any
    ) -> None:
        # Its own ids: the filters of the page around it have fields of the same names.
        kw.setdefault("auto_id", "entry-%s")
        super().__init__(data, files, **kw)
        self.frame = frame
        self.viewer = frame.viewer
        self._offered: dict[str, _Offered] = {}
        self._offer(members)
        # Two parties: one tick. More: a tick for each.
        del self.fields["also" if len(frame.parties) == 2 else "same"]
        if not self.is_bound:
            self.initial.setdefault("token", uuid4())
            if self.viewer.party:
                self.initial.setdefault("who", f"party:{self.viewer.party.code}")
        say_file_is_gone(self, "source_file")
        if not (self.is_bound and self.data.get("early")):
            self.fields["early"].widget = forms.HiddenInput()

    @cached_property
    def made_of(self) -> Hashable:
        """All that its markup depends on but the token; None for one in which something stands."""
        first = dict(self.initial)
        first.pop("token", None)
        if self.is_bound or not first.keys() <= {"who", "audience"}:
            return None
        offered = map(tuple, self._offered.values())
        return (type(self), self.auto_id, *self.fields, *first.values(), *offered)

    # --- Choices ---------------------------------------------------------------------------------

    def _offer(self, members: int) -> None:
        parties = list(self.frame.parties.values())
        coded = [(party.code, party.name) for party in parties]
        who = [*((f"party:{p.code}", p.code) for p in parties), *OTHERS.items()]
        waits = [*coded, ("both", "All parties"), ("outside", "Somebody outside")]
        self._choose("who", lambda: who)
        for name in ("joint", "also"):
            self._choose(name, lambda: coded)
        self._choose("status", lambda: [("", "No status"), *self._status_choices()])
        self._choose("round", lambda: [("", "No round"), *self._round_choices()])
        self._choose("source", self._source_choices)
        self._choose("waits", lambda: [("", "Not said"), *waits, ("nobody", "Nobody any more")])
        self._choose("next_step_party", lambda: [("", "Not said"), *coded])
        self._choose("audience", lambda: audience_choices(self.viewer, len(parties), members))
        self.initial.setdefault("audience", self.viewer.first_audience)

    def _choose(self, name: str, choices: Callable[[], Choices]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        self._offered[name] = field.choices = _Offered(choices)

    def _status_choices(self) -> Choices:
        return [(status.label, status.label) for status in self.frame.offered_statuses]

    def _round_choices(self) -> Choices:
        return [(str(r.place), f"{r.name} · {r.when}") for r in self.frame.rounds]

    @cached_property
    def _last(self) -> Source | None:
        return last_used_source(self.viewer)

    @cached_property
    def _recent(self) -> list[Source]:
        return recent_sources(self.viewer)

    def _source_choices(self) -> Choices:
        choices = [("", "No source yet"), (NEW, "New, as below"), (TABLE, "Said at the table")]
        if self._last:
            choices.append((LAST, f"Same as last: {str(self._last)[:60]}"))
        return [*choices, *((str(source.uuid), str(source)[:80]) for source in self._recent)]

    # --- Cleaning --------------------------------------------------------------------------------

    def clean_said(self) -> VagueDate:
        typed = self.cleaned_data["said"]
        found = _TIME.match(typed.strip())
        self.said_time = None
        if found:
            typed = found[1]
            self.said_time = _time(found[2])
        try:
            said = parse_date(typed)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if said.first > timezone.localdate():
            raise ValidationError(
                "This lies in the future. Plans are rounds, agenda lines or next steps."
            )
        return said

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._ask_about_early_date(cleaned)
        if cleaned.get("who") == "joint" and len(self._joint_parties(cleaned)) < 2:
            self.add_error("joint", "A joint text has at least two parties.")
        if cleaned.get("source") == TABLE and not cleaned.get("round"):
            self.add_error("source", "Choose the round at whose table it was said.")
        if cleaned.get("source") == NEW and not self._has_new_source(cleaned):
            self.add_error("source", "Give the link, the title or the file of the new source.")
        if cleaned.get("source_file") and cleaned.get("source") not in ("", NEW):
            self.add_error("source", "A file makes a new source: choose “New, as below”.")
        if (cleaned.get("waits_why") or cleaned.get("waits_text")) and not cleaned.get("waits"):
            self.add_error("waits", "Choose whom it waits for.")
        if cleaned.get("next_step_state") and not cleaned.get("next_step"):
            self.add_error("next_step", "Say which step.")
        self._require_content(cleaned)
        return cleaned

    def _require_content(self, cleaned: dict[str, Any]) -> None:
        carrying = ("status", "text", "position", "waits", "next_step")
        if not any(cleaned.get(name) for name in carrying):
            self.add_error("text", "Say what was said, or choose a status.")

    def _ask_about_early_date(self, cleaned: dict[str, Any]) -> None:
        said = cleaned.get("said")
        days = [r.first_day for r in self.frame.rounds if r.first_day]
        if said and days and said.last < min(days) and not cleaned.get("early"):
            self.fields["early"].widget = forms.CheckboxInput()
            self.add_error(
                "said", "This is before the first round. If it is meant, tick the box and save."
            )

    def _has_new_source(self, cleaned: dict[str, Any]) -> bool:
        return any(cleaned.get(f"source_{part}") for part in ("url", "title", "file"))

    # --- What the service gets -------------------------------------------------------------------

    @property
    def batch(self) -> UUID | None:
        return self.cleaned_data.get("token")

    def entry_data(self) -> list[EntryData]:
        """One entry, and one more for each party that said the same separately."""
        cleaned = self.cleaned_data
        who, _, code = cleaned["who"].partition(":")
        sources = self._sources(cleaned)
        first = self._data(who, self._party(code), sources)
        others = self._others(cleaned, code) if who == "party" else []
        return [first, *(self._data("party", party, sources) for party in others)]

    def _others(self, cleaned: dict[str, Any], code: str) -> list[Party]:
        parties = [party for party in self.frame.parties.values() if party.code != code]
        if cleaned.get("same"):
            return parties
        return [party for party in parties if party.code in cleaned.get("also", ())]

    def _data(
        self, voice: str, party: Party | None, sources: list[Source | NewSource]
    ) -> EntryData:
        cleaned = self.cleaned_data
        waits = cleaned["waits"]
        waits_party = self._party(waits)
        delegation = cleaned["audience"] == "delegation"
        return EntryData(
            voice=voice,
            said=cleaned["said"],
            said_time=self.said_time,
            party=party if voice == "party" else None,
            joint_parties=self._joint_parties(cleaned) if voice == "joint" else (),
            round=self._round(cleaned["round"]),
            status=self._status(cleaned["status"]),
            waits_for="party" if waits_party else waits,
            waits_party=waits_party,
            next_step_party=self._party(cleaned["next_step_party"]),
            audience=cleaned["audience"],
            audience_party=self.viewer.party if delegation else None,
            sources=sources,
            **{name: cleaned[name] for name in self.PLAIN},
        )

    def _party(self, code: str) -> Party | None:
        return next((p for p in self.frame.parties.values() if p.code == code), None)

    def _joint_parties(self, cleaned: dict[str, Any]) -> list[Party]:
        parties = list(self.frame.parties.values())
        named = [party for party in parties if party.code in cleaned.get("joint", ())]
        return named or (parties if len(parties) == 2 else [])

    def _round(self, place: str) -> Round | None:
        return next((r for r in self.frame.rounds if str(r.place) == place), None)

    def _status(self, label: str) -> Status | None:
        return next((s for s in self.frame.status_rows if label and s.label == label), None)

    def _sources(self, cleaned: dict[str, Any]) -> list[Source | NewSource]:
        chosen = cleaned["source"]
        if self._has_new_source(cleaned) and chosen in ("", NEW):
            return [self._new_source(cleaned)]
        if chosen == TABLE:
            return [self._table_source(cleaned)]
        if chosen == LAST and self._last:
            return [self._last]
        if not chosen:
            return []
        return [source for source in self._recent if str(source.uuid) == chosen]

    def _new_source(self, cleaned: dict[str, Any]) -> NewSource:
        url, file = cleaned["source_url"], cleaned["source_file"]
        return NewSource(
            title=cleaned["source_title"] or url or file.name,
            url=url,
            file=file,
            publisher=cleaned["source_publisher"],
            dated=cleaned["source_date"],
            kind=Source.Kind.WEB if url else Source.Kind.DOCUMENT,
        )

    def _table_source(self, cleaned: dict[str, Any]) -> Source | NewSource:
        """One source per round and author: a shared one would tell others that it was used."""
        round_ = self._round(cleaned["round"])
        title = f"Said at the table, {round_.name if round_ else ''}"
        own = Source.objects.filter(
            negotiation=self.frame.negotiation,
            kind=Source.Kind.TABLE,
            title=title,
            created_by=self.viewer.user,
        ).first()
        return own or NewSource(title=title, kind=Source.Kind.TABLE)


EntryForm.base_fields = SharedFields(EntryForm.base_fields)


def _time(typed: str) -> dt.time:
    try:
        return dt.time.fromisoformat(typed.zfill(5))
    except ValueError as error:
        raise ValidationError("There is no such time of day.") from error
