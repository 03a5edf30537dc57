"""Meetings, who came, and what each side said of them."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from simple_history.models import HistoricalRecords

from ..addresses import path_to
from ..dates import span_text
from .audience import Shown, audience_check
from .negotiation import Negotiation, Party
from .sources import Precision, Source


class RoundManager(models.Manager["Round"]):
    def get_by_natural_key(self, negotiation: str, place: int) -> Round:
        return self.get(negotiation__slug=negotiation, place=place)


class Round(models.Model):
    """A meeting or a planned one. `place` is its position in the negotiation and its address."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        UNDER_WAY = "under_way", "Under way"
        HELD = "held", "Held"
        POSTPONED = "postponed", "Postponed"
        CANCELLED = "cancelled", "Cancelled"

    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="rounds")
    place = models.PositiveIntegerField(editable=False)
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    title = models.CharField(max_length=160)
    short = models.CharField(
        "short name", max_length=12, blank=True, help_text="For narrow columns, such as R2."
    )
    level = models.CharField(max_length=160, blank=True)
    is_side_meeting = models.BooleanField(
        "side meeting", default=False, help_text="Folded in the state of play."
    )
    city = models.CharField(max_length=120, blank=True)
    venue = models.CharField(max_length=160, blank=True)
    host = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="rounds_hosted"
    )
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    precision = models.CharField(
        max_length=5, choices=Precision.choices, default=Precision.DAY, blank=True
    )
    expected = models.CharField(
        "expected when", max_length=120, blank=True, help_text="In words: “early spring 2026”."
    )
    expected_by = models.DateField(
        "expected by",
        null=True,
        blank=True,
        help_text="The last day those words allow; afterwards the round reads “no news”.",
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    duration = models.CharField(max_length=160, blank=True)
    note = models.TextField(blank=True)
    sources = models.ManyToManyField(Source, blank=True, related_name="rounds")
    version = models.PositiveIntegerField(default=1, editable=False)
    history = HistoricalRecords(excluded_fields=["version"])

    objects = RoundManager()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint("negotiation", "place", name="round_place_once"),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "under_way", "held", "postponed", "cancelled"]),
                name="round_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(first_day=None, last_day=None) | Q(last_day__gte=F("first_day")),
                name="round_has_both_days_or_none",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["held", "under_way"]) | Q(first_day__isnull=False),
                name="round_held_has_a_date",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return path_to("issues:round_detail", self.negotiation.slug, self.place)

    def natural_key(self) -> tuple[str, int]:
        return self.negotiation.slug, self.place

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "negotiations.negotiation",
        "negotiations.party",
        "negotiations.source",
    ]

    @property
    def is_held(self) -> bool:
        return self.state == self.State.HELD

    @property
    def name(self) -> str:
        """ "R2" or the title, for sentences such as "unchanged since R2"."""
        return self.short or (f"R{self.number}" if self.number else self.title)

    @property
    def when(self) -> str:
        """The dates in words, or the "expected when" text, or "no date"."""
        if self.first_day and self.last_day:
            return span_text(self.first_day, self.last_day, self.precision)
        return self.expected or "no date"

    def passed_without_news(self, today: dt.date) -> bool:
        """A planned round whose time is over: "planned, no news", never the next round."""
        end = self.last_day or self.expected_by
        return self.state == self.State.PLANNED and end is not None and end < today

    def state_text(self, today: dt.date) -> str:
        if self.passed_without_news(today):
            return "planned, no news"
        return self.get_state_display().lower()


class DelegateManager(models.Manager["Delegate"]):
    def get_by_natural_key(self, negotiation: str, place: int, party: str, name: str) -> Delegate:
        return self.get(
            round__negotiation__slug=negotiation,
            round__place=place,
            party__code=party,
            name=name,
        )


class Delegate(models.Model):
    round = models.ForeignKey(Round, models.PROTECT, related_name="delegates")
    party = models.ForeignKey(Party, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    function = models.CharField(max_length=200, blank=True)
    is_head = models.BooleanField("head of delegation", default=False)
    order = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    objects = DelegateManager()

    class Meta:
        ordering = ["party__order", "-is_head", "order", "pk"]
        constraints = [
            models.UniqueConstraint("round", "party", "name", name="delegate_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, int, str, str]:
        return (*self.round.natural_key(), self.party.code, self.name)

    natural_key.dependencies = ["negotiations.round"]  # type: ignore[attr-defined]


class ReadoutManager(models.Manager["Readout"]):
    def get_by_natural_key(
        self, negotiation: str, place: int, party: str, whose: str | None = None
    ) -> Readout:
        return self.get(
            round__negotiation__slug=negotiation,
            round__place=place,
            party__code=party,
            audience_party__code=whose,
        )


class Readout(Shown):
    """What one side said about a round as a whole; each delegation may keep one of its own."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="readouts")
    party = models.ForeignKey(Party, models.PROTECT, related_name="+")
    text = models.TextField()
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="readouts"
    )
    history = HistoricalRecords()

    objects = ReadoutManager()

    class Meta:
        ordering = ["party__order", "pk"]
        constraints = [
            models.UniqueConstraint(
                "round", "party", Coalesce("audience_party", 0), name="readout_once"
            ),
            audience_check("readout_audience_party"),
        ]

    def __str__(self) -> str:
        return f"{self.party} on {self.round}"

    def natural_key(self) -> tuple[str | int, ...]:
        whose = (self.audience_party.code,) if self.audience_party else ()
        return (*self.round.natural_key(), self.party.code, *whose)

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "negotiations.round",
        "negotiations.source",
    ]
