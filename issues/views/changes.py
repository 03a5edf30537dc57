"""What moved between two rounds or days, and since one last marked as read."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from negotiations.access import viewer_of
from negotiations.htmx import render_page_or_partial, wants_fragment
from negotiations.moments import one_moment
from negotiations.services import mark_read as write_mark

from ..reads.changes import ChangeReader
from ..reads.comparison import read_comparison
from .pages import frame_for, page_context, person

TARGET = "changes"


@require_GET
@one_moment()
def changes(request: HttpRequest, slug: str) -> HttpResponse:
    """What moved, who says so, on what source, and who is waited for; made to be printed."""
    now = timezone.now()
    viewer = viewer_of(person(request), slug)
    if "from_day" in request.GET or "to_day" in request.GET:
        return redirect(f"{request.path}?{_chosen(request.GET).urlencode(safe=':')}")
    frame = frame_for(request, viewer, clocked=True)
    compared = read_comparison(frame, request.GET)
    context = page_context(
        frame,
        "changes",
        compared=compared,
        wants_read=request.GET.get("from") == "read",
        changes=None,
        seen_at=now,
        until=now.isoformat(),
        query=request.GET.urlencode(),
        is_fragment=wants_fragment(request, TARGET),
    )
    if compared:
        context["changes"] = ChangeReader(frame, compared).read(request.GET.get("page", ""))
    return render_page_or_partial(
        request, "issues/changes.html", "issues/_changes.html", context, target=TARGET
    )


def _chosen(query: QueryDict) -> QueryDict:
    """The form has a list and a day for each end; the day counts where the list says so."""
    chosen = QueryDict(mutable=True)
    for name in ("from", "to"):
        value = query.get(name, "") or query.get(f"{name}_day", "")
        if value:
            chosen[name] = value
    for name in ("as_of", "known"):
        if value := query.get(name, ""):
            chosen[name] = value
    return chosen


@require_POST
def mark_read(request: HttpRequest, slug: str) -> HttpResponse:
    """Counts as seen what was recorded before the page with the button was made, no more."""
    viewer = viewer_of(person(request), slug)
    if viewer.membership is None:
        raise PermissionDenied("Only members of this negotiation mark it as read.")
    until = _seen_at(request.POST.get("until", ""))
    write_mark(viewer.membership, until=until)
    messages.success(request, "Marked as read. What is recorded from now on is new to you.")
    query = request.POST.get("query", "")
    page = reverse("issues:changes", args=[slug])
    return redirect(f"{page}?{QueryDict(query).urlencode()}" if query else page)


def _seen_at(typed: str) -> dt.datetime:
    try:
        until = parse_datetime(typed)
    except ValueError:
        until = None
    if until is None or timezone.is_naive(until) or until > timezone.now():
        raise BadRequest("This page was too old or not complete. Load it again, then mark it.")
    return until
