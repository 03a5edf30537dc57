"""The only writers of the frame of a negotiation: plain functions that know no request.

Who may call them is decided by the caller (`negotiations.access`). What the rules refuse is a
ValidationError, by field where there is one; a version that is no longer current is a Conflict.
"""

from .invitations import (
    invite,
    is_usable,
    join,
    join_as_new,
    open_invitation,
    token_of,
    withdraw_invitation,
)
from .jobs import (
    beat_job,
    begin_job,
    claim_job,
    finish_job,
    forget_job,
    refuse_job,
    session_hash,
    sweep_jobs,
    take_job,
)
from .letterhead import update_letterhead
from .mails import claim_mail, post_mail, put_mail_back, settle_mail, sweep_mails
from .members import (
    add_member,
    add_person,
    blank_person,
    mark_read,
    remove_member,
    update_member,
    vouch_for_address,
)
from .negotiation import (
    archive_negotiation,
    create_negotiation,
    unarchive_negotiation,
    update_negotiation,
)
from .overrides import end_override, open_override
from .parties import add_party, move_party, remove_party, update_party
from .rounds import (
    create_round,
    move_round,
    remove_round,
    set_delegates,
    set_readout,
    set_round_state,
    update_round,
)
from .security import lines_last, note, write_line
from .security_check import SecurityReport, verify_security
from .sources import (
    add_source,
    add_sources,
    delete_files,
    redact_source,
    source_words,
    update_source,
)
from .statuses import (
    add_status,
    add_statuses,
    is_frozen,
    move_status,
    remove_status,
    retire_status,
    update_status,
)

__all__ = [
    "SecurityReport",
    "add_member",
    "add_party",
    "add_person",
    "add_source",
    "add_sources",
    "add_status",
    "add_statuses",
    "archive_negotiation",
    "beat_job",
    "begin_job",
    "blank_person",
    "claim_job",
    "claim_mail",
    "create_negotiation",
    "create_round",
    "delete_files",
    "end_override",
    "finish_job",
    "forget_job",
    "invite",
    "is_frozen",
    "is_usable",
    "join",
    "join_as_new",
    "lines_last",
    "mark_read",
    "move_party",
    "move_round",
    "move_status",
    "note",
    "open_invitation",
    "open_override",
    "post_mail",
    "put_mail_back",
    "redact_source",
    "refuse_job",
    "remove_member",
    "remove_party",
    "remove_round",
    "remove_status",
    "retire_status",
    "session_hash",
    "set_delegates",
    "set_readout",
    "set_round_state",
    "settle_mail",
    "source_words",
    "sweep_jobs",
    "sweep_mails",
    "take_job",
    "token_of",
    "unarchive_negotiation",
    "update_letterhead",
    "update_member",
    "update_negotiation",
    "update_party",
    "update_round",
    "update_source",
    "update_status",
    "verify_security",
    "vouch_for_address",
    "withdraw_invitation",
    "write_line",
]
