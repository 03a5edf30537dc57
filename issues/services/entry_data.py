"""What is said, as the services take it: plain values without author and recorded time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import File

from negotiations.dates import VagueDate
from negotiations.models import Party, Round, Source, Status
from negotiations.scopes import MEMBERS


@dataclass(frozen=True)
class NewSource:
    """A source that is not written down yet; it is, in the same transaction as its entry."""

    title: str
    kind: str = Source.Kind.WEB
    url: str = ""
    publisher: str = ""
    reference: str = ""
    language: str = ""
    dated: VagueDate | None = None
    file: File[Any] | None = None


@dataclass(frozen=True)
class EntryData:
    """What one entry says. `said` is its effective date; recorded time and author are not here."""

    voice: str
    said: VagueDate
    party: Party | None = None
    joint_parties: Sequence[Party] = ()
    speaker: str = ""
    speaker_function: str = ""
    said_time: dt.time | None = None
    holds_since: str = ""
    round: Round | None = None
    status: Status | None = None
    text: str = ""
    position: str = ""
    waits_for: str = ""
    waits_party: Party | None = None
    waits_why: str = ""
    waits_text: str = ""
    next_step: str = ""
    next_step_party: Party | None = None
    next_step_who: str = ""
    next_step_by: dt.date | None = None
    next_step_state: str = ""
    original_text: str = ""
    original_language: str = ""
    reliability: str = ""
    audience: str = MEMBERS
    audience_party: Party | None = None
    sources: Sequence[Source | NewSource] = ()

    PLAIN = (
        *("voice", "party", "speaker", "speaker_function", "said_time", "holds_since", "round"),
        *("status", "text", "position", "waits_for", "waits_party", "waits_why", "waits_text"),
        *("next_step", "next_step_party", "next_step_who", "next_step_by", "next_step_state"),
        *("original_text", "original_language", "reliability", "audience", "audience_party"),
    )

    @property
    def speakers(self) -> list[Party]:
        """Whose own words it is: one party, those of a joint text, or nobody's."""
        return [self.party] if self.party else list(dict.fromkeys(self.joint_parties))

    @property
    def carries_something(self) -> bool:
        return bool(self.status or self.text or self.position or self.waits_for or self.next_step)
