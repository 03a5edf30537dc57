"""The shape of a status: a circle that fills on the ladder, a pause sign or a cross beside it."""

from __future__ import annotations

from collections.abc import Iterable

from .models import Category, Status

# The symbols m0 to m8 in templates/_marks.svg.
LADDER_STEPS = 8


def top_rung(statuses: Iterable[Status]) -> int:
    """The rung at which the circle is full."""
    return max((status.rung for status in statuses if status.rung), default=1)


def mark_of(status: Status, top: int) -> str:
    """The name of the symbol, where `top` is the highest rung of the scheme."""
    if status.rung is None:
        return "pause" if status.category == Category.HELD else "cross"
    return f"m{round(LADDER_STEPS * (status.rung - 1) / max(top - 1, 1))}"
