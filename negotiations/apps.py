from __future__ import annotations

from typing import Any

from django.apps import AppConfig


def _watch_mails(**_kwargs: Any) -> None:
    from negotiations import mail

    mail.watch()


class NegotiationsConfig(AppConfig):
    name = "negotiations"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        # Registers the system checks, and what follows a sign-in.
        from negotiations import checks, days, limits, log, sessions, watching  # noqa: F401
        from negotiations.signals import serving

        watching.connect()
        serving.connect(_watch_mails, dispatch_uid="negotiations.mail")
        connection_created.connect(log.watch_queries)
        connection_created.connect(limits.watch_time)
