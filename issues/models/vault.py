"""The vault: how far a side would go on an item. For people by name alone, whatever their role.

It carries no status, is in no scope, and no other model refers to it.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.models import Party, SecurityEvent

from .entries import AppendOnly, AppendOnlyQuerySet
from .items import Issue


def _holding_nothing() -> models.ForeignKey[Any, Any]:
    """A party that can be removed as if it were not named here: a refusal would tell of it."""
    return models.ForeignKey(
        Party, models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="+"
    )


class VaultQuerySet(AppendOnlyQuerySet):
    def visible_to(self, viewer: Viewer) -> VaultQuerySet:
        """Those whose latest version names the viewer, on items that the viewer sees.

        Named is who was a member when named, as with notes; who went over to another delegation
        than its own is out, and a superuser is named nowhere.
        """
        if viewer.membership is None:
            return self.none()
        mine = VaultPerson.objects.filter(
            membership=viewer.membership.pk, version=Subquery(_latest(OuterRef("version__vault")))
        )
        own = Q(side=None) | Q(side=viewer.scope.party_id)
        shown = Issue.objects.visible_to(viewer).order_by()
        return self.filter(own, issue__in=shown, pk__in=mine.values("version__vault"))


class Vault(AppendOnly):
    """One party's lines on an item, as a side keeps them: of its own party or of another's.

    There may be several on an item: people who are not named must not find a place taken.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="+")
    party = _holding_nothing()  # whose lines
    side = _holding_nothing()  # whose people keep them; none: people tied to no delegation
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = models.Manager.from_queryset(VaultQuerySet)()

    class Meta:
        ordering = ["made_at", "pk"]

    def __str__(self) -> str:
        return "vault"

    def get_absolute_url(self) -> str:
        issue = self.issue
        return reverse("issues:vault_edit", args=[issue.negotiation.slug, issue.address, self.uuid])


class VaultVersion(AppendOnly):
    """What the vault says from now on, and to whom."""

    WORDS = ("red_line", "fallback", "bottom_line", "instruction")

    vault = models.ForeignKey(Vault, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    red_line = models.TextField(blank=True)
    fallback = models.TextField(blank=True)
    bottom_line = models.TextField(blank=True)
    instruction = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint("vault", "number", name="vault_version_once")]

    def __str__(self) -> str:
        return f"version {self.number}"


class VaultPerson(AppendOnly):
    """One of those whom a version names, by membership: it ends with it and does not return."""

    version = models.ForeignKey(VaultVersion, models.PROTECT, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    membership = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("version", "user", name="vault_person_once")]

    def __str__(self) -> str:
        return str(self.user)


class VaultUse(AppendOnly):
    """That a version was read, or written, and the line of the security log that says so."""

    version = models.ForeignKey(VaultVersion, models.PROTECT, related_name="uses")
    event = models.ForeignKey(SecurityEvent, models.PROTECT, related_name="+")
    wrote = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return "written" if self.wrote else "read"


def _latest(vault: Any) -> models.QuerySet[VaultVersion]:
    rows: models.QuerySet[VaultVersion] = VaultVersion.objects.filter(vault=vault)
    return rows.order_by("-number").values("pk")[:1]  # type: ignore[return-value]
