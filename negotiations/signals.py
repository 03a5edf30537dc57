"""What the frame tells the apps above it, inside the transaction that changed it."""

from __future__ import annotations

from django.dispatch import Signal

# A change of parties, members' delegations, statuses or the rule: standings must be rebuilt.
# Sent with `negotiation`.
frame_changed = Signal()
