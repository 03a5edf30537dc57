"""The append-only history of an item. Nothing here is ever edited or deleted (design §2)."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from negotiations.access import scope_filter
from negotiations.dates import date_text
from negotiations.models import (
    Audience,
    Party,
    Precision,
    Round,
    Source,
    Status,
    User,
    audience_check,
)
from negotiations.scopes import Scope

from .items import Issue


class HistoryIsFinal(Exception):
    """Somebody tried to change or delete what may only be added to."""


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise HistoryIsFinal("Entries are never changed or deleted; record a correction instead.")


class AppendOnlyQuerySet(models.QuerySet[Any]):
    update = bulk_update = delete = _refuse

    def get_by_natural_key(self, uuid: str) -> Any:
        return self.get(uuid=uuid)


class AppendOnly(models.Model):
    """Rows that can be inserted and read. The database has triggers that say the same."""

    objects: ClassVar[Any] = models.Manager.from_queryset(AppendOnlyQuerySet)()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse()
        super().save(*args, **kwargs)

    delete = _refuse


class EntryQuerySet(AppendOnlyQuerySet):
    def in_scope(self, scope: Scope) -> EntryQuerySet:
        """Entries that are for this scope, on items that are."""
        return self.filter(scope_filter(scope), scope_filter(scope, "issue__"))

    def visible_to(self, user: User | int, scope: Scope) -> EntryQuerySet:
        """Entries in the viewer's scope; what was undone shows to its author only."""
        undone = Entry.objects.filter(corrects=models.OuterRef("pk"), kind=Entry.Kind.UNDO)
        hidden = Q(kind=Entry.Kind.UNDO) | models.Exists(undone)
        author = user if isinstance(user, int) else user.pk
        return self.in_scope(scope).filter(~hidden | Q(recorded_by=author))

    def ranked(self) -> EntryQuerySet:
        """Oldest first, in the order of the rules: first day, finer precision later, recorded."""
        return self.order_by("said_first", "precision_rank", "recorded_at", "pk")


class Entry(AppendOnly):
    class Voice(models.TextChoices):
        PARTY = "party", "a party's own words"
        JOINT = "joint", "jointly, one text"
        THIRD = "third", "press or third party"
        OWN = "own", "our assessment"

    class Kind(models.TextChoices):
        ENTRY = "entry", "Entry"
        CORRECTION = "correction", "Correction"
        RETRACTION = "retraction", "Retraction"
        UNDO = "undo", "Undo"

    Audience = Audience

    class WaitsFor(models.TextChoices):
        PARTY = "party", "A party"
        BOTH = "both", "All parties"
        OUTSIDE = "outside", "Somebody outside"
        NOBODY = "nobody", "Nobody any more"

    class Why(models.TextChoices):
        WORDING = "wording", "wording"
        SUBSTANCE = "substance", "substance"
        TIED = "tied", "tied to another matter"
        INSTRUCTIONS = "instructions", "instructions"
        TECHNICAL = "technical", "technical check"

    class NextStep(models.TextChoices):
        """What has become of the step an entry names; empty: it is still to be done."""

        DONE = "done", "Done"
        DROPPED = "dropped", "No longer needed"

    class Reliability(models.TextChoices):
        HIGH = "high", "High"
        MEDIUM = "medium", "Medium"
        LOW = "low", "Low"

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ENTRY)

    # Who says so (the party) is not who typed it (recorded_by).
    voice = models.CharField(max_length=6, choices=Voice.choices)
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="+")
    joint_parties = models.ManyToManyField(Party, blank=True, related_name="+")
    speaker = models.CharField(max_length=160, blank=True)
    speaker_function = models.CharField(max_length=200, blank=True)

    # Effective: the days it was said or done, both inclusive. `counts_from` is the last of them,
    # or the day of recording where that is earlier: from then on the entry counts.
    said_first = models.DateField()
    said_last = models.DateField()
    precision = models.CharField(max_length=5, choices=Precision.choices, default=Precision.DAY)
    precision_rank = models.PositiveSmallIntegerField(default=2, editable=False)
    said_time = models.TimeField(null=True, blank=True)
    counts_from = models.DateField(editable=False)
    holds_since = models.CharField(max_length=40, blank=True)

    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # The delegation of whoever typed it, at that time: it decides who may correct it.
    recorded_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # One form sent is one batch: it is recorded once and undone as one.
    batch = models.UUIDField(default=uuid4, editable=False)
    batch_place = models.PositiveIntegerField(default=0, editable=False)

    round = models.ForeignKey(Round, models.PROTECT, null=True, blank=True, related_name="entries")
    status = models.ForeignKey(Status, models.PROTECT, null=True, blank=True, related_name="+")
    position = models.TextField(blank=True)
    waits_for = models.CharField(max_length=8, choices=WaitsFor.choices, blank=True)
    waits_party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="+")
    waits_why = models.CharField(max_length=12, choices=Why.choices, blank=True)
    waits_text = models.CharField(max_length=200, blank=True)
    next_step = models.CharField(max_length=300, blank=True)
    next_step_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="+"
    )
    next_step_who = models.CharField(max_length=120, blank=True)
    next_step_by = models.DateField(null=True, blank=True)
    # A step is cleared by a later entry that names it again and says so: nothing is edited, and
    # the latest entry with a step is the current one, as with what an item waits for.
    next_step_state = models.CharField(max_length=7, choices=NextStep.choices, blank=True)

    text = models.TextField(blank=True)
    original_text = models.TextField(blank=True)
    original_language = models.CharField(max_length=40, blank=True)
    reliability = models.CharField(max_length=6, choices=Reliability.choices, blank=True)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.MEMBERS)
    audience_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="+"
    )
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    reason = models.CharField(max_length=300, blank=True)
    sources = models.ManyToManyField(Source, through="EntrySource", related_name="entries")

    objects: ClassVar[Any] = models.Manager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["said_first", "precision_rank", "recorded_at", "pk"]
        constraints = [
            models.UniqueConstraint("batch", "batch_place", name="entry_batch_place_once"),
            models.CheckConstraint(
                condition=Q(voice="party", party__isnull=False)
                | Q(voice__in=["joint", "third", "own"], party=None),
                name="entry_party_with_own_words",
            ),
            models.CheckConstraint(
                condition=Q(precision="day", precision_rank=2, said_last=F("said_first"))
                | Q(precision="month", precision_rank=1, said_last__gt=F("said_first"))
                | Q(precision="year", precision_rank=0, said_last__gt=F("said_first")),
                name="entry_precision_with_date",
            ),
            models.CheckConstraint(
                condition=Q(counts_from__lte=F("said_last")), name="entry_counts_by_its_last_day"
            ),
            audience_check("entry_audience_party"),
            models.CheckConstraint(
                condition=Q(kind="entry", corrects=None)
                | Q(kind__in=["correction", "retraction", "undo"], corrects__isnull=False),
                name="entry_kind_with_target",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["retraction", "undo"])
                | Q(status=None, position="", waits_for="", next_step=""),
                name="entry_retraction_carries_nothing",
            ),
            models.CheckConstraint(
                condition=Q(waits_for="party", waits_party__isnull=False)
                | Q(waits_for__in=["", "both", "outside", "nobody"], waits_party=None),
                name="entry_waits_party",
            ),
            models.CheckConstraint(
                condition=Q(
                    waits_why__in=["", "wording", "substance", "tied", "instructions", "technical"]
                ),
                name="entry_waits_why_is_known",
            ),
            models.CheckConstraint(
                condition=Q(next_step_state="")
                | (Q(next_step_state__in=["done", "dropped"]) & ~Q(next_step="")),
                name="entry_next_step_state_of_a_step",
            ),
            models.CheckConstraint(
                condition=Q(reliability__in=["", "high", "medium", "low"]),
                name="entry_reliability_is_known",
            ),
        ]
        indexes = [
            # An item's history, in the order of the rules.
            models.Index(
                fields=["issue", "said_first", "precision_rank", "recorded_at", "id"],
                name="entry_history",
            ),
            # What began to count at a round, or between two days.
            models.Index(fields=["issue", "counts_from"], name="entry_counts"),
            # What names a round, though it was said on other days.
            models.Index(fields=["round", "counts_from"], name="entry_of_round"),
            # What came in since a person last marked as read.
            models.Index(fields=["recorded_at"], name="entry_recorded"),
        ]

    def __str__(self) -> str:
        return f"{self.when}: {self.text[:60] or self.get_kind_display()}"

    def natural_key(self) -> tuple[str]:
        return (str(self.uuid),)

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "issues.issue",
        "negotiations.round",
        "negotiations.status",
        "negotiations.source",
    ]

    @property
    def when(self) -> str:
        return date_text(self.said_first, self.precision)

    @property
    def takes_back(self) -> bool:
        return self.kind in (Entry.Kind.RETRACTION, Entry.Kind.UNDO)


class EntrySource(AppendOnly):
    """One source of an entry. A second one comes later without a correction."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="source_links")
    source = models.ForeignKey(Source, models.PROTECT, related_name="entry_links")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class LinkQuerySet(AppendOnlyQuerySet):
        def get_by_natural_key(self, entry: str, source: str) -> Any:  # type: ignore[override]
            return self.get(entry__uuid=entry, source__uuid=source)

    objects: ClassVar[Any] = models.Manager.from_queryset(LinkQuerySet)()

    class Meta:
        ordering = ["recorded_at", "pk"]
        constraints = [models.UniqueConstraint("entry", "source", name="entry_source_once")]

    def __str__(self) -> str:
        return str(self.source)

    def natural_key(self) -> tuple[str, str]:
        return str(self.entry.uuid), str(self.source.uuid)

    natural_key.dependencies = [  # type: ignore[attr-defined]
        "issues.entry",
        "negotiations.source",
    ]


class AudienceChange(AppendOnly):
    """Who may see an entry was changed: an event of its own."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="audience_changes")
    old_audience = models.CharField(max_length=10, choices=Entry.Audience.choices)
    old_party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="+")
    new_audience = models.CharField(max_length=10, choices=Entry.Audience.choices)
    new_party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["changed_at", "pk"]

    def __str__(self) -> str:
        return f"{self.old_audience} → {self.new_audience}"


class Redaction(AppendOnly):
    """The tombstone of blanked content. While it stands the database lets the words be blanked."""

    entry = models.OneToOneField(Entry, models.PROTECT, related_name="redaction")
    sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=300)
    redacted_at = models.DateTimeField(default=timezone.now, editable=False)
    redacted_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["redacted_at", "pk"]

    def __str__(self) -> str:
        return f"redacted: {self.reason}"
