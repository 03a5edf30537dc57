from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues.services import HistoryReport, verify_history
from issues.services.chain_check import PREFIX
from negotiations.chains import ChainReport
from negotiations.models import Negotiation
from negotiations.services import SecurityReport, verify_security

ACCOUNTS = "accounts"


class Command(BaseCommand):
    help = (
        "Recomputes the chains of hashes over the history and the security log, names the first "
        "row of each chain that is broken or missing, and prints the heads. Keep a head elsewhere "
        "and give it with --head later: only that detects a chain whose end was cut off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", default="", help="one negotiation; else all")
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="HASH",
            help="a head kept elsewhere, such as a paper or a file carries; may be repeated",
        )

    def handle(self, *_args: Any, slug: str, head: list[str], **_options: Any) -> None:
        kept = [_normal(text) for text in head]
        negotiations = Negotiation.objects.order_by("slug")
        if slug:
            negotiations = negotiations.filter(slug=slug)
            if not negotiations:
                raise CommandError(f"There is no negotiation “{slug}”.")
        reports = {one.slug: verify_history(one) for one in negotiations}
        lines = {one.slug: verify_security(one) for one in negotiations}
        if not slug:
            lines[ACCOUNTS] = verify_security(None)
        for name in lines:
            self._print(name, reports.get(name), lines[name])
        faults = [f"{name}: {fault}" for name, found in reports.items() for fault in found.faults]
        for name, log in lines.items():
            faults += [f"{name}: {log.chain.name}, {log.chain.fault}"] * bool(log.chain.fault)
        known = {one for report in reports.values() for one in report.hashes}
        known |= {one for log in lines.values() for one in log.hashes}
        faults += [
            f"{one}: no chain has this head. The end of a history was cut off, or all was rewritten"
            for one in kept
            if not any(head.startswith(one) for head in known)
        ]
        if faults:
            raise CommandError("\n".join(["The history is not what was recorded.", *faults]))
        self.stdout.write("Every row is what was recorded.")

    def _print(self, name: str, report: HistoryReport | None, log: SecurityReport) -> None:
        self.stdout.write(name)
        chains: list[ChainReport] = [*(report.chains if report else []), log.chain]
        for chain in chains:
            self.stdout.write(f"  {chain.name:<20} {chain.length:>7}  {chain.head}")


def _normal(text: str) -> str:
    """A head as it is stored, from one written in groups. Raises CommandError for a short one."""
    head = "".join(text.split()).lower()
    if len(head) < PREFIX or set(head) - set("0123456789abcdef"):
        raise CommandError(f"“{text}” is not a head: give at least {PREFIX} of its characters.")
    return head
