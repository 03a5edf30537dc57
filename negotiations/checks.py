from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, ProgrammingError

from negotiations.startup import DEMO_PEOPLE, demo_people_out_of_place


@register(Tags.database)
def no_demo_people(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Report demo people, whose password is known to all, in a database used for real."""
    try:
        found = bool(databases) and demo_people_out_of_place()
    except (OperationalError, ProgrammingError):
        # Before the first migrate there is no such table, hence nobody.
        found = False
    return [Error(DEMO_PEOPLE, id="negotiations.E001")] if found else []
