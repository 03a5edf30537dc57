"""Addresses of pages, looked up once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.urls import reverse

_ANY = UUID(int=0)


@lru_cache(maxsize=4096)
def path_to(name: str, *values: Any) -> str:
    """As `reverse`: a page names twenty addresses, nearly all of them again and again."""
    return reverse(name, args=values)


def path_within(name: str, *values: Any) -> str:
    """The same for one of many things of a page, whose UUID ends its address."""
    *page, uuid = values
    return f"{path_to(name, *page, _ANY).removesuffix(f'{_ANY}/')}{uuid}/"
