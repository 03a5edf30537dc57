"""The public edition and share links: pages for whoever has no account.

They set no cookie and are the same whoever is signed in; but a head who looks as the public may
read an edition that is off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from allauth.core.internal.ratelimit import consume
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from negotiations.access import round_of
from negotiations.dates import date_text

from ..access import published_at, shared_by
from ..forms.clock import PublicDayForm
from ..models import Edition, Issue, ShareLink
from ..reads.citations import read_citations
from ..reads.clock import Clock, clock_from
from ..reads.detail import read_detail
from ..reads.edition import Door, PublicFrame, read_corrections, read_sources
from ..reads.rounds import RoundReader, read_rounds
from ..reads.rows import RowBuilder
from ..reads.standings import StandingReader
from ..reads.state import StateReader, choose_since
from ..services import note_opened
from .pages import page_of

View = Callable[..., HttpResponse]
GONE = (
    "Nothing is published at this address. It may have been taken down, or the link has run out "
    "or is not complete: ask whoever gave it to you."
)
SLOWLY = "Too many pages in a short time from your network. Wait a minute, then go on."


def edition_page(view: View) -> View:
    """A page by either door: the slug of a public edition, or the secret of a share link.

    Whatever is off, over, hidden or not there answers alike, to the byte.
    """

    @wraps(view)
    def wrapper(
        request: HttpRequest, slug: str = "", secret: str = "", **place: Any
    ) -> HttpResponse:
        try:
            response = _answer(view, request, slug, secret, place)
        except Http404:
            response = _refused(request, HTTPStatus.NOT_FOUND, GONE)
        except BadRequest as reason:
            response = _refused(request, HTTPStatus.BAD_REQUEST, str(reason))
        if "X-Robots-Tag" not in response:
            response["X-Robots-Tag"] = "noindex, nofollow"
        if secret:
            response["Referrer-Policy"] = "no-referrer"
        return response

    return login_not_required(require_safe(wrapper))


def _answer(
    view: View, request: HttpRequest, slug: str, secret: str, place: dict[str, Any]
) -> HttpResponse:
    if secret and not consume(
        request, app="issues", action="share", config=settings.SHARE_RATES, limit_get=True
    ):
        return _refused(request, HTTPStatus.TOO_MANY_REQUESTS, SLOWLY)
    link, frame = _by_link(request, secret) if secret else (None, _by_slug(request, slug))
    if "day" in request.GET:
        return redirect(f"{request.path}{_chosen_day(request).query}")
    response = view(request, frame, **place)
    if link:
        note_opened(link)
    if _is_listed(frame):
        response["X-Robots-Tag"] = "all"
    return response


def _by_slug(request: HttpRequest, slug: str) -> PublicFrame:
    base = reverse("issues:public_state", args=[slug])
    return PublicFrame(Door(base, published_at(request.user, slug)), clock_from(request.GET))


def _by_link(request: HttpRequest, secret: str) -> tuple[ShareLink, PublicFrame]:
    link, edition = shared_by(secret)
    base = reverse("issues:shared_state", args=[secret])
    door = Door(base, edition, link.issue, link.round, is_shared=True, is_dated=bool(link.day))
    clock = Clock(link.day, link.day) if link.day else clock_from(request.GET)
    return link, PublicFrame(door, clock)


def _chosen_day(request: HttpRequest) -> Clock:
    """An edition as of a day holds what was known then. Raises BadRequest."""
    form = PublicDayForm(request.GET)
    if not form.is_valid():
        raise BadRequest(" ".join(map(str, form.errors["day"])))
    day: dt.date = form.cleaned_data["day"]
    return clock_from({"as_of": day.isoformat(), "known": day.isoformat()})


def _is_listed(frame: PublicFrame) -> bool:
    """Whether search engines may list the page: never an old state of things."""
    edition = frame.door.edition
    is_chosen = edition.is_on and edition.may_be_indexed
    return is_chosen and frame.clock.is_now and not frame.door.is_shared


def _refused(request: HttpRequest, status: HTTPStatus, sentence: str) -> HttpResponse:
    context = {"sentence": sentence, "status": status.phrase}
    return render(request, "issues/public/refused.html", context, status=status)


def _page(
    request: HttpRequest, frame: PublicFrame, template: str, section: str, **more: Any
) -> HttpResponse:
    stable, is_shared = _stable(request, frame), frame.door.is_shared
    context = {
        "frame": frame,
        "clock": frame.clock,
        "section": section,
        "listed": _is_listed(frame),
        "stable": stable,
        # On paper; never a secret.
        "printed": "" if is_shared else request.build_absolute_uri(stable[0]),
        "looking": getattr(request, "eyes", None),
        **more,
    }
    return render(request, f"issues/public/{template}.html", context)


def _stable(request: HttpRequest, frame: PublicFrame) -> tuple[str, str]:
    """The address that always gives the same page, and its day in words: the last that is over."""
    clock = frame.clock
    day = clock.known or clock.as_of or timezone.localdate() - dt.timedelta(1)
    return f"{request.path}{Clock(clock.as_of or day, clock.known or day).query}", date_text(day)


# --- The pages ------------------------------------------------------------------------------------


@edition_page
def state(request: HttpRequest, frame: PublicFrame) -> HttpResponse:
    """Where every item stands; of a door to one page, that page."""
    if frame.door.issue:
        return _item(request, frame, frame.item(frame.door.issue.pk))
    if frame.door.round:
        return _round(request, frame, frame.door.round.place)
    reader = StandingReader(frame)
    since = choose_since(frame, {})
    since_day = since.last_day if since else None
    page, issues = page_of(request, list(frame.items))
    return _page(
        request,
        frame,
        "state",
        "state",
        figures=StateReader(frame, reader).figures(since_day),
        since=since,
        rows=RowBuilder(frame, reader).rows(issues, since_day),
        page=page,
    )


@edition_page
def item(request: HttpRequest, frame: PublicFrame, key: str) -> HttpResponse:
    """Where one item stands, each party's word, and the public part of its history."""
    if frame.door.is_narrow:
        raise Http404("This link leads to one page.")
    return _item(request, frame, frame.item_with(key))


def _item(request: HttpRequest, frame: PublicFrame, issue: Issue) -> HttpResponse:
    detail = read_detail(frame, issue, request.GET.get("after", ""))
    return _page(request, frame, "item", "state", issue=issue, detail=detail)


@edition_page
def rounds(request: HttpRequest, frame: PublicFrame) -> HttpResponse:
    """All rounds in order."""
    _whole(frame)
    return _page(request, frame, "rounds", "rounds", rows=read_rounds(frame))


@edition_page
def round_(request: HttpRequest, frame: PublicFrame, place: int) -> HttpResponse:
    """One round: who led, what each side said of it, what moved at it."""
    _whole(frame)
    return _round(request, frame, place)


def _round(request: HttpRequest, frame: PublicFrame, place: int) -> HttpResponse:
    found = round_of(frame.viewer, place)
    shown = RoundReader(frame, found).read(request.GET.get("page", ""))
    return _page(request, frame, "round", "rounds", round=found, shown=shown)


@edition_page
def sources(request: HttpRequest, frame: PublicFrame) -> HttpResponse:
    """What the public record rests on."""
    _whole(frame)
    page, rows = read_sources(frame, request.GET.get("page", ""))
    return _page(request, frame, "sources", "sources", page=page, rows=rows)


@edition_page
def source(request: HttpRequest, frame: PublicFrame, source: UUID) -> HttpResponse:
    """One source, and the public entries that rest on it."""
    _whole(frame)
    found = frame.source(source)
    cited = read_citations(frame, found, request.GET.get("page", ""))
    return _page(request, frame, "source", "sources", source=found, cited=cited)


@edition_page
def corrections(request: HttpRequest, frame: PublicFrame) -> HttpResponse:
    """What was corrected or taken back, when and why."""
    _whole(frame)
    page, rows = read_corrections(frame, request.GET.get("page", ""))
    return _page(request, frame, "corrections", "corrections", page=page, rows=rows)


def _whole(frame: PublicFrame) -> None:
    if frame.door.is_narrow:
        raise Http404("This link leads to one page.")


@require_safe
@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing is for search engines but the editions that chose it."""
    listed = Edition.objects.filter(is_on=True, may_be_indexed=True).order_by("pk")
    slugs = listed.values_list("negotiation__slug", flat=True)
    allowed = [f"Allow: {reverse('issues:public_state', args=[slug])}" for slug in slugs]
    lines = "\n".join(["User-agent: *", *allowed, "Disallow: /", ""])
    return HttpResponse(lines, content_type="text/plain; charset=utf-8")
