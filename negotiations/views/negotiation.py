from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from negotiations import services
from negotiations.access import Role, can_create_negotiation, heading, viewer_with
from negotiations.forms import (
    TABLE,
    TYPICAL,
    NegotiationEditForm,
    NegotiationNewForm,
    attempt,
)
from negotiations.htmx import HtmxRequest
from negotiations.models import Negotiation, StatusScheme

from .common import attempt_guarded, page, sent, sent_from


@require_http_methods(["GET", "POST"])
def negotiation_new(request: HtmxRequest) -> HttpResponse:
    """Title, statuses and parties on one page; whoever sends it becomes the head."""
    allowed, reason = can_create_negotiation(request.user)
    if not allowed:
        raise PermissionDenied(reason)
    form = NegotiationNewForm(sent(request))
    made = attempt(
        form,
        lambda typed: services.create_negotiation(
            by=request.user, scheme=typed["scheme"], parties=form.parties, **form.plain
        ),
    )
    if made:
        messages.success(request, f"“{made}” is open, and you are its head. Now add its items.")
        return redirect(_beginning(made, form.cleaned_data["begin"], form.cleaned_data["scheme"]))
    return page(request, "negotiations/negotiation_new.html", form, {})


@require_http_methods(["GET", "POST"])
def negotiation_edit(request: HtmxRequest, slug: str) -> HttpResponse:
    """Plain fields under a version; an archived negotiation shows how to open it again."""
    viewer = heading(request.user, slug)
    context = {"viewer": viewer, "section": "setup", "part": "negotiation"}
    template, typed_from = "negotiations/negotiation_edit.html", NegotiationEditForm.typed_from
    if request.method == "GET":
        form = NegotiationEditForm(initial=typed_from(viewer.negotiation))
        return page(request, template, form, context)
    negotiation = viewer_with(request.user, slug, Role.HEAD).negotiation
    form = NegotiationEditForm(request.POST)
    saved, conflict = attempt_guarded(
        form,
        lambda typed: services.update_negotiation(
            negotiation, version=typed["version"], by=request.user, **form.plain
        ),
        typed_from=typed_from,
        bind=NegotiationEditForm,
    )
    if saved:
        messages.success(request, "Saved.")
        return redirect("negotiations:negotiation_edit", slug)
    return page(request, template, form, {**context, "conflict": conflict})


@sent_from("negotiations:negotiation_edit")
def negotiation_archive(request: HtmxRequest, slug: str) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    services.archive_negotiation(viewer.negotiation, by=request.user)
    messages.success(request, "Archived: it can be read, not changed.")
    return redirect("negotiations:negotiation_edit", slug)


@sent_from("negotiations:negotiation_edit")
def negotiation_unarchive(request: HtmxRequest, slug: str) -> HttpResponse:
    viewer = heading(request.user, slug)
    services.unarchive_negotiation(viewer.negotiation, by=request.user)
    messages.success(request, "Open for changes again.")
    return redirect("negotiations:negotiation_edit", slug)


def _beginning(made: Negotiation, begin: str, scheme: StatusScheme) -> str:
    """Where its first items come from."""
    if begin == TABLE:
        return reverse("issues:import_start", args=[made.slug])
    paste = reverse("issues:issue_paste", args=[made.slug])
    return f"{paste}?typical={scheme.slug}" if begin == TYPICAL else paste
