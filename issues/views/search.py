"""Finding things: one box for items, entries, rounds and sources."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from negotiations.access import Viewer, viewer_of, viewers_of
from negotiations.htmx import render_page_or_partial
from negotiations.models import User
from negotiations.moments import one_moment

from ..forms.search import SearchForm
from ..reads.search import Group, SearchReader
from .pages import person


@require_GET
@one_moment()
def search(request: HttpRequest) -> HttpResponse:
    """What fits `?q=`, in one negotiation (`?in=`) or in all of mine."""
    viewers, slug = _viewers(person(request), request.GET.get("in", ""))
    form = SearchForm(request.GET)
    reader = SearchReader(viewers, form.cleaned_data["q"] if form.is_valid() else "")
    context = {
        "viewer": viewers[0] if slug else None,
        "section": "search",
        "slug": slug,
        "form": form,
        "typed": form["q"].value() or "",
        "kind": request.GET.get("kind", "") if form.is_valid() else "",
        "looked": bool(reader.terms),
        "groups": _groups(reader, form, request.GET.get("page", "")),
    }
    return render_page_or_partial(
        request,
        "issues/search.html",
        "issues/_search_results.html",
        context,
        target="search-results",
        status=HTTPStatus.OK if form.is_valid() else HTTPStatus.UNPROCESSABLE_ENTITY,
    )


def _viewers(user: User, slug: str) -> tuple[list[Viewer], str]:
    """The negotiations to look in. Raises Http404 for one that is not this person's."""
    if not slug:
        return viewers_of(user), ""
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise Http404("No negotiation at this address.") from error
    return [viewer_of(user, slug)], slug


def _groups(reader: SearchReader, form: SearchForm, page: str) -> list[Group]:
    if not form.is_valid():
        return []
    kind = form.cleaned_data["kind"]
    return reader.one_kind(kind, page) if kind else reader.overview()
