"""Changing who may see an entry, an item, a line of the agenda, a readout or a source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from negotiations.access import Role, Viewer, party_of, round_of, viewer_with
from negotiations.forms import add_refusal
from negotiations.models import Shown
from negotiations.views.common import sent

from .. import services
from ..access import entry_of, issue_of, line_of, readout_of, source_of
from ..forms.sight import SightForm
from ..models import Entry
from ..numbers import Number
from ..reads.frame import FrameView
from ..reads.sight import SightPreview, preview_sight
from .pages import page_context, person

methods = require_http_methods(["GET", "POST"])


@dataclass(frozen=True)
class Subject:
    """What the page is about: its name, where it leads back to, and the part of the site."""

    thing: Any
    name: str
    back: Callable[[], str]
    section: str = "items"


@methods
def issue_audience(request: HttpRequest, slug: str, number: Number) -> HttpResponse:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    issue = issue_of(viewer, number)

    def back() -> str:
        issue.refresh_from_db(fields=["series", "number"])
        return issue.get_absolute_url()

    return _change(request, viewer, Subject(issue, f"{issue.label} {issue}", back))


@methods
def entry_audience(request: HttpRequest, slug: str, number: Number, uuid: UUID) -> HttpResponse:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    issue = issue_of(viewer, number)
    entry = entry_of(viewer, issue, uuid)
    name = f"the entry of {entry.when} on {issue.label} {issue}"
    return _change(request, viewer, Subject(entry, name, issue.get_absolute_url))


@methods
def agenda_audience(request: HttpRequest, slug: str, place: int, number: Number) -> HttpResponse:
    """Of the delegation's own line where there is one, else of the common one."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    round_, issue = round_of(viewer, place), issue_of(viewer, number)
    line = line_of(viewer, round_, issue)
    name = f"{issue.label} {issue} on the agenda of {round_}"
    return _change(request, viewer, Subject(line, name, round_.get_absolute_url, "rounds"))


@methods
def readout_audience(request: HttpRequest, slug: str, place: int, code: str) -> HttpResponse:
    """Of the delegation's own readout where there is one, else of the common one."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    round_, party = round_of(viewer, place), party_of(viewer, code)
    readout = readout_of(viewer, round_, party)
    name = f"the readout by {party} of {round_}"
    return _change(request, viewer, Subject(readout, name, round_.get_absolute_url, "rounds"))


@methods
def source_audience(request: HttpRequest, slug: str, source: UUID) -> HttpResponse:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    found = source_of(viewer, source)
    subject = Subject(found, f"the source “{found.title}”", found.get_absolute_url, "sources")
    return _change(request, viewer, subject)


# --- The page -----------------------------------------------------------------------------------


def _change(request: HttpRequest, viewer: Viewer, subject: Subject) -> HttpResponse:
    """The form; once it is sent what would follow; once that is confirmed it is done."""
    _check_right(subject.thing, viewer)
    form = SightForm(sent(request), viewer=viewer, thing=subject.thing)
    preview = None
    if form.is_valid():
        try:
            _check(form, viewer, subject.thing)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            audience = form.cleaned_data["audience"]
            preview = preview_sight(subject.thing, audience, form.party, viewer)
            if form.is_confirmed:
                act = _do_when_sure if preview.is_wider else _do
                return act(request, form, viewer, subject)
    return _show(request, viewer, subject, form, preview)


def _check_right(thing: Entry | Shown, viewer: Viewer) -> None:
    """Raises PermissionDenied with the reason."""
    if isinstance(thing, Entry):
        allowed, why_not = services.may_correct(thing, viewer)
    else:
        allowed, why_not = services.may_change_sight(thing, viewer)
    if not allowed:
        raise PermissionDenied(why_not)


def _check(form: SightForm, viewer: Viewer, thing: Entry | Shown) -> None:
    given = form.cleaned_data["audience"], form.party, viewer, form.cleaned_data["reason"]
    if isinstance(thing, Entry):
        services.check_audience(thing, *given)
    else:
        services.check_sight(thing, *given)


def _do(request: HttpRequest, form: SightForm, viewer: Viewer, subject: Subject) -> HttpResponse:
    thing, cleaned = subject.thing, form.cleaned_data
    given = {"party": form.party, "viewer": viewer, **cleaned}
    del given["seen"]
    if isinstance(thing, Entry):
        services.change_audience(thing, **given)
    else:
        services.change_sight(thing, **given)
    messages.success(request, f"Who may see {subject.name} is changed.")
    return redirect(subject.back())


# Whoever finds an open screen shows nothing to more people. What was typed waits meanwhile.
_do_when_sure = reauthentication_required(_do)


def _show(
    request: HttpRequest,
    viewer: Viewer,
    subject: Subject,
    form: SightForm,
    preview: SightPreview | None,
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    if preview:
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["seen"] = form.cleaned_data["audience"]  # type: ignore[index]
    context = page_context(
        FrameView(viewer),
        subject.section,
        form=form,
        preview=preview,
        thing=subject.thing,
        name=subject.name,
        back=subject.back(),
    )
    return render(request, "issues/sight.html", context, status=status)
