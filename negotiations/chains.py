"""Chains of hashes: what every row that is chained has in common. Reads nothing from the database.

Of the history on items there is a chain for each audience (`issues.chaining`), of the security log
one for each negotiation and one for the accounts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from .models import SecurityEvent


def digest(value: Any) -> str:
    """SHA-256 over canonical JSON: keys in order, no spaces, moments in UTC."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
    match value:
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
        case dt.date() | dt.time():
            return value.isoformat()
        case UUID():
            return str(value)
    raise TypeError(f"{value!r} has no canonical form.")


def filled(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: a column added later changes no old hash."""
    return {name: value for name, value in fields.items() if value not in ("", None)}


@dataclass(frozen=True)
class ChainReport:
    """One chain: its head, how many links it has, and the first thing that is wrong in it."""

    name: str
    length: int
    head: str
    fault: str


def sealed_line(event: SecurityEvent) -> str:
    """The hash of a line of the security log: of all that it says, and of the line before.

    Of people it has the ids of their accounts: a name can be erased and the chain still verifies.
    """
    names = ("negotiation_id", "place", "kind", "at", "by_id", "about_id", "side_id", "detail")
    fields = {name: getattr(event, name) for name in (*names, "previous")}
    # Databases write one address in several ways.
    address = ip_address(event.address).packed.hex() if event.address else ""
    return digest(filled(fields | {"address": address}))
