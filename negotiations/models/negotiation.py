"""A negotiation, who sits at its table and who takes part in it."""

from __future__ import annotations

from uuid import uuid4

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from ..addresses import path_to
from .people import User

ROUTE_WORDS = {"new"}
slug_is_free = RegexValidator(
    rf"^(?!(?:{'|'.join(ROUTE_WORDS)})$)[a-z0-9][a-z0-9-]*$",
    "Use small letters, digits and hyphens; “new” is taken.",
)


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
    second_factor = models.BooleanField(
        "only with a second factor",
        default=False,
        help_text="Members sign in with a code or a passkey beside their password.",
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
        return path_to("issues:state_of_play", self.slug)

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
