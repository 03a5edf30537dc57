"""The title block: which talks, as of when, by whom and for whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from negotiations.dates import date_text
from negotiations.models import Letterhead
from negotiations.templatetags.parley import moment

from ..reads.chains import heads_of
from ..reads.frame import FrameView
from .document import Head

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Maker:
    """Who makes a paper, when, and on which letterhead."""

    name: str
    at: dt.datetime
    letterhead: Letterhead
    size: str

    @property
    def head(self) -> Head:
        return Head(self.letterhead.heading, self.letterhead.footer, self._logo())

    def _logo(self) -> bytes:
        """The picture; nothing where its file is lost, for the paper matters more."""
        try:
            with self.letterhead.logo.open("rb") as file:
                return bytes(file.read())
        except (ValueError, FileNotFoundError):
            return b""


def title_block(frame: FrameView, maker: Maker, marking: str, *more: tuple[str, str]) -> Facts:
    """What every paper says of itself; `more` comes after the parties."""
    parties = ", ".join(f"{party.name} ({party.code})" for party in frame.parties.values())
    return (
        ("Parties", parties),
        *(fact for fact in more if fact[1]),
        ("Marking", f"{marking}."),
        ("Made by", f"{maker.name}, {moment(maker.at)}"),
        *_fingerprints(frame),
    )


def _fingerprints(frame: FrameView) -> Facts:
    """What proves later that the record was not changed: no more than the scope may know of."""
    heads = heads_of(frame.viewer, frame.clock.known_moment)
    text = " · ".join(f"{head.name} {head.short}" for head in heads)
    return (("Fingerprint", text),) if text else ()


def as_of_text(frame: FrameView) -> str:
    """ "10 Apr 2025, using only what was recorded by 1 Jun 2025": both clocks in words."""
    clock = frame.clock
    if clock.is_now:
        return f"{clock.text}, by all that is on record"
    if clock.known:
        return f"{clock.text}, using only what was recorded by {date_text(clock.known)}"
    return f"{clock.text}, using all that is on record today"
