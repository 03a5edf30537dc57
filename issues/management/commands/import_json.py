from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from issues.documents import Unreadable, broken_rules, read_document
from issues.services import load_negotiation
from negotiations.models import User


class Command(BaseCommand):
    help = "Opens a negotiation from a JSON file that a Parley exported: all of it or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--head", required=True, help="user name of who becomes its head")
        parser.add_argument("--slug", default="", help="another address than the file names")
        parser.add_argument("--dry-run", action="store_true", help="only say what is wrong")

    def handle(
        self, *_args: Any, file: Path, head: str, slug: str, dry_run: bool, **_options: Any
    ) -> None:
        user = User.objects.filter(username=head, is_active=True).first()
        if user is None:
            raise CommandError(f"There is nobody with the user name “{head}”.")
        document = _checked(file)
        counts = f"{len(document['items']):,} items and {len(document['entries']):,} entries"
        if dry_run:
            self.stdout.write(f"Nothing is wrong: {counts}. Nothing was imported.")
            return
        try:
            made = load_negotiation(document, by=user, slug=slug)
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        self.stdout.write(f"“{made}” is open at {made.get_absolute_url()} with {counts}.")


def _checked(file: Path) -> dict[str, Any]:
    try:
        document = read_document(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    except Unreadable as error:
        problems = error.problems
    else:
        problems = broken_rules(document, timezone.now())
    if problems:
        raise CommandError("Nothing was imported.\n" + "\n".join(map(str, problems)))
    return document
