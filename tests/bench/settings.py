"""The production settings, and beside the site's own addresses the pages it is held against."""

from __future__ import annotations

import os
from pathlib import Path

# Of what the environment says only the database counts.
for _name in ("PARLEY_DEBUG", "PARLEY_DEMO", "PARLEY_TIME_ZONE"):
    os.environ.pop(_name, None)
os.environ["PARLEY_SECRET_KEY"] = "only-for-the-bench-" + "x" * 50
os.environ["PARLEY_URL"] = "https://bench.example.org"
_FILE = Path(__file__).resolve().parents[2] / "var" / "bench.sqlite3"
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_FILE}")

from negotiations.settings import *  # noqa: E402, F403
from negotiations.settings import LOGGING  # noqa: E402

# The log is written as on a real site, and kept by nobody.
LOGGING["handlers"]["stderr"] |= {"class": "logging.FileHandler", "filename": os.devnull}

ROOT_URLCONF = "tests.bench.floor"
