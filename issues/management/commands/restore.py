from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues import triggers
from issues.backups import Refused, restore_backup
from issues.backups.restoring import is_sealed

from .backup import VARIABLE


class Command(BaseCommand):
    help = "Restores a backup into an empty place, with the server stopped; or says why not."
    # There is no database yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        try:
            passphrase = os.environ.get(VARIABLE, "")
            if not passphrase and is_sealed(file) and sys.stdin.isatty():
                passphrase = getpass.getpass("Passphrase: ")
            made = restore_backup(file, passphrase=passphrase, tell=self.stdout.write)
        except Refused as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        except OSError as error:
            raise CommandError(f"The backup was not restored: {error}") from error
        if missing := triggers.missing("default"):
            raise CommandError(f"Restored, but without the triggers {', '.join(sorted(missing))}.")
        self.stdout.write(
            f"Restored as of {made.made_at}: {sum(made.rows.values()):,} rows and "
            f"{len(made.members) - 1:,} files. Next: check_standings, verify_history, then serve."
        )
