"""Running manage.py as a person does: another process, with only the environment given."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REAL = {"PARLEY_SECRET_KEY": "k3-Jd9" * 12, "PARLEY_URL": "https://parley.example.org"}


def manage(*arguments, database=None, **environment):
    """Return the finished process of `manage.py ARGUMENTS`; nothing of PARLEY_* is inherited."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PARLEY_", "DATABASE_URL", "DJANGO_"))
    }
    env |= {"DJANGO_SETTINGS_MODULE": "negotiations.settings"} | environment
    if database:
        env["DATABASE_URL"] = f"sqlite:///{database}"
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def last_line(process):
    return process.stderr.strip().splitlines()[-1]
