"""What a person reads when a request is refused: a page, or one sentence for htmx."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.core.exceptions import BadRequest, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults
from django.views.decorators.csrf import requires_csrf_token

STALE_PAGE = (
    "This page was opened before you signed in again, so nothing was saved. "
    "Copy what you typed, load the page again and send it once more."
)

TOO_LONG = "This took too long and was stopped. What you sent may not be saved; try again later."

AWAY = (
    "The database does not answer just now. What you sent may not be saved: send it again in a "
    "minute; what was saved already is not saved twice."
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 with the sentence of a BadRequest; other causes are not told to the client."""
    sentence = str(exception) if isinstance(exception, BadRequest) else ""
    return _refuse(request, HTTPStatus.BAD_REQUEST, sentence or "The address is not complete.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    sentence = str(exception) if isinstance(exception, PermissionDenied) else ""
    return _refuse(request, HTTPStatus.FORBIDDEN, sentence or "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 without the reason: missing and forbidden must read the same, to the byte."""
    return _refuse(request, HTTPStatus.NOT_FOUND, "Nothing is at this address, or not for you.")


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 when the form's token is from before the last sign-in."""
    return _refuse(request, HTTPStatus.FORBIDDEN, STALE_PAGE)


def took_too_long(request: HttpRequest) -> HttpResponse:
    """Answer 503 when the database was stopped; asks nothing more of it."""
    response = _refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, TOO_LONG)
    response["Retry-After"] = "30"
    return response


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 while the database is away or busy: then it is worth sending again."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return defaults.server_error(request)
    response = _refuse(request, HTTPStatus.SERVICE_UNAVAILABLE, AWAY)
    response["Retry-After"] = "5"
    return response


def _refuse(request: HttpRequest, status: HTTPStatus, sentence: str) -> HttpResponse:
    # Early refusals come before the middleware that sets request.htmx.
    fragment = request.headers.get("HX-Request") == "true"
    template = "_refusal.html" if fragment else f"{status.value}.html"
    return render(request, template, {"sentence": sentence}, status=status)
