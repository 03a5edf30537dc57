"""Everything on an agenda item: the item, its entries, and where it stands."""

from .chains import ChainHead, ChainLink, PersonErasure
from .entries import (
    AudienceChange,
    Entry,
    EntrySource,
    HistoryIsFinal,
    Redaction,
)
from .imports import Import, Kind, Upload
from .items import AgendaLine, Issue
from .notes import Note, NotePerson
from .publishing import Edition, ShareLink
from .search import SearchRow
from .sheets import Sheet, SheetRow
from .sight import SightChange, SightPerson
from .standings import Standing, StandingCount, StandingParty
from .vault import Vault, VaultPerson, VaultUse, VaultVersion

__all__ = [
    "AgendaLine",
    "AudienceChange",
    "ChainHead",
    "ChainLink",
    "Edition",
    "Entry",
    "EntrySource",
    "HistoryIsFinal",
    "Import",
    "Issue",
    "Kind",
    "Note",
    "NotePerson",
    "PersonErasure",
    "Redaction",
    "SearchRow",
    "ShareLink",
    "Sheet",
    "SheetRow",
    "SightChange",
    "SightPerson",
    "Standing",
    "StandingCount",
    "StandingParty",
    "Upload",
    "Vault",
    "VaultPerson",
    "VaultUse",
    "VaultVersion",
]
