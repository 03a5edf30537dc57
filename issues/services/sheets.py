"""Sheets: drafts that save themselves, released in one transaction, undone as one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.exceptions import Conflict

from ..models import Entry, Issue, Sheet, SheetRow
from .entries import Recorded, record_many, undo
from .entry_data import EntryData
from .refusals import check_entry, check_recorder

SAVED, CONFLICT, REFUSED = "saved", "conflict", "refused"
_RELEASED = "This sheet was released meanwhile; correct the entry on the page of its item."
_GONE = "This sheet is no longer open. What you typed is still here; nothing of it was saved."


@dataclass(frozen=True)
class RowData:
    """One row as it was typed. `version` is the one that was on the screen, 0 for a new row."""

    uuid: UUID
    issue: Issue
    version: int = 0
    who: str = ""
    status: str = ""
    text: str = ""
    waits: str = ""
    time: dt.time | None = None

    @property
    def words(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in SheetRow.WORDS}


@dataclass(frozen=True)
class RowSaved:
    """What became of one row. `row` is what the server holds now, the other's in a conflict."""

    data: RowData
    state: str
    row: SheetRow | None = None
    reason: str = ""


@dataclass(frozen=True)
class TopData:
    """Date, source and audience as typed."""

    words: Mapping[str, Any]
    version: int = 0


class RowsRefused(Exception):
    """Rows that may not be released: by row, what is wrong with each field."""

    def __init__(self, errors: dict[UUID, ValidationError]) -> None:
        super().__init__("Nothing was released.")
        self.errors = errors


def save_sheet(
    sheet: Sheet,
    rows: Sequence[RowData],
    *,
    viewer: Viewer,
    top: TopData | None = None,
    page: UUID | None = None,
) -> tuple[list[RowSaved], bool]:
    """Keeps drafts as typed: each row once, however often it is sent; the sheet is made if new.

    `page` names the open page that sends: its later text never conflicts with its earlier one.
    Gives what became of each row, and whether the top was kept (else somebody changed it first).
    Raises ValidationError for whoever only reads, Conflict for a sheet no longer open.
    """
    check_recorder(viewer)
    with transaction.atomic():
        _open(sheet)
        kept = _keep_top(sheet, top, viewer, page) if top else True
        uuids = [row.uuid for row in rows]
        known = {row.uuid: row for row in SheetRow.objects.filter(uuid__in=uuids)}
        return [_keep(sheet, data, known.get(data.uuid), viewer, page) for data in rows], kept


def release_sheet(
    sheet: Sheet, said: Sequence[tuple[SheetRow, EntryData]], *, viewer: Viewer
) -> Recorded:
    """Writes every row as an entry, in one batch, and closes the sheet.

    Entries are recorded by whoever releases. Raises RowsRefused (then nothing is written), and
    Conflict when a row was changed after it was read, or the sheet is no longer open.
    """
    check_recorder(viewer)
    with transaction.atomic():
        _open(sheet)
        # A row on an item that was narrowed since stays a draft: its author cannot see it.
        seen = sheet.rows.filter(issue__in=Issue.objects.in_scope(viewer.scope).order_by())
        held = {row.uuid: row.version for row in seen if not row.is_empty}
        if held != {row.uuid: row.version for row, _data in said}:
            raise Conflict(sheet)
        _check_rows(said, viewer)
        pairs = [(row.issue, data) for row, data in said]
        done = record_many(pairs, viewer=viewer, batch=sheet.batch)
        sheet.released_at, sheet.released_by = timezone.now(), viewer.user
        sheet.save(update_fields=["released_at", "released_by"])
    return done


def undo_sheet(sheet: Sheet, *, viewer: Viewer) -> Sheet:
    """Takes all entries of a released sheet back; its rows are drafts again. Gives their sheet.

    Rows go to the sheet that its author has opened meanwhile at the same place, if there is one.
    Raises as `undo`: too late, somebody else's, or an entry was replaced meanwhile.
    """
    with transaction.atomic():
        released = Sheet.objects.select_for_update().get(pk=sheet.pk)
        if released.released_at is None:
            return released
        undo(list(Entry.objects.filter(batch=released.batch)), viewer=viewer)
        place = {"round": released.round_id, "from_source": released.from_source_id}
        side = Sheet.objects.filter(author=released.author_id, party=released.party_id, **place)
        if opened := side.filter(released_at=None).first():
            released.rows.update(sheet=opened)
            return opened
        released.released_at, released.released_by, released.batch = None, None, uuid4()
        released.save(update_fields=["released_at", "released_by", "batch"])
    return released


# --- Helpers ------------------------------------------------------------------------------------


def _open(sheet: Sheet) -> None:
    """Locks the sheet, makes it if it is new, and brings the object up to date."""
    if sheet.pk is None:
        found, _made = Sheet.objects.get_or_create(
            negotiation=sheet.negotiation,
            author=sheet.author,
            party=sheet.party,
            round=sheet.round if sheet.from_source is None else None,
            from_source=sheet.from_source,
            released_at=None,
        )
        sheet.pk = found.pk
    current = Sheet.objects.select_for_update().get(pk=sheet.pk)
    if current.released_at:
        raise Conflict(current)
    for name in ("uuid", "batch", "version", "page", "top", "changed_by_id", "changed_at"):
        setattr(sheet, name, getattr(current, name))
    sheet._state.adding = False


def _keep_top(sheet: Sheet, top: TopData, viewer: Viewer, page: UUID | None) -> bool:
    words = dict(top.words)
    if words == sheet.top:
        return True
    if sheet.version not in (0, top.version) and (page is None or sheet.page != page):
        return False
    sheet.top, sheet.page, sheet.version = words, page, sheet.version + 1
    sheet.changed_by, sheet.changed_at = viewer.user, timezone.now()
    sheet.save(update_fields=["top", "page", "version", "changed_by", "changed_at"])
    return True


def _keep(
    sheet: Sheet, data: RowData, row: SheetRow | None, viewer: Viewer, page: UUID | None
) -> RowSaved:
    if row is None:
        made = SheetRow(sheet=sheet, uuid=data.uuid, issue=data.issue, version=0)
        return RowSaved(data, SAVED, _write(made, data, viewer, page))
    if row.sheet_id != sheet.pk:
        mine = Sheet.objects.visible_to(viewer).filter(pk=row.sheet_id).exists()
        return RowSaved(data, REFUSED, reason=_RELEASED if mine else _GONE)
    if all(getattr(row, name) == value for name, value in data.words.items()):
        return RowSaved(data, SAVED, row)
    if row.version != data.version and (page is None or row.page != page):
        return RowSaved(data, CONFLICT, row)
    return RowSaved(data, SAVED, _write(row, data, viewer, page))


def _write(row: SheetRow, data: RowData, viewer: Viewer, page: UUID | None) -> SheetRow:
    for name, value in data.words.items():
        setattr(row, name, value)
    row.version, row.page = row.version + 1, page
    row.changed_by, row.changed_at = viewer.user, timezone.now()
    row.save()
    return row


def _check_rows(said: Sequence[tuple[SheetRow, EntryData]], viewer: Viewer) -> None:
    today, errors = timezone.localdate(), {}
    for row, data in said:
        try:
            check_entry(row.issue, data, viewer, today)
            if row.issue.entered_in_error:
                raise ValidationError("This item was marked as entered in error meanwhile.")
        except ValidationError as error:
            errors[row.uuid] = error
    if errors:
        raise RowsRefused(errors)
