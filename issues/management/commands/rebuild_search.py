from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues import services
from negotiations.models import Negotiation


class Command(BaseCommand):
    help = "Makes the search index anew from what is on record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what differs")

    def handle(self, *_args: Any, check: bool, **_options: Any) -> None:
        if not check:
            services.rebuild_searches()
            self.stdout.write("The search index is made anew.")
            return
        found = []
        for negotiation in Negotiation.objects.all():
            found += services.search_differences(negotiation)
        if found:
            raise CommandError(f"{len(found)} differ: {', '.join(found[:50])}")
        self.stdout.write("The search index is as the record makes it.")
