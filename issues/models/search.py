"""The search index: what can be found, in folded words, and who may find it.

Derived data: written by `issues.services.search`, read by `issues.fulltext`, never shown itself.
"""

from __future__ import annotations

from django.db import models

from negotiations.models import Negotiation

ID_BITS, DAY_BITS = 38, 22


class SearchRow(models.Model):
    """One item, entry, round or source. Its id is its place: a later day has a higher one."""

    class Kind(models.TextChoices):
        ITEM = "i", "item"
        ENTRY = "e", "entry"
        ROUND = "r", "round"
        SOURCE = "s", "source"

    id = models.BigIntegerField(primary_key=True)
    negotiation = models.ForeignKey(Negotiation, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=1, choices=Kind.choices)
    object_id = models.BigIntegerField()
    # The item of an item or entry.
    item_id = models.BigIntegerField(null=True)
    # Marks of who may find it (issues.services.search), and what it says (issues.spelling).
    keys = models.TextField()
    words = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint("kind", "object_id", name="search_object_once")]
        indexes = [
            # What is there of an item whose entries have changed.
            models.Index(fields=["item_id"], name="search_item"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.object_id}"

    @classmethod
    def place_of(cls, kind: str, object_id: int, day: int = 0) -> int:
        """The id of the row of this object, `day` being the ordinal of its date."""
        order = cls.Kind.values.index(kind)
        return (order << DAY_BITS | day) << ID_BITS | object_id

    @staticmethod
    def object_at(place: int) -> int:
        return place & ((1 << ID_BITS) - 1)
