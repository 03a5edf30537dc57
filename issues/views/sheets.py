"""The sheet of a round or of a source: drafts that save themselves, and their release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from negotiations.access import Role, round_of, viewer_with
from negotiations.dates import date_text
from negotiations.exceptions import Conflict
from negotiations.htmx import wants_fragment
from negotiations.templatetags.parley import plural

from .. import services
from ..access import open_sheet_of, sheet_of, source_of
from ..forms.sheet import SheetRowForm, SheetTopForm, is_today, row_forms, top_words
from ..models import Sheet
from ..reads.frame import FrameView
from ..reads.sheets import Outcome, SheetReader, items_numbered, line_of, read_release
from .pages import page_context, person

ANSWER, FORM = "sheet-answer", "sheet-form"


@dataclass
class Saved:
    """What was sent and what became of it. `top_kept`: nobody else had changed the top."""

    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    top_kept: bool = True
    closed: bool = False

    @property
    def status(self) -> int:
        states = {outcome.state for outcome in self.outcomes.values()}
        if services.sheets.CONFLICT in states or not self.top_kept or self.closed:
            return HTTPStatus.CONFLICT
        if services.sheets.REFUSED in states:
            return HTTPStatus.UNPROCESSABLE_ENTITY
        return HTTPStatus.OK


@require_http_methods(["GET", "POST"])
def round_sheet(request: HttpRequest, slug: str, place: int) -> HttpResponse:
    """One's own open sheet at a round, or with ?of= another's on the side one heads."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    round_ = round_of(viewer, place)
    sheet = open_sheet_of(viewer, request.GET.get("of", ""), round_, None)
    return _sheet(request, FrameView(viewer), sheet)


@require_http_methods(["GET", "POST"])
def source_sheet(request: HttpRequest, slug: str, source: UUID) -> HttpResponse:
    """The same, opened from a source: one article or readout over many items."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    found = source_of(viewer, source)
    sheet = open_sheet_of(viewer, request.GET.get("of", ""), None, found)
    return _sheet(request, FrameView(viewer), sheet)


@require_safe
def sheet(request: HttpRequest, slug: str, sheet: UUID) -> HttpResponse:
    """A released sheet with what it moved; an open one leads to where it is typed."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    found, frame = sheet_of(viewer, sheet), FrameView(viewer)
    if not found.released_at and (found.round or found.from_source):
        return redirect(address_of(found, frame))
    reader = SheetReader(frame, found)
    context = page_context(
        frame,
        "rounds",
        sheet=found,
        lines=[(row.issue, line_of(row)) for row in reader.rows],
        released=read_release(frame, found) if found.released_at else None,
        may_undo=_may_undo(frame, found),
    )
    return render(request, "issues/sheet.html", context)


@require_POST
def sheet_undo(request: HttpRequest, slug: str, sheet: UUID) -> HttpResponse:
    """Takes back all that a release wrote, by whoever released it, within ten minutes."""
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    found = sheet_of(viewer, sheet)
    try:
        opened = services.undo_sheet(found, viewer=viewer)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(found)
    except Conflict:
        messages.error(request, "One of its entries was replaced meanwhile; nothing was undone.")
        return redirect(found)
    messages.success(request, "Undone. The rows are drafts again.")
    return redirect(opened)


# --- Typing -------------------------------------------------------------------------------------


def address_of(sheet: Sheet, frame: FrameView) -> str:
    """Where an open sheet is typed."""
    slug = frame.negotiation.slug
    if sheet.from_source:
        address = reverse("issues:source_sheet", args=[slug, sheet.from_source.uuid])
    else:
        assert sheet.round  # noqa: S101 - one of the two is there
        address = reverse("issues:round_sheet", args=[slug, sheet.round.place])
    own = sheet.author == frame.viewer.user
    return address if own else f"{address}?{urlencode({'of': sheet.author.username})}"


def _sheet(request: HttpRequest, frame: FrameView, sheet: Sheet) -> HttpResponse:
    if request.method == "GET":
        if request.GET.get("seen") == SheetReader(frame, sheet).stamp:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return _show(request, frame, sheet)
    saved = _save(request.POST, frame, sheet)
    if wants_fragment(request, ANSWER):
        return _tell(request, frame, sheet, saved)
    if saved.status != HTTPStatus.OK:
        return _show(request, frame, sheet, saved, status=saved.status)
    if request.POST.get("act") == "release":
        return _release(request, frame, sheet)
    messages.success(request, "Saved as drafts: nobody else’s pages show them.")
    return redirect(request.get_full_path())


def _save(data: QueryDict, frame: FrameView, sheet: Sheet) -> Saved:
    """Keeps what can be kept; the rest stays on the page with its reason."""
    forms, saved = row_forms(data), Saved()
    words, page = top_words(data), _uuid(data.get("page", ""))
    good = [form for form in forms if form.is_valid()]
    items = items_numbered(frame, [form.cleaned_data["item"] for form in good])
    now = _time_of_day() if is_today(words) else None
    rows = []
    for form in forms:
        if form in good and form.cleaned_data["item"] in items:
            rows.append(form.row_data(items[form.cleaned_data["item"]], now))
        else:
            saved.outcomes[form.uuid] = _refused(form)
    top = services.TopData(words, _number(data.get("version", ""))) if words else None
    try:
        done, saved.top_kept = services.save_sheet(
            sheet, rows, viewer=frame.viewer, top=top, page=page
        )
    except Conflict:
        saved.closed = True
        return saved
    typed = {form.uuid: form.typed for form in forms}
    saved.outcomes |= {one.data.uuid: _outcome(one, typed) for one in done}
    return saved


def _outcome(one: services.RowSaved, typed: Mapping[UUID, Mapping[str, str]]) -> Outcome:
    if one.state == services.sheets.SAVED:
        return Outcome(one.state)
    problems = [one.reason] if one.reason else []
    return Outcome(one.state, typed[one.data.uuid], problems, one.row)


def _refused(form: SheetRowForm) -> Outcome:
    problems = form.problems or ["There is no such item here any more."]
    return Outcome(services.sheets.REFUSED, form.typed, problems)


def _tell(request: HttpRequest, frame: FrameView, sheet: Sheet, saved: Saved) -> HttpResponse:
    """To the script: the state of each row that was sent, to be put in its place."""
    kept = {row.uuid: row for row in SheetReader(frame, sheet).rows_of(saved.outcomes)}
    context = {
        "sheet": sheet,
        "saved": saved,
        "states": [
            (str(uuid), kept[uuid].version if uuid in kept else 0, outcome)
            for uuid, outcome in saved.outcomes.items()
        ],
    }
    return render(request, "issues/_sheet_answer.html", context, status=saved.status)


def _release(request: HttpRequest, frame: FrameView, sheet: Sheet) -> HttpResponse:
    """Writes all rows or none; what is wrong stands beside the row it is wrong with."""
    words = sheet.top or top_words(request.POST)
    top = SheetTopForm(words, sheet=sheet, checked=True, frame=frame, members=frame.member_count)
    rows = SheetReader(frame, sheet).rows
    if not rows:
        top.add_error(None, "There is nothing to release yet: type a row first.")
    said, errors = [], {}
    for row in rows if top.is_valid() else ():
        try:
            said.append((row, top.entry_of(row)))
        except ValidationError as error:
            errors[row.uuid] = error
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if not top.errors and not errors:
        try:
            done = services.release_sheet(sheet, said, viewer=frame.viewer)
        except services.RowsRefused as refused:
            errors = refused.errors
        except Conflict:
            top.add_error(None, "A row was changed meanwhile. Look at it, then release again.")
            status = HTTPStatus.CONFLICT
        else:
            return _released(request, sheet, done)
    saved = Saved({uuid: Outcome("wrong", {}, error.messages) for uuid, error in errors.items()})
    return _show(request, frame, sheet, saved, top=top, status=status)


def _released(request: HttpRequest, sheet: Sheet, done: services.Recorded) -> HttpResponse:
    count = len(done.entries)
    undo = reverse("issues:sheet_undo", args=[sheet.negotiation.slug, sheet.uuid])
    sentence = f"Released: {plural(count, 'entry,entries')} recorded."
    messages.success(request, sentence, extra_tags=undo)
    return redirect(sheet)


def _show(
    request: HttpRequest,
    frame: FrameView,
    sheet: Sheet,
    saved: Saved | None = None,
    *,
    top: SheetTopForm | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    saved, members = saved or Saved(), frame.member_count
    words = sheet.top or None
    if not saved.top_kept or saved.closed:
        words = top_words(request.POST)
    reader = SheetReader(frame, sheet)
    top = top or SheetTopForm(words, sheet=sheet, frame=frame, members=members)
    context = page_context(
        frame,
        "rounds",
        sheet=sheet,
        form=top,
        saved=saved,
        own=sheet.author == frame.viewer.user,
        shown=reader.read(request.GET.get("page", ""), request.GET.get("find", ""), saved.outcomes),
        others=reader.others(),
        path=request.get_full_path(),
        today=date_text(frame.today),
        stamp=reader.stamp,
    )
    template = "_sheet_form" if wants_fragment(request, FORM) else "sheet_type"
    return render(request, f"issues/{template}.html", context, status=status)


def _may_undo(frame: FrameView, sheet: Sheet) -> bool:
    if sheet.released_at is None or sheet.released_by_id != frame.viewer.user.pk:
        return False
    limit = dt.timedelta(minutes=services.UNDO_MINUTES)
    return timezone.now() - sheet.released_at <= limit


def _time_of_day() -> dt.time:
    return timezone.localtime().time().replace(second=0, microsecond=0)


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError as error:
        raise BadRequest("This page was not complete. Load it again.") from error


def _number(typed: str) -> int:
    return int(typed) if typed.isdecimal() else 0
