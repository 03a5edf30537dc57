"""One URL, page or fragment: the only place that decides which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from negotiations.models import User


class HtmxRequest(HttpRequest):
    """A request after the htmx and authentication middleware."""

    htmx: HtmxDetails
    user: User


def wants_fragment(request: HttpRequest, target: str) -> bool:
    """Whether htmx asks for just the element `target`; Back always gets the whole page."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request and htmx.target == target


def render_page_or_partial(
    request: HttpRequest,
    page: str,
    partial: str,
    context: Mapping[str, Any],
    *,
    target: str,
    status: int = 200,
) -> HttpResponse:
    """The partial when HX-Target is its id, else the page that includes the same file."""
    template = partial if wants_fragment(request, target) else page
    return render(request, template, dict(context), status=status)
