"""What moved between two standings (design §2, Movement)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .values import DIFFER, DONE, DROPPED, HELD, JOINT, OURS, PRESS, SEPARATE, StatusLike, height

NEW, GONE, REOPENED, DROP, CLOSED = "new", "gone", "reopened", "dropped", "closed"
RESUMED, CONTESTED, BACK, FORWARD, UNCHANGED = (
    "resumed",
    "contested",
    "back",
    "forward",
    "unchanged",
)
UP = (NEW, CLOSED, RESUMED, FORWARD)
DOWN = (GONE, DROP, CONTESTED, BACK)


class StandingLike(Protocol):
    """A computed or a stored standing: what `movement` needs of either."""

    @property
    def headline(self) -> Any: ...
    @property
    def badge(self) -> str: ...
    @property
    def fell_from(self) -> Any: ...
    @property
    def own_statuses(self) -> Mapping[int, Any]: ...


@dataclass(frozen=True)
class Movement:
    """The computed difference between two standings. Never typed by anybody."""

    kind: str
    against_fall: str = ""
    off_ladder: bool = False
    now_confirmed: bool = False
    now_disputed: bool = False

    @property
    def direction(self) -> str:
        """up, down or "" for unchanged and for what is neither better nor worse.

        A first status off the ladder (held, dropped) is neither: nothing stood higher before.
        """
        if self.off_ladder:
            return ""
        kind = self.against_fall if self.kind == RESUMED and self.against_fall else self.kind
        if kind in UP:
            return "up"
        return "down" if kind in DOWN else ""

    @property
    def moved(self) -> bool:
        return self.kind != UNCHANGED or self.now_confirmed or self.now_disputed


CONFIRMED = (JOINT, SEPARATE)


def movement(before: StandingLike, after: StandingLike) -> Movement:
    """How `after` differs from `before`: the first kind of design §2 that fits."""
    kind = _kind(before, after)
    against = ""
    if kind == RESUMED and before.fell_from:
        against = _compare(before.fell_from, after.headline)
    return Movement(
        kind,
        against,
        off_ladder=kind == NEW and after.headline.rung is None,
        now_confirmed=_now_confirmed(before, after),
        now_disputed=after.badge == DIFFER and before.badge != DIFFER,
    )


def _now_confirmed(before: StandingLike, after: StandingLike) -> bool:
    return after.badge in CONFIRMED and before.badge not in CONFIRMED


def _kind(before: StandingLike, after: StandingLike) -> str:
    if before.headline is None or after.headline is None:
        if before.headline is after.headline:
            return UNCHANGED
        return NEW if before.headline is None else GONE
    old, new = before.headline.category, after.headline.category
    if old == new:
        return _up_or_down(before, after)
    # From one end to the other nothing is open again: the end that came says what happened.
    if new in (DONE, DROPPED):
        return DROP if new == DROPPED else CLOSED
    if old in (DONE, DROPPED):
        return REOPENED
    if old == HELD:
        return RESUMED
    return _up_or_down(before, after)


def _up_or_down(before: StandingLike, after: StandingLike) -> str:
    kind = _compare(before.headline, after.headline)
    if kind != BACK or not _nobody_fell(before, after):
        return kind
    if not _now_confirmed(before, after):
        return CONTESTED
    # Who confirms does not contest: within a category the two words are no difference (rule 5).
    return UNCHANGED if before.headline.category == after.headline.category else BACK


def _compare(old: StatusLike, new: StatusLike) -> str:
    if height(new) == height(old):
        return UNCHANGED
    return FORWARD if height(new) > height(old) else BACK


def _nobody_fell(before: StandingLike, after: StandingLike) -> bool:
    """Lower, though no party's own word fell: somebody else spoke."""
    if before.badge in (PRESS, OURS) and after.badge == before.badge:
        return False  # the outside voice itself went lower
    then = before.own_statuses
    return not any(
        party in then and height(status) < height(then[party])
        for party, status in after.own_statuses.items()
    )
