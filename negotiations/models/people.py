"""The people who sign in."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models


class User(AbstractUser):
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    is_demo = models.BooleanField(
        "demo person", default=False, help_text="Made by the demo; a real server refuses to start."
    )
    last_seen = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = UserManager()

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def seen_at(self) -> dt.datetime | None:
        """When this person was last here, to within a few minutes."""
        return max(filter(None, [self.last_seen, self.last_login]), default=None)
