from __future__ import annotations

from django.apps import AppConfig


class NegotiationsConfig(AppConfig):
    name = "negotiations"

    def ready(self) -> None:
        # Registers the system checks, and what follows a sign-in.
        from negotiations import checks, sessions, watching  # noqa: F401

        watching.connect()
