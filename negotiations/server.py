"""Starting the production server: processes with threads, nothing shared before the start."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

# Sixteen, so that a handful of slow clients cannot take every thread.
THREADS = 16


def prepare_static_files() -> None:
    """Collect the static files when there are none yet or a source is newer than the last time."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    # An upgrade changes the pins, and with them the files that packages bring.
    sources = [*settings.BASE_DIR.glob("*/static/**/*"), settings.BASE_DIR / "requirements.txt"]
    newest = max((path.stat().st_mtime for path in sources if path.is_file()), default=0.0)
    if not manifest.exists() or manifest.stat().st_mtime < newest:
        call_command("collectstatic", interactive=False, verbosity=0)


def require_free_port(host: str, port: int) -> None:
    """Raise CommandError, with what to do, when something listens at this address already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # Without it a port counts as taken for a minute after the last stop.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port} ({error.strerror}). Choose another with PORT=8080."
            ) from error


def worker_count() -> int:
    """Return how many processes PARLEY_WORKERS asks for; CommandError says what it may be."""
    asked = os.environ.get("PARLEY_WORKERS") or "1"
    if not asked.isdecimal() or not 1 <= int(asked) <= 64:
        raise CommandError("PARLEY_WORKERS must be a number from 1 to 64.")
    return int(asked)


def run_server(host: str, port: int, workers: int = 1) -> NoReturn:
    """Replace this process by the server, so that signals and the exit code are its own.

    A worker that dies is replaced while the others go on.
    """
    sys.stdout.flush()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    command += ["--workers", str(workers), "--blocking-threads", str(THREADS)]
    command += ["--respawn-failed-workers", "--log-level", "error"]
    command += ["--host", host, "--port", str(port), "negotiations.wsgi:application"]
    os.chdir(settings.BASE_DIR)
    os.execv(sys.executable, command)  # noqa: S606
