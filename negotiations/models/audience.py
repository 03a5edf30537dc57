"""Who may see a thing: columns that every kind of thing has which is not for everybody."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..scopes import DELEGATION, MEMBERS, PUBLIC, is_within
from .negotiation import Party


class Audience(models.TextChoices):
    PUBLIC = PUBLIC, "Public: may be published"
    MEMBERS = MEMBERS, "All members"
    DELEGATION = DELEGATION, "One delegation only"


class Shown(models.Model):
    """Something that is for the public, for all members or for one delegation only.

    Written with its audience in the same insert; changed by an event of its own alone.
    """

    audience = models.CharField(
        "who may see it",
        max_length=10,
        choices=Audience.choices,
        default=Audience.MEMBERS,
        editable=False,
    )
    audience_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    # The delegation of whoever wrote it down, at that time: it decides who may narrow it.
    recorded_party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        abstract = True

    def is_within(self, outer: Shown) -> bool:
        """Whether everybody who sees this sees `outer` as well."""
        return is_within(
            self.audience, self.audience_party_id, outer.audience, outer.audience_party_id
        )


def audience_check(name: str) -> models.CheckConstraint:
    """A party with the audience of one delegation, and with no other."""
    return models.CheckConstraint(
        condition=Q(audience__in=[PUBLIC, MEMBERS], audience_party=None)
        | Q(audience=DELEGATION, audience_party__isnull=False),
        name=name,
    )
