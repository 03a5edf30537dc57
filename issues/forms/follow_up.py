"""Short forms of one entry: it still stands so; ask somebody; the next step is done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from negotiations.dates import VagueDate, date_text
from negotiations.models import Party

from ..models import Entry, Issue
from ..reads.standings import StandingView
from ..services import EntryData
from .entry import Choices, EntryForm

SOURCE = ("source", "source_url", "source_title")


class ShortForm(EntryForm):
    """The entry form with few of its fields; the others stay as they are when nobody fills them."""

    KEEPS: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kw: Any) -> None:
        kw.setdefault("auto_id", "reply-%s")
        super().__init__(*args, **kw)
        for name in set(self.fields) - {"token", "early", *self.KEEPS}:
            del self.fields[name]
        if not self.is_bound:
            self.initial.setdefault("said", date_text(timezone.localdate()))

    def clean(self) -> dict[str, Any]:
        left_out = set(EntryForm.base_fields) - set(self.fields)
        nothing = ("next_step_by", "source_date", "source_file")
        self.cleaned_data |= {name: None if name in nothing else "" for name in left_out}
        self.fill(self.cleaned_data)
        return super().clean()

    def add_error(self, field: str | None, error: Any) -> None:
        """What is wrong with something that is not asked here stands above the form."""
        super().add_error(field if field in self.fields else None, error)

    def fill(self, cleaned: dict[str, Any]) -> None:
        """Writes into `cleaned` what this form says without asking."""


class StillSoForm(ShortForm):
    """Repeats what one party last said of where the item stands, on a later day."""

    KEEPS = ("who", "said", "text", "round", *SOURCE, "audience")

    def __init__(self, *args: Any, view: StandingView, **kw: Any) -> None:
        self.view = view
        super().__init__(*args, **kw)
        self.fields["who"].label = "Who says that it is still so"
        self.fields["text"].label = "In which words"
        self.fields["said"].label = "When"
        choices = self._who_choices()
        self._choose("who", lambda: choices)
        self.fields["who"].error_messages["invalid_choice"] = (
            "This has changed meanwhile. Look at what each side says now, and choose again."
        )
        if len(choices) == 1:
            self.initial["who"] = choices[0][0]

    def _who_choices(self) -> Choices:
        """Each with the status it repeats, so that nobody repeats one they have not read."""
        words = [(word.party, word.status) for word in self.view.words if word.status]
        found = [(f"party:{p.code}:{s.label}", f"{p.name}: {s.label}") for p, s in words]
        voice = {"press": "third", "ours": "own"}.get(self.view.badge)
        if voice and self.view.headline:
            name = {"third": "Press", "own": "Our assessment"}[voice]
            label = self.view.headline.label
            found.append((f"{voice}::{label}", f"{name}: {label}"))
        return found

    @property
    def has_choices(self) -> bool:
        """Whether anybody has given a status that could be repeated."""
        return bool(self._who_choices())

    def fill(self, cleaned: dict[str, Any]) -> None:
        voice, _, rest = cleaned.get("who", "").partition(":")
        code, _, status = rest.partition(":")
        cleaned["who"] = f"{voice}:{code}" if code else voice
        cleaned["status"] = status


class AskForm(ShortForm):
    """A next step of our own: ask somebody about the item, by some day."""

    KEEPS = (
        *("whom", "about", "next_step_by", "next_step_party", "next_step_who", "text"),
        "audience",
    )

    whom = forms.CharField(
        label="Ask whom",
        max_length=80,
        help_text="A party, or a person.",
        widget=forms.TextInput({"list": "whom-list"}),
    )
    about = forms.CharField(label="About what", max_length=200)
    field_order = ("whom", "about", "next_step_by", "next_step_party", "next_step_who", "text")

    def __init__(self, *args: Any, issue: Issue, asked: Party | None, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.fields["next_step_party"].label = "Who is to ask: party"
        self.fields["next_step_who"].label = "Who is to ask: person"
        self.fields["text"].label = "Note"
        self.fields["text"].required = False
        if not self.is_bound:
            own = self.viewer.party
            self.initial.update(
                about=issue.title,
                whom=asked.name if asked else "",
                next_step_party=own.code if own else "",
                next_step_who=str(self.viewer.user)[:120],
            )

    def clean_next_step_by(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["next_step_by"]
        if day and day < timezone.localdate():
            raise ValidationError("This day has passed already.")
        return day

    def fill(self, cleaned: dict[str, Any]) -> None:
        whom, about = cleaned.get("whom", ""), cleaned.get("about", "")
        cleaned["next_step"] = f"Ask {whom} about {about}"[:300]
        # Nobody said anything yet: it is our own note.
        cleaned["who"] = Entry.Voice.OWN.value
        cleaned["said"] = VagueDate.of_day(timezone.localdate())
        self.said_time = None


class StepDoneForm(ShortForm):
    """The next step is done, or no longer needed: who says so, and when."""

    KEEPS = ("next_step_state", "who", "said", "text", *SOURCE)

    def __init__(self, *args: Any, step: Entry, **kw: Any) -> None:
        self.step = step
        super().__init__(*args, **kw)
        state = self.fields["next_step_state"] = forms.ChoiceField(
            label="What became of it", choices=Entry.NextStep.choices, widget=forms.RadioSelect
        )
        state.initial = Entry.NextStep.DONE.value
        self.fields["text"].label = "What came of it"
        self.order_fields(["next_step_state"])
        if not self.is_bound:
            # That a task is done is a note of ours, unless somebody else is named.
            self.initial["who"] = Entry.Voice.OWN.value

    def _offer(self, members: int) -> None:
        super()._offer(members)
        parties = [(f"party:{p.code}", p.name) for p in self.frame.parties.values()]
        self._choose("who", lambda: [*parties, ("third", "Press"), ("own", "Our own note")])

    def fill(self, cleaned: dict[str, Any]) -> None:
        cleaned["next_step"] = self.step.next_step
        # Who may see it is that of the step: the service sees to it.
        cleaned["audience"] = "members"

    def ending(self) -> EntryData:
        """What `services.finish_step` takes."""
        return self.entry_data()[0]
