"""The machine on which something was measured, and with what."""

import datetime as dt
import os
import platform
from pathlib import Path


def machine():
    """What a reader needs to judge a figure by."""
    import django
    from django.db import connection

    return {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "django": django.__version__,
        "database": _database(connection),
        "load": round(os.getloadavg()[0], 1),
    }


def machine_text(place):
    """The same in a line."""
    return (
        f"{place['date']}; {place['cpus']} × {place['processor']}, {place['memory_gb']} GB; "
        f"{place['system']}; Python {place['python']}, Django {place['django']}, "
        f"{place['database']}; load at the beginning {place['load']}"
    )


def _processor():
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def _memory():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


def _database(connection):
    if connection.vendor == "sqlite":
        return f"SQLite {connection.Database.sqlite_version}"
    number = connection.pg_version
    return f"PostgreSQL {number // 10000}.{number % 10000}"
