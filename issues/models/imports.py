"""Tables that came in: one waiting per person, and the record of each that was imported."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from negotiations.access import Viewer, scope_filter
from negotiations.models import Negotiation, Party
from negotiations.scopes import MEMBERS

from ..imports.columns import ENTRIES, ITEMS, ROUNDS
from .entries import Entry


class Kind(models.TextChoices):
    ITEMS = ITEMS, "Items"
    ROUNDS = ROUNDS, "Rounds"
    ENTRIES = ENTRIES, "Entries"


class Upload(models.Model):
    """The file one person is about to import here; the next one takes its place."""

    token = models.UUIDField(default=uuid4, unique=True, editable=False)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField(default=timezone.now)
    # How it is read, what its columns and words mean: as chosen so far (`services.importing`).
    options = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)
    words = models.JSONField(default=dict)
    row_count = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["uploaded_at", "pk"]
        constraints = [models.UniqueConstraint("negotiation", "user", name="upload_one_per_person")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_checked(self) -> bool:
        return self.checked >= self.row_count


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, viewer: Viewer) -> ImportQuerySet:
        """The imports whose audience the viewer belongs to: a file's name may say a lot."""
        return self.filter(scope_filter(viewer.scope), negotiation=viewer.negotiation)


class Import(models.Model):
    """A table that was imported. Its entries are one batch and can be retracted as a whole."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="imports")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    row_count = models.PositiveIntegerField(default=0)
    batch = models.UUIDField(null=True, blank=True, help_text="The batch of its entries.")
    # Keys of what it opened, for taking that back; they are no part of any page.
    made_items = models.JSONField(default=list)
    made_rounds = models.JSONField(default=list)
    entry_count = models.PositiveIntegerField(default=0)
    audience = models.CharField(max_length=10, choices=Entry.Audience.choices, default=MEMBERS)
    audience_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # What columns and words meant, to be suggested next time.
    meaning = models.JSONField(default=dict)
    retracted_at = models.DateTimeField(null=True, blank=True)
    retracted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)
    left = models.TextField(blank=True, help_text="What a retraction had to leave, and why.")

    objects = models.Manager.from_queryset(ImportQuerySet)()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=["public", "members"], audience_party=None)
                | Q(audience="delegation", audience_party__isnull=False),
                name="import_audience_party",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
