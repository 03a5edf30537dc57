"""With whose eyes a head looks at a negotiation for a while: kept with the sign-in.

The middleware says so for the length of a request; `negotiations.access` makes the viewer of it.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase

KEY = "parley_eyes"
# What may be chosen beside the code of a party. Codes never hold a colon.
OWN_VIEWER, NO_DELEGATION, THE_PUBLIC = ":viewer", ":none", ":public"


@dataclass(frozen=True)
class Eyes:
    """Whose eyes, in which negotiation: a party's code or one of those above, and in words."""

    slug: str
    whose: str
    words: str
    title: str


borrowed: ContextVar[Eyes | None] = ContextVar("borrowed", default=None)


def borrow(session: SessionBase, eyes: Eyes) -> None:
    session[KEY] = [eyes.slug, eyes.whose, eyes.words, eyes.title]


def give_back(session: SessionBase) -> bool:
    """Look with one's own eyes again; whether they were borrowed."""
    return session.pop(KEY, None) is not None


def borrowed_in(session: SessionBase) -> Eyes | None:
    kept = session.get(KEY)
    return Eyes(*kept) if kept else None
