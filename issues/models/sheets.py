"""Sheets: what is typed at the table, as drafts. They are no entries and count for nothing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.models import Negotiation, Party, Round, Source

from .items import Issue


def _named(model: type[models.Model]) -> models.ForeignKey[Any, Any]:
    """What a draft names can be removed as if there were no draft: its refusal would tell of one.

    So these columns hold nothing in place, and may name what is gone.
    """
    return models.ForeignKey(
        model, models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="+"
    )


class SheetQuerySet(models.QuerySet["Sheet"]):
    def visible_to(self, viewer: Viewer) -> SheetQuerySet:
        """One's own, and to a head those of their own side.

        The side is the delegation the author was tied to when the sheet was begun, or none. A
        sheet never leaves it: heads tied to no party see those of people tied to none, heads of
        a delegation those of their delegation, and an author who changed sides neither. A
        superuser who is no member sees nobody's drafts.
        """
        side = self.filter(negotiation=viewer.negotiation, party=viewer.party)
        if viewer.is_head and viewer.membership:
            return side
        return side.filter(author=viewer.user.pk)


class Sheet(models.Model):
    """The rows one person types at a round, or from a source, until they are released."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="sheets")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    party = _named(Party)
    round = _named(Round)
    from_source = _named(Source)
    # Date, source and audience of all rows as typed, wrong or not; read when it is released.
    top = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=0)
    page = models.UUIDField(null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now)
    # The token of the release: sent twice, it is recorded once.
    batch = models.UUIDField(default=uuid4, editable=False)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = models.Manager.from_queryset(SheetQuerySet)()

    class Meta:
        ordering = ["-changed_at", "pk"]
        constraints = [
            # One open sheet of a person at a round, and one from a source. One that was begun on
            # another side is hidden from its author and does not stand in the way.
            models.UniqueConstraint(
                "author",
                "round",
                Coalesce("party", 0),
                condition=Q(released_at=None, from_source=None),
                name="sheet_open_once_at_a_round",
            ),
            models.UniqueConstraint(
                "author",
                "from_source",
                Coalesce("party", 0),
                condition=Q(released_at=None),
                name="sheet_open_once_from_a_source",
            ),
        ]

    def __str__(self) -> str:
        return f"Sheet of {self.author}"

    def get_absolute_url(self) -> str:
        return reverse("issues:sheet", args=[self.negotiation.slug, self.uuid])


class SheetRow(models.Model):
    """One typed line: plain words, checked when the sheet is released. An emptied row is gone."""

    WORDS = ("who", "status", "text", "waits", "time")

    uuid = models.UUIDField(unique=True, editable=False)
    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="rows")
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="+")
    who = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)
    waits = models.CharField(max_length=20, blank=True)
    time = models.TimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    # The open page that wrote it last: what that page sends next is no conflict, even when the
    # answer about its version was lost on the way.
    page = models.UUIDField(null=True, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.issue}: {self.text[:60]}"

    @property
    def is_empty(self) -> bool:
        return not (self.who or self.status or self.text or self.waits)
