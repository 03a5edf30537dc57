from __future__ import annotations

from django.apps import AppConfig


class NegotiationsConfig(AppConfig):
    name = "negotiations"

    def ready(self) -> None:
        # Registers the system checks.
        from negotiations import checks, watching  # noqa: F401

        watching.connect()
