"""All rounds, one round, and its agenda as it is marked."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from negotiations.access import Role, Viewer, round_of, viewer_of, viewer_with
from negotiations.forms import add_refusal
from negotiations.htmx import render_page_or_partial, wants_fragment
from negotiations.models import Round
from negotiations.moments import one_moment

from .. import services
from ..forms.agenda import AgendaForm
from ..reads.frame import FrameView
from ..reads.rounds import RoundReader, read_rounds
from .pages import frame_for, page_context, person

TARGET = "round-page"


@require_GET
@one_moment()
def round_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Rounds in order: when, where, who led, what moved, how many entries; also as it was."""
    viewer = viewer_of(person(request), slug)
    frame = frame_for(request, viewer, clocked=True)
    context = page_context(frame, "rounds", rows=read_rounds(frame))
    return render(request, "issues/round_list.html", context)


@require_GET
@one_moment()
def round_detail(request: HttpRequest, slug: str, place: int) -> HttpResponse:
    """One round, before and after per item; with ?as_of= and ?known= as it was, read-only."""
    viewer = viewer_of(person(request), slug)
    frame = frame_for(request, viewer, clocked=True)
    return _show(request, frame, round_of(viewer, place), request.get_full_path())


@require_POST
def agenda_mark(request: HttpRequest, slug: str, place: int) -> HttpResponse:
    """Marks items of the agenda: planned, discussed, not reached."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    round_ = round_of(viewer, place)
    form = _form(FrameView(viewer), request.POST)
    if form.is_valid():
        try:
            services.mark_agenda(
                round_,
                form.cleaned_data["item"],
                mark=form.cleaned_data["mark"],
                by=viewer.user,
                party=viewer.party,
                audience=form.cleaned_data["audience"],
            )
        except ValidationError as error:
            add_refusal(form, error)
    if form.errors:
        return _again(request, viewer, round_, form)
    sentence = _said(form)
    if not wants_fragment(request, TARGET):
        messages.success(request, sentence)
        return redirect(round_)
    return _show(request, FrameView(viewer), round_, round_.get_absolute_url(), said=sentence)


def _form(frame: FrameView, sent: QueryDict | None = None) -> AgendaForm:
    sides = len(frame.parties)
    return AgendaForm(sent, viewer=frame.viewer, sides=sides, auto_id="agenda_%s")


def _said(form: AgendaForm) -> str:
    """ "7 Restrictions on travel: discussed." """
    items, mark = form.cleaned_data["item"], services.Mark(form.cleaned_data["mark"])
    return f"{', '.join(f'{item.label} {item.title}' for item in items)}: {mark.label.lower()}."


def _again(request: HttpRequest, viewer: Viewer, round_: Round, form: AgendaForm) -> HttpResponse:
    """The page with what is wrong beside the field, and what was typed still in it."""
    path, status = round_.get_absolute_url(), HTTPStatus.UNPROCESSABLE_ENTITY
    return _show(request, FrameView(viewer), round_, path, form=form, status=status)


def _show(
    request: HttpRequest,
    frame: FrameView,
    round_: Round,
    path: str,
    *,
    form: AgendaForm | None = None,
    said: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    shown = RoundReader(frame, round_).read(request.GET.get("page", ""))
    context = page_context(
        frame,
        "rounds",
        shown=shown,
        round=round_,
        form=form or _form(frame),
        note="" if frame.viewer.is_public else round_.note,
        said=said,
        path=path,
        preset=urlencode([("round", str(round_.place)), ("back", path)]),
        mark_url=reverse("issues:agenda_mark", args=[round_.negotiation.slug, round_.place]),
    )
    return render_page_or_partial(
        request,
        "issues/round_detail.html",
        "issues/_round_page.html",
        context,
        target=TARGET,
        status=status,
    )
