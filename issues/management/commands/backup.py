from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues.backups import Refused, make_backup
from negotiations.files import size_text

VARIABLE = "PARLEY_BACKUP_PASSPHRASE"


class Command(BaseCommand):
    help = (
        "Writes database and files into one file, while the server runs. Encrypted when "
        f"{VARIABLE} is set, or with --encrypt, which asks for a passphrase."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--encrypt", action="store_true", help="ask for a passphrase")

    def handle(self, *_args: Any, file: Path, encrypt: bool, **_options: Any) -> None:
        passphrase = os.environ.get(VARIABLE, "")
        if encrypt and not passphrase:
            passphrase = ask_twice()
        try:
            made = make_backup(file.absolute(), passphrase=passphrase, tell=self.stdout.write)
        except Refused as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The backup was not written: {error}") from error
        count = len(made.members) - 1
        self.stdout.write(
            f"{file}: {size_text(file.stat().st_size)}, {sum(made.rows.values()):,} rows and "
            f"{count:,} file{'s' * (count != 1)}, {'encrypted' if passphrase else 'not encrypted'}."
        )


def ask_twice() -> str:
    """Raises CommandError without a terminal, and when the two differ or are empty."""
    if not sys.stdin.isatty():
        raise CommandError(f"Set {VARIABLE}, or run this in a terminal.")
    first = getpass.getpass("Passphrase: ")
    if not first or getpass.getpass("The same again: ") != first:
        raise CommandError("The two passphrases differ or are empty; run the command again.")
    return first
