"""What keeps accounts safe: invitations, the security log, and what processes count together."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from .negotiation import Membership, Negotiation, Party
from .people import User


class Invitation(models.Model):
    """A link by which one person becomes a member, once. Only the hash of its secret is kept."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="invitations")
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=10, choices=Membership.Role.choices)
    party = models.ForeignKey(Party, models.PROTECT, null=True, blank=True, related_name="+")
    sha256 = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.email or f"link of {self.made_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return not (self.used_at or self.revoked_at) and timezone.now() < self.expires_at


class SecurityEvent(models.Model):
    """One line of the security log. Rows are only ever added; people are named by reference."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed-in", "Signed in"
        FAILED = "failed", "Sign-in failed"
        CODE_FAILED = "code-failed", "Second factor failed"
        SIGNED_OUT = "signed-out", "Signed out"
        SESSIONS = "sessions", "Ended sign-ins elsewhere"
        PASSWORD = "password", "Password changed"  # noqa: S105 - a kind, not a password
        FACTOR_ADDED = "factor-added", "Second factor added"
        FACTOR_REMOVED = "factor-removed", "Second factor removed"
        CONNECTED = "connected", "Single sign-on connected"
        DISCONNECTED = "disconnected", "Single sign-on disconnected"
        LINK = "link", "Set-password link made"
        INVITED = "invited", "Invited"
        INVITATION_USED = "invitation-used", "Invitation used"
        INVITATION_REVOKED = "invitation-revoked", "Invitation withdrawn"
        JOINED = "joined", "Member added"
        ROLE = "role", "Role or delegation changed"
        LEFT = "left", "Member removed"
        AUDIENCE = "audience", "Audience changed"
        DOWNLOAD = "download", "Taken away as a file"
        RULES = "rules", "Access rules changed"
        PUBLISHED = "published", "Public edition switched on"
        UNPUBLISHED = "unpublished", "Public edition switched off"
        SHARED = "shared", "Share link made"
        SHARE_ENDED = "share-ended", "Share link withdrawn"
        VAULT = "vault", "Vault opened"
        OVERRIDE = "override", "Opened without clearance"

    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    about = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, null=True, related_name="+")
    detail = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    # The delegation whose heads it is for; it holds no party in place.
    side = models.ForeignKey(
        Party, models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    # Its place in the chain of its negotiation, or in that of the accounts: `negotiations.chains`.
    place = models.PositiveIntegerField(default=0)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                Coalesce("negotiation", 0), "place", name="security_event_place_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_kind_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The security log is append-only.")
        super().save(*args, **kwargs)


class SecurityHead(models.Model):
    """The end of a chain of lines. Its row is locked by whoever adds one; it never shrinks."""

    negotiation = models.ForeignKey(Negotiation, models.PROTECT, null=True, related_name="+")
    length = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Coalesce("negotiation", 0), name="security_head_once")
        ]

    def __str__(self) -> str:
        return f"{self.length}: {self.hash}"


class SharedCount(models.Model):
    """The table of Django's database cache: tries are counted there, over all processes."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "parley_cache"

    def __str__(self) -> str:
        return self.cache_key
