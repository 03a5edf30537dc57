"""The log: one line per request and per warning, under the request's id, without a word typed.

A line holds what a name or a number of ours says: method, route, status, milliseconds, the id of
an account. Addresses, queries and the messages of errors may hold confidential words and stay out.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]
Execute = Callable[..., Any]

HEADER = "X-Request-ID"
# Long enough to tell requests apart, too short and plain to carry a text into the log.
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}", re.ASCII)
_QUERY_LENGTH = 500
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127, 0x85, 0x2028, 0x2029)}

_NO_REQUEST = "-"
_request_id: ContextVar[str] = ContextVar("request_id", default=_NO_REQUEST)
_requests = logging.getLogger("parley.requests")
_queries = logging.getLogger("parley.queries")


def log_options(form: str, *, is_local: bool) -> dict[str, Any]:
    """LOGGING for `form` "json" (one object per line) or "lines"; locally without requests."""
    formatter = {"()": "negotiations.log.JsonLines" if form == "json" else "negotiations.log.Lines"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"ours": {"()": "negotiations.log.Ours"}},
        "formatters": {"line": formatter},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["ours"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            # Its own handlers would write a second time, and mail nobody.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            # Refusals are answers, not faults.
            "django.request": {"level": "ERROR"},
            "parley": {"level": "WARNING" if is_local else "INFO"},
        },
    }


# --- Requests -------------------------------------------------------------------------------------


def log_requests(get_response: Handler) -> Handler:
    """Give each request an id, which its answer and all its lines carry, and log how it went.

    The id of a proxy in front is kept when it has a safe form. What takes longer than
    PARLEY_SLOW_REQUEST_MS is a warning.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        name = given if _SAFE_ID.fullmatch(given) else str(uuid4())
        token = _request_id.set(name)
        begun = time.perf_counter()
        try:
            response = get_response(request)
            response[HEADER] = name
            _log_request(request, response, _since(begun))
            return response
        finally:
            _request_id.reset(token)

    return middleware


def _log_request(request: HttpRequest, response: HttpResponse, ms: float) -> None:
    is_slow = 0 < settings.PARLEY_SLOW_REQUEST_MS <= ms
    # Asking request.user would read the database for pages that never asked.
    user = getattr(request, "_cached_user", None)
    fields = {
        "method": request.method if request.method in _METHODS else "other",
        "route": route_of(request),
        "status": response.status_code,
        "ms": ms,
        "user": user.pk if user else None,
    }
    level = logging.WARNING if is_slow else logging.INFO
    _requests.log(level, "slow request" if is_slow else "request", extra={"fields": fields})


_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}


def route_of(request: HttpRequest) -> str:
    """The name of the request's route; "-" where there is none, as for a static file."""
    match = request.resolver_match
    return match.view_name if match and match.url_name else "-"


def _since(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 3)


# --- Queries --------------------------------------------------------------------------------------


def watch_queries(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Receiver for each new connection: warn of queries over PARLEY_SLOW_QUERY_MS."""
    if settings.PARLEY_SLOW_QUERY_MS > 0 and warn_if_slow not in connection.execute_wrappers:
        connection.execute_wrappers.append(warn_if_slow)


def warn_if_slow(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
) -> Any:
    """Run a query of a request; the line holds its SQL, with placeholders for what it asked."""
    if _request_id.get() == _NO_REQUEST:  # a migration takes its time
        return execute(sql, params, many, context)
    begun = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        ms = _since(begun)
        if ms >= settings.PARLEY_SLOW_QUERY_MS:
            fields = {"ms": ms, "sql": str(sql)[:_QUERY_LENGTH]}
            _queries.warning("slow query", extra={"fields": fields})


# --- Lines ----------------------------------------------------------------------------------------


class Ours(logging.Filter):
    """Adds the request's id, and takes addresses out of Django's own lines about requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request_id.get()
        request = getattr(record, "request", None)
        if record.name == "django.request" and isinstance(request, HttpRequest):
            record.msg, record.args = "failed request", ()
            record.fields = {"route": route_of(request)}
        return True


class Lines(logging.Formatter):
    """For people: time, level, logger, request, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [self.formatTime(record), record.levelname, record.name, _id_of(record)]
        # A line break in what a client sent would forge a line.
        said = record.getMessage().translate(_CONTROL)
        told = [f"{name}={value}" for name, value in _fields(record).items()]
        return "\n".join([" ".join([*parts, said, *told]), *failure(record)])


class JsonLines(logging.Formatter):
    """For machines: one JSON object per line."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def converter(self, seconds: float | None) -> time.struct_time:
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "request": _id_of(record),
            "message": record.getMessage(),
            **_fields(record),
        }
        trace = failure(record)
        return json.dumps(line | ({"trace": trace} if trace else {}), default=str)


def _id_of(record: logging.LogRecord) -> str:
    return getattr(record, "request_id", _NO_REQUEST)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return getattr(record, "fields", {})


def failure(record: logging.LogRecord) -> list[str]:
    """Where an error arose, and of which kinds it and its causes are, the first cause first.

    Its message stays out, except for developers: a database quotes the row that it refused.
    """
    if not record.exc_info or not record.exc_info[1]:
        return []
    if settings.DEBUG:
        return "".join(traceback.format_exception(record.exc_info[1])).splitlines()
    return [line for error in _chain(record.exc_info[1]) for line in _without_message(error)]


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error and error not in found:
        found.insert(0, error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _without_message(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    places = [
        f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames
    ]
    return [*places, f"{type(error).__module__}.{type(error).__qualname__}"]
