from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from negotiations import services
from negotiations.access import Role, Viewer, party_of, viewer_of, viewer_with
from negotiations.forms import PartyForm, attempt
from negotiations.htmx import HtmxRequest
from negotiations.models import Party

from .common import page, say_refusal, sent_from, step_from

HERE = "negotiations:parties"


@require_http_methods(["GET", "POST"])
def parties(request: HtmxRequest, slug: str) -> HttpResponse:
    """Who sits at the table, for every member; the head adds another party."""
    if request.method == "GET":
        return _page(request, viewer_of(request.user, slug), PartyForm())
    viewer = viewer_with(request.user, slug, Role.HEAD)
    form = PartyForm(request.POST)
    made = attempt(
        form, lambda typed: services.add_party(viewer.negotiation, by=request.user, **typed)
    )
    if made:
        messages.success(request, f"{made} is at the table.")
        return redirect(HERE, slug)
    return _page(request, viewer, form)


@sent_from(HERE)
def party_edit(request: HtmxRequest, slug: str, code: str) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    party = party_of(viewer, code)
    form = PartyForm(request.POST, auto_id=_ids(party))
    saved = attempt(form, lambda typed: services.update_party(party, by=request.user, **typed))
    if saved:
        messages.success(request, f"{saved} is saved.")
        return redirect(HERE, slug)
    return _page(request, viewer, form, at=party)


@sent_from(HERE)
def party_move(request: HtmxRequest, slug: str, code: str) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    services.move_party(party_of(viewer, code), by=request.user, step=step_from(request))
    return redirect(HERE, slug)


@sent_from(HERE)
def party_remove(request: HtmxRequest, slug: str, code: str) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    party = party_of(viewer, code)
    if say_refusal(request, lambda: services.remove_party(party, by=request.user)):
        messages.success(request, f"{party} is removed.")
    return redirect(HERE, slug)


def _ids(party: Party) -> str:
    return f"id_{party.code}_%s"


def _page(
    request: HttpRequest, viewer: Viewer, form: PartyForm, at: Party | None = None
) -> HttpResponse:
    """The list; `form` belongs to the party `at`, or to the one to be added."""
    # Read anew: a refused form may have left its words on the row it was meant for.
    parties = viewer.negotiation.parties.all()
    rows = [(party, form if party == at else _form_of(party)) for party in parties]
    context: dict[str, Any] = {"viewer": viewer, "section": "setup", "part": "parties"}
    context |= {"rows": rows, "at": at, "new_form": PartyForm() if at else form}
    return page(request, "negotiations/parties.html", form, context)


def _form_of(party: Party) -> PartyForm:
    return PartyForm(initial=PartyForm.typed_from(party), auto_id=_ids(party))
