from __future__ import annotations

from django.apps import AppConfig


class NegotiationsConfig(AppConfig):
    name = "negotiations"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        # Registers the system checks, and what follows a sign-in.
        from negotiations import checks, days, limits, log, sessions, watching  # noqa: F401

        watching.connect()
        connection_created.connect(log.watch_queries)
        connection_created.connect(limits.watch_time)
