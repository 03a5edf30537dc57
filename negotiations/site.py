"""Addresses that serve machines: health."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from negotiations.health import reasons_not_ready

PLAIN = "text/plain; charset=utf-8"


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all; asks nothing of the database."""
    return HttpResponse("ok", content_type=PLAIN)


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when requests can be served, else 503 with the reasons; both as JSON."""
    reasons = reasons_not_ready()
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    return JsonResponse({"ready": not reasons, "reasons": reasons}, status=status)


def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Close the admin's redirect by row number: it would name rows its user cannot see."""
    raise Http404
