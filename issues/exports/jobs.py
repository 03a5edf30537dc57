"""Files that take a while: prepared a step at a time, one per sign-in and negotiation.

Each request advances the work for a moment and answers how far it is; nothing runs between
requests, and nothing is held open in the database. A job lives in the memory of the one server
process: after a restart, or an hour, the file is asked for anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from negotiations.access import Viewer

from ..reads.clock import Clock
from .document import write_document
from .snapshot import Snapshot, Withdrawn, take
from .workbook import total_rows, write_workbook

KEPT_SECONDS = 60 * 60
CHUNK = 1 << 16

Writer = Callable[[Path, Snapshot], Iterator[int]]


@dataclass(frozen=True)
class Kind:
    """A kind of file: how it is written, how many rows it has, and what it is called."""

    suffix: str
    mime: str
    write: Writer
    total: Callable[[Snapshot], int]
    unit: str


KINDS = {
    "xlsx": Kind(
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write_workbook,
        total_rows,
        "rows",
    ),
    "json": Kind(
        "json", "application/json", write_document, lambda snapshot: snapshot.entry_count, "entries"
    ),
}


@dataclass
class Job:
    """A file on its way. `refused` says why it will never be finished."""

    kind: Kind
    snapshot: Snapshot
    path: Path
    total: int
    started: float = field(default_factory=time.monotonic)
    written: int = 0
    is_ready: bool = False
    refused: str = ""
    is_gone: bool = False
    # Held by the request that is at work; its own thread may take it again.
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _steps: Iterator[int] | None = None

    @property
    def filename(self) -> str:
        return file_name(self.snapshot, self.kind.suffix)

    @property
    def percent(self) -> int:
        return min(99, 100 * self.written // self.total) if self.total else 0

    def advance(self, seconds: float) -> None:
        """Works for about so long. Another request that is at it already is left to it."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not (self.is_ready or self.refused or self.is_gone):
                self._work(time.monotonic() + seconds)
        except Withdrawn as reason:
            self.refuse(str(reason))
        except Exception:
            self.refuse("It could not be written.")
            raise
        finally:
            if self.is_gone:
                self.discard()
            self._lock.release()

    def _work(self, until: float) -> None:
        steps = self._steps = self._steps or self.kind.write(self.path, self.snapshot)
        for written in steps:
            self.written = written
            if self.is_gone or time.monotonic() > until:
                return
        self.is_ready = True

    def refuse(self, reason: str) -> None:
        self.refused = f"{reason} Prepare the file again."
        self.discard()

    def discard(self) -> None:
        """Lets go of the file and of what was written so far; a request at work does it itself."""
        self.is_gone = True
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self._steps is not None:
                self._steps.close()  # type: ignore[attr-defined]
            self.path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def chunks(self) -> Iterator[bytes]:
        """The finished file; it is gone once it was sent as a whole."""
        with open(self.path, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
        self.discard()


_jobs: dict[tuple[str, int], Job] = {}
_guard = threading.Lock()


def folder() -> Path:
    """Where files wait for their reader; nobody else on the machine may look into it."""
    path = Path(settings.VAR_DIR) / "exports"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def start(session: str, viewer: Viewer, kind: str, clock: Clock) -> Job:
    """Begins a file for this sign-in, in place of the one it had in this negotiation."""
    sweep()
    snapshot = take(viewer, clock)
    job = Job(KINDS[kind], snapshot, folder() / f"{uuid4().hex}.part", KINDS[kind].total(snapshot))
    with _guard:
        before = _jobs.pop((session, viewer.negotiation.pk), None)
        _jobs[session, viewer.negotiation.pk] = job
    if before:
        before.discard()
    return job


def find(session: str, viewer: Viewer) -> Job | None:
    """The job of this sign-in in this negotiation, unless the person or the scope is another."""
    sweep()
    job = _jobs.get((session, viewer.negotiation.pk))
    if job is None or job.snapshot.viewer.user.pk != viewer.user.pk:
        return None
    if job.snapshot.scope != viewer.scope:
        job.refuse("What you may see here has changed meanwhile.")
    return job


def forget(session: str, viewer: Viewer) -> None:
    """Drops the job of this sign-in."""
    with _guard:
        job = _jobs.pop((session, viewer.negotiation.pk), None)
    if job:
        job.discard()


def sweep() -> None:
    """Removes jobs of more than an hour ago, and files that a restart left behind."""
    with _guard:
        old = [key for key, job in _jobs.items() if time.monotonic() - job.started > KEPT_SECONDS]
        for key in old:
            _jobs.pop(key).discard()
        ours = {job.path for job in _jobs.values()}
    for path in folder().glob("*.part"):
        if path not in ours and time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)


def file_name(snapshot: Snapshot, suffix: str, table: str = "") -> str:
    """ "russia-us-entries-2026-11-23.csv": the negotiation, the table, the day it was known."""
    parts = [snapshot.negotiation.slug, table, f"{snapshot.at:%Y-%m-%d}"]
    return "-".join(filter(None, parts)) + f".{suffix}"
