"""Folders of a backup or a restore while it runs, and what is left of one that was killed.

Each is locked for as long as its process lives: the system lets go of the lock, whatever ends it.
So nobody has to guess by age whether somebody is still at it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from django.conf import settings
from django.db import connection

BACKUP, RESTORE = ".backup-", ".restore-"
# Not locked yet, and empty.
_NEW = ".new-"


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder in `parent` that its owner alone may open, gone afterwards."""
    made = Path(mkdtemp(dir=parent, prefix=_NEW))
    with _held(made):
        folder = made.rename(made.with_name(prefix + made.name.removeprefix(_NEW)))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Has the lock of a folder. Raises BlockingIOError where another process has it."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(number)


def sweep_leftovers(*also: Path) -> int:
    """Removes what killed backups and restores left here, and in the folders `also`; how many.

    Only this user's own folders, and none that a process is at.
    """
    here = {Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT), *also}
    if connection.vendor == "sqlite":
        here.add(Path(connection.settings_dict["NAME"]).parent)
    found = [p for folder in here for name in (BACKUP, RESTORE) for p in folder.glob(f"{name}*")]
    return sum(map(_remove, found))


def _remove(path: Path) -> bool:
    try:
        about = path.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
            return False
        with _held(path):
            shutil.rmtree(path)
    except (BlockingIOError, FileNotFoundError):
        return False  # somebody is at it, or has just finished
    return True
