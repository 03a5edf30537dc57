"""Seeing a negotiation as others would, and with one's own eyes again."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from negotiations import eyes
from negotiations.access import eyes_of, heading
from negotiations.htmx import HtmxRequest
from negotiations.views.common import safe_path


@require_http_methods(["GET", "POST"])
def preview(request: HtmxRequest, slug: str) -> HttpResponse:
    """Choose whose eyes to look with; from then on every page is theirs, until one stops."""
    viewer = heading(request.user, slug)
    choices = eyes_of(viewer)
    if request.method == "GET":
        context = {"viewer": viewer, "section": "setup", "part": "preview", "choices": choices}
        return render(request, "negotiations/preview.html", context)
    whose = request.POST.get("whose", "")
    if whose not in choices:
        raise BadRequest("Choose one of those on the page.")
    title = str(viewer.negotiation)
    eyes.borrow(request.session, eyes.Eyes(slug, whose, choices[whose], title))
    messages.success(request, f"You now see this negotiation as {choices[whose]} would.")
    return redirect(viewer.negotiation)


@require_http_methods(["GET", "POST"])
def preview_stop(request: HttpRequest) -> HttpResponse:
    """One's own eyes again, on the page one was on."""
    if request.method == "POST" and eyes.give_back(request.session):
        messages.success(request, "You see everything with your own eyes again.")
    return redirect(safe_path(request, request.POST.get("back", ""), "/"))
