"""The shapes of a status as letters: they need no picture, in print, in PDF and in Word."""

from __future__ import annotations

# The circle fills in quarters; beside the ladder a pause sign and a cross.
SHAPES = {
    "m0": "○",
    **dict.fromkeys(("m1", "m2"), "◔"),
    **dict.fromkeys(("m3", "m4"), "◑"),
    **dict.fromkeys(("m5", "m6", "m7"), "◕"),
    "m8": "●",
    "pause": "‖",
    "cross": "×",
}
