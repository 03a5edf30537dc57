"""What every page of a negotiation starts from."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.models import User

from ..models import Entry, Issue
from ..reads.agenda import names_of
from ..reads.clock import NOW, clock_from
from ..reads.frame import FrameView
from ..reads.moves import ItemName
from ..reads.paging import page_at

ROWS = 50


def person(request: HttpRequest) -> User:
    """Who is signed in; the login middleware lets nobody else through."""
    assert isinstance(request.user, User)  # noqa: S101 - see above
    return request.user


def frame_for(request: HttpRequest, viewer: Viewer, *, clocked: bool = False) -> FrameView:
    """The frame at the page's clock; `clocked` pages read ?as_of= and ?known=."""
    return FrameView(viewer, clock_from(request.GET) if clocked else NOW)


def page_context(frame: FrameView, section: str, **more: Any) -> dict[str, Any]:
    """What base.html and the shared partials need."""
    clock = frame.clock
    first = None
    if clock.known:
        visible = Entry.objects.visible_to(frame.viewer.user, frame.viewer.scope)
        entries = visible.filter(issue__negotiation=frame.negotiation).order_by("recorded_at")
        first = entries.values_list("recorded_at", flat=True).first()
    return {
        "viewer": frame.viewer,
        "frame": frame,
        "clock": clock,
        "first_recorded": first,
        "section": section,
        "may_record": frame.viewer.may_record and clock.is_now,
        "audience_line": audience_line(frame.viewer),
        "printed_at": timezone.now(),
        **more,
    }


def not_yet_known(frame: FrameView, issue: Issue) -> bool:
    """Whether the page's recorded day lies before the item itself was recorded (design §2)."""
    moment = frame.clock.known_moment
    return moment is not None and issue.recorded_at > moment


def not_yet(request: HttpRequest, frame: FrameView, issue: Issue) -> HttpResponse:
    """404 for a member who looks for an item at a time when nobody had recorded it."""
    context = page_context(frame, "items", issue=issue)
    status = HTTPStatus.NOT_FOUND
    return render(request, "issues/not_yet.html", context, status=status)


def add_back(request: HttpRequest, frame: FrameView) -> str:
    """Where adding an entry from a row leads back to; empty where none may be added."""
    may_record = frame.viewer.may_record and frame.clock.is_now
    return request.get_full_path() if may_record else ""


def page_of(request: HttpRequest, pks: Sequence[int]) -> tuple[Page[int], list[ItemName]]:
    """Page `?page=` of the items with these ids, 50 each, and the items on it. One query.

    Raises BadRequest for what is no such page.
    """
    page = page_at(pks, request.GET.get("page", ""), ROWS)
    return page, names_of(pks, page)


def audience_line(viewer: Viewer) -> str:
    """What a printed page says about who may read it."""
    if viewer.is_public:
        return "What may be published."
    if viewer.party:
        return f"May contain entries only the delegation of {viewer.party} may see."
    return "For members of this negotiation."
