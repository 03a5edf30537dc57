"""Files to take away: tables streamed at once, the rest prepared beside the requests."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from negotiations.access import Viewer, can_create_negotiation, job_of, member_of_it
from negotiations.forms import attempt
from negotiations.htmx import HtmxRequest, render_page_or_partial, wants_fragment
from negotiations.models import Job, SecurityEvent
from negotiations.services import forget_job, note, session_hash

from ..exports import jobs
from ..exports.csv_file import csv_pages
from ..exports.document import SCHEMA
from ..exports.snapshot import scope_text, take
from ..exports.tables import TABLES
from ..forms.document import DocumentForm
from ..reads.clock import Clock, clock_from
from ..services import load_negotiation
from .pages import frame_for, page_context, person

# How long an answer waits for the file. Most are there at once; with the script a request reports
# often, without it one press of the button goes further.
FIRST_STEP, STEP, LONG_STEP = 1.5, 0.7, 5.0


@require_GET
def files(request: HttpRequest, slug: str) -> HttpResponse:
    """What can be taken away, what is in it, and as of when."""
    viewer = member_of_it(person(request), slug)
    frame = frame_for(request, viewer, clocked=True)
    snapshot = take(viewer, frame.clock)
    tables = [(table, table.count(snapshot)) for table in TABLES.values()]
    everything = take(viewer, Clock(known=frame.clock.known)).entry_count
    context = page_context(
        frame,
        "files",
        tables=tables,
        rows=sum(count for _table, count in tables),
        entries=everything,
        contains=scope_text(viewer),
        heads=snapshot.heads,
    )
    return render(request, "issues/files.html", context)


@require_GET
def file_table(request: HttpRequest, slug: str, table: str) -> HttpResponseBase:
    """One table as CSV, sent while it is read; it breaks off once access is taken away."""
    viewer = member_of_it(person(request), slug)
    clock = clock_from(request.GET)
    if table not in TABLES:
        raise Http404("There is no such table.")
    snapshot = take(viewer, clock)
    pages = csv_pages(TABLES[table], snapshot)
    _note_taken(viewer, f"table of {table}")
    name = jobs.file_name(snapshot, "csv", table)
    answer = _attached(pages, "text/csv; charset=utf-8", name)
    # A table of rows and nothing else: what the other files say on their first page.
    answer["Parley-Fingerprint"] = ", ".join(f"{h.audience}={h.hash}" for h in snapshot.heads)
    return answer


@require_http_methods(["GET", "POST"])
def file_prepare(request: HtmxRequest, slug: str) -> HttpResponse:
    """POST with a kind begins a file; POST without goes on with it; GET shows how far it is."""
    viewer, session = member_of_it(person(request), slug), _session(request)
    if request.method == "POST":
        wait = STEP if request.htmx else LONG_STEP
        if "kind" in request.POST:
            _begin(request, viewer, session)
            wait = FIRST_STEP
        jobs.look(viewer, session, wait)
        if not wants_fragment(request, "file-progress"):
            return redirect("issues:file_prepare", slug)
    job = jobs.look(viewer, session)
    said = ""
    if job and wants_fragment(request, "file-progress"):
        said = job.refused or (f"{job} is ready." if job.is_ready else "")
    unit = jobs.KINDS[job.kind].unit if job else ""
    context = page_context(frame_for(request, viewer), "files", job=job, unit=unit, said=said)
    return render_page_or_partial(
        request,
        "issues/file_prepare.html",
        "issues/_file_progress.html",
        context,
        target="file-progress",
    )


@require_GET
def file_download(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The prepared file, for the person, the sign-in and the scope it was made for."""
    viewer, session = member_of_it(person(request), slug), _session(request)
    job = jobs.look(viewer, session)
    if job and job.is_ready:
        job = jobs.confirm(job)
    if job is None or not job.is_ready:
        messages.error(request, job.refused if job and job.refused else "Prepare the file first.")
        return redirect("issues:files", slug)
    _note_taken(viewer, f"all of it, as {job.kind}")
    answer = _attached(jobs.chunks(job), jobs.KINDS[job.kind].mime, job.file_name)
    answer["Content-Length"] = str(default_storage.size(job.file))
    return answer


def _note_taken(viewer: Viewer, what: str) -> None:
    kind = SecurityEvent.Kind.DOWNLOAD
    note(kind, by=viewer.accountable, negotiation=viewer.negotiation, detail=what)


@require_POST
def file_cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Stops preparing; nothing is kept."""
    viewer = member_of_it(person(request), slug)
    if job := job_of(viewer, _session(request)):
        forget_job(job)
    return redirect("issues:files", slug)


@require_http_methods(["GET", "POST"])
def negotiation_from_file(request: HttpRequest) -> HttpResponse:
    """A negotiation from a JSON file of another Parley; whoever brings it becomes its head."""
    allowed, reason = can_create_negotiation(person(request))
    if not allowed:
        raise PermissionDenied(reason)
    form = DocumentForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    made = attempt(
        form,
        lambda typed: load_negotiation(typed["file"], by=person(request), slug=typed["slug"]),
    )
    if made:
        messages.success(request, f"“{made}” is open, and you are its head.")
        return redirect(made)
    context = {"form": form}
    status = 422 if form.is_bound else 200
    return render(request, "issues/negotiation_from_file.html", context, status=status)


@require_GET
def file_schema(_request: HttpRequest) -> HttpResponse:
    """The JSON Schema of a whole negotiation, for whoever writes or reads such a file."""
    answer = HttpResponse(SCHEMA.read_bytes(), content_type="application/schema+json")
    answer["Content-Disposition"] = f'attachment; filename="{SCHEMA.name}"'
    return answer


def _begin(request: HttpRequest, viewer: Viewer, session: str) -> Job:
    kind = request.POST["kind"]
    if kind not in jobs.KINDS:
        raise BadRequest("There is no such kind of file.")
    clock = clock_from(request.POST)
    if kind == "json":
        # A whole negotiation has no day of its own; what was known by a day it can tell.
        clock = Clock(known=clock.known)
    return jobs.start(viewer, session, kind, clock)


def _session(request: HttpRequest) -> str:
    return session_hash(request.session.session_key)


def _attached(pieces: Iterator[bytes], mime: str, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(pieces, content_type=mime)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
