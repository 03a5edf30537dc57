"""The frame of a negotiation: people, parties, rounds, sources and the words for a status."""

from .audience import Audience, Shown, audience_check
from .jobs import Job
from .letterhead import Letterhead
from .mails import Mail
from .negotiation import (
    ROUTE_WORDS,
    Erasure,
    Membership,
    Negotiation,
    Party,
)
from .overrides import Override
from .people import User
from .rounds import Delegate, Readout, Round
from .schemes import LADDER, Category, Status, StatusScheme
from .security import Invitation, SecurityEvent, SecurityHead, SharedCount
from .sources import Precision, Source

__all__ = [
    "Audience",
    "Category",
    "Delegate",
    "Erasure",
    "Invitation",
    "Job",
    "LADDER",
    "Letterhead",
    "Mail",
    "ROUTE_WORDS",
    "Membership",
    "Negotiation",
    "Override",
    "Party",
    "Precision",
    "Readout",
    "Round",
    "SecurityEvent",
    "SecurityHead",
    "SharedCount",
    "Shown",
    "Source",
    "Status",
    "StatusScheme",
    "User",
    "audience_check",
]
