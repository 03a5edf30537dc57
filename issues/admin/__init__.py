"""Django admin for repairs: items, entries, and the rounds at which they come up."""

from . import derived, entries, items, publishing, rounds, sources

__all__ = ["derived", "entries", "items", "publishing", "rounds", "sources"]
