"""The one writer of everything on an item. Views, admin, commands and importers call these."""

from .entries import (
    UNDO_MINUTES,
    EntryData,
    Recorded,
    add_source,
    correct,
    may_correct,
    may_undo,
    record,
    record_many,
    retract,
    undo,
)
from .removal import change_audience, erase_negotiation, redact
from .standings import differences, rebuild, rebuild_negotiation

__all__ = [
    "UNDO_MINUTES",
    "EntryData",
    "Recorded",
    "add_source",
    "change_audience",
    "correct",
    "differences",
    "erase_negotiation",
    "may_correct",
    "may_undo",
    "rebuild",
    "rebuild_negotiation",
    "record",
    "record_many",
    "redact",
    "retract",
    "undo",
]
