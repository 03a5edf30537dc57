"""What the frame tells whoever computes from it, or works beside it.

A change is told inside its transaction, so that what follows is written with it.
"""

from __future__ import annotations

from django.dispatch import Signal

# Arguments: negotiation. Its parties, its rule or the scopes that exist have changed.
frame_changed = Signal()

# Arguments: negotiation. Its rounds have other days, another state or another order now.
rounds_changed = Signal()

# Arguments: party, was. Its code is another now.
party_renamed = Signal()

# Arguments: party. It is about to be removed; whoever keeps derived rows about it lets them go.
party_leaves = Signal()

# Arguments: round, by. It is about to be removed; whoever leads others to it may refuse.
round_leaves = Signal()

# No arguments. This process begins to answer requests; commands never send it.
serving = Signal()
