from __future__ import annotations

from typing import Any

from django.core.management.commands.flush import Command as DjangoFlush

from issues import triggers


class Command(DjangoFlush):
    """Django's flush, which the append-only triggers would refuse: without them for the moment."""

    def handle(self, **options: Any) -> None:
        triggers.drop(options["database"])
        try:
            super().handle(**options)
        finally:
            triggers.install(options["database"])
