"""Parley's one settings file. Everything that differs between places comes from the environment.

PARLEY_DEBUG=1   a developer's copy: built-in key, local hosts, runserver
PARLEY_DEMO=1    the demo: its own key and database, local hosts, the production server
neither          for real: PARLEY_SECRET_KEY and PARLEY_URL must be set
"""

from __future__ import annotations

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from negotiations.startup import database_options, site_address

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
# Everything the running program writes; kept out of version control.
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(exist_ok=True)

DEBUG = env.bool("PARLEY_DEBUG", default=False)
PARLEY_DEMO = env.bool("PARLEY_DEMO", default=False)
LOCAL = DEBUG or PARLEY_DEMO

# Who may open a negotiation: "any" signed-in person or "staff" only.
PARLEY_CREATE = env.str("PARLEY_CREATE", default="any")
if PARLEY_CREATE not in {"any", "staff"}:
    raise ImproperlyConfigured("PARLEY_CREATE must be any or staff.")

# --- Address, hosts and key ---------------------------------------------------------------------

PARLEY_URL, HOST, HTTPS = site_address(env.str("PARLEY_URL", default=""), local=LOCAL)
ALLOWED_HOSTS = [HOST] if HOST else ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [PARLEY_URL] if PARLEY_URL else []

SECRET_KEY = env.str("PARLEY_SECRET_KEY", default="")
if LOCAL and not SECRET_KEY:
    SECRET_KEY = "parley-on-this-machine-only-not-a-secret-0123456789-abcdefghij"  # noqa: S105
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "Set PARLEY_SECRET_KEY to a long random text before starting Parley for real."
    )

# --- Applications -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "negotiations",
    "issues",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "django_htmx",
    "simple_history",
]

MIDDLEWARE = [
    # The first three answer for every response, static files and errors included.
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "negotiations.urls"
WSGI_APPLICATION = "negotiations.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database -----------------------------------------------------------------------------------

_FILE = "demo.sqlite3" if PARLEY_DEMO else "parley.sqlite3"
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / _FILE}")}
DATABASES["default"] |= database_options(DATABASES["default"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- People and sessions ------------------------------------------------------------------------

AUTH_USER_MODEL = "negotiations.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# --- Language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("PARLEY_TIME_ZONE", default="UTC")
USE_TZ = True

# --- Static files -------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
