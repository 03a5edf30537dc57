"""Mails that wait to be sent. None holds a secret: its link is made when it is sent."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .security import Invitation


class Mail(models.Model):
    """One letter to an address, until the mail server has taken it; one that it refused stays.

    A row is written with what it tells of, in one transaction, and sent by any process.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        PASSWORD = "password", "New password"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    address = models.EmailField()
    invitation = models.ForeignKey(Invitation, models.PROTECT, null=True, related_name="mails")
    # Where its link leads, without a path.
    site = models.CharField(max_length=300)
    made_at = models.DateTimeField(default=timezone.now)
    # Whoever takes it moves this on: if nobody is heard of again, it is tried again then.
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is not sent.")
    failed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at", "pk"]
        indexes = [
            # The next one to send, and how long it has waited.
            models.Index(fields=["due_at"], condition=models.Q(failed_at=None), name="mail_due")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def said(self) -> str:
        """What keeps it, in words for whoever had it sent; empty while it is on its way."""
        if self.failed_at:
            return f"The mail was not sent: {self.reason}. Withdraw this, and hand a new link over."
        return f"The mail is not sent yet: {self.reason}. It is tried again." if self.reason else ""
