"""How far something is, said at every tenth of it."""

from __future__ import annotations

from .manifest import Tell


class Progress:
    """Tells "Writing: 30 %" and so on, each once."""

    def __init__(self, what: str, total: int, tell: Tell) -> None:
        self.what, self.total, self.tell = what, total, tell
        self.done = self.told = 0

    def advance(self, amount: int) -> None:
        self.done += amount
        tenths = 10 * self.done // self.total if self.total else 10
        if tenths > self.told:
            self.told = tenths
            self.tell(f"{self.what}: {10 * tenths} %")
