#!/usr/bin/env python
"""Run one of Parley's commands."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Hand the command line to Django; a wrong setting is answered with its sentence only."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "negotiations.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
