"""What the commands that erase for good have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser


class ErasingCommand(BaseCommand):
    """Asks for a reason, for who decided it, and for the name to be typed once more."""

    # The argument that names what is erased, and the field it stands in.
    named_by: ClassVar[str]
    them: ClassVar[str] = "it"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(self.named_by)
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", required=True, help="who decided it, for the log")
        parser.add_argument("--yes", action="store_true", help="do not ask again")

    def handle(self, *_args: Any, reason: str, by: str, yes: bool, **options: Any) -> None:
        name = options[self.named_by]
        row = self.found(name)
        if not yes and input(f"Type {name} to erase {self.them} for good: ").strip() != name:
            raise CommandError("Nothing was erased.")
        try:
            self.stdout.write(self.erase(row, reason=reason, by=by))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def found(self, name: str) -> Any:
        """The row of this name; refuses with a CommandError when there is none."""
        raise NotImplementedError

    def erase(self, row: Any, *, reason: str, by: str) -> str:
        """Erases it; the sentence that says so. A ValidationError refuses."""
        raise NotImplementedError
