"""What stands at the head and the foot of a negotiation's papers, and on which paper."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from .negotiation import Negotiation


class Letterhead(models.Model):
    class Paper(models.TextChoices):
        A4 = "a4", "A4"
        LETTER = "letter", "US Letter"

    negotiation = models.OneToOneField(Negotiation, models.PROTECT, related_name="letterhead")
    heading = models.CharField(max_length=160, blank=True, help_text="Above the title.")
    footer = models.CharField(max_length=160, blank=True, help_text="At the foot of every page.")
    # Always a PNG that Parley has made itself; served only by a view that asks who may see it.
    logo = models.FileField(upload_to="letterheads", blank=True, editable=False)
    paper = models.CharField(max_length=6, choices=Paper.choices, default=Paper.A4)
    # 0: nothing is set yet, and there is no row.
    version = models.PositiveIntegerField(default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["version"])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(paper__in=["a4", "letter"]), name="letterhead_paper_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Letterhead of {self.negotiation}"
