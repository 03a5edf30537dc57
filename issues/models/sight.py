"""Changes of who may see an item, a line of the agenda, a readout, a source or a note."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from negotiations.access import scope_filter
from negotiations.models import Audience, Negotiation, Party
from negotiations.scopes import NAMED, Scope

from .entries import AppendOnly, AppendOnlyQuerySet

AUDIENCES = [*Audience.choices, (NAMED, "People by name")]


class SightChangeQuerySet(AppendOnlyQuerySet):
    def known_in(self, scope: Scope) -> SightChangeQuerySet:
        """Those of what this scope saw before or sees since."""
        before = scope_filter(scope, audience="old_audience", party="old_party")
        since = scope_filter(scope, audience="new_audience", party="new_party")
        return self.filter(before | since)


class SightChange(AppendOnly):
    """Who may see a thing was changed: an event of its own, as `AudienceChange` is of an entry.

    Names the thing by kind and id: a line of the agenda may be taken away again.
    """

    class Kind(models.TextChoices):
        ITEM = "item", "item"
        LINE = "line", "line of the agenda"
        READOUT = "readout", "readout"
        SOURCE = "source", "source"
        NOTE = "note", "note"

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    row = models.BigIntegerField()
    old_audience = models.CharField(max_length=10, choices=AUDIENCES)
    old_party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="+")
    new_audience = models.CharField(max_length=10, choices=AUDIENCES)
    new_party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="+")
    # The number an item had in its delegation's series and gave up when it became everybody's.
    old_number = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects: ClassVar[Any] = models.Manager.from_queryset(SightChangeQuerySet)()

    class Meta:
        ordering = ["changed_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["item", "line", "readout", "source", "note"]),
                name="sight_change_kind_is_known",
            ),
            # No two items of a delegation ever had the same number.
            models.UniqueConstraint(
                "old_party",
                "old_number",
                condition=Q(old_number__isnull=False),
                name="sight_change_number_once",
            ),
        ]
        indexes = [models.Index(fields=["kind", "row"], name="sight_change_of")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.old_audience} → {self.new_audience}"


class SightPerson(AppendOnly):
    """One of those whom a note named before a change, or names since: by their membership."""

    change = models.ForeignKey(SightChange, models.PROTECT, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    membership = models.BigIntegerField()
    is_since = models.BooleanField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("change", "user", "is_since", name="sight_person_once")
        ]

    def __str__(self) -> str:
        return str(self.user)
