from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues import services
from negotiations.models import User


class Command(BaseCommand):
    help = "Blanks the names of a person and closes the account; what they recorded stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", required=True, help="who decided it, for the log")
        parser.add_argument("--yes", action="store_true", help="do not ask again")

    def handle(
        self, *_args: Any, username: str, reason: str, by: str, yes: bool, **_options: Any
    ) -> None:
        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"There is nobody with the user name “{username}”.")
        if not yes and input(f"Type {username} to erase them for good: ").strip() != username:
            raise CommandError("Nothing was erased.")
        try:
            erasure = services.erase_person(person, reason=reason, by=by)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Erased. The account is now called {erasure.person.username}.")
