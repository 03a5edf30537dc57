"""Forms of the frame. They read and check what was typed; services act."""

from .fields import (
    AudienceField,
    DayField,
    DocumentField,
    ProseField,
    SharedFields,
    SparseForm,
    VagueDateField,
    add_refusal,
    attempt,
    audience_choices,
    say_file_is_gone,
)
from .letterhead import LetterheadForm
from .members import MemberForm, NewMemberForm, PersonForm
from .negotiation import TABLE, TYPICAL, NegotiationEditForm, NegotiationNewForm
from .parties import PartyForm
from .rounds import RoundForm
from .statuses import StatusForm

__all__ = [
    "TABLE",
    "TYPICAL",
    "AudienceField",
    "DayField",
    "DocumentField",
    "LetterheadForm",
    "MemberForm",
    "NegotiationEditForm",
    "NegotiationNewForm",
    "NewMemberForm",
    "PartyForm",
    "PersonForm",
    "ProseField",
    "RoundForm",
    "SharedFields",
    "SparseForm",
    "StatusForm",
    "VagueDateField",
    "add_refusal",
    "attempt",
    "audience_choices",
    "say_file_is_gone",
]
