"""Whether this process can serve: what a load balancer and a person on call want to know."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.checks import WARNING, Tags, run_checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader

from negotiations.queue import mail_age, queue_age

# Threads look for left jobs every quarter of a minute.
MINUTE = dt.timedelta(minutes=1)
LONGEST_WAIT = 5 * MINUTE
NO_DATABASE = "The database does not answer."


def reasons_not_ready() -> list[str]:
    """Why this process should get no requests now; empty when it is ready.

    Each is one sentence for whoever runs the site, and holds no content of it.
    """
    full = list(_full_disks())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        # Without its tables the other checks would only fail in many ways.
        return full + (unapplied(DEFAULT_DB_ALIAS) or [*_failed_checks(), *_old_jobs()])
    except DatabaseError:
        return [*full, NO_DATABASE]


def unapplied(using: str) -> list[str]:
    """One sentence when migrations of this version are missing in the database."""
    loader = MigrationLoader(connections[using])
    applied = loader.applied_migrations or {}
    missing = [key for key in loader.graph.nodes if key not in applied]
    if not missing:
        return []
    return [f"Migrations are not applied ({len(missing)}): run manage.py setup."]


def _failed_checks() -> list[str]:
    """Triggers, demo people: what the apps register as checks."""
    found = run_checks(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
    return [f"{one.msg} ({one.id})" for one in found if one.level >= WARNING]


def _old_jobs() -> Iterator[str]:
    """A queue that stands still: the oldest job that nobody is at waits for minutes."""
    for what, waits in (("file to prepare", queue_age()), ("mail to send", mail_age())):
        if waits > LONGEST_WAIT:
            yield f"A {what} waits for {waits // MINUTE} minutes."


def _full_disks() -> Iterator[str]:
    """The disks that this process writes to, where less than PARLEY_MIN_FREE_MB is left."""
    places = {"data": settings.VAR_DIR, "files": settings.MEDIA_ROOT}
    if connection.vendor == "sqlite":
        places["database"] = Path(connection.settings_dict["NAME"]).parent
    for name, place in places.items():
        free = free_megabytes(Path(place))
        if free < settings.PARLEY_MIN_FREE_MB:
            yield f"Only {free} MB are free where the {name} lies."


def free_megabytes(place: Path) -> int:
    """Of the disk where this folder is, or will be."""
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free // 1_000_000
