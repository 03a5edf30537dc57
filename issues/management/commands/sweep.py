from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from issues import services
from issues.backups import sweep_leftovers


class Command(BaseCommand):
    help = (
        "Remove what nobody needs any more: sign-ins that are over, prepared files, tables that "
        "waited for a day, files that belong to nothing, and what a killed backup left. Run it "
        "once a day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Safe while Parley runs; says what it removed."""
        call_command("clearsessions")
        left = {"folders that killed backups left": sweep_leftovers()}
        for what, count in (services.sweep() | left).items():
            self.stdout.write(f"{count} {what}")
