"""What a service raises beside Django's ValidationError."""

from __future__ import annotations

from typing import Any


class Conflict(Exception):
    """Somebody else was faster. `current` is what stands now: the row, or the entry that did it."""

    def __init__(self, current: Any) -> None:
        super().__init__("This was changed meanwhile.")
        self.current = current


class Moved(Exception):
    """What had the address `old` has the address `new` now, with all that is below it."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__("This has another address now.")
        self.old, self.new = old, new


class SecondFactorNeeded(Exception):
    """The negotiation is open only to people with a second factor; the message says so."""
