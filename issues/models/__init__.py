"""Everything on an agenda item: the item, its entries, and where it stands."""

from .entries import (
    AudienceChange,
    Entry,
    EntrySource,
    HistoryIsFinal,
    Redaction,
)
from .imports import Import, Kind, Upload
from .items import AgendaLine, Issue
from .search import SearchRow
from .sheets import Sheet, SheetRow
from .standings import Standing, StandingParty

__all__ = [
    "AgendaLine",
    "AudienceChange",
    "Entry",
    "EntrySource",
    "HistoryIsFinal",
    "Import",
    "Issue",
    "Kind",
    "Redaction",
    "SearchRow",
    "Sheet",
    "SheetRow",
    "Standing",
    "StandingParty",
    "Upload",
]
