from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues import services
from issues.models import Entry
from issues.triggers import BLANK


class Command(BaseCommand):
    help = "Blanks what one entry says; its hash and a tombstone with the reason are kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entry", type=UUID, help="the entry's UUID, as admin shows it")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", required=True, help="who decided it, for the log")
        parser.add_argument(
            "--with-sources",
            action="store_true",
            help="blank the sources that only this entry cites as well, and delete their files",
        )

    def handle(
        self,
        *_args: Any,
        entry: UUID,
        reason: str,
        by: str,
        with_sources: bool,
        **_options: Any,
    ) -> None:
        found = Entry.objects.filter(uuid=entry).first()
        if found is None:
            raise CommandError("There is no entry with this UUID.")
        try:
            tombstone = services.redact(found, reason=reason, by=by, with_sources=with_sources)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Redacted. Hash of what stood there: {tombstone.sha256}")
        kept = found.sources.exclude(title=BLANK)
        if kept:
            self.stdout.write("These sources still say what they said:")
            self.stdout.writelines(f"  {source}" for source in kept)
            hint = "something else cites them." if with_sources else "--with-sources blanks them."
            self.stdout.write(f"  {hint}")
