"""The same entry on many items: selected in the list, one batch, undone as one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from negotiations.access import Role, viewer_with
from negotiations.htmx import wants_fragment
from negotiations.templatetags.parley import plural
from negotiations.views.common import safe_path

from .. import services
from ..forms.bulk import BulkForm
from ..models import Issue
from ..numbers import numbers_in
from ..reads.frame import FrameView
from ..reads.standings import NOTHING, StandingReader, StandingView
from ..standing import movement
from .entries import DIALOG, answer, take_over
from .pages import page_context, person

MOST = 500  # items in one request, so that no address or page grows without bound
TARGET = "bulk-form"


@require_http_methods(["GET", "POST"])
def issue_record(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: the form for the items that ?item= names. POST: the same entry on each of them."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    frame, sent = FrameView(viewer), request.method == "POST"
    issues = _chosen(request, frame)
    data: tuple[Any, Any] = (request.POST, request.FILES) if sent else (None, None)
    form = BulkForm(*data, issues=issues, frame=frame, members=frame.member_count)
    if not sent or not form.is_valid():
        return _show(request, frame, form, status=422 if sent else 200)
    pairs = form.pairs()
    pks = sorted({issue.pk for issue, _data in pairs})
    before = StandingReader(frame).on(pks)
    try:
        done = services.record_many(pairs, viewer=viewer, batch=form.batch)
    except ValidationError as error:
        take_over(form, error)
        return _show(request, frame, form, status=422)
    return _recorded(request, frame, pairs[0][0], before, done)


def _chosen(request: HttpRequest, frame: FrameView) -> list[Issue]:
    """The items that were sent along, in the order of the agenda. What is no item is left out."""
    data = request.POST if request.method == "POST" else request.GET
    # A form that comes back with an item left out still offers it.
    typed = [*data.getlist("item"), *data.getlist("offered")]
    numbers = dict.fromkeys(numbers_in(typed[: 2 * MOST]))
    issues = Issue.objects.visible_to(frame.viewer).numbered(*numbers)
    return list(issues.in_agenda_order()[:MOST])


def _show(
    request: HttpRequest, frame: FrameView, form: BulkForm, *, status: int = 200
) -> HttpResponse:
    listed = reverse("issues:issue_list", args=[frame.negotiation.slug])
    typed = request.POST.get("back", request.GET.get("back", ""))
    context = page_context(
        frame,
        "items",
        form=form,
        back=safe_path(request, typed, listed),
        in_dialog=wants_fragment(request, DIALOG) or request.POST.get("dialog") == "1",
    )
    fragment = wants_fragment(request, DIALOG) or wants_fragment(request, TARGET)
    template = "issues/_bulk_form.html" if fragment else "issues/issue_record.html"
    return render(request, template, context, status=status)


def _recorded(
    request: HttpRequest,
    frame: FrameView,
    first: Issue,
    before: dict[int, StandingView],
    done: services.Recorded,
) -> HttpResponse:
    """How many items moved, and the button that takes the whole batch back."""
    after = StandingReader(frame).on(list(before))
    moved = sum(movement(before.get(pk, NOTHING), after.get(pk, NOTHING)).moved for pk in after)
    count = plural(len(done.entries), "entry,entries")
    sentence = f"Recorded {count} on {plural(len(after), 'item')}: {moved} moved."
    if done.again:
        sentence = "This was recorded already; nothing was added twice."
    kwargs = {"slug": frame.negotiation.slug, "number": first.address}
    undo = reverse("issues:entry_undo", kwargs=kwargs | {"uuid": done.entries[0].uuid})
    return answer(request, frame, first, sentence, undo=undo)
