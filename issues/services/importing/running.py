"""Writing: one transaction through the services, everything or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from negotiations.access import Role, Viewer, can
from negotiations.models import Round, Status
from negotiations.services import add_statuses, create_round

from ...imports.columns import ENTRIES, ITEMS, ROUNDS, plain
from ...imports.tables import Table
from ...models import Import, Issue, Upload
from ..entries import record_many
from ..entry_data import EntryData
from ..items import open_issues
from ..opening import ItemData
from .entry_lines import new_category
from .lines import Line, maker_for, written_for
from .staging import discard, meaning_of, table_of, tell_progress

Tell = Callable[[str, int, int], None]


def run_import(upload: Upload, viewer: Viewer, *, tell: Tell | None = None) -> Import:
    """Writes every row of the upload, or none, and forgets the upload.

    Sent twice, it is imported once: the second call returns the first one's Import. Raises
    ValidationError, one sentence per row, for what the checks refuse; nothing is written then.
    """
    tell = tell or (lambda *told: tell_progress(upload, *told))
    if made := finished(viewer, str(upload.token)):
        return made
    allowed, why_not = may_import(upload.kind, viewer)
    if not allowed:
        raise ValidationError(why_not)
    table = table_of(upload)
    lines = _good_lines(upload, viewer, table, tell)
    with transaction.atomic():
        # A second tab waits here, and then finds nothing left to import.
        if not Upload.objects.select_for_update().filter(pk=upload.pk).exists():
            if made := finished(viewer, str(upload.token)):
                return made
            raise ValidationError("This file was forgotten meanwhile; upload it again.")
        statuses = _make_statuses(upload, viewer)
        made = _record_of(upload, viewer, meaning_of(upload, table), len(lines))
        WRITERS[upload.kind](made, lines, viewer, statuses, tell)
        made.save()
        discard(upload)
    return made


def finished(viewer: Viewer, token: str) -> Import | None:
    """What the viewer's own upload with this token became, if it was imported."""
    try:
        uuid = UUID(token)
    except ValueError:
        return None
    return Import.objects.filter(
        negotiation=viewer.negotiation, by=viewer.user.pk, uuid=uuid
    ).first()


def may_import(kind: str, viewer: Viewer) -> tuple[bool, str]:
    """Items and entries are for recorders; rounds are the head's, as on their own page."""
    return can(viewer, Role.HEAD if kind == ROUNDS else Role.RECORDER)


def new_statuses(upload: Upload) -> dict[str, str]:
    """The statuses to be made: label and category, in the order of the file's words."""
    words = upload.words.get("status", {})
    return {
        label: category
        for word, label in upload.options.get("labels", ())
        if (category := new_category(words.get(word, "")))
    }


def _good_lines(upload: Upload, viewer: Viewer, table: Table, tell: Tell) -> list[Line]:
    """All lines. What was checked before may no longer hold: somebody else works here too."""
    maker, lines = maker_for(upload, viewer, table), []
    for count, row in enumerate(table.rows):
        lines.append(maker.line(row))
        if count % 1000 == 0:
            tell("Checking once more", count, len(table.rows))
    if faulty := [line for line in lines if line.errors]:
        raise ValidationError(
            [f"Row {line.number}: {' '.join(line.errors.values())}" for line in faulty]
        )
    return [line for line in lines if not line.left_out]


def _record_of(upload: Upload, viewer: Viewer, meaning: dict[str, Any], rows: int) -> Import:
    shown = written_for(upload, viewer)
    return Import(
        # The upload's own name: a form sent twice finds what it has made.
        uuid=upload.token,
        negotiation=viewer.negotiation,
        by=viewer.user,
        kind=upload.kind,
        file_name=upload.file_name,
        sha256=upload.sha256,
        row_count=rows,
        audience=shown["audience"],
        audience_party=shown["audience_party"],
        meaning=meaning,
    )


def _make_statuses(upload: Upload, viewer: Viewer) -> dict[str, Status]:
    wanted = new_statuses(upload)
    if not wanted:
        return {}
    allowed, why_not = can(viewer, Role.HEAD)
    if not allowed:
        raise ValidationError(f"New statuses: {why_not}")
    kept = set(upload.words["status"].values()) if upload.options.get("make_scheme") else None
    made = add_statuses(viewer.negotiation, wanted, by=viewer.user, keep=kept)
    return {status.label: status for status in made}


# --- One writer for each kind -------------------------------------------------------------------


def _write_entries(
    made: Import, lines: Sequence[Line], viewer: Viewer, statuses: dict[str, Status], tell: Tell
) -> None:
    names = {plain(line.opens): line.opens for line in lines if line.opens}
    items = [ItemData(title) for title in names.values()]
    shown = viewer.written_for(made.audience)
    opened = open_issues(viewer.negotiation, items, by=viewer.user, **shown) if items else []
    by_name = dict(zip(names, opened, strict=True))
    made.made_items, made.batch = [issue.pk for issue in opened], made.uuid
    pairs = [_pair(line, by_name, statuses) for line in lines]
    of = len({issue.pk for issue, _data in pairs})
    tell("Writing entries", 0, of)
    recorded = record_many(
        pairs,
        viewer=viewer,
        batch=UUID(str(made.batch)),
        progress=lambda done: tell("Working out where each item stands", done, of),
    )
    made.entry_count = len(recorded.entries)


def _pair(
    line: Line, opened: dict[str, Issue], statuses: dict[str, Status]
) -> tuple[Issue, EntryData]:
    data: EntryData = line.made
    if data.status and not data.status.pk:
        data = replace(data, status=statuses[data.status.label])
    return line.item or opened[plain(line.opens)], data


def _write_items(
    made: Import, lines: Sequence[Line], viewer: Viewer, _statuses: dict[str, Status], tell: Tell
) -> None:
    below: dict[str, list[ItemData]] = {}
    for line in lines:
        if line.opens:
            below.setdefault(line.opens, []).append(line.made)
    top = [line.made for line in lines if not line.opens]
    trees = [replace(item, sub_items=below.get(_name(item), ())) for item in top]
    tell("Opening items", 0, len(lines))
    shown = viewer.written_for(made.audience)
    issues = open_issues(viewer.negotiation, trees, by=viewer.user, **shown)
    made.made_items = [issue.pk for issue in issues]


def _name(item: ItemData) -> str:
    return plain(f"{item.reference} {item.title}") if item.parent is None else ""


def _write_rounds(
    made: Import, lines: Sequence[Line], viewer: Viewer, _statuses: dict[str, Status], tell: Tell
) -> None:
    rounds: list[Round] = []
    for line in lines:
        try:
            rounds.append(create_round(viewer.negotiation, by=viewer.user, **line.made))
        except ValidationError as refusal:
            raise ValidationError(f"Row {line.number}: {' '.join(refusal.messages)}") from refusal
        tell("Adding rounds", len(rounds), len(lines))
    made.made_rounds = [round_.pk for round_ in rounds]


WRITERS = {ENTRIES: _write_entries, ITEMS: _write_items, ROUNDS: _write_rounds}
