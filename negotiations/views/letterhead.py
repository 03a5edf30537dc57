from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from negotiations import services
from negotiations.access import Role, letterhead_of, viewer_of, viewer_with
from negotiations.forms import LetterheadForm, say_file_is_gone
from negotiations.htmx import HtmxRequest

from .common import attempt_guarded, page


@require_http_methods(["GET", "POST"])
def letterhead(request: HtmxRequest, slug: str) -> HttpResponse:
    """Heading, footer, logo and size of the papers, under a version."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    present = letterhead_of(viewer)
    context = {"viewer": viewer, "section": "setup", "part": "letterhead", "present": present}
    template, typed_from = "negotiations/letterhead.html", LetterheadForm.typed_from
    if request.method == "GET":
        return page(request, template, LetterheadForm(initial=typed_from(present)), context)
    form = LetterheadForm(request.POST, request.FILES)
    saved, conflict = attempt_guarded(
        form,
        lambda typed: services.update_letterhead(viewer.negotiation, by=request.user, **typed),
        typed_from=typed_from,
        bind=LetterheadForm,
    )
    if saved:
        messages.success(request, "Saved. Every paper made from now on carries it.")
        return redirect("negotiations:letterhead", slug)
    say_file_is_gone(form, "logo")
    return page(request, template, form, {**context, "conflict": conflict})


@require_GET
def letterhead_logo(request: HtmxRequest, slug: str) -> HttpResponse:
    """The logo, to members only: always the PNG that Parley made of what was uploaded."""
    logo = letterhead_of(viewer_of(request.user, slug)).logo
    try:
        with logo.open("rb") as file:
            return HttpResponse(file.read(), content_type="image/png")
    except (ValueError, FileNotFoundError) as error:
        raise Http404("There is no logo.") from error
