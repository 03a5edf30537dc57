"""Work that outlasts a request. It is kept here and not in a process, of which there are many."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .negotiation import Negotiation
from .people import User

# Whoever works on a job says so every second; after so long without a word its process is dead.
STALE = dt.timedelta(seconds=30)


class JobQuerySet(models.QuerySet["Job"]):
    def unattended(self) -> JobQuerySet:
        """The jobs that nobody is at: not begun yet, or left by a process that died."""
        silent = Q(state=Job.State.RUNNING, beat_at__lt=timezone.now() - STALE)
        return self.filter(Q(state=Job.State.WAITING) | silent)


class Job(models.Model):
    """A file being prepared for one sign-in in one negotiation, in the scope it was asked in."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Being written"
        READY = "ready", "Ready"
        TAKEN = "taken", "Taken away"
        REFUSED = "refused", "Refused"

    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    session = models.CharField(max_length=64, help_text="The hash of the key of the sign-in.")
    scope = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    # What was asked for, in words that any process understands.
    task = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    total = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    # New at every try: who was taken for dead and wakes up finds that it has lost the job.
    claim = models.UUIDField(default=uuid4)
    tries = models.PositiveSmallIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)
    file = models.CharField(max_length=100, blank=True, help_text="Its name in the store.")
    file_name = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    objects = models.Manager.from_queryset(JobQuerySet)()

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [
            models.UniqueConstraint("session", "negotiation", name="job_one_per_sign_in")
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_taken(self) -> bool:
        return self.state == self.State.TAKEN

    @property
    def refused(self) -> str:
        """Why it will never be finished; empty where it may be."""
        return self.reason if self.state == self.State.REFUSED else ""

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def is_unattended(self) -> bool:
        """As `JobQuerySet.unattended` asks."""
        if self.state == self.State.RUNNING:
            return bool(self.beat_at and self.beat_at < timezone.now() - STALE)
        return self.state == self.State.WAITING

    @property
    def percent(self) -> int:
        return min(99, 100 * self.written // self.total) if self.total else 0
