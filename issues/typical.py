"""Items with which talks of a kind usually begin, as text to be edited and pasted."""

from __future__ import annotations

import tomllib
from functools import cache

from django.conf import settings

from negotiations.models import StatusScheme


@cache
def typical_items() -> dict[str, str]:
    """The list for each scheme by its slug (fixtures/typical_items.toml)."""
    path = settings.BASE_DIR / "fixtures" / "typical_items.toml"
    kinds = tomllib.loads(path.read_text(encoding="utf-8"))
    return {slug: str(kind["items"]) for slug, kind in kinds.items()}


def typical_kinds() -> list[StatusScheme]:
    """The schemes for which there is a list."""
    schemes = StatusScheme.objects.filter(negotiation=None, slug__in=typical_items())
    return list(schemes.order_by("pk"))
