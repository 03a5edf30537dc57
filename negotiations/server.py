"""Starting the production server: processes with threads, nothing shared before the start."""

from __future__ import annotations

import ctypes
import fcntl
import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.urls import get_resolver
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

# Sixteen, so that a handful of slow clients cannot take every thread.
THREADS = 16
HEADER_SECONDS = 10
# Of glibc's malloc.h.
_M_ARENA_MAX = -8


class Serving(Exception):
    """A server uses the place; the sentence says what to do."""


def _lock_file() -> Path:
    """Beside the database where that is a file, so that two sites in one folder have two."""
    if connection.vendor == "sqlite":
        return Path(connection.settings_dict["NAME"]).with_suffix(".serving")
    return Path(settings.VAR_DIR) / "postgresql.serving"


def _private(path: Path | str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def hold_while_serving() -> None:
    """Show as long as this process lives that it serves; the system ends it with the process.

    Raises ImproperlyConfigured while a backup is being restored into the place.
    """
    held = _private(_lock_file(), os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise ImproperlyConfigured("A backup is being restored: start again afterwards.") from error


@contextmanager
def alone() -> Iterator[None]:
    """Keep every server on this machine from starting; raise Serving when one runs."""
    with open(_lock_file(), "w", opener=_private) as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Serving("The server is running. Stop it first.") from error
        yield


def spare_collector() -> None:
    """Let the garbage collector pass over what was loaded, and look less often at what is new.

    Of a page almost everything goes by itself; looking for the rest took a twentieth of its time.
    """
    gc.collect()
    gc.freeze()
    # Whoever is under way when it looks is passed on, to be looked at after three times more: after
    # ten, what they leave held 5 MB more, and looking took as long.
    gc.set_threshold(10_000, 3, 5)


def share_heap() -> None:
    """Let all threads take memory from one heap; for a process that has no other thread yet.

    The allocator of glibc gives each thread one of its own, where what is free serves no other
    thread: 20 MB of eight people. Python runs one thread at a time, so they hardly wait for it.
    """
    with suppress(AttributeError):  # the C library of another system, which does no such thing
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


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


class _Server(MPServer):
    def _respawn_workers(self, *args: Any, **kwargs: Any) -> None:
        """Granian forgets what woke it before it replaces workers; told to stop then, it would
        wait for ever.
        """
        super()._respawn_workers(*args, **kwargs)
        if self.interrupt_signal:
            self.main_loop_interrupt.set()


def make_server(host: str, port: int, workers: int = 1) -> MPServer:
    """The server as it is started everywhere.

    A worker that dies is replaced while the others go on. Asked to stop, it takes no more requests
    and answers those it has: each ends by itself, since its queries have a time limit.
    """
    return _Server(
        "negotiations.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        websockets=False,
        workers=workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
        # A client that is slow to say what it wants is let go; one that hangs holds up no stop.
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        workers_kill_timeout=settings.PARLEY_TIME_LIMIT + HEADER_SECONDS,
    )


def run_server(host: str, port: int, workers: int = 1) -> None:
    """Serve until stopped. Leave no connection to the database open before this.

    All that is imported by then is imported once: workers are forked from this process. Each is
    there three times as soon as one that begins from nothing, and shares the memory of it.
    """
    sys.stdout.flush()
    share_heap()
    os.chdir(settings.BASE_DIR)
    _ = get_resolver().url_patterns  # the views
    gc.collect()
    gc.freeze()
    os.register_at_fork(before=_wait, after_in_parent=_go_on, after_in_child=_end_when_told)
    make_server(host, port, workers).serve()


STOPS = (signal.SIGTERM, signal.SIGINT)


def _wait() -> None:
    """Keeps what tells to stop back while a worker is forked, so that it is lost to neither."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)


def _go_on() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _end_when_told() -> None:
    """For a worker that is told to stop while it starts: it still has the handlers of its parent,
    which would only note it, and be waited for until it is killed. It gets its own when it serves.
    """
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    _go_on()
