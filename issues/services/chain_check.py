"""Whether the history is what was recorded: every chain recomputed from its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from negotiations.chains import ChainReport
from negotiations.models import Negotiation

from ..models import ChainLink
from .chain_rows import Rows

PREFIX = 32  # letters of a head that papers carry: 128 bits


@dataclass(frozen=True)
class HistoryReport:
    """All chains of a negotiation, and rows that are in none although they should be."""

    chains: list[ChainReport]
    outside: list[str]
    hashes: frozenset[str]

    @property
    def faults(self) -> list[str]:
        """In words, the first of each chain; [] when the history is what was recorded."""
        return [f"{c.name}, {c.fault}" for c in self.chains if c.fault] + self.outside


def verify_history(negotiation: Negotiation) -> HistoryReport:
    """Recomputes every chain of a negotiation from its rows; writes nothing."""
    rows = Rows(negotiation)
    chains: dict[str, list[ChainLink]] = defaultdict(list)
    for link in rows.links:
        chains[link.chain].append(link)
    names = _names(negotiation)
    return HistoryReport(
        [
            ChainReport(
                names.get(chain, chain),
                len(chains[chain]),
                chains[chain][-1].hash if chains[chain] else "",
                next(_faults(rows, chain, chains[chain]), ""),
            )
            for chain in sorted({*chains, *rows.heads}, key=lambda c: (c.startswith("party"), c))
        ],
        [*(rows.told(kind, pk) for kind, pk in rows.missing()), *rows.strayed()],
        frozenset(link.hash for link in rows.links),
    )


def _names(negotiation: Negotiation) -> dict[str, str]:
    names = {"named": "people by name"}
    for party in negotiation.parties.all():
        names[f"party-{party.pk}"] = f"delegation of {party.code}"
        names[f"named-{party.pk}"] = f"people of {party.code} by name"
    return names


def _faults(rows: Rows, chain: str, links: list[ChainLink]) -> Iterator[str]:
    previous = ""
    for place, link in enumerate(links, start=1):
        if link.place != place:
            yield f"link {place}: it is missing"
        if fault := rows.fault(link):
            yield f"link {place}: {fault}"
        if link.previous != previous:
            yield f"link {place}: it does not follow the link before"
        previous = link.hash
    head = rows.heads.get(chain)
    if head is None or (head.length, head.hash) != (len(links), previous):
        length = head.length if head else "no"
        yield f"link {len(links) + 1}: its head tells of {length} links, there are {len(links)}"
