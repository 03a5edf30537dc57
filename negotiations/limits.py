"""What a request may cost: how long its queries may take, and how much it may send."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse

from negotiations.errors import took_too_long
from negotiations.files import size_text

Handler = Callable[[HttpRequest], HttpResponse]

# SQLite asks after so many of its steps, a tenth of a millisecond, whether to go on.
_STEPS = 10_000
_NEVER = float("inf")
# What PostgreSQL answers when a statement ran out of time.
_QUERY_CANCELED = "57014"

_deadline: ContextVar[float] = ContextVar("deadline", default=_NEVER)


class TimeLimitMiddleware:
    """Stop the queries of a request after PARLEY_TIME_LIMIT seconds and answer 503.

    Commands, and files while they are sent, have no such limit.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _deadline.set(time.monotonic() + settings.PARLEY_TIME_LIMIT)
        try:
            return self.get_response(request)
        finally:
            _deadline.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not ran_out_of_time(exception):
            return None
        _deadline.set(_NEVER)  # what is left to do is to say so
        return took_too_long(request)


def ran_out_of_time(error: Exception) -> bool:
    """Whether a query was stopped because of its time."""
    if not isinstance(error, OperationalError):
        return False
    return (
        str(error) == "interrupted" or getattr(error.__cause__, "sqlstate", "") == _QUERY_CANCELED
    )


def watch_time(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Receiver for each new connection: on SQLite the deadline is looked at as it works."""
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(_is_late, _STEPS)


def _is_late() -> bool:
    return time.monotonic() > _deadline.get()


def limit_statements(using: str) -> None:
    """Let PostgreSQL stop each statement of this process after PARLEY_TIME_LIMIT seconds.

    For processes that serve, before their first connection: a migration may take longer.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        options = connection.settings_dict["OPTIONS"]
        limit = f"-c statement_timeout={settings.PARLEY_TIME_LIMIT * 1000}"
        options["options"] = f"{options.get('options', '')} {limit}".strip()


def refuse_large_requests(get_response: Handler) -> Handler:
    """Answer 413 to what announces more bytes than PARLEY_MAX_UPLOAD, before reading any."""

    def middleware(request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        # No number is no length; Django reads nothing of such a request.
        if announced.isdecimal() and int(announced) > settings.PARLEY_MAX_UPLOAD:
            return HttpResponse(
                f"This is too large: at most {size_text(settings.PARLEY_MAX_UPLOAD)} can be sent.",
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                content_type="text/plain; charset=utf-8",
            )
        return get_response(request)

    return middleware
