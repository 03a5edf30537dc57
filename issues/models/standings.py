"""Stored standings: what the entries add up to, per item, scope and period of effective time.

Derived data: rebuilt from entries by `issues.services`, checked by `check_standings`.
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from negotiations.models import Category, Negotiation, Party, Precision, Status
from negotiations.scopes import Scope

from .entries import Entry
from .items import Issue


def holds_on(day: dt.date | None) -> Q:
    """The periods that hold on `day` (None: now)."""
    if day is None:
        return Q(until=None)
    return Q(Q(until=None) | Q(until__gt=day), since__lte=day)


def holds_on_either(first: dt.date, last: dt.date | None) -> Q:
    """The periods that hold on one of two days, of which the second is no earlier (None: now).

    As one range: for `holds_on` twice SQLite goes through an index twice and needs half more time.
    """
    begun = Q(since__lte=last) if last else Q()
    at_last = Q(until__gt=last) if last else Q()
    return Q(
        begun,
        Q(until=None) | Q(until__gt=first),
        Q(since__lte=first) | Q(until=None) | at_last,
    )


class StandingQuerySet(models.QuerySet["Standing"]):
    def as_of(self, scope: Scope, day: dt.date | None = None) -> StandingQuerySet:
        """One row per item: the period that holds on `day` (None: now) in `scope`."""
        return self.filter(holds_on(day), scope=scope.key)

    def begun_after(self, day: dt.date, scope: Scope) -> StandingQuerySet:
        """Those that began after that day, joined with what stood on it (`issue__standings`)."""
        return self.filter(
            since__gt=day,
            issue__standings__scope=scope.key,
            issue__standings__since__lte=day,
            issue__standings__until__gt=day,
        )

    def shown_in(self, negotiation: int) -> StandingQuerySet:
        """Those of a negotiation's items, without the few that were entered in error.

        With a scope it is all that the scope sees: nothing stands where its item is not shown.
        """
        wrong = Issue.objects.filter(negotiation=negotiation, entered_in_error=True)
        return self.filter(negotiation=negotiation).exclude(issue__in=wrong)


class Standing(models.Model):
    class Badge(models.TextChoices):
        NONE = "", "no status yet"
        JOINT = "joint", "confirmed jointly"
        SEPARATE = "separate", "both say so, separately"
        ONLY = "only", "only one side says so"
        CLAIMS_MORE = "more", "claims more, not answered"
        DIFFER = "differ", "accounts differ"
        PRESS = "press", "press report"
        OURS = "ours", "our assessment"

    issue = models.ForeignKey(Issue, models.PROTECT, related_name="standings")
    # That of the item: what counts over all items reads an index and not each of them.
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+", db_index=False)
    scope = models.CharField(max_length=24)
    since = models.DateField(help_text="First effective day of this period.")
    until = models.DateField(null=True, help_text="First day after it; empty for now.")
    headline = models.ForeignKey(Status, models.PROTECT, null=True, related_name="+")
    category = models.CharField(max_length=10, choices=Category.choices, blank=True)
    badge = models.CharField(max_length=8, choices=Badge.choices, blank=True)
    fell_from = models.ForeignKey(Status, models.PROTECT, null=True, related_name="+")
    fell_on = models.DateField(null=True)
    last_said = models.DateField(null=True)
    entry_count = models.PositiveIntegerField(default=0)
    last_entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="+")
    waits_entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="+")
    next_step_entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="+")
    press_entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="+")
    own_entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="+")

    objects = models.Manager.from_queryset(StandingQuerySet)()

    class Meta:
        ordering = ["issue", "scope", "since"]
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "scope"], condition=Q(until=None), name="standing_one_is_now"
            ),
            models.UniqueConstraint(
                fields=["issue", "scope", "since"], name="standing_one_per_day"
            ),
            models.CheckConstraint(
                condition=Q(headline=None, category="", badge="")
                | (Q(headline__isnull=False, category__in=Category.values) & ~Q(badge="")),
                name="standing_headline_with_badge",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=models.F("since")),
                name="standing_until_after_since",
            ),
        ]

        indexes = [
            # What moved at each round: of all periods, those that began on its few days.
            models.Index(fields=["negotiation", "scope", "since", "issue"], name="standing_began"),
            # What the state of play folds away: hardly any, or hardly anything else.
            models.Index(
                fields=["negotiation", "scope", "until", "since", "issue"],
                condition=Q(headline=None),
                name="standing_nothing",
            ),
            # A cell of the state of play, and what stood before: neither looks at the row.
            models.Index(
                fields=["issue", "scope", "since", "until", "headline", "badge", "fell_from"],
                name="standing_looks",
            ),
            # `until` is empty in all rows of these: with it SQLite has no look at the row.
            # Filters by category and by who says so.
            models.Index(
                fields=["negotiation", "scope", "category", "badge", "issue", "until"],
                condition=Q(until=None),
                name="standing_figures",
            ),
            # The day of the latest entry.
            models.Index(
                fields=["negotiation", "scope", "last_said", "since"], name="standing_last_said"
            ),
            # The list by status, and by when something was last said.
            models.Index(
                fields=["negotiation", "scope", "headline", "issue", "until"],
                condition=Q(until=None),
                name="standing_by_status",
            ),
            models.Index(
                fields=["negotiation", "scope", "last_said", "issue", "until"],
                condition=Q(until=None),
                name="standing_by_last_said",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issue}: {self.headline or 'no status yet'}"


class StandingParty(models.Model):
    """One party's own words in a period: its status, when it last spoke, its position."""

    standing = models.ForeignKey(Standing, models.PROTECT, related_name="party_rows")
    party = models.ForeignKey(Party, models.PROTECT, related_name="+")
    status = models.ForeignKey(Status, models.PROTECT, null=True, related_name="+")
    said_first = models.DateField(null=True)
    said_precision = models.CharField(max_length=5, choices=Precision.choices, blank=True)
    spoke_first = models.DateField(null=True)
    spoke_precision = models.CharField(max_length=5, choices=Precision.choices, blank=True)
    status_entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="+")
    position_entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "party’s standing"
        verbose_name_plural = "standings by party"
        ordering = ["standing", "party__order", "party"]
        constraints = [models.UniqueConstraint("standing", "party", name="standing_party_once")]

    def __str__(self) -> str:
        return f"{self.party}: {self.status or 'no status'}"


class StandingCount(models.Model):
    """How many items show a fact: kept as standings change, so that no page counts all of them.

    In a year, a month or a day (`first` and `last` are the first of it): by how many more came to
    stand so than left it. Else, kind `span`: of how many it is true between the ends of two days.
    What the facts are says `issues.standing.counts`.
    """

    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+", db_index=False)
    scope = models.CharField(max_length=24)
    kind = models.CharField(max_length=5)
    first = models.DateField()
    last = models.DateField()
    fact = models.CharField(max_length=40)
    n = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "negotiation", "scope", "kind", "first", "last", "fact", name="standing_count_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.fact}: {self.n}"
