"""A superuser who is not cleared looks at what a delegation keeps to itself: with a reason."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from django.db import models
from django.utils import timezone

from .negotiation import Negotiation, Party
from .people import User

OPEN_FOR = dt.timedelta(minutes=60)


class OverrideQuerySet(models.QuerySet["Override"]):
    def still_open(self) -> OverrideQuerySet:
        return self.filter(ended_at=None, expires_at__gt=timezone.now())


class Override(models.Model):
    """Somebody opened one delegation's own for an hour, in the admin alone; see SECURITY.md."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+")
    party = models.ForeignKey(
        Party, models.PROTECT, verbose_name="delegation", related_name="overrides"
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=150, help_text="The heads of this delegation read it.")
    opened_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    expires_at = models.DateTimeField(editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects = models.Manager.from_queryset(OverrideQuerySet)()

    class Meta:
        verbose_name = "opening without clearance"
        verbose_name_plural = "openings without clearance"
        ordering = ["-opened_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.party} by {self.by}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and timezone.now() < self.expires_at
