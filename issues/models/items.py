"""Agenda items and their place on the agenda of a round."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from simple_history.models import HistoricalRecords

from negotiations.access import Viewer
from negotiations.models import Negotiation, Party, Round


class IssueQuerySet(models.QuerySet["Issue"]):
    def visible_to(self, viewer: Viewer) -> IssueQuerySet:
        """The items of the viewer's negotiation; one entered in error shows to nobody here."""
        return self.shown_in(viewer.negotiation.pk)

    def shown_in(self, negotiation: int) -> IssueQuerySet:
        """The same by the negotiation's id, for prepared queries."""
        return self.filter(negotiation=negotiation, entered_in_error=False)

    def in_agenda_order(self) -> IssueQuerySet:
        return self.order_by("place", "sub_place", "pk")


class IssueManager(models.Manager["Issue"]):
    def get_by_natural_key(self, negotiation: str, number: int) -> Issue:
        return self.get(negotiation__slug=negotiation, number=number)


class Issue(models.Model):
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="issues")
    number = models.PositiveIntegerField(editable=False)
    reference = models.CharField(
        max_length=40, blank=True, help_text="Its own name, such as “Article 12”."
    )
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="sub_items"
    )
    heading = models.CharField(
        max_length=120, blank=True, help_text="Items with the same heading stand together."
    )
    # Manual order: top-level items by `place`, each one's sub-items by `sub_place` (0: itself).
    place = models.PositiveIntegerField(default=0, editable=False)
    sub_place = models.PositiveIntegerField(default=0, editable=False)
    raised_by = models.ManyToManyField(Party, blank=True, related_name="raised_issues")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    entered_in_error = models.BooleanField(default=False, editable=False)
    error_reason = models.CharField(max_length=300, blank=True, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    history = HistoricalRecords(excluded_fields=["version"], m2m_fields=[raised_by])

    objects = IssueManager.from_queryset(IssueQuerySet)()

    class Meta:
        verbose_name = "item"
        ordering = ["place", "sub_place", "pk"]
        constraints = [
            models.UniqueConstraint("negotiation", "number", name="issue_number_once"),
            models.CheckConstraint(
                condition=Q(parent=None, sub_place=0) | Q(parent__isnull=False, sub_place__gte=1),
                name="issue_sub_place_for_sub_items",
            ),
        ]
        indexes = [
            # The state of play and the list page through a negotiation in this order, and count
            # it; the last column spares them the look at each row.
            models.Index(
                fields=["negotiation", "place", "sub_place", "id", "entered_in_error"],
                name="issue_order",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("issues:issue_detail", args=[self.negotiation.slug, self.number])

    def natural_key(self) -> tuple[str, int]:
        return self.negotiation.slug, self.number

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "negotiations.negotiation",
        "negotiations.party",
    ]

    @property
    def label(self) -> str:
        """What precedes the title: the reference, or the number."""
        return self.reference or str(self.number)


class AgendaLineManager(models.Manager["AgendaLine"]):
    def get_by_natural_key(
        self, negotiation: str, place: int, issue_negotiation: str, number: int
    ) -> AgendaLine:
        return self.get(
            round__negotiation__slug=negotiation,
            round__place=place,
            issue__negotiation__slug=issue_negotiation,
            issue__number=number,
        )


class AgendaLine(models.Model):
    """An item at a round. Planned, discussed and not reached are three facts, never inferred."""

    class Outcome(models.TextChoices):
        DISCUSSED = "discussed", "Discussed"
        NOT_REACHED = "not_reached", "Not reached"

    round = models.ForeignKey(Round, models.PROTECT, related_name="agenda_lines")
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="agenda_lines")
    planned = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    objects = AgendaLineManager()

    class Meta:
        ordering = ["order", "issue__place", "issue__sub_place", "pk"]
        constraints = [
            models.UniqueConstraint("round", "issue", name="agenda_line_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "discussed", "not_reached"]),
                name="agenda_outcome_is_known",
            ),
            models.CheckConstraint(
                condition=Q(planned=True) | ~Q(outcome=""), name="agenda_line_says_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issue} at {self.round}"

    def natural_key(self) -> tuple[str, int, str, int]:
        return (*self.round.natural_key(), *self.issue.natural_key())

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "negotiations.round",
        "issues.issue",
    ]

    @property
    def text(self) -> str:
        words = ["planned"] if self.planned else []
        if self.outcome:
            words.append(self.get_outcome_display().lower())
        return ", ".join(words)
