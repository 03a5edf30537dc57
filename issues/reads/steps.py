"""The next step of items, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from negotiations.dates import date_text

from ..models import Entry
from .frame import FrameView

_COLUMNS = ("pk", "next_step", "next_step_party", "next_step_who", "next_step_by")


def step_texts(frame: FrameView, pks: Collection[int]) -> dict[int, str]:
    """ "Send the draft; Russia, by 1 May 2025", by the entry that says so, while it is to be done.

    One query.
    """
    rows = Entry.objects.filter(pk__in=pks, next_step_state="").order_by().values(*_COLUMNS)
    return {row["pk"]: _step_text(frame, row) for row in rows}


def _step_text(frame: FrameView, row: dict[str, Any]) -> str:
    party, by = frame.parties.get(row["next_step_party"]), row["next_step_by"]
    who = [party.name if party else "", row["next_step_who"], f"by {date_text(by)}" if by else ""]
    said = ", ".join(filter(None, who))
    return f"{row['next_step']}; {said}" if said else str(row["next_step"])
