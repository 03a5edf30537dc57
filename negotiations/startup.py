"""What the settings work out from the environment, and what stops a start for real."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor


def site_address(url: str, *, local: bool) -> tuple[str, str, bool]:
    """Split PARLEY_URL into origin, host name and "is https".

    Empty values when nothing is set on a developer's machine; for real the address is required,
    names one host and has no path, else ImproperlyConfigured says what to set.
    """
    if not url and local:
        return "", "", False
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        raise ImproperlyConfigured(
            "Set PARLEY_URL to the address people open, such as https://parley.example.org."
        )
    if "*" in host or host.startswith("."):
        raise ImproperlyConfigured("PARLEY_URL must name one host, without a wildcard.")
    if parts.path not in {"", "/"}:
        raise ImproperlyConfigured("PARLEY_URL must end after the host: Parley has no prefix.")
    return f"{parts.scheme}://{parts.netloc}", host, parts.scheme == "https"


def single_sign_on(
    url: str, client_id: str, secret: str, *, name: str, https: bool
) -> tuple[str, list[dict[str, Any]]]:
    """The origin of the provider and what allauth wants to know of it; nothing without an address.

    Raises ImproperlyConfigured for half of it, and for a provider without https where the site
    itself has it.
    """
    if not url:
        return "", []
    parts = urlsplit(url)
    if parts.scheme != "https" and (https or parts.scheme != "http") or not parts.hostname:
        raise ImproperlyConfigured(
            "PARLEY_OIDC_URL must be the https address of the provider, such as "
            "https://login.example.org/realms/ministry."
        )
    if not (client_id and secret):
        raise ImproperlyConfigured(
            "With PARLEY_OIDC_URL set PARLEY_OIDC_CLIENT_ID and PARLEY_OIDC_SECRET as well."
        )
    app = {
        "provider_id": "sso",
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": url.rstrip("/"), "oauth_pkce_enabled": True},
    }
    return f"{parts.scheme}://{parts.netloc}", [app]


def known_time_zone(name: str) -> str:
    """Return the name if it is a time zone, else ImproperlyConfigured says what one looks like."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImproperlyConfigured(
            "PARLEY_TIME_ZONE must be the name of a time zone, such as Europe/Vienna or UTC."
        ) from error
    return name


def shared_cache(cache: dict[str, Any]) -> dict[str, Any]:
    """Return the cache entry if all processes share it, else ImproperlyConfigured says which do."""
    if cache["BACKEND"].rpartition(".")[2] not in {"DatabaseCache", "RedisCache"}:
        raise ImproperlyConfigured("CACHE_URL must begin with redis:// or rediss://, or be unset.")
    return cache


# No ANALYZE, here or by hand: with statistics SQLite 3.40 reads what moved between two days item by
# item, and rounds of 10,000 items took a minute instead of a second.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;"
    # A record of talks must not lose an acknowledged write to a power cut.
    "PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON;"
    # 16 MB per thread instead of 2: a page of a large negotiation reads more than that.
    "PRAGMA cache_size=-16384;"
    # And 32 MB for all threads of a process, statements included: near that each uses the pages it
    # has again. Sixteen that fill theirs would hold a quarter of a gigabyte, mostly of the same.
    "PRAGMA soft_heap_limit=33554432;"
    # Without it REPLACE INTO slips past the append-only triggers.
    "PRAGMA recursive_triggers=ON;"
)


SQLITE_OPTIONS = {
    # A transaction that reads first and writes later would fail at once when another one writes.
    "transaction_mode": "IMMEDIATE",
    # An import of ten thousand rows holds the write lock that long.
    "timeout": 20,
    "init_command": SQLITE_PRAGMAS,
}
# A lost database is looked for in ever longer steps; after five seconds the steps begin anew.
POSTGRES_OPTIONS = {"pool": {"min_size": 1, "max_size": 16, "timeout": 10, "reconnect_timeout": 5}}


def database_options(database: dict[str, Any]) -> dict[str, Any]:
    """Return the keys that tune the database entry; options given in its address stay.

    Raises ImproperlyConfigured for an engine other than the two that are tested.
    """
    given = database.get("OPTIONS", {})
    match database["ENGINE"].rpartition(".")[2]:
        case "sqlite3":
            # Closing the last connection checkpoints the log: ten times dearer than a write.
            return {"CONN_MAX_AGE": None, "OPTIONS": SQLITE_OPTIONS | given}
        case "postgresql":
            # The pool keeps connections open; threads come and go, so none is tied to a thread.
            # After a restart of the database each would fail one request, were it not asked first.
            options = POSTGRES_OPTIONS | given
            return {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}
    raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:// or postgresql://.")


DEMO_PEOPLE = (
    "This database holds demo people, whose password is public. "
    "Set DATABASE_URL to a database of your own, or make the users marked as demo person inactive."
)
NOT_SET_UP = "The database is empty or from an older version: run manage.py setup first."


def demo_people_out_of_place() -> bool:
    """Say whether demo people could sign in to a database that is used for real."""
    from negotiations.models import User

    if settings.DEBUG or settings.PARLEY_DEMO:
        return False
    return User.objects.filter(is_demo=True, is_active=True).exists()


def refuse_unfit_database() -> None:
    """Raise ImproperlyConfigured, with what to do, unless the database may be served for real.

    Leaves no connection open: the server may fork after this.
    """
    try:
        if demo_people_out_of_place():
            raise ImproperlyConfigured(DEMO_PEOPLE)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise ImproperlyConfigured(NOT_SET_UP)
    except (OperationalError, ProgrammingError) as error:
        raise ImproperlyConfigured(NOT_SET_UP) from error
    finally:
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
