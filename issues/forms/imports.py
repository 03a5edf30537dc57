"""The forms of an import: the file, its columns, its words. They read; services act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms
from django.core.files.uploadedfile import UploadedFile

from negotiations.access import Viewer
from negotiations.forms import AudienceField
from negotiations.models import Category
from negotiations.services.rows import use_may_be_told

from ..imports.columns import FIELDS, ITEMS, missing, plain
from ..imports.files import Format
from ..imports.tables import DELIMITERS, ENCODINGS, MOST_BYTES, Table, letter, text_of
from ..imports.words import JOINT, NOTHING, OWN, THIRD
from ..models import Entry, Kind, Upload
from ..services.importing import (
    as_kept,
    format_of,
    known_words,
    may_import,
    meanings,
    sheets_of,
    speaker_text,
    words_in,
)
from ..services.importing.entry_lines import NEW

MOST_WORDS = 200
SAMPLE = 4


class UploadForm(forms.Form):
    """What kind of table, and the file."""

    kind = forms.ChoiceField(label="What the rows are", widget=forms.RadioSelect)
    file = forms.FileField(
        label="File",
        help_text=f"CSV or XLSX, at most {MOST_BYTES // 1024 // 1024} MB. "
        "The next pages show how it is read; nothing is written before you say so.",
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.xlsx"}),
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [choice for choice in Kind.choices if may_import(choice[0], viewer)[0]]
        kind.initial = Kind.ENTRIES

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                f"This file has {(file.size or 0) // 1024 // 1024} MB; at most "
                f"{MOST_BYTES // 1024 // 1024} MB can be read. Divide it."
            )
        return file


class Column(NamedTuple):
    """A column of the file: its letter and name, what it holds, and its first cells."""

    letter: str
    name: str
    choice: forms.BoundField
    cells: list[str]


class ColumnsForm(forms.Form):
    """How the file is read, and what each of its columns holds."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    encoding = forms.ChoiceField(choices=list(ENCODINGS.items()), required=False)
    delimiter = forms.ChoiceField(
        label="Columns are separated by", choices=list(DELIMITERS.items()), required=False
    )
    sheet = forms.ChoiceField(required=False)
    header_row = forms.IntegerField(
        label="Row with the names of the columns",
        required=False,
        min_value=1,
        max_value=1000,
        help_text="Empty: the first one with two names.",
    )
    day_first = forms.TypedChoiceField(
        label="04/05/2025 is",
        choices=[("yes", "4 May 2025"), ("no", "5 April 2025")],
        coerce=lambda value: value == "yes",
    )

    audience = AudienceField(label="Who may see the items")

    def __init__(
        self, *args: Any, upload: Upload, table: Table, viewer: Viewer, **kwargs: Any
    ) -> None:
        self.upload, self.table = upload, table
        kwargs["initial"] = self._present()
        super().__init__(*args, **kwargs)
        sheets = sheets_of(upload)
        self.fields["sheet"].choices = [(name, name) for name in sheets]  # type: ignore[attr-defined]
        for name in ("encoding", "delimiter") if sheets else ("sheet",):
            del self.fields[name]
        if upload.kind == ITEMS:
            sides = viewer.negotiation.parties.count()
            self.fields["audience"].offer(viewer, sides)  # type: ignore[attr-defined]
        else:
            del self.fields["audience"]
        choices = [("", "not imported"), *((f.name, f.label) for f in FIELDS[upload.kind])]
        for place, header in enumerate(table.header):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=f"Column {letter(place)}, “{header}”, holds", choices=choices, required=False
            )

    def _present(self) -> dict[str, Any]:
        options = self.upload.options
        columns = {f"column_{place}": name for name, place in self.upload.columns.items()}
        day_first = "yes" if options.get("day_first", True) else "no"
        return {**options, **columns, "token": self.upload.token, "day_first": day_first}

    @property
    def format_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if not name.startswith(("column_", "token"))]

    @property
    def sample(self) -> list[Column]:
        """Each column of the file as it is read now."""
        rows = self.table.rows[:SAMPLE]
        return [
            Column(
                letter(place),
                name,
                self[f"column_{place}"],
                [text_of(row.cells[place]) for row in rows],
            )
            for place, name in enumerate(self.table.header)
        ]

    @property
    def wanted_format(self) -> Format:
        cleaned = self.cleaned_data
        names = ("encoding", "delimiter", "sheet")
        return Format(
            **{name: cleaned.get(name, "") for name in names}, header_row=cleaned["header_row"]
        )

    @property
    def asks_to_read_again(self) -> bool:
        """Whether file and columns have to be looked at anew before anything else."""
        return not self.errors and self.wanted_format != format_of(self.upload)

    @property
    def options(self) -> dict[str, Any]:
        """What `Upload.options` keeps beside the format."""
        kept = ("day_first", "audience")
        return {name: self.cleaned_data[name] for name in kept if name in self.fields}

    @property
    def columns(self) -> dict[str, int]:
        """The place of each field that a column holds."""
        return {
            self.cleaned_data[f"column_{place}"]: place
            for place in range(len(self.table.header))
            if self.cleaned_data.get(f"column_{place}")
        }

    def check_columns(self) -> bool:
        """Whether the columns suffice and none is named twice; sentences beside them if not."""
        held = Counter(
            self.cleaned_data.get(f"column_{place}") for place in range(len(self.table.header))
        )
        for place in range(len(self.table.header)):
            name = self.cleaned_data.get(f"column_{place}")
            if name and held[name] > 1:
                self.add_error(f"column_{place}", "Another column holds this too; choose one.")
        for sentence in missing(self.upload.kind, self.columns):
            self.add_error(None, sentence)
        return not self.errors


class WordsForm(forms.Form):
    """What the file's own words for statuses and speakers mean here; who may see the entries."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    speaker = forms.ChoiceField(label="Who says so, where a row does not say it", required=False)
    audience = AudienceField(
        label="Who may see the entries, and the items opened with them", required=True
    )
    open_items = forms.BooleanField(
        label="Open the items that are not there yet", required=False, initial=True
    )
    skip_repeated = forms.BooleanField(
        label="Leave out rows that repeat an earlier one word for word", required=False
    )
    make_scheme = forms.BooleanField(
        label="Make the statuses of this negotiation from these words; all others go",
        required=False,
    )

    def __init__(
        self, *args: Any, upload: Upload, table: Table, viewer: Viewer, **kwargs: Any
    ) -> None:
        kwargs["initial"] = {**upload.options, "token": upload.token}
        super().__init__(*args, **kwargs)
        self.upload, self.viewer = upload, viewer
        self.parties = {party.code: party for party in viewer.negotiation.parties.all()}
        found = words_in(upload, table)
        self.status_words, self.speaker_words = found["status"], found["asserted_by"]
        guessed = meanings(found, viewer, known_words(upload, viewer))
        self._ask_statuses(guessed["status"])
        self._ask_speakers(guessed["asserted_by"])
        self._ask_audience()

    # --- What is asked ---------------------------------------------------------------------------

    def _ask_statuses(self, guessed: Mapping[str, str]) -> None:
        here = self.viewer.negotiation.scheme.statuses.filter(retired=False)
        present = [(status.label, status.label) for status in here]
        offered: list[Any] = [("", "choose"), ("Statuses here", present)]
        if self.viewer.is_head:
            new = [
                (f"{NEW}{value}", f"new, counts as: {label}") for value, label in Category.choices
            ]
            offered.append(("A status of its own", new))
        else:
            del self.fields["make_scheme"]
        offered.append(("Nothing", [(NOTHING, "no status")]))
        for place, (word, meant) in enumerate(guessed.items()):
            field = forms.ChoiceField(label=word, choices=offered, initial=meant)
            self.fields[f"status_{place}"] = field
        if not self.status_words or not self._scheme_is_unused():
            self.fields.pop("make_scheme", None)

    def _scheme_is_unused(self) -> bool:
        """As far as the viewer sees; the service looks at everything."""
        if not use_may_be_told(self.viewer.negotiation):
            return False
        visible = Entry.objects.visible_to(self.viewer.user, self.viewer.scope)
        return not visible.filter(status__scheme=self.viewer.negotiation.scheme).exists()

    def _ask_speakers(self, guessed: Mapping[str, str]) -> None:
        codes = list(self.parties)
        joint = [" ".join(pair) for pair in _pairs(codes)] if len(codes) > 2 else []
        meanings = [*codes, JOINT, *joint, THIRD, OWN]
        offered = [("", "choose")] + [(m, speaker_text(m, self.parties)) for m in meanings]
        for place, (word, meant) in enumerate(guessed.items()):
            field = forms.ChoiceField(label=word, choices=offered, initial=meant)
            self.fields[f"speaker_{place}"] = field
        speaker: Any = self.fields["speaker"]
        speaker.choices = [("", "nobody: such a row is an error"), *offered[1:]]

    def _ask_audience(self) -> None:
        self.fields["audience"].offer(self.viewer, len(self.parties))  # type: ignore[attr-defined]

    @property
    def status_fields(self) -> list[tuple[int, forms.BoundField]]:
        """How often each status word occurs, and the question what it means."""
        counts = self.status_words.values()
        return [(count, self[f"status_{place}"]) for place, count in enumerate(counts)]

    @property
    def speaker_fields(self) -> list[tuple[int, forms.BoundField]]:
        counts = self.speaker_words.values()
        return [(count, self[f"speaker_{place}"]) for place, count in enumerate(counts)]

    @property
    def other_fields(self) -> list[forms.BoundField]:
        names = ("speaker", "audience", "open_items", "skip_repeated")
        return [self[name] for name in names]

    # --- What was said ---------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for words in (self.status_words, self.speaker_words):
            if len(words) > MOST_WORDS:
                raise forms.ValidationError(
                    f"There are {len(words)} different words; is this column the right one?"
                )
        return cleaned

    @property
    def words(self) -> dict[str, dict[str, str]]:
        """The meaning of each word, as `Upload.words` keeps it."""
        asked = {"status": self.status_words, "asserted_by": self.speaker_words}
        prefixes = {"status": "status", "asserted_by": "speaker"}
        return as_kept(
            {
                sort: {
                    word: self.cleaned_data[f"{prefixes[sort]}_{place}"]
                    for place, word in enumerate(words)
                }
                for sort, words in asked.items()
            }
        )

    @property
    def options(self) -> dict[str, Any]:
        """The rest, as `Upload.options` keeps it."""
        names = ("speaker", "audience", "open_items", "skip_repeated", "make_scheme")
        # In pairs: PostgreSQL keeps no order of an object's names.
        labels = [(plain(word), word[:40]) for word in self.status_words]
        return {name: self.cleaned_data.get(name, "") for name in names} | {"labels": labels}


def _pairs(codes: list[str]) -> list[tuple[str, str]]:
    return [(a, b) for place, a in enumerate(codes) for b in codes[place + 1 :]]


class RetractForm(forms.Form):
    """Why an import is taken back."""

    reason = forms.CharField(max_length=300, label="Why")
