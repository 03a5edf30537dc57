"""What nobody needs any more: files without a row, and rows whose time is over."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path, PurePath

from django.core.files.storage import default_storage

from negotiations.models import Job, Letterhead, Source
from negotiations.services import sweep_jobs, sweep_mails

from ..models import Upload
from .importing import discard_old

# A file lies there before its row does: whoever is sending it is not disturbed.
YOUNG_SECONDS = 24 * 60 * 60


def sweep() -> dict[str, int]:
    """Removes all of it; says how much of what, for whoever runs it by the clock.

    Safe at any time and on several machines at once.
    """
    return {
        "files that were prepared": sweep_jobs(),
        "tables that waited for more than a day": discard_old(),
        "files that belong to nothing": sum(
            _remove_orphans(folder, names) for folder, names in _named().items()
        ),
        "mails that were given up": sweep_mails(),
    }


def _named() -> dict[str, Iterable[str]]:
    """The folders of the store, with the names that rows give to what lies in them."""
    sources = Source.objects.exclude(file="").values_list("file", flat=True)
    earlier = Source.history.exclude(file="").values_list("file", flat=True)
    logos = Letterhead.objects.exclude(logo="").values_list("logo", flat=True)
    uploads = Upload.objects.values_list("token", flat=True)
    return {
        "sources": [*sources, *earlier],
        "letterheads": logos,
        "imports": [token.hex for token in uploads],
        "exports": Job.objects.exclude(file="").values_list("file", flat=True),
    }


def _remove_orphans(folder: str, names: Iterable[str]) -> int:
    kept = {PurePath(name).name.partition(".")[0] for name in names}
    orphans = [p for p in _old_files(folder) if p.name.partition(".")[0] not in kept]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def _old_files(folder: str) -> list[Path]:
    root = Path(default_storage.path(folder))
    before = time.time() - YOUNG_SECONDS
    return [path for path in root.glob("*") if path.is_file() and path.stat().st_mtime < before]
