"""The one writer of everything on an item. Views, admin, commands and importers call these."""

from .agenda import Mark, mark_agenda, set_agenda_line
from .chain_check import HistoryReport, verify_history
from .chains import chain_negotiation
from .counts import recount
from .entries import (
    Recorded,
    add_source,
    correct,
    record,
    record_many,
    retract,
    retract_many,
    undo,
)
from .entry_data import EntryData, NewSource
from .follow_up import current_step, finish_step
from .items import (
    SHOWN,
    mark_in_error,
    open_issue,
    open_issues,
    restore_issue,
    update_issue,
)
from .loading import load_negotiation
from .note_sight import change_note_sight, check_note_sight, may_change_note_sight, named_in
from .notes import add_note, may_remove, remove_note, restore_note, update_note
from .opening import ItemData
from .people import erase_person
from .places import move_heading, move_issue, rename_series
from .publishing import (
    let_round_go,
    note_opened,
    publish,
    share,
    take_down,
    withdraw_share,
)
from .refusals import UNDO_MINUTES, check_audience, may_correct, may_undo
from .removal import change_audience, erase_negotiation, redact
from .search import rebuild_search, rebuild_searches, search_differences
from .sheets import (
    RowData,
    RowSaved,
    RowsRefused,
    TopData,
    release_sheet,
    save_sheet,
    undo_sheet,
)
from .sight import change_sight, check_sight, goes_along, is_wider, may_change_sight, sources_along
from .standings import (
    differences,
    follow_rounds,
    forget_party,
    rebuild,
    rebuild_negotiation,
)
from .sweeping import sweep
from .vault import add_vault, change_vault, note_reading, open_vault

__all__ = [
    "EntryData",
    "HistoryReport",
    "ItemData",
    "Mark",
    "NewSource",
    "Recorded",
    "RowData",
    "RowSaved",
    "RowsRefused",
    "SHOWN",
    "TopData",
    "UNDO_MINUTES",
    "add_note",
    "add_source",
    "add_vault",
    "chain_negotiation",
    "change_audience",
    "change_note_sight",
    "change_sight",
    "check_audience",
    "check_note_sight",
    "check_sight",
    "change_vault",
    "correct",
    "current_step",
    "differences",
    "erase_negotiation",
    "erase_person",
    "finish_step",
    "follow_rounds",
    "forget_party",
    "goes_along",
    "is_wider",
    "let_round_go",
    "load_negotiation",
    "mark_agenda",
    "mark_in_error",
    "may_change_note_sight",
    "may_change_sight",
    "may_correct",
    "may_remove",
    "may_undo",
    "move_heading",
    "move_issue",
    "named_in",
    "note_opened",
    "note_reading",
    "open_issue",
    "open_issues",
    "open_vault",
    "publish",
    "rebuild",
    "rebuild_negotiation",
    "recount",
    "rebuild_search",
    "rebuild_searches",
    "record",
    "record_many",
    "redact",
    "release_sheet",
    "remove_note",
    "rename_series",
    "restore_issue",
    "restore_note",
    "retract",
    "retract_many",
    "save_sheet",
    "search_differences",
    "set_agenda_line",
    "share",
    "sources_along",
    "sweep",
    "take_down",
    "undo",
    "undo_sheet",
    "update_issue",
    "update_note",
    "verify_history",
    "withdraw_share",
]
