"""Jobs: begun by one process, done by any, each by one at a time.

Every step is one conditional statement, so no process holds a lock while it works, and none that
died leaves one behind.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from negotiations.models import Job, Negotiation, User

KEPT = dt.timedelta(hours=1)
# A job that kills whoever does it is given up.
TRIES = 3
FOLDER = "exports"
State = Job.State


def session_hash(session_key: str | None) -> str:
    """By what a job knows its sign-in: the key itself would let its reader in."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()


def begin_job(
    negotiation: Negotiation, *, user: User, session: str, scope: str, **asked: Any
) -> Job:
    """A job for this sign-in, in place of the one it had in this negotiation.

    `session` is a `session_hash`, `scope` the key of what the person sees; `asked` are kind, task
    (JSON), total and file_name.
    """
    with transaction.atomic():
        before = Job.objects.filter(session=session, negotiation=negotiation)
        files = _delete(before.select_for_update())
        job = Job.objects.create(
            negotiation=negotiation,
            user=user,
            session=session,
            scope=scope,
            expires_at=timezone.now() + KEPT,
            **asked,
        )
    remove_job_files(files)
    return job


def claim_job() -> Job | None:
    """The oldest job that nobody is at, now the caller's; None when there is none.

    One that was left too often is refused on the way.
    """
    for job in Job.objects.unattended().select_related("user", "negotiation"):
        left = _held(job)
        if job.tries >= TRIES:
            refuse_job(job, "It could not be written.")
            continue
        before, job.claim = job.file, uuid4()
        job.file = f"{FOLDER}/{job.claim.hex}"
        taken = left.update(
            state=State.RUNNING,
            claim=job.claim,
            file=job.file,
            tries=F("tries") + 1,
            beat_at=timezone.now(),
            written=0,
        )
        if taken:
            remove_job_files([before])
            return job
    return None


def beat_job(job: Job, written: int) -> bool:
    """Says that somebody is at it, and how far. False: it is no longer the caller's."""
    return bool(_held(job).update(beat_at=timezone.now(), written=written))


def finish_job(job: Job, written: int) -> bool:
    """The file is there. False, and the file is gone, where the job is no longer the caller's."""
    done = _held(job).update(state=State.READY, beat_at=timezone.now(), written=written)
    if not done:
        remove_job_files([job.file])
    return bool(done)


def refuse_job(job: Job, reason: str) -> Job:
    """It will never be finished, or no longer be handed out: the person is told why."""
    job.state, job.reason = State.REFUSED, f"{reason} Prepare the file again."
    if _held(job).update(state=job.state, reason=job.reason, file=""):
        remove_job_files([job.file])
    return job


def take_job(job: Job) -> None:
    """The file was sent as a whole, and is kept no longer."""
    Job.objects.filter(pk=job.pk, state=State.READY).update(state=State.TAKEN, file="")
    remove_job_files([job.file])


def forget_job(job: Job) -> None:
    """Drops a job; whoever is at it notices with the next beat."""
    remove_job_files(_delete(Job.objects.filter(pk=job.pk)))


def sweep_jobs() -> int:
    """Drops the jobs whose time is over; how many these were."""
    files = _delete(Job.objects.filter(expires_at__lt=timezone.now()))
    remove_job_files(files)
    return len(files)


def remove_job_files(names: Iterable[str]) -> None:
    """Removes what was written, wherever that is as yet."""
    for name in filter(None, names):
        default_storage.delete(name)


def _held(job: Job) -> Any:
    """The row, unless it has gone to somebody else since it was read."""
    return Job.objects.filter(pk=job.pk, claim=job.claim)


def _delete(jobs: Any) -> list[str]:
    """Deletes rows; the names of the files that belonged to them."""
    found = dict(jobs.values_list("pk", "file"))
    Job.objects.filter(pk__in=found).delete()
    return list(found.values())
