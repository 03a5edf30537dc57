"""Follow-up: what nobody speaks of, what was never answered, who owes what by when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from negotiations.access import Role, viewer_of, viewer_with
from negotiations.exceptions import Conflict
from negotiations.htmx import render_page_or_partial, wants_fragment
from negotiations.moments import one_moment

from .. import services
from ..access import entry_of, issue_of
from ..forms.follow_up import AskForm, ShortForm, StepDoneForm, StillSoForm
from ..models import Issue
from ..numbers import Number
from ..reads.frame import FrameView
from ..reads.next_steps import DUE, StepReader, read_step_filter
from ..reads.paging import page_at
from ..reads.rows import RowBuilder
from ..reads.silence import (
    SilenceReader,
    main_rounds,
    party_by_code,
    read_quiet,
    unanswered_rows,
)
from ..reads.standings import StandingReader
from .entries import DIALOG, answer, form_context, saved, standing_of, take_over
from .pages import ROWS, add_back, frame_for, page_context, page_of, person

TARGET = "follow-up"


# --- The three lists ----------------------------------------------------------------------------


@require_GET
@one_moment()
def silence(request: HttpRequest, slug: str) -> HttpResponse:
    """Items nobody has mentioned for so many held rounds or days."""
    frame = frame_for(request, viewer_of(person(request), slug), clocked=True)
    standings = StandingReader(frame)
    quiet, reader = read_quiet(frame, request.GET), SilenceReader(frame, standings)
    page, issues = page_of(request, reader.silent(quiet))
    rows = RowBuilder(frame, standings).rows(issues)
    return _show(
        request,
        frame,
        "silence",
        page=page,
        quiet=quiet,
        held=len(main_rounds(frame)),
        rows=reader.silent_rows(rows, quiet.party),
        is_filtered=bool(request.GET.get("party")),
    )


@require_GET
@one_moment()
def unanswered(request: HttpRequest, slug: str) -> HttpResponse:
    """Claims that the other side never answered: who claims what, and since when."""
    frame = frame_for(request, viewer_of(person(request), slug), clocked=True)
    standings = StandingReader(frame)
    party = party_by_code(frame, request.GET.get("party", ""))
    since = SilenceReader(frame, standings).unanswered(party)
    page, issues = page_of(request, list(since))
    rows = unanswered_rows(RowBuilder(frame, standings).rows(issues), since)
    return _show(
        request, frame, "unanswered", page=page, rows=rows, party=party, is_filtered=bool(party)
    )


@require_GET
@one_moment()
def next_steps(request: HttpRequest, slug: str) -> HttpResponse:
    """Who owes what by when: ours and theirs, overdue first."""
    frame = frame_for(request, viewer_of(person(request), slug), clocked=True)
    wanted, reader = read_step_filter(frame, request.GET), StepReader(frame)
    steps, day = reader.steps(), frame.clock.day
    fitting = [step for step in steps if step.fits(wanted, day)]
    places = page_at(range(len(fitting)), request.GET.get("page", ""), ROWS)
    return _show(
        request,
        frame,
        "next_steps",
        page=places,
        rows=reader.rows([fitting[place] for place in places]),
        overdue=sum(step.is_overdue(day) for step in steps),
        total=len(steps),
        wanted=wanted,
        due_choices=DUE,
        is_filtered=wanted.is_active,
    )


def _show(request: HttpRequest, frame: FrameView, tab: str, **more: Any) -> HttpResponse:
    context = page_context(frame, TARGET, tab=tab, add_back=add_back(request, frame), **more)
    return render_page_or_partial(
        request, "issues/follow_up.html", "issues/_follow_up.html", context, target=TARGET
    )


# --- What is done about a row -------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def still_so(request: HttpRequest, slug: str, number: Number) -> HttpResponse:
    """One party says again what it said: a dated entry with the same status."""
    frame, issue = _recorder(request, slug, number)
    form = StillSoForm(
        _sent(request), frame=frame, members=frame.member_count, view=standing_of(frame, issue)
    )
    return _act(request, frame, issue, form, "still_so", services.record)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, slug: str, number: Number) -> HttpResponse:
    """A next step of ours: ask somebody about the item."""
    frame, issue = _recorder(request, slug, number)
    asked = party_by_code(frame, request.GET.get("whom", ""))
    form = AskForm(
        _sent(request), frame=frame, members=frame.member_count, issue=issue, asked=asked
    )
    step = services.current_step(issue.pk, frame.viewer)
    open_step = step if step and not step.next_step_state else None
    return _act(request, frame, issue, form, "ask", services.record, step=open_step)


@require_http_methods(["GET", "POST"])
def step_done(request: HttpRequest, slug: str, number: Number, uuid: Any) -> HttpResponse:
    """The next step that this entry names is done, or no longer needed."""
    frame, issue = _recorder(request, slug, number)
    step = entry_of(frame.viewer, issue, uuid)
    form = StepDoneForm(_sent(request), frame=frame, members=frame.member_count, step=step)

    def finish(_issue: Issue, *data: services.EntryData, **more: Any) -> services.Recorded:
        return services.finish_step(step, data[0], **more)

    return _act(request, frame, issue, form, "step_done", finish, step=step)


def _recorder(request: HttpRequest, slug: str, number: Number) -> tuple[FrameView, Issue]:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    return FrameView(viewer), issue_of(viewer, number)


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _act(
    request: HttpRequest,
    frame: FrameView,
    issue: Issue,
    form: ShortForm,
    act: str,
    write: Callable[..., services.Recorded],
    **more: Any,
) -> HttpResponse:
    """Shows the form; when it is sent and in order, writes it and says what that did."""
    if not form.is_bound or not form.is_valid():
        return _show_act(request, frame, issue, form, {"act": act, **more})
    before = standing_of(frame, issue)
    try:
        done = write(issue, *form.entry_data(), viewer=frame.viewer, batch=form.batch)
    except ValidationError as error:
        take_over(form, error)
        return _show_act(request, frame, issue, form, {"act": act, **more})
    except Conflict as conflict:
        more["replaced_by"] = conflict.current
        return _show_act(request, frame, issue, form, {"act": act, **more}, status=409)
    if act == "still_so":
        return saved(request, frame, issue, before, done)
    sentence = SAID[act].format(step=done.entries[0].next_step)
    return answer(request, frame, issue, sentence, undo=_undo(issue, done))


SAID = {"ask": "Next step saved: {step}.", "step_done": "Off the list: {step}."}


def _undo(issue: Issue, done: services.Recorded) -> str:
    return f"{issue.get_absolute_url()}entries/{done.entries[0].uuid}/undo/"


def _show_act(
    request: HttpRequest,
    frame: FrameView,
    issue: Issue,
    form: ShortForm,
    more: Mapping[str, Any],
    status: int = 200,
) -> HttpResponse:
    context = form_context(request, frame, issue, form) | dict(more)
    if form.is_bound and status == 200:
        status = 422
    fragment = wants_fragment(request, DIALOG) or wants_fragment(request, "follow-up-form")
    template = "issues/_follow_up_form.html" if fragment else "issues/follow_up_form.html"
    return render(request, template, context, status=status)
