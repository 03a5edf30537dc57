from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from negotiations.server import prepare_static_files, require_free_port, run_server, worker_count
from negotiations.startup import refuse_unfit_database


class Command(BaseCommand):
    help = "Serve Parley with the production server, after manage.py setup."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8000"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until stopped; a database that is not fit for it is refused with what to do."""
        workers = worker_count()
        require_free_port(options["host"], options["port"])
        refuse_unfit_database()
        prepare_static_files()
        self.stdout.write(f"Parley listens on http://{options['host']}:{options['port']}/")
        run_server(options["host"], options["port"], workers)
