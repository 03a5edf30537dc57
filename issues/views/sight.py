"""Changing who may see an entry, an item, an agenda line, a readout, a source or a note."""

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
from negotiations.views.common import sent

from .. import services
from ..access import entry_of, issue_of, line_of, note_of, readout_of, source_of
from ..forms.sight import NoteSightForm, SightForm
from ..models import Entry, Note
from ..numbers import Number
from ..reads.frame import FrameView
from ..reads.notes import note_audience_text
from ..reads.sight import SightPreview, preview_note_sight, preview_sight, seen_by
from .pages import page_context, person

methods = require_http_methods(["GET", "POST"])


@dataclass(frozen=True)
class Subject:
    """What the page is about: its name, the page it leads back to, and the part of the site."""

    thing: Any
    name: str
    page: str
    back: Callable[[], str]
    section: str = "items"

    @property
    def now(self) -> str:
        """Who may see it, in words."""
        if isinstance(self.thing, Note):
            return note_audience_text(self.thing)
        return seen_by(self.thing)


@methods
def issue_audience(request: HttpRequest, slug: str, number: Number) -> HttpResponse:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    issue = issue_of(viewer, number)

    def back() -> str:
        issue.refresh_from_db(fields=["series", "number"])
        return issue.get_absolute_url()

    return _change(request, viewer, Subject(issue, f"{issue.label} {issue}", str(issue), back))


@methods
def entry_audience(request: HttpRequest, slug: str, number: Number, uuid: UUID) -> HttpResponse:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    issue = issue_of(viewer, number)
    entry = entry_of(viewer, issue, uuid)
    name = f"the entry of {entry.when} on {issue.label} {issue}"
    return _change(request, viewer, Subject(entry, name, str(issue), issue.get_absolute_url))


@methods
def agenda_audience(request: HttpRequest, slug: str, place: int, number: Number) -> HttpResponse:
    """Of the delegation's own line where there is one, else of the common one."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    round_, issue = round_of(viewer, place), issue_of(viewer, number)
    line = line_of(viewer, round_, issue)
    name = f"{issue.label} {issue} on the agenda of {round_}"
    subject = Subject(line, name, str(round_), round_.get_absolute_url, "rounds")
    return _change(request, viewer, subject)


@methods
def readout_audience(request: HttpRequest, slug: str, place: int, code: str) -> HttpResponse:
    """Of the delegation's own readout where there is one, else of the common one."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    round_, party = round_of(viewer, place), party_of(viewer, code)
    readout = readout_of(viewer, round_, party)
    name = f"the readout by {party} of {round_}"
    subject = Subject(readout, name, str(round_), round_.get_absolute_url, "rounds")
    return _change(request, viewer, subject)


@methods
def source_audience(request: HttpRequest, slug: str, source: UUID) -> HttpResponse:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    found = source_of(viewer, source)
    name, page = f"the source “{found.title}”", str(found)
    return _change(request, viewer, Subject(found, name, page, found.get_absolute_url, "sources"))


@methods
def note_audience(request: HttpRequest, slug: str, number: Number, note: UUID) -> HttpResponse:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    issue = issue_of(viewer, number)
    found = note_of(viewer, issue, note)
    name, page = f"a note on {issue.label} {issue}", f"A note on {issue}"
    return _change(request, viewer, Subject(found, name, page, found.get_absolute_url))


# --- The page -----------------------------------------------------------------------------------


def _change(request: HttpRequest, viewer: Viewer, subject: Subject) -> HttpResponse:
    """The form; once it is sent what would follow; once that is confirmed it is done."""
    _check_right(subject.thing, viewer)
    kind = NoteSightForm if isinstance(subject.thing, Note) else SightForm
    form = kind(sent(request), viewer=viewer, thing=subject.thing)
    preview = None
    if form.is_valid():
        try:
            _check(form, viewer, subject.thing)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            preview = _preview(form, viewer, subject.thing)
            if form.is_confirmed:
                act = _do_when_sure if preview.is_wider else _do
                return act(request, form, viewer, subject)
    return _show(request, viewer, subject, form, preview)


def _check_right(thing: Any, viewer: Viewer) -> None:
    """Raises PermissionDenied with the reason."""
    match thing:
        case Entry():
            allowed, why_not = services.may_correct(thing, viewer)
        case Note():
            allowed, why_not = services.may_change_note_sight(thing, viewer)
        case _:
            allowed, why_not = services.may_change_sight(thing, viewer)
    if not allowed:
        raise PermissionDenied(why_not)


def _check(form: SightForm, viewer: Viewer, thing: Any) -> None:
    audience, reason = form.cleaned_data["audience"], form.cleaned_data["reason"]
    if isinstance(form, NoteSightForm):
        services.check_note_sight(thing, audience, form.named, viewer, reason)
    elif isinstance(thing, Entry):
        services.check_audience(thing, audience, form.party, viewer, reason)
    else:
        services.check_sight(thing, audience, form.party, viewer, reason)


def _preview(form: SightForm, viewer: Viewer, thing: Any) -> SightPreview:
    audience = form.cleaned_data["audience"]
    if isinstance(form, NoteSightForm):
        return preview_note_sight(thing, audience, form.named, viewer)
    return preview_sight(thing, audience, form.party, viewer)


def _do(request: HttpRequest, form: SightForm, viewer: Viewer, subject: Subject) -> HttpResponse:
    thing = subject.thing
    given = {name: form.cleaned_data[name] for name in ("audience", "reason")} | {"viewer": viewer}
    if isinstance(form, NoteSightForm):
        services.change_note_sight(thing, people=form.named, **given)
    elif isinstance(thing, Entry):
        services.change_audience(thing, party=form.party, **given)
    else:
        services.change_sight(thing, party=form.party, **given)
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
        form.data["seen"] = form.chosen  # type: ignore[index]
    context = page_context(
        FrameView(viewer),
        subject.section,
        form=form,
        preview=preview,
        subject=subject,
        back=subject.back(),
    )
    return render(request, "issues/sight.html", context, status=status)
