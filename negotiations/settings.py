"""Parley's one settings file. Everything that differs between places comes from the environment.

PARLEY_DEBUG=1   a developer's copy: built-in key, local hosts, runserver
PARLEY_DEMO=1    the demo: its own key and database, local hosts, the production server
neither          for real: PARLEY_SECRET_KEY and PARLEY_URL must be set
"""

from __future__ import annotations

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from negotiations.log import log_options
from negotiations.startup import (
    database_options,
    known_time_zone,
    shared_cache,
    single_sign_on,
    site_address,
)

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
# Everything the running program writes; kept out of version control.
VAR_DIR = Path(env.str("PARLEY_VAR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("PARLEY_DEBUG", default=False)
PARLEY_DEMO = env.bool("PARLEY_DEMO", default=False)
LOCAL = DEBUG or PARLEY_DEMO

# Who may open a negotiation: "any" signed-in person or "staff" only.
PARLEY_CREATE = env.str("PARLEY_CREATE", default="any")
if PARLEY_CREATE not in {"any", "staff"}:
    raise ImproperlyConfigured("PARLEY_CREATE must be any or staff.")

# --- Address, hosts and key ---------------------------------------------------------------------

# The demo stays on this machine whatever the environment of a real site says.
_URL = "" if PARLEY_DEMO else env.str("PARLEY_URL", default="")
PARLEY_URL, HOST, HTTPS = site_address(_URL, local=LOCAL)
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
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_filters",
    "django_htmx",
    "simple_history",
]

MIDDLEWARE = [
    "negotiations.log.log_requests",
    # Down to WhiteNoise: what every answer gets, static files and errors included.
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "negotiations.middleware.isolation_headers",
    "negotiations.middleware.refuse_other_sites",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "negotiations.middleware.never_stored",
    "negotiations.limits.refuse_large_requests",
    "negotiations.middleware.answer_probes",
    "negotiations.limits.TimeLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "negotiations.middleware.expired_sign_in",
    "negotiations.middleware.note_origin",
    "negotiations.middleware.end_old_sessions",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "negotiations.middleware.SecondFactorMiddleware",
    "negotiations.middleware.MovedMiddleware",
    "negotiations.middleware.BorrowedEyesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "negotiations.urls"
WSGI_APPLICATION = "negotiations.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "negotiations.rendering.Templates",
        "NAME": "django",
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

# Django's own markup without one template per control.
FORM_RENDERER = "negotiations.forms.renderer.Renderer"

# --- Database -----------------------------------------------------------------------------------

_FILE = "demo.sqlite3" if PARLEY_DEMO else "parley.sqlite3"
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / _FILE}")}
DATABASES["default"] |= database_options(DATABASES["default"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

# Shared by all processes, so that they count tries to sign in together: the database, or Redis.
CACHES = {"default": shared_cache(env.cache_url("CACHE_URL", default="dbcache://parley_cache"))}

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

# A working day, then sign in again; closing the browser does not end it. Who does nothing for
# PARLEY_IDLE_MINUTES signs in again earlier: see `negotiations.middleware.end_old_sessions`.
SESSION_COOKIE_AGE = 12 * 60 * 60
PARLEY_IDLE_MINUTES = env.int("PARLEY_IDLE_MINUTES", default=120)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    # Browsers refuse these names unless the cookie is bound to this host alone.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

# Mail: where it is sent from, as smtp+tls://user:password@host:587; without it no page offers mail.
PARLEY_MAIL = env.str("PARLEY_EMAIL_URL", default="consolemail://" if LOCAL else "")
if PARLEY_MAIL:
    globals().update(env.email_url_config(PARLEY_MAIL))
# Seconds to wait for each of its answers.
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("PARLEY_EMAIL_FROM", default=f"parley@{HOST or 'localhost'}")

ACCOUNT_ADAPTER = "negotiations.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "negotiations.account_forms.LoginForm",
    "change_password": "negotiations.account_forms.ChangePasswordForm",
    "reauthenticate": "negotiations.account_forms.ConfirmForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# Who was asked for the password once more is not asked again for so many seconds.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
# Wider than allauth's own five tries per name: a stranger must not lock a person out so cheaply.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,20/5m/key"}
# How many pages of share links one address may open, guessing secrets included.
SHARE_RATES = {"share": "120/m/ip"}
# A second factor: an app that shows codes, or a passkey; codes on paper for when both are lost.
# People's mail addresses are not asked for, so none has to be confirmed first.
MFA_ADAPTER = "negotiations.second_factor.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# One step of 30 seconds for a telephone whose clock is off.
MFA_TOTP_TOLERANCE = 1
# Browsers let passkeys work without https on localhost alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_FORMS = {
    "authenticate": "negotiations.account_forms.CodeForm",
    "reauthenticate": "negotiations.account_forms.ConfirmByCodeForm",
    "activate_totp": "negotiations.account_forms.FirstCodeForm",
    "add_webauthn": "negotiations.account_forms.AddPasskeyForm",
}
# Single sign-on, where a provider is named; negotiations/single_sign_on.py says whom it lets in.
PARLEY_OIDC_NAME = env.str("PARLEY_OIDC_NAME", default="single sign-on")
_PROVIDER, _PROVIDERS = single_sign_on(
    "" if PARLEY_DEMO else env.str("PARLEY_OIDC_URL", default=""),
    env.str("PARLEY_OIDC_CLIENT_ID", default=""),
    env.str("PARLEY_OIDC_SECRET", default=""),
    name=PARLEY_OIDC_NAME,
    https=HTTPS,
)
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": _PROVIDERS}}
SOCIALACCOUNT_ADAPTER = "negotiations.single_sign_on.Adapter"
# Found once by its address, an account stays connected whatever becomes of the address.
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True
PARLEY_STAFF_2FA = env.bool("PARLEY_STAFF_2FA", default=False)
# Under https one proxy stands in front; without this everybody would share its address's limit.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0

# --- Security headers ---------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        # Browsers hold what a form is answered with to this as well.
        "form-action": [SELF, _PROVIDER] if _PROVIDER else [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "negotiations.errors.csrf_failure"
# Preloading binds the whole domain: its owner decides that, not one site on it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if HTTPS:
    # The proxy in front must set this header itself on every request; README says how.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True

# --- Language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = known_time_zone(env.str("PARLEY_TIME_ZONE", default="UTC"))
USE_TZ = True

# --- Static files -------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "negotiations.staticfiles.Storage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# What people upload, and what is prepared for them: one folder for all processes, on several
# machines a shared one. Nothing leaves it but through a view that asks who may see it.
MEDIA_ROOT = Path(env.str("PARLEY_FILES", default=str(VAR_DIR / "files")))
FILE_UPLOAD_PERMISSIONS = 0o600

# --- Log and limits -----------------------------------------------------------------------------

PARLEY_LOG = env.str("PARLEY_LOG", default="lines")
if PARLEY_LOG not in {"lines", "json"}:
    raise ImproperlyConfigured("PARLEY_LOG must be lines or json.")
LOGGING = log_options(PARLEY_LOG, is_local=LOCAL)
# What takes so many milliseconds is a warning in the log; 0: nothing is.
PARLEY_SLOW_REQUEST_MS = env.int("PARLEY_SLOW_REQUEST_MS", default=1000)
PARLEY_SLOW_QUERY_MS = env.int("PARLEY_SLOW_QUERY_MS", default=500)

# The queries of a request are stopped after so many seconds.
PARLEY_TIME_LIMIT = env.int("PARLEY_TIME_LIMIT", default=60)
# In bytes. Above what forms take, so that a file somewhat too large gets its sentence there.
PARLEY_MAX_UPLOAD = env.int("PARLEY_MAX_UPLOAD", default=60_000_000)
# With less the server says that it is not ready.
PARLEY_MIN_FREE_MB = env.int("PARLEY_MIN_FREE_MB", default=200)
