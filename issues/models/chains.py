"""The history as chains of hashes: whoever changes or removes a row breaks one (SECURITY.md)."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone

from negotiations.models import Negotiation

from .entries import AppendOnly


class ChainHead(models.Model):
    """The end of one chain. Its row is locked by whoever adds to the chain; it never shrinks."""

    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+")
    # "public", "members" or "party-" and the id of the party: as the scopes are called.
    chain = models.CharField(max_length=40)
    length = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["negotiation", "chain"]
        constraints = [models.UniqueConstraint("negotiation", "chain", name="chain_head_once")]

    def __str__(self) -> str:
        return f"{self.chain}: {self.hash}"


class ChainLink(AppendOnly):
    """One event of the history in the chain of those who may know of it.

    `content` is the hash of what the event's row says (see `issues.chaining`), `words` that of the
    words alone, which is all that is left of them after a redaction. `hash` covers everything here
    but the two ids, and with `previous` all links before.
    """

    class Kind(models.TextChoices):
        """Another kind of row joins by a kind here, its content in `issues.chaining`, its rows in
        `issues.services.chain_rows`, and `append` in the transaction that writes it.
        """

        ENTRY = "entry", "entry"
        SOURCE = "source", "added source"
        LEFT = "left", "entry that left for another audience"
        CAME = "came", "entry that came from another audience"
        HIDDEN = "hidden", "thing that left for another audience"
        SHOWN = "shown", "thing that came from another audience"
        REDACTION = "redaction", "redaction"
        PERSON = "person", "erased person"
        IMPORT = "import", "import"

    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+")
    chain = models.CharField(max_length=40)
    place = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    # The id of the row that this is about, in the table of its kind; an import has none.
    row = models.BigIntegerField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    words = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=200, blank=True)
    content = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["negotiation", "chain", "place"]
        constraints = [
            models.UniqueConstraint("negotiation", "chain", "place", name="chain_link_place_once")
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.place}: {self.hash}"


class PersonErasure(AppendOnly):
    """The names of a person were blanked: an event, which names nobody but by their account."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    erased_at = models.DateTimeField(default=timezone.now, editable=False)
    erased_by = models.CharField(max_length=150)

    objects: ClassVar[models.Manager[PersonErasure]]

    class Meta:
        ordering = ["erased_at", "pk"]

    def __str__(self) -> str:
        return f"erased: {self.reason}"
