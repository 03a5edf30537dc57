from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F

from negotiations.access import Viewer, scope_filter
from negotiations.dates import DAY, VagueDate
from negotiations.models import Party, Readout, Round, Source
from negotiations.services.rounds import Account, Person

from .fields import AudienceField, DayField, PartyField, ProseField, VagueDateField, typed

WORDS = ("title", "number", "short", "level", "is_side_meeting", "city", "venue", "host")
WHEN = ("state", "expected", "expected_by", "duration", "note")


class PeopleField(ProseField):
    """One person a line, "Name, function", the head first; gives a list of Person."""

    def clean(self, value: Any) -> Any:
        return self._read(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self._read(initial) != self._read(data)

    def _read(self, text: str | None) -> list[Person]:
        people: list[Person] = []
        for line in filter(None, map(str.strip, (text or "").splitlines())):
            name, _comma, function = (part.strip() for part in line.partition(","))
            if len(name) > 120 or len(function) > 200:
                raise ValidationError(f"This line is too long: “{line[:40]}…”")
            people.append(Person(name, function, is_head=not people))
        return people


class PartyPart(NamedTuple):
    """What a round says of one party: the fields for the template."""

    party: Party
    delegates: forms.BoundField
    readout: forms.BoundField
    readout_title: forms.BoundField
    readout_url: forms.BoundField


class RoundForm(forms.Form):
    """A round with each party's delegation and readout, saved as one."""

    renamed = {"first_day": "begins", "last_day": "ends"}

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(max_length=160)
    number = forms.IntegerField(required=False, min_value=1, max_value=999)
    short = forms.CharField(
        label="Short name",
        max_length=12,
        required=False,
        help_text="For narrow columns, such as R2.",
    )
    state = forms.ChoiceField(choices=Round.State.choices, initial=Round.State.PLANNED)
    begins = VagueDateField(
        label="Began or begins",
        required=False,
        help_text="A day, a month or a year, such as 9 Apr 2025, Apr 2025 or 2025.",
    )
    ends = DayField(
        label="Ended or ends", required=False, help_text="Empty when it is the same day."
    )
    expected = forms.CharField(
        label="Expected when",
        max_length=120,
        required=False,
        help_text="In words, while there is no date: “early spring 2026”.",
    )
    expected_by = DayField(
        label="Expected by",
        required=False,
        help_text="The last day those words allow; afterwards the round reads “no news”.",
    )
    city = forms.CharField(max_length=120, required=False)
    venue = forms.CharField(max_length=160, required=False)
    host = PartyField(nobody="Nobody, or not known")
    level = forms.CharField(max_length=160, required=False, help_text="Such as foreign ministers.")
    duration = forms.CharField(max_length=160, required=False)
    is_side_meeting = forms.BooleanField(
        label="Side meeting", required=False, help_text="Folded in the state of play."
    )
    note = ProseField(required=False, max_length=5000)

    readouts_for = AudienceField(
        label="Who may see new readouts",
        help_text="One that is there keeps its readers; that is changed on a page of its own.",
    )

    def __init__(
        self,
        *args: Any,
        viewer: Viewer,
        parties: Sequence[Party],
        round_: Round | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.parties, self.viewer = parties, viewer
        self.told = readouts_of(viewer, round_)
        self.fields["readouts_for"].offer(viewer, len(parties))  # type: ignore[attr-defined]
        self.fields["host"].offer(parties)  # type: ignore[attr-defined]
        for at, party in enumerate(parties, start=1):
            self.fields |= _party_fields(at, party)

    def party_parts(self) -> list[PartyPart]:
        """The fields of each party, for the template."""
        return [
            PartyPart(party, *(self[name] for name in _names(at)))
            for at, party in enumerate(self.parties, start=1)
        ]

    def clean(self) -> dict[str, Any]:
        begins: VagueDate | None = self.cleaned_data.get("begins")
        ends = self.cleaned_data.get("ends")
        if ends and not begins and "begins" not in self.errors:
            self.add_error("begins", "Say when it began.")
        if ends and begins and begins.precision != DAY:
            self.add_error("begins", "Write the day, or leave the end empty.")
        return self.cleaned_data

    @property
    def values(self) -> dict[str, Any]:
        """What the services take: plain fields, and per party the delegation and the readout."""
        begins: VagueDate | None = self.cleaned_data["begins"]
        dates: dict[str, Any] = {"first_day": None, "last_day": None, "precision": DAY}
        if begins:
            last = self.cleaned_data["ends"] or begins.last
            dates = {"first_day": begins.first, "last_day": last, "precision": begins.precision}
        plain = {name: self.cleaned_data[name] for name in (*WORDS, *WHEN)}
        return plain | dates | {"delegations": self._delegations, "readouts": self._readouts}

    @property
    def _delegations(self) -> dict[Party, list[Person]]:
        """Those that were edited; a list left alone keeps what its lines cannot express."""
        return {
            party: self.cleaned_data[f"delegates_{at}"]
            for at, party in enumerate(self.parties, start=1)
            if f"delegates_{at}" in self.changed_data
        }

    @property
    def _readouts(self) -> dict[Party, Account]:
        return {
            party: Account(
                *(self.cleaned_data[name] for name in _names(at)[1:]), **self._for(party)
            )
            for at, party in enumerate(self.parties, start=1)
        }

    def _for(self, party: Party) -> dict[str, Any]:
        """Whose readout of `party` these fields are: of the one shown, or of a new one."""
        shown = self.viewer.written_for(self.cleaned_data["readouts_for"])
        there = self.told.get(party.pk)
        if there:
            shown |= {"audience": there.audience, "audience_party": there.audience_party}
            if _source_shown(there, self.viewer) is None:
                shown["source"] = there.source
        return shown

    @staticmethod
    def typed_from(round_: Round, viewer: Viewer, parties: Sequence[Party]) -> dict[str, Any]:
        """What stands now, as it would be typed."""
        plain = {name: getattr(round_, name) for name in (*WORDS, *WHEN, "version")}
        several_days = round_.precision == DAY and round_.first_day != round_.last_day
        plain |= {
            "host": round_.host.code if round_.host else "",
            "begins": typed(round_.first_day, round_.precision),
            "ends": typed(round_.last_day) if several_days else "",
            "expected_by": typed(round_.expected_by),
        }
        return plain | _typed_parts(round_, viewer, parties)


def readouts_of(viewer: Viewer, round_: Round | None) -> dict[int, Readout]:
    """What the form shows of each party: what the viewer's own side keeps, else the common one."""
    if round_ is None:
        return {}
    rows = round_.readouts.filter(scope_filter(viewer.scope)).select_related("source")
    return {row.party_id: row for row in rows.order_by(F("audience_party").asc(nulls_first=True))}


def _source_shown(readout: Readout, viewer: Viewer) -> Source | None:
    """Its source, unless that is another delegation's own."""
    source = readout.source
    seen = source and viewer.scope.sees(source.audience, source.audience_party_id)
    return source if seen else None


def _names(at: int) -> tuple[str, str, str, str]:
    return f"delegates_{at}", f"readout_{at}", f"readout_title_{at}", f"readout_url_{at}"


def _party_fields(at: int, party: Party) -> Mapping[str, forms.Field]:
    fields = (
        PeopleField(
            label=f"Delegation, {party.code}",
            required=False,
            help_text="One person a line: “Name, function”. The first is the head.",
        ),
        ProseField(label=f"Readout, {party.code}", required=False, max_length=20_000),
        forms.CharField(label=f"Title of its source, {party.code}", max_length=300, required=False),
        forms.URLField(
            label=f"Address of its source, {party.code}",
            max_length=500,
            required=False,
            assume_scheme="https",
        ),
    )
    return dict(zip(_names(at), fields, strict=True))


def _typed_parts(round_: Round, viewer: Viewer, parties: Sequence[Party]) -> dict[str, str]:
    people: dict[int, list[str]] = {party.pk: [] for party in parties}
    for row in round_.delegates.all():
        people[row.party_id].append(f"{row.name}, {row.function}" if row.function else row.name)
    readouts = readouts_of(viewer, round_)
    found: dict[str, str] = {}
    for at, party in enumerate(parties, start=1):
        readout = readouts.get(party.pk)
        source = _source_shown(readout, viewer) if readout else None
        values = (
            "\n".join(people[party.pk]),
            readout.text if readout else "",
            source.title if source else "",
            source.url if source else "",
        )
        found |= dict(zip(_names(at), values, strict=True))
    return found
