from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from negotiations import services
from negotiations.access import Role, Viewer, round_of, viewer_with
from negotiations.forms import RoundForm, attempt
from negotiations.htmx import HtmxRequest

from .common import attempt_guarded, page, say_refusal, sent, step_from


@require_http_methods(["GET", "POST"])
def round_new(request: HtmxRequest, slug: str) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    parties = list(viewer.negotiation.parties.all())
    form = RoundForm(sent(request), viewer=viewer, parties=parties)
    made = attempt(
        form,
        lambda _typed: services.create_round(viewer.negotiation, by=request.user, **form.values),
    )
    if made:
        messages.success(request, f"“{made}” is added.")
        return redirect(made)
    return page(request, "negotiations/round_new.html", form, _context(viewer))


@require_http_methods(["GET", "POST"])
def round_edit(request: HtmxRequest, slug: str, place: int) -> HttpResponse:
    """Dates, delegations and readouts under one version."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    round_ = round_of(viewer, place)
    parties = list(viewer.negotiation.parties.all())
    bind = partial(RoundForm, viewer=viewer, parties=parties, round_=round_)
    typed_from = partial(RoundForm.typed_from, viewer=viewer, parties=parties)
    form = bind(sent(request), initial=typed_from(round_))
    saved, conflict = attempt_guarded(
        form,
        lambda typed: services.update_round(
            round_, version=typed["version"], by=request.user, **form.values
        ),
        typed_from=typed_from,
        bind=bind,
    )
    if saved:
        messages.success(request, "Saved.")
        return redirect(saved)
    context = {**_context(viewer), "round": round_, "conflict": conflict}
    return page(request, "negotiations/round_edit.html", form, context)


@require_http_methods(["GET", "POST"])
def round_move(request: HtmxRequest, slug: str, place: int) -> HttpResponse:
    """Earlier or later in the order; the round's own address moves with it."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    round_ = round_of(viewer, place)
    if request.method == "POST":
        services.move_round(round_, by=request.user, step=step_from(request))
        round_.refresh_from_db()
    return redirect("negotiations:round_edit", slug, round_.place)


@require_http_methods(["GET", "POST"])
def round_remove(request: HtmxRequest, slug: str, place: int) -> HttpResponse:
    """Take away a round added by mistake."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    round_ = round_of(viewer, place)
    if request.method == "POST" and say_refusal(
        request, lambda: services.remove_round(round_, by=request.user)
    ):
        messages.success(request, f"“{round_}” is removed.")
        return redirect("issues:round_list", slug)
    return redirect("negotiations:round_edit", slug, place)


def _context(viewer: Viewer) -> dict[str, Any]:
    return {"viewer": viewer, "section": "rounds"}
