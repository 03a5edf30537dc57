"""What the pages of an import show: the rows as they were read, and what came in before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.paginator import Page

from negotiations.access import Viewer

from ..imports.columns import FIELDS
from ..imports.tables import Fault, Table, text_of
from ..models import Import, Issue, Upload
from ..services.importing import Check, Line, checked, maker_for, new_statuses
from .paging import page_at

ROWS = 50


@dataclass(frozen=True)
class PreviewCell:
    """What stands in a cell, how it was understood where that differs, and what is wrong."""

    text: str
    understood: str = ""
    error: str = ""


@dataclass(frozen=True)
class PreviewRow:
    """One row of the file. `errors`: those of no column that was imported."""

    number: int
    cells: list[PreviewCell]
    errors: str = ""
    left_out: bool = False


@dataclass(frozen=True)
class Preview:
    """A page of rows under the names of their columns, and what the check found."""

    heads: list[str]
    rows: list[PreviewRow]
    page: Page[int]
    check: Check
    new_statuses: Mapping[str, str]
    only_faulty: bool
    before: Import | None


def preview(
    upload: Upload, viewer: Viewer, table: Table, *, page: str, only_faulty: bool
) -> Preview:
    """Page `page` of the rows, or of those with errors only. Raises BadRequest for no page."""
    check = checked(upload)
    places = [
        place
        for place, row in enumerate(table.rows)
        if not only_faulty or row.number in check.faults
    ]
    shown = page_at(places, page, ROWS)
    maker = maker_for(upload, viewer, table)
    lines = [(table.rows[place].cells, maker.line(table.rows[place])) for place in shown]
    fields = [one for one in FIELDS[upload.kind] if one.name in upload.columns]
    rows = [
        PreviewRow(
            line.number,
            [_cell(cells[upload.columns[one.name]], one.name, line) for one in fields],
            _other_errors(line, upload),
            line.left_out,
        )
        for cells, line in lines
    ]
    heads = [one.label for one in fields]
    return Preview(
        heads, rows, shown, check, new_statuses(upload), only_faulty, same_file(upload, viewer)
    )


def _cell(cell: object, name: str, line: Line) -> PreviewCell:
    text = "" if isinstance(cell, Fault) else text_of(cell)  # type: ignore[arg-type]
    understood = line.understood.get(name, "")
    differs = understood.casefold() != text.casefold()
    return PreviewCell(text, understood if differs else "", line.errors.get(name, ""))


def _other_errors(line: Line, upload: Upload) -> str:
    return " ".join(text for name, text in line.errors.items() if name not in upload.columns)


def same_file(upload: Upload, viewer: Viewer) -> Import | None:
    """An earlier import of the same bytes that still stands, as far as the viewer may know."""
    rows = imports_of(viewer)
    return next((one for one in rows if one.sha256 == upload.sha256 and not one.retracted_at), None)


def imports_of(viewer: Viewer) -> list[Import]:
    """The imports that the viewer may know of, latest first."""
    rows = Import.objects.visible_to(viewer).select_related("by", "retracted_by", "audience_party")
    return list(rows[:200])


def opened_items(made: Import, viewer: Viewer) -> list[Issue]:
    """The items an import opened, without those marked since; the first hundred."""
    rows = Issue.objects.visible_to(viewer).filter(pk__in=made.made_items[:100])
    found = list(rows.in_agenda_order())
    for issue in found:
        issue.negotiation = viewer.negotiation
    return found
