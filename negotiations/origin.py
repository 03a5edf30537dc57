"""From which address what happens now was asked for; services know no request."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

Address = Callable[[], str | None]


def _nowhere() -> None:
    return None


# Asked only when something is noted: working it out may refuse a request with odd headers.
address: ContextVar[Address] = ContextVar("address", default=_nowhere)
