"""Files that take a while: asked for by a page, written by threads beside the requests.

What is asked for and how far it is stands in the database, so every process can tell. Each process
has threads that do what waits there; what a dead one left, another begins anew.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import Error, connections
from django.http import Http404

from negotiations import services
from negotiations.access import Viewer, job_of, viewer_of
from negotiations.exceptions import SecondFactorNeeded
from negotiations.models import Job

from ..reads.clock import Clock
from .document import write_document
from .snapshot import CHANGED, Snapshot, Withdrawn, take, take_again
from .tables import total_rows

# How many files one process writes at a time.
THREADS = 2
BEAT_SECONDS = 1.0
# How often a process looks for what others left, and how often a waiting page looks.
WATCH_SECONDS, LOOK_SECONDS = 15, 0.1
CHUNK = 1 << 16

Writer = Callable[[Path, Snapshot], Iterator[int]]
logger = logging.getLogger(__name__)


def write_workbook(path: Path, snapshot: Snapshot) -> Iterator[int]:
    """As `workbook` does; its library is loaded with the first one, for it takes 12 MB."""
    from .workbook import write_workbook as write

    return write(path, snapshot)


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


# --- For the pages ------------------------------------------------------------------------------


def start(viewer: Viewer, session: str, kind: str, clock: Clock) -> Job:
    """Asks for a file for this sign-in, in place of the one it had in this negotiation."""
    services.sweep_jobs()
    snapshot = take(viewer, clock)
    day = {name: value.isoformat() for name, value in vars(clock).items() if value}
    job = services.begin_job(
        viewer.negotiation,
        user=viewer.user,
        session=session,
        scope=viewer.scope.key,
        kind=kind,
        task=day | {"begun": snapshot.begun.isoformat(), "last_id": snapshot.last_id},
        total=KINDS[kind].total(snapshot),
        file_name=file_name(snapshot, kind),
    )
    wake()
    return job


def look(viewer: Viewer, session: str, seconds: float = 0) -> Job | None:
    """The job of this sign-in: now, once it is settled, or after so long, whatever comes first."""
    until = time.monotonic() + seconds
    while (job := _current(viewer, session)) and job.is_under_way:
        if job.is_unattended:
            wake()
        if time.monotonic() >= until:
            break
        time.sleep(LOOK_SECONDS)
    return job


def _current(viewer: Viewer, session: str) -> Job | None:
    job = job_of(viewer, session)
    if job and job.scope != viewer.scope.key and (job.is_under_way or job.is_ready):
        return services.refuse_job(job, CHANGED)
    return job


def confirm(job: Job) -> Job:
    """Refuses a job whose reader may no longer see all that is in it, or whose file is gone."""
    try:
        _snapshot_of(job).confirm()
    except Withdrawn as reason:
        return services.refuse_job(job, str(reason))
    if not default_storage.exists(job.file):
        return services.refuse_job(job, "The file is not there any more.")
    return job


def chunks(job: Job) -> Iterator[bytes]:
    """The finished file; it is gone once it was sent as a whole."""
    with default_storage.open(job.file) as file:
        while chunk := file.read(CHUNK):
            yield chunk
    services.take_job(job)


def file_name(snapshot: Snapshot, suffix: str, table: str = "") -> str:
    """ "russia-us-entries-2026-11-23.csv": the negotiation, the table, the day it was known."""
    parts = [snapshot.negotiation.slug, table, f"{snapshot.at:%Y-%m-%d}"]
    return "-".join(filter(None, parts)) + f".{suffix}"


# --- Beside the requests ------------------------------------------------------------------------

_free = threading.Semaphore(THREADS)


def wake() -> None:
    """Has a thread of this process do what waits, unless all of them are at work."""
    if _free.acquire(blocking=False):
        threading.Thread(target=_run, name="files", daemon=True).start()


def watch() -> None:
    """Keeps looking for jobs that others left, for as long as this process lives."""
    threading.Thread(target=_look_around, name="files-watch", daemon=True).start()


def _look_around() -> None:
    while True:
        time.sleep(WATCH_SECONDS)
        wake()


def _run() -> None:
    try:
        do_waiting()
    except Error as error:
        # The database is away. What waits there is found again by the next who looks.
        logger.warning("Files have to wait: %s", type(error).__name__)
    finally:
        connections.close_all()
        _free.release()


def do_waiting() -> None:
    """Does one job after the other until none is left that nobody is at."""
    while job := services.claim_job():
        _do(job)


def _do(job: Job) -> None:
    try:
        _write(job)
    except Withdrawn as reason:
        services.refuse_job(job, str(reason))
    except Error:
        # It stays as it is: without a beat it is soon taken over, in this process or another.
        raise
    except Exception:
        logger.exception("A file could not be written.")
        services.refuse_job(job, "It could not be written.")


def _write(job: Job) -> None:
    path = Path(default_storage.path(job.file))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written, beat = 0, time.monotonic()
    with closing(KINDS[job.kind].write(path, _snapshot_of(job))) as steps:  # type: ignore[type-var]
        for written in steps:
            if time.monotonic() - beat >= BEAT_SECONDS:
                beat = time.monotonic()
                if not services.beat_job(job, written):
                    break
    services.finish_job(job, written)


def _snapshot_of(job: Job) -> Snapshot:
    """What the job was asked for. Raises Withdrawn where its reader may no longer have it."""
    try:
        viewer = viewer_of(job.user, job.negotiation.slug)
    except (Http404, SecondFactorNeeded) as error:
        raise Withdrawn(CHANGED) from error
    if viewer.scope.key != job.scope:
        raise Withdrawn(CHANGED)
    days = {name: _day(job.task.get(name)) for name in ("as_of", "known")}
    begun = dt.datetime.fromisoformat(job.task["begun"])
    return take_again(viewer, Clock(**days), begun, job.task["last_id"])


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
