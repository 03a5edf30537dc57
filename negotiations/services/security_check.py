"""Whether the security log is what was written: every chain recomputed from its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from negotiations.chains import ChainReport, sealed_line
from negotiations.models import Negotiation, SecurityEvent, SecurityHead

NAME = "security log"


@dataclass(frozen=True)
class SecurityReport:
    """One chain of the log, and every hash that it has or once ended with."""

    chain: ChainReport
    hashes: frozenset[str]


def verify_security(negotiation: Negotiation | None) -> SecurityReport:
    """Recomputes the log of a negotiation, or that of the accounts; writes nothing."""
    lines = SecurityEvent.objects.filter(negotiation=negotiation).order_by("place", "pk")
    faults: list[str] = []
    hashes: list[str] = []
    for fault, event in _checked(lines.iterator()):
        hashes.append(event.hash)
        faults += [fault] * bool(fault)
    head = SecurityHead.objects.filter(negotiation=negotiation).first()
    end = (head.length, head.hash) if head else (0, "")
    last = hashes[-1] if hashes else ""
    if end != (len(hashes), last):
        faults.append(f"line {len(hashes) + 1}: its head tells of {end[0]} lines")
    report = ChainReport(NAME, len(hashes), last, faults[0] if faults else "")
    return SecurityReport(report, frozenset(hashes))


def _checked(lines: Iterator[SecurityEvent]) -> Iterator[tuple[str, SecurityEvent]]:
    """Every line with what is wrong with it, or nothing."""
    place, previous = 1, ""
    for event in lines:
        yield _fault(event, place, previous), event
        place, previous = event.place + 1, event.hash


def _fault(event: SecurityEvent, place: int, previous: str) -> str:
    if event.place != place:
        return f"line {place}: it is missing, or another was put in"
    name = f"line {place} ({event.at:%Y-%m-%d %H:%M}, {event.get_kind_display().lower()})"
    if sealed_line(event) != event.hash:
        return f"{name}: it is not what was written"
    return "" if event.previous == previous else f"{name}: it does not follow the line before"
