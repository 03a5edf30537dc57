"""The rules: what entries add up to, and what moved. Plain values, no ORM (design §2).

`periods` is the one entry point for a standing; `movement` compares two of them.
"""

from .movement import Movement, movement
from .rules import counting, periods, replaced, standing_on
from .values import (
    FROM_THE_BEGINNING,
    Begun,
    EntryValue,
    Frame,
    Period,
    Seat,
    StandingValue,
    StatusValue,
    Word,
    height,
)

__all__ = [
    "FROM_THE_BEGINNING",
    "Begun",
    "EntryValue",
    "Frame",
    "Movement",
    "Period",
    "Seat",
    "StandingValue",
    "StatusValue",
    "Word",
    "counting",
    "height",
    "movement",
    "periods",
    "replaced",
    "standing_on",
]
