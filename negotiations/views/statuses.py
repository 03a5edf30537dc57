from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from negotiations import services
from negotiations.access import Role, Viewer, status_of, viewer_of, viewer_with
from negotiations.forms import StatusForm, attempt
from negotiations.htmx import HtmxRequest
from negotiations.marks import mark_of, top_rung
from negotiations.models import Status

from .common import page, say_refusal, sent_from, step_from

HERE = "negotiations:scheme"


@require_http_methods(["GET", "POST"])
def scheme(request: HtmxRequest, slug: str) -> HttpResponse:
    """The negotiation's own words for a status, for every member; the head adds one."""
    if request.method == "GET":
        return _page(request, viewer_of(request.user, slug), StatusForm())
    viewer = viewer_with(request.user, slug, Role.HEAD)
    form = StatusForm(request.POST)
    made = attempt(
        form, lambda typed: services.add_status(viewer.negotiation, by=request.user, **typed)
    )
    if made:
        messages.success(request, f"“{made}” can be used.")
        return redirect(HERE, slug)
    return _page(request, viewer, form)


@sent_from(HERE)
def status_edit(request: HtmxRequest, slug: str) -> HttpResponse:
    viewer, status = _asked(request, slug)
    form = StatusForm(request.POST, auto_id=_ids(status))
    saved = attempt(form, lambda typed: services.update_status(status, by=request.user, **typed))
    if saved:
        messages.success(request, f"“{saved}” is saved.")
        return redirect(HERE, slug)
    return _page(request, viewer, form, at=status)


@sent_from(HERE)
def status_move(request: HtmxRequest, slug: str) -> HttpResponse:
    _viewer, status = _asked(request, slug)
    services.move_status(status, by=request.user, step=step_from(request))
    return redirect(HERE, slug)


@sent_from(HERE)
def status_retire(request: HtmxRequest, slug: str) -> HttpResponse:
    """No longer offer a status; sent for a retired one, offer it again."""
    _viewer, status = _asked(request, slug)
    retired = request.POST.get("retired") == "yes"
    services.retire_status(status, by=request.user, retired=retired)
    messages.success(request, f"“{status}” is {'no longer' if retired else 'again'} offered.")
    return redirect(HERE, slug)


@sent_from(HERE)
def status_remove(request: HtmxRequest, slug: str) -> HttpResponse:
    _viewer, status = _asked(request, slug)
    if say_refusal(request, lambda: services.remove_status(status, by=request.user)):
        messages.success(request, f"“{status}” is removed.")
    return redirect(HERE, slug)


def _asked(request: HtmxRequest, slug: str) -> tuple[Viewer, Status]:
    """The head and the status meant: by its label, since labels may hold what addresses cannot."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    return viewer, status_of(viewer, request.POST.get("status", ""))


class StatusRow(NamedTuple):
    """A status in the list, with its shape and the form that changes it."""

    status: Status
    mark: str
    form: StatusForm


def _ids(status: Status) -> str:
    return f"id_{status.order}_%s"


def _page(
    request: HttpRequest, viewer: Viewer, form: StatusForm, at: Status | None = None
) -> HttpResponse:
    """The list; `form` belongs to the status `at`, or to the one to be added."""
    statuses = list(viewer.negotiation.scheme.statuses.all())
    top = top_rung(statuses)
    rows = [
        StatusRow(status, mark_of(status, top), form if status == at else _form_of(status))
        for status in statuses
    ]
    context: dict[str, Any] = {"viewer": viewer, "section": "setup", "part": "scheme"}
    context |= {"rows": rows, "at": at, "new_form": StatusForm() if at else form}
    return page(request, "negotiations/scheme.html", form, context)


def _form_of(status: Status) -> StatusForm:
    return StatusForm(initial=StatusForm.typed_from(status), auto_id=_ids(status))
