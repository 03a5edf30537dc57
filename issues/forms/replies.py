"""What follows an entry: its correction, its retraction, a second source."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms

from negotiations.forms import DocumentField, VagueDateField, say_file_is_gone
from negotiations.models import Source

from ..models import Entry
from ..reads.frame import FrameView
from ..reads.sources import recent_sources
from ..services import NewSource
from .entry import Choices, EntryForm


class CorrectionForm(EntryForm):
    """The entry form filled from the entry to be replaced, with a reason."""

    reason = forms.CharField(label="Why it is corrected", max_length=300)
    field_order = ("reason",)

    def __init__(self, *args: Any, target: Entry, **kw: Any) -> None:
        kw.setdefault("initial", _initial_from(target))
        kw.setdefault("auto_id", "reply-%s")
        self.target = target
        super().__init__(*args, **kw)
        for name in ("also", "same"):
            self.fields.pop(name, None)

    def _status_choices(self) -> Choices:
        """A status retired since may stay where it is."""
        choices, kept = super()._status_choices(), self.target.status
        return [*choices, (kept.label, kept.label)] if kept and kept.retired else choices

    def _source_choices(self) -> Choices:
        return [("", "The same as before"), *super()._source_choices()[1:]]

    def _sources(self, cleaned: dict[str, Any]) -> list[Source | NewSource]:
        return super()._sources(cleaned) or list(self.target.sources.all())


def _initial_from(target: Entry) -> dict[str, Any]:
    initial: dict[str, Any] = {name: getattr(target, name) for name in EntryForm.PLAIN}
    initial |= {
        "who": f"party:{target.party.code}" if target.party else target.voice,
        "joint": [party.code for party in target.joint_parties.all()],
        "status": target.status.label if target.status else "",
        "said": f"{target.when}, {target.said_time:%H:%M}" if target.said_time else target.when,
        "early": True,
        "round": str(target.round.place) if target.round else "",
        "waits": target.waits_party.code if target.waits_party else target.waits_for,
        "next_step_party": target.next_step_party.code if target.next_step_party else "",
        "audience": target.audience,
    }
    return initial


class RetractionForm(forms.Form):
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(label="Why it is taken back", max_length=300)

    def __init__(self, data: Any = None, **kw: Any) -> None:
        super().__init__(data, auto_id="reply-%s", **kw)
        if not self.is_bound:
            self.initial.setdefault("token", uuid4())


class SourceForm(forms.Form):
    """A second source for an entry: one that is known here, or a new one."""

    source = forms.ChoiceField(label="Known source", required=False)
    url = forms.URLField(label="Link", required=False, max_length=500, assume_scheme="https")
    title = forms.CharField(required=False, max_length=300)
    publisher = forms.CharField(required=False, max_length=160)
    dated = VagueDateField(label="Dated", required=False, max_length=40)
    file = DocumentField()

    def __init__(self, data: Any = None, files: Any = None, *, frame: FrameView, **kw: Any) -> None:
        super().__init__(data, files, auto_id="reply-%s", **kw)
        self.frame = frame
        self._recent = recent_sources(frame.viewer)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        say_file_is_gone(self, "file")
        field.choices = [("", "A new one"), *((str(s.uuid), str(s)[:80]) for s in self._recent)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(name) for name in ("source", "url", "title", "file")):
            if "file" not in self.errors:
                self.add_error("url", "Give a link, a title or a file, or choose a known source.")
        elif cleaned.get("source") and cleaned.get("file"):
            self.add_error("source", "A file makes a new source: choose “A new one”.")
        return cleaned

    def source_to_add(self) -> Source | NewSource:
        """The chosen source, or a new one to be written down."""
        cleaned = self.cleaned_data
        for source in self._recent:
            if str(source.uuid) == cleaned["source"]:
                return source
        return NewSource(
            title=cleaned["title"] or cleaned["url"] or cleaned["file"].name,
            file=cleaned["file"],
            url=cleaned["url"],
            publisher=cleaned["publisher"],
            dated=cleaned["dated"],
            kind=Source.Kind.WEB if cleaned["url"] else Source.Kind.DOCUMENT,
        )
