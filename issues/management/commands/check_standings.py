from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues import services
from negotiations.models import Negotiation


class Command(BaseCommand):
    help = "Recomputes every standing from the entries and reports where the stored one differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="also write the computed ones")

    def handle(self, *_args: Any, repair: bool, **_options: Any) -> None:
        found = []
        for negotiation in Negotiation.objects.all():
            found += services.differences(negotiation)
            if repair:
                services.rebuild_negotiation(negotiation)
        if not found:
            self.stdout.write("All standings are as the entries make them.")
            return
        sentence = f"{len(found)} differ: {', '.join(found)}"
        if not repair:
            raise CommandError(f"{sentence}. Run again with --repair to write the computed ones.")
        self.stdout.write(f"{sentence}. Repaired.")
