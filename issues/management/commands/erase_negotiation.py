from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues import services
from negotiations.models import Negotiation


class Command(BaseCommand):
    help = "Removes a negotiation with all its history; a tombstone with the reason is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", required=True, help="who decided it, for the log")
        parser.add_argument("--yes", action="store_true", help="do not ask again")

    def handle(
        self, *_args: Any, slug: str, reason: str, by: str, yes: bool, **_options: Any
    ) -> None:
        negotiation = Negotiation.objects.filter(slug=slug).first()
        if negotiation is None:
            raise CommandError(f"There is no negotiation “{slug}”.")
        if not yes and input(f"Type {slug} to erase it for good: ").strip() != slug:
            raise CommandError("Nothing was erased.")
        try:
            tombstone = services.erase_negotiation(negotiation, reason=reason, by=by)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Erased, with {tombstone.entries} entries.")
