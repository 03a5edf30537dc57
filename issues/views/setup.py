"""Opening, editing and ordering items."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from negotiations.access import Role, Viewer, viewer_with
from negotiations.exceptions import Conflict
from negotiations.forms import add_refusal, attempt
from negotiations.htmx import HtmxRequest, wants_fragment
from negotiations.views.common import (
    ConflictView,
    attempt_guarded,
    page,
    say_refusal,
    sent,
    sent_from,
    step_from,
)

from .. import services
from ..access import issue_of, issue_to_repair
from ..forms.items import ItemForm, PasteForm, ReasonForm
from ..models import Issue
from ..numbers import Number
from ..reads.order import agenda_order, marked_in_error
from ..typical import typical_items, typical_kinds


@require_http_methods(["GET", "POST"])
def issue_new(request: HtmxRequest, slug: str) -> HttpResponse:
    """Open an item; a title is enough."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    form = ItemForm(sent(request), viewer=viewer, initial={"parent": request.GET.get("parent")})
    made = attempt(
        form,
        lambda _typed: services.open_issue(viewer.negotiation, by=request.user, **form.values),
    )
    if made:
        messages.success(request, f"“{made}” is open as number {made.address}.")
        return redirect(made)
    return page(request, "issues/issue_new.html", form, _context(viewer))


@require_http_methods(["GET", "POST"])
def issue_paste(request: HtmxRequest, slug: str) -> HttpResponse:
    """Open all items of a pasted list or, when one line cannot be opened, none."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    kind = request.GET.get("typical", "")
    lines = typical_items().get(kind, "").strip()
    form = PasteForm(sent(request), viewer=viewer, initial={"lines": lines})
    made = attempt(
        form,
        lambda _typed: services.open_issues(
            viewer.negotiation, form.items, by=request.user, **form.written_for
        ),
    )
    if made:
        messages.success(request, f"{len(made)} opened. None claims a status yet.")
        return redirect("issues:issue_list", slug)
    context = {**_context(viewer), "section": "setup", "part": "paste", "kinds": typical_kinds()}
    return page(request, "issues/issue_paste.html", form, context)


@require_http_methods(["GET", "POST"])
def issue_edit(request: HtmxRequest, slug: str, number: Number) -> HttpResponse:
    """Plain fields under a version; for the head also the way out of an item, and back."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    issue = issue_of(viewer, number)
    bind = partial(ItemForm, viewer=viewer, issue=issue)
    form = bind(sent(request), initial=ItemForm.typed_from(issue))
    saved, conflict = attempt_guarded(
        form,
        lambda typed: services.update_issue(
            issue, version=typed["version"], by=request.user, **form.values
        ),
        typed_from=ItemForm.typed_from,
        bind=bind,
    )
    if saved:
        messages.success(request, "Saved.")
        return redirect(saved)
    return _edit_page(request, viewer, issue, form, conflict=conflict)


@require_http_methods(["GET", "POST"])
def issue_mark(request: HtmxRequest, slug: str, number: Number) -> HttpResponse:
    """Mark an item as entered in error; it then shows on the order page only."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    issue = issue_of(viewer, number)
    if request.method == "GET":
        return redirect("issues:issue_edit", slug, number)
    reason = ReasonForm(request.POST, auto_id="id_mark_%s")
    try:
        marked = attempt(
            reason, lambda typed: services.mark_in_error(issue, by=request.user, **typed)
        )
    except Conflict as conflict:
        issue, marked = conflict.current, None
        add_refusal(reason, ValidationError("Somebody changed this item meanwhile: look again."))
    if marked:
        messages.success(request, f"“{issue}” is marked as entered in error.")
        return redirect("issues:issue_order", slug)
    form = ItemForm(viewer=viewer, issue=issue, initial=ItemForm.typed_from(issue))
    return _edit_page(request, viewer, issue, form, reason=reason)


@sent_from("issues:issue_order")
def issue_restore(request: HtmxRequest, slug: str, number: Number) -> HttpResponse:
    """Bring back an item that was marked as entered in error."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    issue = issue_to_repair(viewer, number)
    if say_refusal(
        request, lambda: services.restore_issue(issue, version=issue.version, by=request.user)
    ):
        messages.success(request, f"“{issue}” counts again.")
    return redirect("issues:issue_order", slug)


@require_safe
def issue_order(request: HtmxRequest, slug: str) -> HttpResponse:
    """The manual order, and what was marked as entered in error."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    return render(request, "issues/issue_order.html", _order_context(viewer))


@sent_from("issues:issue_order")
def issue_move(request: HtmxRequest, slug: str, number: Number) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    issue = issue_of(viewer, number)
    services.move_issue(issue, step=step_from(request))
    return _moved(request, viewer, str(issue), f"item-{number}")


@sent_from("issues:issue_order")
def heading_move(request: HtmxRequest, slug: str) -> HttpResponse:
    """Move a heading with all its items."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    heading, step = request.POST.get("heading", ""), step_from(request)
    try:
        services.move_heading(viewer.negotiation, heading=heading, step=step)
    except ValidationError as refusal:
        raise Http404("No such heading.") from refusal
    return _moved(request, viewer, heading or "Without heading", "issue-order")


# --- Pages --------------------------------------------------------------------------------------


def _context(viewer: Viewer) -> dict[str, Any]:
    return {"viewer": viewer, "section": "items"}


def _edit_page(
    request: HttpRequest,
    viewer: Viewer,
    issue: Issue,
    form: ItemForm,
    *,
    reason: ReasonForm | None = None,
    conflict: ConflictView | None = None,
) -> HttpResponse:
    """The edit page; of its two forms the one that was sent decides the answer."""
    fresh = ReasonForm(initial={"version": issue.version}, auto_id="id_mark_%s")
    context = _context(viewer) | {"issue": issue, "conflict": conflict, "item_form": form}
    context |= {"reason_form": reason or fresh}
    return page(request, "issues/issue_edit.html", reason or form, context)


def _order_context(viewer: Viewer) -> dict[str, Any]:
    context = {"viewer": viewer, "section": "setup", "part": "order"}
    return context | {"groups": agenda_order(viewer), "marked": marked_in_error(viewer)}


def _moved(request: HttpRequest, viewer: Viewer, what: str, anchor: str) -> HttpResponse:
    """The list in its new order, announced; without scripts the page again, at the same row."""
    if wants_fragment(request, "issue-order"):
        context = _order_context(viewer) | {"moved": what}
        return render(request, "issues/issue_order_moved.html", context)
    return redirect(f"{reverse('issues:issue_order', args=[viewer.negotiation.slug])}#{anchor}")
