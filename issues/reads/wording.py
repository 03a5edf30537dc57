"""How a standing and a movement read in words. One place, so that pages never disagree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from negotiations.dates import date_text
from negotiations.models import Party

from ..models import Standing
from ..standing import Movement, height
from .frame import FrameView, StatusView
from .standings import StandingView, WordView

Badge = Standing.Badge


def names(parties: Sequence[Party], *, short: bool = False) -> str:
    """ "Russia", "Russia and the …", "A, B and C"; codes when `short`."""
    words = [party.code if short else party.name for party in parties]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def badge_text(view: StandingView, *, short: bool = True) -> str:
    """Who says so, as rule 5 and 6 name it: "only RU says so", "accounts differ" …"""
    if view.badge == Badge.ONLY:
        return _only(view, short)
    if view.badge == Badge.CLAIMS_MORE:
        ahead, behind = ahead_and_behind(view)
        verb = "claims" if len(ahead) == 1 else "claim"
        answered = "has" if len(behind) == 1 else "have"
        return (
            f"{names(ahead, short=short)} {verb} more, "
            f"{names(behind, short=short)} {answered} not answered"
        )
    if view.badge == Badge.SEPARATE:
        return f"{'both' if len(view.words) == 2 else 'all'} say so, separately"
    return Badge(view.badge).label if view.badge else "no status yet"


def _only(view: StandingView, short: bool) -> str:
    speakers = [word.party for word in view.words if word.status]
    verb = "says" if len(speakers) == 1 else "say"
    return f"only {names(speakers, short=short)} {verb} so"


def ahead_and_behind(view: StandingView) -> tuple[list[Party], list[Party]]:
    """The parties above the headline, and those at it."""
    spoken = [(word.party, word.status) for word in view.words if word.status]
    lowest = min(height(status) for _party, status in spoken)
    least = {status.category for _party, status in spoken if height(status) == lowest}
    ahead = [party for party, status in spoken if status.category not in least]
    return ahead, [party for party, status in spoken if status.category in least]


def word_text(word: WordView, view: StandingView, fresh_from: dt.date) -> str:
    """A party's date, with its own status where that is not the headline."""
    dated = word.date_text(fresh_from)
    if word.status and word.status != view.headline:
        return f"{word.status} {dated}"
    return dated


def words_text(view: StandingView, frame: FrameView) -> str:
    """ "RU Being implemented 2 Jun 2026 · US 10 Apr 2025": every badge carries each date."""
    return " · ".join(
        f"{word.party.code} {word_text(word, view, frame.fresh_from)}" for word in view.words
    )


def fell_text(view: StandingView) -> str:
    """ "fell from Under discussion, 19 Nov 2025", or nothing."""
    if not view.fell_from or not view.fell_on:
        return ""
    return f"fell from {view.fell_from}, {date_text(view.fell_on)}"


def standing_text(view: StandingView, *, short: bool = False) -> str:
    """ "Blocked · only Russia says so · fell from Under discussion, 19 Nov 2025"."""
    if view.headline is None:
        return "No status yet"
    parts = (str(view.headline), badge_text(view, short=short), fell_text(view))
    return " · ".join(part for part in parts if part)


ARROWS = {"up": "▲", "down": "▼", "": ""}
BETWEEN_ARROWS = {"up": "△", "down": "▽", "": ""}

_KINDS = {
    "new": "new: nothing before",
    "gone": "to no status yet",
    "reopened": "reopened",
    "dropped": "dropped",
    "closed": "closed",
    "resumed": "resumed",
    "contested": "contested: somebody else said less",
}


def movement_text(moved: Movement, before: StatusView | None) -> str:
    """ "from Under discussion", "reopened, from Closed", "unchanged" …"""
    if moved.kind == "unchanged":
        words = "unchanged"
    elif moved.kind in ("forward", "back"):
        words = f"from {before}"
    else:
        words = _KINDS[moved.kind] + (f", from {before}" if before else "")
    return ", ".join([words, *_accord(moved)])


def remark_text(moved: Movement) -> str:
    """What a status before and one after do not tell: "reopened", "now confirmed" or nothing."""
    kind = _KINDS.get(moved.kind, "")
    return ", ".join([*([kind] if kind else []), *_accord(moved)])


def _accord(moved: Movement) -> list[str]:
    found = {"now confirmed": moved.now_confirmed, "now disputed": moved.now_disputed}
    return [words for words, holds in found.items() if holds]


def saved_text(before: StandingView, after: StandingView, frame: FrameView) -> str:
    """What an act did to the headline, and why: said after each save."""
    if after.headline is None:
        return "Saved. The item has no status yet."
    why = _who_holds_it(after)
    if after.headline == before.headline:
        return f"Saved. Headline stays {after.headline}: {why}."
    came = f" (was {before.headline})" if before.headline else ""
    return f"Saved. Headline is now {after.headline}{came}: {why}."


def _who_holds_it(view: StandingView) -> str:
    """ "the US says so, 10 Apr 2025", by whoever stands at the headline."""
    holders = [word for word in view.words if word.status == view.headline and word.said_first]
    if not holders or view.badge in (Badge.PRESS, Badge.OURS):
        return badge_text(view, short=False)
    said = [
        f"{w.party.name} says so, {date_text(w.said_first or dt.date.min, w.said_precision)}"
        for w in holders
    ]
    return "; ".join(said) if view.badge != Badge.JOINT else badge_text(view)
