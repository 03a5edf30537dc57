"""Items in an order, of which no more are read than a page shows, each with its name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from .moves import ItemName


class Named(Sequence[int]):
    """Their ids. How many there are says each kind of them."""

    def __init__(self) -> None:
        # What was read last, which the page is about to show.
        self.names: dict[int, ItemName] = {}

    @abstractmethod
    def between(self, start: int, stop: int | None) -> Sequence[Sequence[Any]]:
        """The rows from place `start` up to `stop` (None: all), in the columns of ItemName."""

    def __iter__(self) -> Iterator[int]:
        return iter(self[:])

    def __getitem__(self, place: Any) -> Any:
        if not isinstance(place, slice):
            return self[:][place]
        rows = self.between(place.start or 0, place.stop)
        self.names = {row[0]: ItemName(*row) for row in rows}
        return list(self.names)
