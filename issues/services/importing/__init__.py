"""Tables from outside: staged, checked row by row, written all or none, retracted as a whole."""

from .checking import Check, check_some, checked
from .entry_lines import speaker_text
from .lines import Line, Maker, maker_for
from .meanings import as_kept, known_words, meanings, words_in
from .retracting import may_retract_import, retract_import
from .running import finished, may_import, new_statuses, run_import
from .staging import (
    discard,
    discard_old,
    format_of,
    progress_of,
    read_again,
    remembered,
    remove_files,
    sheets_of,
    stage,
    staged,
    table_of,
    update_upload,
)

__all__ = [
    "Check",
    "Line",
    "Maker",
    "as_kept",
    "check_some",
    "checked",
    "discard",
    "discard_old",
    "finished",
    "format_of",
    "known_words",
    "maker_for",
    "may_import",
    "may_retract_import",
    "meanings",
    "new_statuses",
    "progress_of",
    "read_again",
    "remembered",
    "remove_files",
    "retract_import",
    "run_import",
    "sheets_of",
    "speaker_text",
    "stage",
    "staged",
    "table_of",
    "update_upload",
    "words_in",
]
