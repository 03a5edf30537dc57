"""Whom it concerns that a superuser opened what a delegation keeps to itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.models import Override
from negotiations.prepared import prepared
from negotiations.services.overrides import has_head

# How long the first page goes on to say so.
TOLD_FOR = dt.timedelta(days=1)


def told_to(viewers: Iterable[Viewer]) -> list[Override]:
    """Those of the last day that a head is to know of: of the own delegation, or of one without
    a head. One query while there are none.
    """
    heads = {v.negotiation.pk: v for v in viewers if v.is_head and v.membership}
    recent = _opened_since(timezone.now() - TOLD_FOR, list(heads))
    return [one for one in recent if _concerns(heads[one.negotiation_id], one)]


@prepared
def _opened_since(moment: dt.datetime, negotiations: list[int]) -> QuerySet[Override]:
    rows = Override.objects.filter(opened_at__gt=moment, negotiation__in=negotiations)
    return rows.select_related("negotiation", "party", "by")


def _concerns(viewer: Viewer, override: Override) -> bool:
    return viewer.party == override.party or not has_head(override.party)
