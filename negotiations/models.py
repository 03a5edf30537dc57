"""The frame of a negotiation: people, parties, rounds, sources and the words for a status."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from .dates import DAY, MONTH, YEAR, date_text, span_text

ROUTE_WORDS = {"new"}
slug_is_free = RegexValidator(
    rf"^(?!(?:{'|'.join(ROUTE_WORDS)})$)[a-z0-9][a-z0-9-]*$",
    "Use small letters, digits and hyphens; “new” is taken.",
)


class Precision(models.TextChoices):
    DAY = DAY, "day"
    MONTH = MONTH, "month"
    YEAR = YEAR, "year"


class User(AbstractUser):
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    is_demo = models.BooleanField(
        "demo person", default=False, help_text="Made by the demo; a real server refuses to start."
    )

    objects: ClassVar[Any] = UserManager()

    def __str__(self) -> str:
        return self.get_full_name() or self.username


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


class NegotiationQuerySet(models.QuerySet["Negotiation"]):
    def visible_to(self, user: User) -> NegotiationQuerySet:
        """Negotiations `user` may read: as a member, or as a superuser. Strangers see none."""
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user)


class NegotiationManager(models.Manager["Negotiation"]):
    def get_by_natural_key(self, slug: str) -> Negotiation:
        return self.get(slug=slug)


class Negotiation(models.Model):
    class Rule(models.TextChoices):
        PARTIES = "parties", "The parties' own words"
        ASSESSOR = "assessor", "Our assessment"

    slug = models.SlugField(max_length=60, unique=True, validators=[slug_is_free])
    title = models.CharField(max_length=160)
    description = models.TextField(blank=True)
    rule = models.CharField(
        "what makes the headline", max_length=10, choices=Rule.choices, default=Rule.PARTIES
    )
    round_word = models.CharField("word for a round", max_length=30, default="Round")
    item_word = models.CharField("word for an item", max_length=30, default="Item")
    freshness_months = models.PositiveSmallIntegerField(
        "freshness limit in months",
        default=6,
        validators=[MinValueValidator(1)],
        help_text="A word older than this reads “last said”.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    history = HistoricalRecords(excluded_fields=["version"])

    objects = NegotiationManager.from_queryset(NegotiationQuerySet)()

    class Meta:
        ordering = ["title", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rule__in=["parties", "assessor"]), name="negotiation_rule_is_known"
            ),
            models.CheckConstraint(
                condition=Q(freshness_months__gte=1), name="negotiation_freshness_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("issues:state_of_play", args=[self.slug])

    def natural_key(self) -> tuple[str]:
        return (self.slug,)


class PartyManager(models.Manager["Party"]):
    def get_by_natural_key(self, negotiation: str, code: str) -> Party:
        return self.get(negotiation__slug=negotiation, code=code)


class Party(models.Model):
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="parties")
    code = models.CharField(max_length=8, help_text="A short code such as RU.")
    name = models.CharField(max_length=80)
    order = models.PositiveSmallIntegerField(default=0)
    since = models.DateField("at the table since", null=True, blank=True)
    until = models.DateField("at the table until", null=True, blank=True)
    history = HistoricalRecords()

    objects = PartyManager()

    class Meta:
        ordering = ["order", "pk"]
        verbose_name_plural = "parties"
        constraints = [
            models.UniqueConstraint("negotiation", "code", name="party_code_once"),
            models.UniqueConstraint("negotiation", "name", name="party_name_once"),
            models.CheckConstraint(
                condition=Q(since=None) | Q(until=None) | Q(until__gte=F("since")),
                name="party_until_after_since",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str, str]:
        return self.negotiation.slug, self.code

    natural_key.dependencies = ["negotiations.negotiation"]  # type: ignore[attr-defined]


class Membership(models.Model):
    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer: reads"
        RECORDER = "recorder", "Recorder: adds entries and items"
        HEAD = "head", "Head: also sets up and corrects"

    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    party = models.ForeignKey(
        Party,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        help_text="The delegation this person belongs to, if any.",
    )
    # When the person last pressed "Mark as read"; entries recorded later are new to them.
    read_until = models.DateTimeField(null=True, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=["read_until"])

    class Meta:
        ordering = ["user__username", "pk"]
        constraints = [
            models.UniqueConstraint("negotiation", "user", name="membership_once"),
            models.CheckConstraint(
                condition=Q(role__in=["viewer", "recorder", "head"]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.negotiation}"


class SourceQuerySet(models.QuerySet["Source"]):
    def get_by_natural_key(self, uuid: str) -> Source:
        return self.get(uuid=uuid)


class Source(models.Model):
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
        ]

    def __str__(self) -> str:
        return " · ".join(part for part in (self.publisher, self.title, self.date_text) if part)

    @property
    def date_text(self) -> str:
        return date_text(self.date_first, self.date_precision) if self.date_first else ""

    def natural_key(self) -> tuple[str]:
        return (str(self.uuid),)


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
        return reverse("issues:round_detail", args=[self.negotiation.slug, self.place])

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
    def get_by_natural_key(self, negotiation: str, place: int, party: str) -> Readout:
        return self.get(round__negotiation__slug=negotiation, round__place=place, party__code=party)


class Readout(models.Model):
    """What one side said about a round as a whole."""

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
        constraints = [models.UniqueConstraint("round", "party", name="readout_once")]

    def __str__(self) -> str:
        return f"{self.party} on {self.round}"

    def natural_key(self) -> tuple[str, int, str]:
        return (*self.round.natural_key(), self.party.code)

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "negotiations.round",
        "negotiations.source",
    ]


class Erasure(models.Model):
    """The tombstone of a negotiation that was erased by command: no content, only the fact."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    slug_sha256 = models.CharField(max_length=64)
    reason = models.TextField()
    entries = models.PositiveIntegerField()
    erased_at = models.DateTimeField(auto_now_add=True)
    erased_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-erased_at"]

    def __str__(self) -> str:
        return f"erased {self.erased_at:%Y-%m-%d}: {self.reason}"
