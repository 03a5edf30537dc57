"""The file a person is about to import: kept under a random name until finished or a day old."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from negotiations.access import Viewer

from ...imports.columns import guess_columns, plain
from ...imports.dates import guess_day_first
from ...imports.files import Format, dump, load, read_file, sheets_in
from ...imports.rows import DATES
from ...imports.tables import Table
from ...models import Import, Upload

KEPT = dt.timedelta(days=1)
PARTS = ("file", "table", "faults", "progress")
FORMAT = tuple(field.name for field in fields(Format))


def stage(viewer: Viewer, *, kind: str, file_name: str, data: bytes) -> Upload:
    """Reads a file as well as can be guessed and keeps it; it replaces the person's last one.

    Raises Unreadable with a sentence; nothing is kept then.
    """
    table, how = read_file(data)
    discard_old()
    with transaction.atomic():
        for before in Upload.objects.filter(negotiation=viewer.negotiation, user=viewer.user):
            discard(before)
        upload = Upload(
            negotiation=viewer.negotiation,
            user=viewer.user,
            kind=kind,
            file_name=Path(file_name).name[-200:],
            sha256=hashlib.sha256(data).hexdigest(),
        )
        _path(upload, "file").write_bytes(data)
        _keep(upload, table, how, remembered(viewer, kind).get("columns", {}))
    return upload


def read_again(upload: Upload, how: Format, viewer: Viewer) -> Upload:
    """Reads the same file in another way; what its columns mean is guessed anew.

    Raises Unreadable; the upload stays as it was.
    """
    table, how = read_file(_path(upload, "file").read_bytes(), how)
    _keep(upload, table, how, remembered(viewer, upload.kind).get("columns", {}))
    return upload


def _keep(upload: Upload, table: Table, how: Format, known: dict[str, str]) -> None:
    upload.columns = guess_columns(upload.kind, table.header, known)
    dates = [upload.columns[name] for name in DATES if name in upload.columns]
    cells = (row.cells[place] for row in table.rows for place in dates)
    upload.options = upload.options | asdict(how) | {"day_first": guess_day_first(cells)}
    upload.row_count, upload.checked = len(table.rows), 0
    _path(upload, "table").write_text(dump(table))
    _path(upload, "faults").unlink(missing_ok=True)
    upload.save()


def staged(viewer: Viewer) -> Upload | None:
    """What the viewer is importing here, if anything; what is too old or lost counts as nothing."""
    upload = Upload.objects.filter(negotiation=viewer.negotiation, user=viewer.user.pk).first()
    if upload and _is_fresh(upload) and _path(upload, "table").exists():
        upload.negotiation, upload.user = viewer.negotiation, viewer.user
        return upload
    return None


def _is_fresh(upload: Upload) -> bool:
    return upload.uploaded_at > timezone.now() - KEPT


def update_upload(upload: Upload, **choices: Any) -> Upload:
    """Keeps what was chosen (options, columns, words); the rows have to be checked again."""
    for name, value in choices.items():
        setattr(upload, name, value)
    upload.checked = 0
    _path(upload, "faults").unlink(missing_ok=True)
    upload.save()
    return upload


def discard(upload: Upload) -> None:
    """Forgets an upload and removes its files."""
    Upload.objects.filter(pk=upload.pk).delete()
    transaction.on_commit(lambda: remove_files(upload))


def remove_files(upload: Upload) -> None:
    """Removes what was kept of an upload outside the database."""
    for part in PARTS:
        _path(upload, part).unlink(missing_ok=True)


def discard_old() -> int:
    """Forgets what has been waiting for more than a day, whoever uploaded it; how many."""
    old = list(Upload.objects.filter(uploaded_at__lt=timezone.now() - KEPT))
    for upload in old:
        discard(upload)
    return len(old)


def remembered(viewer: Viewer, kind: str) -> dict[str, Any]:
    """What columns and words meant in the last import of this kind that the viewer may see."""
    last = Import.objects.visible_to(viewer).filter(kind=kind).first()
    return dict(last.meaning) if last else {}


def meaning_of(upload: Upload, table: Table) -> dict[str, Any]:
    """What is worth remembering of an upload."""
    columns = {plain(table.header[place]): name for name, place in upload.columns.items()}
    return {"columns": columns} | upload.words


# --- Files --------------------------------------------------------------------------------------


def _path(upload: Upload, part: str) -> Path:
    """A name nobody can guess, below the folder of all that was uploaded."""
    folder = Path(settings.MEDIA_ROOT) / "imports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{upload.token.hex}.{part}"


def table_of(upload: Upload) -> Table:
    """The table as it was read last."""
    return load(_path(upload, "table").read_text())


def format_of(upload: Upload) -> Format:
    """How the file was read last."""
    return Format(**{name: upload.options[name] for name in FORMAT})


def sheets_of(upload: Upload) -> list[str]:
    """The sheets of a workbook; none of a CSV file."""
    return sheets_in(_path(upload, "file").read_bytes())


def findings_of(upload: Upload) -> tuple[dict[int, dict[str, str]], dict[str, str]]:
    """As far as the rows are checked: what is wrong with which, and the items they would open."""
    path = _path(upload, "faults")
    if not path.exists():
        return {}, {}
    faults, opens = json.loads(path.read_text())
    return {int(number): found for number, found in faults.items()}, opens


def keep_findings(upload: Upload, faults: dict[int, dict[str, str]], opens: dict[str, str]) -> None:
    """Keeps what `findings_of` tells."""
    _path(upload, "faults").write_text(json.dumps([faults, opens], ensure_ascii=False))


def tell_progress(upload: Upload, sentence: str, done: int, of: int) -> None:
    """Says how far the writing is. Beside the database: its transaction shows nothing till the end.

    The file is exchanged in one step, so that a reader never meets half of it.
    """
    path = _path(upload, "progress")
    beside = path.with_suffix(f".{uuid4().hex}")
    beside.write_text(json.dumps([sentence, done, of]))
    beside.replace(path)


def progress_of(upload: Upload) -> tuple[str, int, int] | None:
    """What is being written, how much is done, and of how much; None before it has begun."""
    try:
        sentence, done, of = json.loads(_path(upload, "progress").read_text())
    except FileNotFoundError:
        return None
    return sentence, done, of
