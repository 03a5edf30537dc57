"""The three papers: each a page to print, a PDF and a Word file at one address."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from negotiations.access import Viewer, as_any_member, letterhead_of, viewer_of
from negotiations.models import Letterhead, SecurityEvent
from negotiations.moments import one_moment
from negotiations.services import note

from ..access import issue_of
from ..numbers import Number
from ..papers import (
    Maker,
    NoPdf,
    Paper,
    item_brief,
    moved_paper,
    state_paper,
    write_pdf,
    write_word,
)
from .pages import frame_for, page_context, person

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_GET
def paper_state(request: HttpRequest, slug: str) -> HttpResponse:
    """The state of play; takes the clocks, the filters, ?since= and ?empty= of its page."""
    viewer = viewer_of(person(request), slug)
    frame = frame_for(request, _reader(request, viewer), clocked=True)
    with one_moment():
        paper = state_paper(frame, request.GET, _maker(request, viewer))
    return _answer(request, viewer, paper, reverse("issues:state_of_play", args=[slug]))


@require_GET
def paper_moved(request: HttpRequest, slug: str) -> HttpResponse:
    """What moved between two rounds or days; takes ?from= and ?to= of its page."""
    viewer = viewer_of(person(request), slug)
    frame = frame_for(request, _reader(request, viewer), clocked=True)
    with one_moment():
        paper = moved_paper(frame, request.GET, _maker(request, viewer))
    return _answer(request, viewer, paper, reverse("issues:changes", args=[slug]))


@require_GET
def paper_brief(request: HttpRequest, slug: str, number: Number) -> HttpResponse:
    """One item; takes the clocks of its page."""
    viewer = viewer_of(person(request), slug)
    issue = issue_of(viewer, number)
    frame = frame_for(request, _reader(request, viewer), clocked=True)
    with one_moment():
        paper = item_brief(frame, issue, _maker(request, viewer))
    return _answer(request, viewer, paper, issue.get_absolute_url())


def _reader(request: HttpRequest, viewer: Viewer) -> Viewer:
    """Whose eyes the paper is made with: one's own, or with ?audience=members any member's."""
    match request.GET.get("audience", ""):
        case "":
            return viewer
        case "members":
            return as_any_member(viewer)
    raise BadRequest("A paper is for yourself or for all members: write audience=members.")


def _maker(request: HttpRequest, viewer: Viewer) -> Maker:
    """Who makes the paper, and on which: `?paper=`, else as the negotiation's letterhead says."""
    letterhead = letterhead_of(viewer)
    size = request.GET.get("paper") or letterhead.paper
    if size not in Letterhead.Paper.values:
        raise BadRequest("Paper is a4 or letter: write paper=a4.")
    return Maker(str(person(request)), timezone.now(), letterhead, size)


def _answer(request: HttpRequest, viewer: Viewer, paper: Paper, back: str) -> HttpResponse:
    """The form that ?format= asks for: a page, pdf or docx."""
    match request.GET.get("format", ""):
        case "":
            return _page(request, viewer, paper, back)
        case "docx":
            return _file(viewer, write_word(paper), WORD, f"{paper.name}.docx")
        case "pdf":
            try:
                return _file(viewer, write_pdf(paper), "application/pdf", f"{paper.name}.pdf")
            except NoPdf as reason:
                return _page(request, viewer, paper, back, problem=str(reason))
    raise BadRequest("A paper is a page, a PDF or a Word file: write format=pdf or format=docx.")


def _page(
    request: HttpRequest, viewer: Viewer, paper: Paper, back: str, problem: str = ""
) -> HttpResponse:
    slug = viewer.negotiation.slug
    frame = frame_for(request, viewer)
    context = page_context(
        frame,
        "",
        paper=paper,
        problem=problem,
        back=back,
        logo=reverse("negotiations:letterhead_logo", args=[slug]),
        other_size=next(size for size in Letterhead.Paper if size != paper.size),
    )
    status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
    return render(request, "issues/paper.html", context, status=status)


def _file(viewer: Viewer, content: bytes, kind: str, name: str) -> HttpResponse:
    # Without the paper's name: it may hold the number of an item that only a delegation sees.
    what = f"paper, as {name.rpartition('.')[2]}"
    taken = SecurityEvent.Kind.DOWNLOAD
    note(taken, by=viewer.accountable, negotiation=viewer.negotiation, detail=what)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
