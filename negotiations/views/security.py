from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from negotiations.access import heading
from negotiations.htmx import HtmxRequest
from negotiations.models import SecurityEvent
from negotiations.security_log import log_of, log_of_negotiation, read_log


@require_GET
def security(request: HtmxRequest, slug: str) -> HttpResponse:
    """Who came, went and took what away in one negotiation; for its head."""
    viewer = heading(request.user, slug)
    context = {"viewer": viewer, "section": "setup", "part": "security"}
    return _log(request, log_of_negotiation(viewer), context)


@require_GET
def own_security(request: HtmxRequest) -> HttpResponse:
    """What happened to one's own account; an administrator reads the log of the whole site."""
    return _log(request, log_of(request.user), {})


def _log(
    request: HttpRequest, rows: QuerySet[SecurityEvent], context: dict[str, Any]
) -> HttpResponse:
    chosen, page = read_log(request.GET, rows)
    status = HTTPStatus.OK if chosen.form.is_valid() else HTTPStatus.UNPROCESSABLE_ENTITY
    context |= {"form": chosen.form, "page": page}
    return render(request, "negotiations/security.html", context, status=status)
