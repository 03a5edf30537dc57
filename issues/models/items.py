"""Agenda items and their place on the agenda of a round."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone
from simple_history.models import HistoricalRecords

from negotiations.access import Viewer, scope_filter
from negotiations.addresses import path_to
from negotiations.models import Negotiation, Party, Round, Shown, audience_check
from negotiations.scopes import PUBLIC, Scope

from ..numbers import Number, number_from


def agenda_order(scope: Scope | None = None) -> tuple[str, ...]:
    """As the head arranged the items; for the public as if there were no others."""
    first = ("public_place",) if scope and scope.key == PUBLIC else ()
    return (*first, "place", "sub_place", "pk")


class IssueQuerySet(models.QuerySet["Issue"]):
    def visible_to(self, viewer: Viewer) -> IssueQuerySet:
        """The items of the viewer's negotiation that are for them; none entered in error."""
        return self.shown_in(viewer.negotiation.pk, viewer.scope)

    def shown_in(self, negotiation: int, scope: Scope) -> IssueQuerySet:
        """The same by the negotiation's id, for prepared queries."""
        return self.in_scope(scope).filter(negotiation=negotiation, entered_in_error=False)

    def in_scope(self, scope: Scope) -> IssueQuerySet:
        """Those whose audience is in the scope, and their parent's: a part never shows further."""
        return self.filter(
            Q(parent=None) | scope_filter(scope, "parent__"),
            scope_filter(scope),
        )

    def numbered(self, *numbers: Number) -> IssueQuerySet:
        """Those with these numbers, each in its series."""
        found = Q(pk=None)
        for series in {one.series for one in numbers}:
            plain = [one.number for one in numbers if one.series == series]
            found |= Q(series=series, number__in=plain)
        return self.filter(found)

    def in_agenda_order(self, scope: Scope | None = None) -> IssueQuerySet:
        return self.order_by(*agenda_order(scope))


class IssueManager(models.Manager["Issue"]):
    def get_by_natural_key(self, negotiation: str, number: int | str) -> Issue:
        series, plain = number_from(str(number))
        return self.get(negotiation__slug=negotiation, series=series, number=plain)


class Issue(Shown):
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="issues")
    # What began as one delegation's own is numbered apart, by the code of its party: the common
    # series (empty) has no gap where something is hidden.
    series = models.CharField(max_length=8, blank=True, editable=False)
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
    # The same among the public ones alone: others decide nothing there, such as which heading
    # comes first. 0: not public.
    public_place = models.PositiveIntegerField(default=0, editable=False)
    raised_by = models.ManyToManyField(Party, blank=True, related_name="raised_issues")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    entered_in_error = models.BooleanField(default=False, editable=False)
    error_reason = models.CharField(max_length=300, blank=True, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    history = HistoricalRecords(excluded_fields=["version", "public_place"], m2m_fields=[raised_by])

    objects = IssueManager.from_queryset(IssueQuerySet)()

    class Meta:
        verbose_name = "item"
        ordering = ["place", "sub_place", "pk"]
        constraints = [
            models.UniqueConstraint("negotiation", "series", "number", name="issue_number_once"),
            audience_check("issue_audience_party"),
            models.CheckConstraint(
                condition=Q(parent=None, sub_place=0) | Q(parent__isnull=False, sub_place__gte=1),
                name="issue_sub_place_for_sub_items",
            ),
        ]
        indexes = [
            # The state of play and the list page through a negotiation in this order, and count
            # it; the last columns spare them the look at each row.
            models.Index(
                fields=[
                    *("negotiation", "place", "sub_place", "id", "entered_in_error"),
                    *("audience", "audience_party", "parent"),
                ],
                name="issue_order",
            ),
            models.Index(F("negotiation"), Lower("title"), F("id"), name="issue_by_title"),
            # What every count leaves out: hardly any.
            models.Index(
                fields=["negotiation", "entered_in_error"],
                condition=Q(entered_in_error=True),
                name="issue_in_error",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return path_to("issues:issue_detail", self.negotiation.slug, self.address)

    def natural_key(self) -> tuple[str, int | str]:
        return self.negotiation.slug, self.address.plain

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "negotiations.negotiation",
        "negotiations.party",
    ]

    @property
    def address(self) -> Number:
        """Its number, with its series: "12" or "RU-1" as text."""
        return Number(self.series, self.number)

    @property
    def label(self) -> str:
        """What precedes the title: the reference, or the number."""
        return self.reference or str(self.address)


class AgendaLineManager(models.Manager["AgendaLine"]):
    def get_by_natural_key(
        self,
        negotiation: str,
        place: int,
        issue_negotiation: str,
        number: int | str,
        whose: str | None = None,
    ) -> AgendaLine:
        series, plain = number_from(str(number))
        return self.get(
            round__negotiation__slug=negotiation,
            round__place=place,
            issue__negotiation__slug=issue_negotiation,
            issue__series=series,
            issue__number=plain,
            audience_party__code=whose,
        )


class AgendaLineQuerySet(models.QuerySet["AgendaLine"]):
    def in_scope(self, scope: Scope) -> AgendaLineQuerySet:
        """Lines for this scope, on items for this scope."""
        return self.filter(scope_filter(scope), scope_filter(scope, "issue__"))


class AgendaLine(Shown):
    """An item at a round. Planned, discussed and not reached are three facts, never inferred.

    Beside the line that is for everybody, each delegation may keep one of its own.
    """

    class Outcome(models.TextChoices):
        DISCUSSED = "discussed", "Discussed"
        NOT_REACHED = "not_reached", "Not reached"

    round = models.ForeignKey(Round, models.PROTECT, related_name="agenda_lines")
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="agenda_lines")
    planned = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    objects = AgendaLineManager.from_queryset(AgendaLineQuerySet)()

    class Meta:
        ordering = ["order", "issue__place", "issue__sub_place", "pk"]
        constraints = [
            models.UniqueConstraint(
                "round", "issue", Coalesce("audience_party", 0), name="agenda_line_once"
            ),
            audience_check("agenda_line_audience_party"),
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

    def natural_key(self) -> tuple[str | int, ...]:
        whose = (self.audience_party.code,) if self.audience_party else ()
        return (*self.round.natural_key(), *self.issue.natural_key(), *whose)

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
