from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from issues import services


class Command(BaseCommand):
    help = (
        "Remove what nobody needs any more: sign-ins that are over, prepared files, tables that "
        "waited for a day, and files that belong to nothing. Run it once a day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Safe while Parley runs; says what it removed."""
        call_command("clearsessions")
        for what, count in services.sweep().items():
            self.stdout.write(f"{count} {what}")
