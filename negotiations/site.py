"""Addresses that serve machines: health and robots."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.checks import ERROR, Tags, run_checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

PLAIN = "text/plain; charset=utf-8"


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers and its guards are in place, else 503; no details."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found = run_checks(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        healthy = not any(message.level >= ERROR for message in found)
    except DatabaseError:
        healthy = False
    return HttpResponse(
        "ok" if healthy else "not ok", status=200 if healthy else 503, content_type=PLAIN
    )


@require_safe
@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type=PLAIN)


def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Close the admin's redirect by row number: it would name rows its user cannot see."""
    raise Http404
