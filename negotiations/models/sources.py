"""Where something was read or heard."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from ..dates import DAY, MONTH, YEAR, date_text
from ..files import NAME_LENGTH, file_text, random_name
from .audience import Shown, audience_check
from .negotiation import Negotiation
from .people import User


class Precision(models.TextChoices):
    DAY = DAY, "day"
    MONTH = MONTH, "month"
    YEAR = YEAR, "year"


class SourceQuerySet(models.QuerySet["Source"]):
    def get_by_natural_key(self, uuid: str) -> Source:
        return self.get(uuid=uuid)


class Source(Shown):
    class Kind(models.TextChoices):
        WEB = "web", "Web page"
        DOCUMENT = "document", "Document"
        TABLE = "table", "Said at the table"
        NOTES = "notes", "Own notes"

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="sources")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.WEB)
    title = models.CharField(max_length=300)
    reference = models.CharField("reference number", max_length=80, blank=True)
    publisher = models.CharField(max_length=160, blank=True)
    date_first = models.DateField("dated", null=True, blank=True)
    date_precision = models.CharField(
        max_length=5, choices=Precision.choices, default=Precision.DAY, blank=True
    )
    language = models.CharField(max_length=40, blank=True)
    url = models.URLField("address", max_length=500, blank=True)
    archive_url = models.URLField("archived copy", max_length=500, blank=True)
    # Kept under a random name; its own name and size spare every list a look at the disk.
    file = models.FileField(upload_to=random_name, blank=True, editable=False)
    file_name = models.CharField(max_length=NAME_LENGTH, blank=True, editable=False)
    file_size = models.PositiveIntegerField(default=0, editable=False)
    # Travels with an exported negotiation, the file itself does not.
    file_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    history = HistoricalRecords()

    objects = models.Manager.from_queryset(SourceQuerySet)()

    class Meta:
        ordering = ["-date_first", "title", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["web", "document", "table", "notes"]),
                name="source_kind_is_known",
            ),
            audience_check("source_audience_party"),
        ]

    def __str__(self) -> str:
        return " · ".join(part for part in (self.publisher, self.title, self.date_text) if part)

    def get_absolute_url(self) -> str:
        return reverse("issues:source_detail", args=[self.negotiation.slug, self.uuid])

    @property
    def date_text(self) -> str:
        return date_text(self.date_first, self.date_precision) if self.date_first else ""

    @property
    def file_url(self) -> str:
        """Where the file is fetched from; empty without one."""
        return f"{self.get_absolute_url()}file/" if self.file else ""

    @property
    def file_text(self) -> str:
        """ "file, 120 kB"; empty without one."""
        return file_text(self.file_size)

    def natural_key(self) -> tuple[str]:
        return (str(self.uuid),)
