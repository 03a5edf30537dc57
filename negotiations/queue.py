"""What can be told of the queue of jobs."""

from __future__ import annotations

import datetime as dt

from django.db.models import Min
from django.db.models.functions import Coalesce
from django.utils import timezone

from .models import Job, Mail


def queue_age() -> dt.timedelta:
    """How long the oldest job has been without anybody who does it; zero with none. One query.

    For /readyz: a job is begun within a second of being asked for, and one that a dead process
    left is taken over three quarters of a minute later at most. A left job counts from the last
    sign of whoever did it. An age of some minutes means that nobody works, or that everybody has
    been busy with long files for so long.
    """
    waits = Job.objects.unattended().filter(expires_at__gt=timezone.now())
    since = waits.aggregate(since=Min(Coalesce("beat_at", "made_at")))["since"]
    return max(timezone.now() - since, dt.timedelta()) if since else dt.timedelta()


def mail_age() -> dt.timedelta:
    """How long the oldest mail is due without anybody who tries to send it; zero with none.

    For /readyz. A mail server that is away is no reason to take the site away as well: then mails
    are tried, and due later. An age of some minutes means that nobody looks. One query.
    """
    due = Mail.objects.filter(failed_at=None).aggregate(at=Min("due_at"))["at"]
    return max(timezone.now() - due, dt.timedelta()) if due else dt.timedelta()
