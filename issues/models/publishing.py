"""What leaves the house: the public edition, and links for people without an account."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Collection
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from negotiations.models import Negotiation, Round

from .items import Issue


def new_key() -> str:
    return secrets.token_hex(32)


class Edition(models.Model):
    """Whether a negotiation has a public edition, and the key that its addresses are made with."""

    negotiation = models.OneToOneField(Negotiation, models.PROTECT, related_name="edition")
    key = models.CharField(max_length=64, default=new_key, editable=False)
    is_on = models.BooleanField(default=False)
    may_be_indexed = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"Public edition of {self.negotiation}"

    def get_absolute_url(self) -> str:
        return reverse("issues:public_state", args=[self.negotiation.slug])

    def item_key(self, pk: int) -> str:
        """What stands in an address for an item: always the same, and without any order.

        A number would show the gaps left by items that are not public.
        """
        mixed = hmac.digest(self.key.encode(), str(pk).encode(), "sha256")
        return base64.b32encode(mixed[:10]).decode().lower()


class ShareLink(models.Model):
    """A link to the public scope, or to one page of it. Only the hash of its secret is kept."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="share_links")
    sha256 = models.CharField(max_length=64, unique=True)
    # Narrower than the whole: one item or one round, as of a day by what was known then.
    issue = models.ForeignKey(Issue, models.PROTECT, null=True, blank=True, related_name="+")
    # Holds no round in place by itself: see `services.let_round_go`.
    round = models.ForeignKey(
        Round, models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="+"
    )
    day = models.DateField(null=True, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    opened = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(issue=None) | Q(round=None), name="share_link_to_one_page"
            ),
        ]

    def __str__(self) -> str:
        return f"link of {self.made_at:%Y-%m-%d}"

    @staticmethod
    def hash_of(secret: str) -> str:
        return hashlib.sha256(secret.encode(errors="replace")).hexdigest()

    def shows(self, *, item_is_seen: bool = True) -> str:
        """What it shows, in words, for who sees its item or not; fetched with both it may name."""
        if self.issue_id:
            return str(self.issue) if item_is_seen else "One that is not shown to you any more"
        if self.round_id:
            return str(self.round or "One that was removed since")
        return "Whole edition"

    @property
    def is_whole(self) -> bool:
        """Whether what it leads to is there."""
        return self.round_id is None or self.round is not None

    def ended(self, now: dt.datetime, makers: Collection[int]) -> str:
        """Why it no longer works; empty while it does.

        It dies with its maker's right to make one: `makers` are the ids of those who have it.
        """
        if self.withdrawn_at:
            return "withdrawn"
        if now >= self.expires_at:
            return "run out"
        return "" if self.made_by_id in makers else "its maker is no head any more"
