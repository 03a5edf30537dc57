"""Importing a table: upload, columns, words, check, write; and what was imported before.

One file waits per person and negotiation, so the pages need no number in their addresses; every
form names the file it was made for.
"""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from negotiations.access import Role, Viewer, viewer_with
from negotiations.forms import attempt
from negotiations.htmx import HtmxRequest, render_page_or_partial
from negotiations.views.common import page, sent, sent_from

from ..access import import_of
from ..forms.imports import ColumnsForm, RetractForm, UploadForm, WordsForm
from ..imports.columns import ENTRIES, FIELDS
from ..imports.tables import Unreadable
from ..models import Import, Kind, Upload
from ..reads.imports import imports_of, opened_items, preview
from ..services import importing

UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
def import_start(request: HtmxRequest, slug: str) -> HttpResponse:
    """Choose a file; below it what was imported before."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    kind = {"kind": request.GET["kind"]} if request.GET.get("kind") in Kind.values else None
    form = UploadForm(sent(request), request.FILES or None, viewer=viewer, initial=kind)
    upload = attempt(form, lambda typed: _stage(viewer, **typed))
    if upload:
        return redirect("issues:import_columns", slug)
    waiting = importing.staged(viewer)
    context = _context(viewer, waiting) | {
        "imports": imports_of(viewer),
        "tables": list(FIELDS.items()),
    }
    return page(request, "issues/import_start.html", form, context)


@require_http_methods(["GET", "POST"])
def import_columns(request: HtmxRequest, slug: str) -> HttpResponse:
    """How the file is read and what its columns hold."""
    viewer, upload = _upload(request, slug)
    if upload is None:
        return redirect("issues:import_start", slug)
    table = importing.table_of(upload)
    form = ColumnsForm(sent(request), upload=upload, table=table, viewer=viewer)
    if form.is_valid() and (form.asks_to_read_again or "again" in request.POST):
        if attempt(form, lambda _typed: _read_again(upload, form, viewer)):
            messages.success(request, "Read anew; look at the columns once more.")
            return redirect("issues:import_columns", slug)
    elif form.is_valid() and form.check_columns():
        kept = upload.options | form.options
        importing.update_upload(upload, columns=form.columns, options=kept)
        following = "import_words" if upload.kind == ENTRIES else "import_check"
        return redirect(f"issues:{following}", slug)
    context = _context(viewer, upload) | {"table": table}
    return page(request, "issues/import_columns.html", form, context)


@require_http_methods(["GET", "POST"])
def import_words(request: HtmxRequest, slug: str) -> HttpResponse:
    """What the file's words for statuses and speakers mean here."""
    viewer, upload = _upload(request, slug)
    if upload is None or upload.kind != ENTRIES:
        return redirect("issues:import_start", slug)
    table = importing.table_of(upload)
    form = WordsForm(sent(request), upload=upload, table=table, viewer=viewer)
    if form.is_valid():
        importing.update_upload(upload, words=form.words, options=upload.options | form.options)
        return redirect("issues:import_check", slug)
    return page(request, "issues/import_words.html", form, _context(viewer, upload))


@require_http_methods(["GET", "POST"])
def import_check(request: HtmxRequest, slug: str) -> HttpResponse:
    """The dry run, some rows with each request; then every row with its errors beside it."""
    viewer, upload = _upload(request, slug)
    if upload is None:
        return redirect("issues:import_start", slug)
    if request.method == "POST" and not upload.is_checked:
        importing.check_some(upload, viewer)
    return _check_page(request, viewer, upload)


@sent_from("issues:import_check")
def import_run(request: HtmxRequest, slug: str) -> HttpResponse:
    """Write all rows or none; sent twice, the second answer leads to the same import."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    if made := importing.finished(viewer, request.POST.get("token", "")):
        return _lead_to(request, made)
    _viewer, upload = _upload(request, slug)
    if upload is None:
        return redirect("issues:import_start", slug)
    if not upload.is_checked:
        return redirect("issues:import_check", slug)
    try:
        made = importing.run_import(upload, viewer)
    except ValidationError as refusal:
        return _check_page(request, viewer, upload, refused=refusal.messages[:20])
    messages.success(request, f"“{made}” is imported: {made.row_count:,} rows.")
    return _lead_to(request, made)


@require_GET
def import_progress(request: HtmxRequest, slug: str) -> HttpResponse:
    """How far the writing is; asked for again and again while it lasts."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    upload = importing.staged(viewer)
    told = importing.progress_of(upload) if upload else None
    context = _context(viewer, upload) | {"told": told, "running": upload is not None}
    return render(request, "issues/_import_progress.html", context)


@sent_from("issues:import_start")
def import_discard(request: HtmxRequest, slug: str) -> HttpResponse:
    """Forget the file that waits."""
    _viewer, upload = _upload(request, slug)
    if upload:
        importing.discard(upload)
        messages.success(request, "Forgotten. Nothing was imported.")
    return redirect("issues:import_start", slug)


@require_GET
def import_sample(request: HtmxRequest, slug: str, kind: str) -> HttpResponse:
    """An empty table with the columns that are understood without asking."""
    viewer_with(request.user, slug, Role.RECORDER)
    if kind not in FIELDS:
        raise Http404("There is no such table.")
    text = io.StringIO()
    csv.writer(text).writerow([field.label for field in FIELDS[kind]])
    # The mark at the beginning tells Excel that this is UTF-8.
    answer = HttpResponse(f"\ufeff{text.getvalue()}", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    return answer


@require_GET
def import_detail(request: HtmxRequest, slug: str, batch: UUID) -> HttpResponse:
    """One import: who, when, which file, what came of it."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    return _detail_page(request, viewer, batch, RetractForm())


@require_http_methods(["GET", "POST"])
def import_retract(request: HtmxRequest, slug: str, batch: UUID) -> HttpResponse:
    """Take back everything an import wrote."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    made, form = import_of(viewer, batch), RetractForm(sent(request))
    if request.method == "GET":
        return redirect("issues:import_detail", slug, batch)
    taken = attempt(form, lambda typed: importing.retract_import(made, viewer=viewer, **typed))
    if taken is None:
        return _detail_page(request, viewer, batch, form)
    messages.success(request, f"“{made}” is retracted.")
    return redirect("issues:import_detail", slug, batch)


# --- Helpers ------------------------------------------------------------------------------------


def _stage(viewer: Viewer, *, kind: str, file: Any) -> Upload:
    """The file, read. Raises ValidationError beside the field for what cannot be."""
    try:
        return importing.stage(viewer, kind=kind, file_name=file.name, data=file.read())
    except Unreadable as refusal:
        raise ValidationError({"file": str(refusal)}) from refusal


def _read_again(upload: Upload, form: ColumnsForm, viewer: Viewer) -> Upload:
    try:
        return importing.read_again(upload, form.wanted_format, viewer)
    except Unreadable as refusal:
        raise ValidationError(str(refusal)) from refusal


def _upload(request: HtmxRequest, slug: str) -> tuple[Viewer, Upload | None]:
    """The file that waits; none, with a message, when the form was made for another one."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    upload = importing.staged(viewer)
    meant = request.POST.get("token")
    if upload and request.method == "POST" and meant != str(upload.token):
        messages.error(request, "Another file was uploaded meanwhile; this is about that one.")
        return viewer, None
    if upload is None:
        messages.error(request, "No file is waiting here: choose one.")
    return viewer, upload


def _lead_to(request: HtmxRequest, made: Import) -> HttpResponse:
    address = reverse("issues:import_detail", args=[made.negotiation.slug, made.uuid])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _context(viewer: Viewer, upload: Upload | None) -> dict[str, Any]:
    section = {"viewer": viewer, "section": "setup" if viewer.is_head else "items"}
    return section | {"part": "import", "upload": upload}


def _check_page(
    request: HtmxRequest, viewer: Viewer, upload: Upload, refused: list[str] | None = None
) -> HttpResponse:
    """Page or fragment; while rows are unchecked only how far it is."""
    context = _context(viewer, upload) | {"refused": refused}
    if upload.is_checked:
        table, asked = importing.table_of(upload), request.GET
        # Where rows have errors, these come first; the others are one link away.
        only_faulty = asked.get("rows") != "all" and bool(importing.checked(upload).faults)
        page_number = asked.get("page", "")
        context["preview"] = preview(
            upload, viewer, table, page=page_number, only_faulty=only_faulty
        )
    return render_page_or_partial(
        request,
        "issues/import_check.html",
        "issues/_import_check.html",
        context,
        target="import-check",
        status=UNPROCESSABLE if refused else 200,
    )


def _detail_page(
    request: HttpRequest, viewer: Viewer, batch: UUID, form: RetractForm
) -> HttpResponse:
    made = import_of(viewer, batch)
    allowed, why_not = importing.may_retract_import(made, viewer)
    context = _context(viewer, None) | {
        "made": made,
        "items": opened_items(made, viewer),
        "may_retract": allowed,
        "why_not": why_not,
    }
    return page(request, "issues/import_detail.html", form, context)
