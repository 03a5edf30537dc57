"""Addresses of pages, looked up once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.urls import reverse


@lru_cache(maxsize=4096)
def path_to(name: str, *values: Any) -> str:
    """As `reverse`: a page names twenty addresses, nearly all of them again and again."""
    return reverse(name, args=values)
