"""Making a backup while people work: one moment of the database, then the files."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone

from negotiations.files import size_text
from negotiations.services.jobs import FOLDER

from .engines import Moment, engine
from .manifest import (
    DATABASE,
    FILES,
    MANIFEST,
    Manifest,
    Member,
    Refused,
    Tell,
    applied_migrations,
    chain_heads,
    counted,
    parley_version,
)
from .progress import Progress
from .scratch import BACKUP, scratch_folder, sweep_leftovers
from .sealing import Sealing

_COMPRESSION = 5
_BLOCK = 1 << 20


def make_backup(target: Path, *, passphrase: str = "", tell: Tell) -> Manifest:
    """Writes the backup to `target`, encrypted where there is a passphrase; what is in it.

    The file appears whole, on the disk and readable by its owner alone, or not at all. Raises
    Refused where it exists already, and when a file that it was to hold went meanwhile.
    """
    if target.exists():
        raise Refused(f"{target} exists already: give another name.")
    if not target.parent.is_dir():
        raise Refused(f"There is no folder {target.parent}.")
    # What a killed one left is not encrypted.
    sweep_leftovers(target.parent)
    # Beside the database: what is not encrypted goes to no other disk.
    with scratch_folder(Path(settings.VAR_DIR), BACKUP) as folder:
        tell("Copying the database …")
        with engine().moment(folder) as moment:
            # First the database: files are there before the rows that name them.
            sources = {DATABASE: moment.path, **_files()}
            manifest = _manifest(moment, sources, tell)
        with _new_file(target) as sink:
            write_backup(sink, passphrase, manifest, sources, tell)
    return manifest


def _manifest(moment: Moment, sources: dict[str, Path], tell: Tell) -> Manifest:
    tables = sorted(set(connection.introspection.table_names()) & _own_tables())
    total = sum(path.stat().st_size for path in sources.values())
    progress = Progress(f"Reading {size_text(total)}", total, tell)
    return Manifest(
        made_at=timezone.now().isoformat(timespec="seconds"),
        parley=parley_version(),
        database=connection.vendor,
        migrations=applied_migrations(),
        rows=counted(moment.cursor, tables),
        chains=chain_heads(moment.cursor),
        members={name: _hashed(path, progress) for name, path in sources.items()},
    )


def _own_tables() -> set[str]:
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table for model in models if model._meta.managed}


def _files() -> dict[str, Path]:
    """All that people sent, by the name it has in the backup; not what can be prepared anew."""
    root = Path(settings.MEDIA_ROOT)
    return {
        f"{FILES}/{path.relative_to(root).as_posix()}": path
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] != FOLDER
    }


def _hashed(path: Path, progress: Progress) -> Member:
    digest, size = hashlib.sha256(), 0
    for block in _blocks(path):
        digest.update(block)
        size += len(block)
        progress.advance(len(block))
    return Member(size, digest.hexdigest())


def _blocks(path: Path) -> Iterator[bytes]:
    """Raises Refused when the file is gone: somebody erased what was in it."""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except FileNotFoundError as error:
        raise Refused("A file was erased while the backup ran: run it again.") from error


@contextmanager
def _new_file(target: Path) -> Iterator[IO[bytes]]:
    """Takes what becomes `target` when all of it is on the disk."""
    with scratch_folder(target.parent, BACKUP) as folder:
        part = folder / target.name
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        part.rename(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename outlast a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write_backup(
    sink: IO[bytes], passphrase: str, manifest: Manifest, sources: dict[str, Path], tell: Tell
) -> None:
    total = sum(member.size for member in manifest.members.values())
    progress = Progress("Writing", total, tell)
    with ExitStack() as stack:
        out = stack.enter_context(Sealing(sink, passphrase)) if passphrase else sink
        packed = gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_COMPRESSION, mtime=0)
        tar = tarfile.open(fileobj=stack.enter_context(packed), mode="w|")  # noqa: SIM115
        stack.enter_context(tar)
        text = manifest.to_json()
        tar.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))
        for name, path in sources.items():
            size = manifest.members[name].size
            with _opened(path) as file:
                tar.addfile(_entry(name, size), file)
            progress.advance(size)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise Refused("A file was erased while the backup ran: run it again.") from error


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry
