"""Restoring a backup into an empty place: checked as a whole, then moved there."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings
from django.core.management import call_command

from negotiations import services
from negotiations.models import Job
from negotiations.server import Serving, alone

from .engines import Engine, engine
from .making import sync_folder
from .manifest import (
    DATABASE,
    LARGEST_MANIFEST,
    MANIFEST,
    Manifest,
    Member,
    Refused,
    Tell,
    read_manifest,
    refuse_newer,
)
from .progress import Progress
from .scratch import RESTORE, scratch_folder, sweep_leftovers
from .sealing import MAGIC, Opening

_BLOCK = 1 << 20
CUT_OFF = "This backup is cut off: its end is missing."
DAMAGED = "This backup is damaged."
NOT_OURS = "This file is no backup of Parley."


def restore_backup(source: Path, *, passphrase: str = "", tell: Tell) -> Manifest:
    """Brings a backup into the empty database and folder of files in use; what was in it.

    An older one is migrated forward afterwards. Raises Refused, with nothing changed, for a place
    that is in use, a wrong passphrase, and a file that is damaged, cut off, newer or none of ours.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(alone())
        except Serving as error:
            raise Refused(str(error)) from error
        target = engine()
        target.refuse_used()
        sweep_leftovers(target.folder() or Path(settings.VAR_DIR))
        _refuse_files()
        staged = _stage(stack, target)
        manifest = unpack(source, passphrase, staged, tell)
        tell("Checking the database …")
        _move_in(target, staged, manifest)
    tell("Bringing it up to this version …")
    call_command("migrate", interactive=False, verbosity=0)
    for job in Job.objects.all():
        services.forget_job(job)  # files that were being prepared are no part of a backup
    return manifest


def _refuse_files() -> None:
    root = Path(settings.MEDIA_ROOT)
    if root.is_dir() and any(root.iterdir()):
        raise Refused(f"The folder {root} is not empty. Move it away.")


class Staged:
    """Where the members lie until they are moved; each on the disk that it will be on."""

    def __init__(self, database: Path, files: Path) -> None:
        self.database, self.files = database / DATABASE, files

    def path(self, name: str) -> Path:
        if name == DATABASE:
            return self.database
        path = self.files.joinpath(*PurePosixPath(name).parts[1:])
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _stage(stack: ExitStack, target: Engine) -> Staged:
    # Inside the folder of files, which may be a disk of its own.
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(mode=0o700, exist_ok=True)
    folders = [target.folder() or Path(settings.VAR_DIR), root]
    return Staged(*(stack.enter_context(scratch_folder(one, RESTORE)) for one in folders))


# --- Reading --------------------------------------------------------------------------------------


def unpack(source: Path, passphrase: str, staged: Staged, tell: Tell) -> Manifest:
    """Every member as the manifest says; the backup is read to its very end."""
    with _refusing(), source.open("rb") as file:
        packed = gzip.GzipFile(fileobj=_plain(file, passphrase))
        with tarfile.open(fileobj=packed, mode="r|") as tar:
            manifest = _first(tar)
            total = sum(member.size for member in manifest.members.values())
            progress = Progress("Reading", total, tell)
            left = dict(manifest.members)
            for entry in iter(tar.next, None):
                member = left.pop(entry.name, None)
                if member is None or not entry.isfile():
                    raise Refused(DAMAGED)
                _take(tar.extractfile(entry), staged.path(entry.name), member, progress)
        while packed.read(_BLOCK):
            pass  # the sum at the end is checked when it is reached
    if left:
        raise Refused(CUT_OFF)
    return manifest


@contextmanager
def _refusing() -> Iterator[None]:
    """Says what is wrong with a file that cannot be read."""
    try:
        yield
    except EOFError as error:
        raise Refused(CUT_OFF) from error
    except (gzip.BadGzipFile, zlib.error, tarfile.TarError, UnicodeError) as error:
        raise Refused(DAMAGED) from error
    except FileNotFoundError as error:
        raise Refused(f"There is no file {error.filename}.") from error
    except (PermissionError, IsADirectoryError) as error:
        raise Refused(f"{error.filename} cannot be read ({error.strerror}).") from error


def _plain(file: IO[bytes], passphrase: str) -> IO[bytes]:
    """What is packed, opened where it is sealed."""
    head = file.read(len(MAGIC))
    if head == MAGIC:
        return io.BufferedReader(Opening(file, passphrase), _BLOCK)
    if head[:2] != b"\x1f\x8b":
        raise Refused(NOT_OURS)
    file.seek(0)
    return file


def is_sealed(source: Path) -> bool:
    """Whether a passphrase is needed to read it."""
    with _refusing(), source.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _first(tar: tarfile.TarFile) -> Manifest:
    entry = tar.next()
    if entry is None or entry.name != MANIFEST or entry.size > LARGEST_MANIFEST:
        raise Refused(NOT_OURS)
    file = tar.extractfile(entry)
    manifest = read_manifest(file.read() if file else b"")
    if manifest.database != engine().vendor:
        raise Refused(
            f"This backup is of a database on {manifest.database}, and DATABASE_URL names one on "
            f"{engine().vendor}."
        )
    refuse_newer(manifest)
    return manifest


def _take(file: IO[bytes] | None, path: Path, member: Member, progress: Progress) -> None:
    """Writes one member to the disk. Raises Refused unless it is what the manifest says."""
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while file and (block := file.read(_BLOCK)):
            digest.update(block)
            size += len(block)
            out.write(block)
            progress.advance(len(block))
        out.flush()
        os.fsync(out.fileno())
    if (size, digest.hexdigest()) != (member.size, member.sha256):
        raise Refused(f"This backup is damaged: {path.name} is not what the manifest says.")


# --- Moving ---------------------------------------------------------------------------------------


def _move_in(target: Engine, staged: Staged, manifest: Manifest) -> None:
    """First the files, then the database: without it the place still counts as empty."""
    root = Path(settings.MEDIA_ROOT)
    moved = _rename(staged.files.iterdir(), root)
    try:
        target.bring_in(staged.database, manifest)
    except BaseException:
        _rename(moved, staged.files)
        raise
    for folder in {target.folder() or root, root}:
        sync_folder(folder)


def _rename(paths: Iterable[Path], folder: Path) -> list[Path]:
    return [path.rename(folder / path.name) for path in list(paths)]
