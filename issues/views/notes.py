"""Notes on an item: the latest on its page, all of them, one with its history."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from negotiations.access import Role, Viewer, member_of_it, viewer_with
from negotiations.forms import attempt
from negotiations.htmx import HtmxRequest, wants_fragment
from negotiations.views.common import ConflictView, attempt_guarded, page, say_refusal, sent

from .. import services
from ..access import issue_of, note_of
from ..forms.notes import NoteForm, NoteTextForm
from ..models import Issue, Note
from ..numbers import Number
from ..reads.frame import FrameView
from ..reads.notes import history_of, note_line, page_of_notes, read_notes

TARGET = "notes"


@require_http_methods(["GET", "POST"])
def notes(request: HtmxRequest, slug: str, number: Number) -> HttpResponse:
    """All notes on an item that are for the viewer; for who records, the form for a new one."""
    viewer = member_of_it(request.user, slug)
    if request.method == "POST":
        viewer = viewer_with(request.user, slug, Role.RECORDER)
    issue = issue_of(viewer, number)
    form = _form(request, viewer)
    if form and request.method == "POST":
        added = attempt(form, lambda typed: services.add_note(issue, viewer=viewer, **typed))
        if added:
            return _added(request, viewer, issue)
    return _show(request, viewer, issue, form)


def _form(request: HttpRequest, viewer: Viewer) -> NoteForm | None:
    if not viewer.may_record:
        return None
    return NoteForm(sent(request), viewer=viewer, members=FrameView(viewer).member_count)


def _show(
    request: HttpRequest, viewer: Viewer, issue: Issue, form: NoteForm | None
) -> HttpResponse:
    context = _context(viewer, issue) | {"note_form": form}
    status = 422 if form and form.is_bound else 200
    if wants_fragment(request, TARGET):
        context["notes"] = read_notes(viewer, issue)
        return render(request, "issues/_notes.html", context, status=status)
    context["lines"], context["page"] = page_of_notes(viewer, issue, request.GET.get("page", ""))
    return render(request, "issues/notes.html", context, status=status)


def _added(request: HttpRequest, viewer: Viewer, issue: Issue) -> HttpResponse:
    """htmx gets the list with the new note and hears of it; others go back to the item."""
    sentence = "Note added."
    if wants_fragment(request, TARGET):
        context = _context(viewer, issue) | {"notes": read_notes(viewer, issue)}
        return render(request, "issues/_notes.html", context | {"sentence": sentence})
    messages.success(request, sentence)
    return redirect(f"{issue.get_absolute_url()}#notes")


@require_GET
def note(request: HtmxRequest, slug: str, number: Number, note: UUID) -> HttpResponse:
    """One note with what it said before, for who may see it."""
    viewer = member_of_it(request.user, slug)
    found = note_of(viewer, issue_of(viewer, number), note)
    return render(request, "issues/note.html", _note_context(viewer, found))


@require_http_methods(["GET", "POST"])
def note_edit(request: HtmxRequest, slug: str, number: Number, note: UUID) -> HttpResponse:
    """The words of a note under a version; the second editor sees both."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    found = note_of(viewer, issue_of(viewer, number), note)
    form = NoteTextForm(sent(request), initial=NoteTextForm.typed_from(found))
    saved, conflict = attempt_guarded(
        form,
        lambda typed: services.update_note(found, viewer=viewer, **typed),
        typed_from=NoteTextForm.typed_from,
        bind=NoteTextForm,
    )
    if saved:
        messages.success(request, "Note saved.")
        return redirect(f"{found.issue.get_absolute_url()}#notes")
    return _edit_page(request, viewer, found, form, conflict)


def _edit_page(
    request: HttpRequest,
    viewer: Viewer,
    found: Note,
    form: NoteTextForm,
    conflict: ConflictView | None,
) -> HttpResponse:
    context = _context(viewer, found.issue) | {"line": note_line(viewer, found)}
    return page(request, "issues/note_edit.html", form, context | {"conflict": conflict})


@require_POST
def note_remove(request: HtmxRequest, slug: str, number: Number, note: UUID) -> HttpResponse:
    """Takes a note off the item; the message brings it back."""
    viewer, found = _to_change(request, slug, number, note)
    if say_refusal(request, lambda: services.remove_note(found, viewer=viewer)):
        undo = reverse("issues:note_restore", args=[slug, number, note])
        messages.success(request, "Note removed.", extra_tags=undo)
    return redirect(f"{found.issue.get_absolute_url()}#notes")


@require_POST
def note_restore(request: HtmxRequest, slug: str, number: Number, note: UUID) -> HttpResponse:
    """Brings a removed note back."""
    viewer, found = _to_change(request, slug, number, note)
    if say_refusal(request, lambda: services.restore_note(found, viewer=viewer)):
        messages.success(request, "The note is back.")
    return redirect(f"{found.issue.get_absolute_url()}#notes")


def _to_change(request: HtmxRequest, slug: str, number: Number, uuid: UUID) -> tuple[Viewer, Note]:
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    return viewer, note_of(viewer, issue_of(viewer, number), uuid)


def _context(viewer: Viewer, issue: Issue) -> dict[str, Any]:
    context = {"viewer": viewer, "section": "items", "issue": issue}
    return context | {"may_record": viewer.may_record}


def _note_context(viewer: Viewer, found: Note) -> dict[str, Any]:
    context = _context(viewer, found.issue)
    return context | {"line": note_line(viewer, found), "changes": history_of(viewer, found)}
