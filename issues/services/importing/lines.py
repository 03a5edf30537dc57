"""A row as the services will get it, with what is wrong with it, and how it was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.core.exceptions import ValidationError

from negotiations.access import Viewer
from negotiations.scopes import MEMBERS

from ...imports.columns import ENTRIES, ITEMS, ROUNDS
from ...imports.rows import Draft, Reading
from ...imports.tables import Row, Table
from ...models import Issue, Upload


@dataclass
class Line:
    """One row. `made` is what the service takes: keywords, an ItemData or an EntryData."""

    number: int
    errors: dict[str, str] = field(default_factory=dict)
    understood: dict[str, str] = field(default_factory=dict)
    made: Any = None
    item: Issue | None = None
    opens: str = ""
    left_out: bool = False

    @classmethod
    def of(cls, draft: Draft) -> Line:
        return cls(draft.number, draft.errors)


class Maker(Protocol):
    """Makes lines of rows; knows the negotiation, so that each row costs no query."""

    reading: Reading

    def line(self, row: Row) -> Line: ...


def written_for(upload: Upload, viewer: Viewer) -> dict[str, Any]:
    """Who may see what the file brings: as was chosen; rounds are for all members."""
    chosen = upload.options.get("audience", "") if upload.kind != ROUNDS else MEMBERS
    return viewer.written_for(chosen)


def reading_of(upload: Upload, table: Table) -> Reading:
    return Reading(
        upload.kind, upload.columns, upload.options.get("day_first", True), table.epoch_1904
    )


def maker_for(upload: Upload, viewer: Viewer, table: Table) -> Maker:
    """What makes lines of this upload's rows."""
    from .entry_lines import EntryMaker
    from .frame_lines import ItemMaker, RoundMaker

    makers: Mapping[str, Any] = {ENTRIES: EntryMaker, ITEMS: ItemMaker}
    maker: Maker = makers.get(upload.kind, RoundMaker)(upload, viewer, table)
    return maker


def add_refusal(line: Line, refusal: ValidationError, names: Mapping[str, str]) -> None:
    """Puts what a service's check refused beside the field of the row it concerns."""
    if not hasattr(refusal, "error_dict"):
        line.errors.setdefault("", " ".join(refusal.messages))
        return
    for name, sentences in refusal.message_dict.items():
        line.errors.setdefault(names.get(name, name), " ".join(sentences))
