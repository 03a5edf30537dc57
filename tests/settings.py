"""The production settings, with the two things a test run cannot have: hashing and cost."""

from __future__ import annotations

import os

os.environ.setdefault("PARLEY_SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("PARLEY_URL", "http://testserver")

from negotiations.settings import *  # noqa: E402, F403
from negotiations.settings import DATABASES, VAR_DIR  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, so that tests meet the same locking as production; one per process, so that two runs
    # at a time do not meet.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Files straight from the apps: no collectstatic before a test run.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# Pages offer mail; Django's test runner keeps what is sent.
PARLEY_MAIL = "memorymail://"

# Many tests sign in from one address; the limits have their own test.
ACCOUNT_RATE_LIMITS = {"login": "", "login_failed": "", "change_password": ""}
