"""What a superuser has opened without clearance: on every page of the admin while it is open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from negotiations.admin.desk import desk_of
from negotiations.models import Override

register = template.Library()


@register.simple_tag(takes_context=True)
def open_overrides(context: Any) -> Iterable[Override]:
    """Those of whoever asks that are still open; one query, and none for who is no superuser."""
    return desk_of(context["request"]).overrides if "request" in context else []
