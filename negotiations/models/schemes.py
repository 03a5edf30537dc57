"""The words for a status, and the seven categories behind them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords


class SchemeManager(models.Manager["StatusScheme"]):
    def get_by_natural_key(self, slug: str, negotiation: str | None) -> StatusScheme:
        if negotiation is None:
            return self.get(slug=slug, negotiation=None)
        return self.get(slug=slug, negotiation__slug=negotiation)


class StatusScheme(models.Model):
    """A set of statuses: a template, or the copy that one negotiation uses."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    negotiation = models.OneToOneField(
        "Negotiation", models.PROTECT, null=True, blank=True, related_name="scheme"
    )

    objects = SchemeManager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "slug", condition=Q(negotiation=None), name="scheme_template_slug_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, str | None]:
        return self.slug, self.negotiation.slug if self.negotiation else None

    natural_key.dependencies = ["negotiations.negotiation"]  # type: ignore[attr-defined]


class Category(models.TextChoices):
    """Code depends on these seven, never on labels (design §1)."""

    OPEN = "open", "Open"
    ENGAGED = "engaged", "In talks"
    SETTLING = "settling", "Close to agreement"
    SETTLED = "settled", "Agreed"
    DONE = "done", "Closed"
    HELD = "held", "Blocked"
    DROPPED = "dropped", "Dropped"


LADDER = (Category.OPEN, Category.ENGAGED, Category.SETTLING, Category.SETTLED, Category.DONE)


class StatusManager(models.Manager["Status"]):
    def get_by_natural_key(self, slug: str, negotiation: str | None, label: str) -> Status:
        scheme = StatusScheme.objects.get_by_natural_key(slug, negotiation)
        return self.get(scheme=scheme, label=label)


class Status(models.Model):
    scheme = models.ForeignKey(StatusScheme, models.PROTECT, related_name="statuses")
    label = models.CharField(max_length=40)
    short = models.CharField(max_length=8, help_text="Eight letters at most, for narrow cells.")
    test = models.CharField(max_length=200, help_text="One line: when does this status apply?")
    category = models.CharField(max_length=10, choices=Category.choices)
    rung = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Place on the ladder; empty for blocked and dropped."
    )
    order = models.PositiveSmallIntegerField(default=0)
    retired = models.BooleanField(default=False, help_text="No longer offered; history keeps it.")
    history = HistoricalRecords()

    objects = StatusManager()

    class Meta:
        ordering = ["order", "pk"]
        verbose_name_plural = "statuses"
        constraints = [
            models.UniqueConstraint("scheme", "label", name="status_label_once"),
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="status_category_is_known"
            ),
            models.CheckConstraint(
                condition=Q(category__in=["held", "dropped"], rung=None)
                | (~Q(category__in=["held", "dropped"]) & Q(rung__gte=1)),
                name="status_rung_on_ladder_only",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def natural_key(self) -> tuple[str, str | None, str]:
        return (*self.scheme.natural_key(), self.label)

    natural_key.dependencies = ["negotiations.statusscheme"]  # type: ignore[attr-defined]
