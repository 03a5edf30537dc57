"""Adding an entry, correcting it, taking it back, undoing it, adding a source to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from negotiations.access import Role, Viewer, viewer_with
from negotiations.dates import date_text
from negotiations.exceptions import Conflict
from negotiations.htmx import wants_fragment
from negotiations.templatetags.parley import plural
from negotiations.views.common import safe_path

from .. import services
from ..access import entry_of, issue_of
from ..forms.entry import EntryForm
from ..forms.replies import CorrectionForm, RetractionForm, SourceForm
from ..models import Entry, Issue
from ..numbers import Number
from ..reads.frame import FrameView
from ..reads.history import Block, HistoryReader
from ..reads.standings import NOTHING, StandingReader, StandingView
from ..reads.stands import read_stands
from ..reads.wording import saved_text
from ..services import EntryData
from .pages import page_context, person

DIALOG = "entry-dialog-content"
# Where the answer goes from the form that stands beside an item's history.
ADDED = "entry-added"


def _recorder(request: HttpRequest, slug: str, number: Number) -> tuple[Viewer, Issue]:
    viewer = viewer_with(person(request), slug, Role.RECORDER)
    return viewer, issue_of(viewer, number)


@require_http_methods(["GET", "POST"])
def entries(request: HttpRequest, slug: str, number: Number) -> HttpResponse:
    """GET: the form for a new entry. POST: adds it, and one more for who said the same."""
    viewer, issue = _recorder(request, slug, number)
    frame = FrameView(viewer)
    if request.method == "GET":
        form = EntryForm(frame=frame, members=frame.member_count, initial=_preset(request, frame))
        return _show(request, frame, issue, form)
    form = EntryForm(request.POST, request.FILES, frame=frame, members=frame.member_count)
    if not form.is_valid():
        return _show(request, frame, issue, form, status=422)
    before, data = standing_of(frame, issue), form.entry_data()
    try:
        done = services.record(issue, *data, viewer=viewer, batch=form.batch)
    except ValidationError as error:
        take_over(form, error)
        return _show(request, frame, issue, form, status=422)
    if wants_fragment(request, ADDED):
        return _added(request, frame, issue, before, done, data)
    return saved(request, frame, issue, before, done)


@require_http_methods(["GET", "POST"])
def entry_correct(request: HttpRequest, slug: str, number: Number, uuid: UUID) -> HttpResponse:
    """Replaces an entry by a new one with a reason; a second correction gets a conflict."""
    viewer, issue = _recorder(request, slug, number)
    target, frame = entry_of(viewer, issue, uuid), FrameView(viewer)
    form = CorrectionForm(*_sent(request), target=target, frame=frame, members=frame.member_count)
    if not form.is_valid():
        return _show_reply(request, frame, issue, target, form, "correct")
    before = standing_of(frame, issue)
    try:
        done = services.correct(
            target,
            form.entry_data()[0],
            viewer=viewer,
            reason=form.cleaned_data["reason"],
            batch=form.batch,
        )
    except ValidationError as error:
        take_over(form, error)
        return _show_reply(request, frame, issue, target, form, "correct")
    except Conflict as conflict:
        return _conflict(request, frame, issue, target, form, "correct", conflict)
    return saved(request, frame, issue, before, done)


@require_http_methods(["GET", "POST"])
def entry_retract(request: HttpRequest, slug: str, number: Number, uuid: UUID) -> HttpResponse:
    """Takes an entry back, with a reason."""
    viewer, issue = _recorder(request, slug, number)
    target, frame = entry_of(viewer, issue, uuid), FrameView(viewer)
    form = RetractionForm(_sent(request)[0])
    if not form.is_valid():
        return _show_reply(request, frame, issue, target, form, "retract")
    before, cleaned = standing_of(frame, issue), form.cleaned_data
    try:
        done = services.retract(
            target, viewer=viewer, reason=cleaned["reason"], batch=cleaned["token"]
        )
    except ValidationError as error:
        take_over(form, error)
        return _show_reply(request, frame, issue, target, form, "retract")
    except Conflict as conflict:
        return _conflict(request, frame, issue, target, form, "retract", conflict)
    return saved(request, frame, issue, before, done)


@require_http_methods(["GET", "POST"])
def entry_source(request: HttpRequest, slug: str, number: Number, uuid: UUID) -> HttpResponse:
    """Adds a source to an entry; needs no correction."""
    viewer, issue = _recorder(request, slug, number)
    target, frame = entry_of(viewer, issue, uuid), FrameView(viewer)
    form = SourceForm(*_sent(request), frame=frame)
    if not form.is_valid():
        return _show_reply(request, frame, issue, target, form, "source")
    try:
        services.add_source(target, form.source_to_add(), viewer=viewer)
    except ValidationError as error:
        take_over(form, error)
        return _show_reply(request, frame, issue, target, form, "source")
    return answer(request, frame, issue, "Source added.")


@require_POST
def entry_undo(request: HttpRequest, slug: str, number: Number, uuid: UUID) -> HttpResponse:
    """Takes back all that one form recorded, within ten minutes, by its author."""
    viewer, issue = _recorder(request, slug, number)
    target, frame = entry_of(viewer, issue, uuid), FrameView(viewer)
    batch = list(Entry.objects.filter(batch=target.batch).select_related("issue", "party"))
    before = standing_of(frame, issue)
    try:
        services.undo(batch, viewer=viewer)
    except ValidationError as error:
        return answer(request, frame, issue, " ".join(error.messages), problem=True)
    except Conflict as conflict:
        if conflict.current.kind == Entry.Kind.UNDO:  # sent twice
            return answer(request, frame, issue, "This was undone already.")
        sentence = "Somebody has replaced this entry meanwhile; nothing was undone."
        return answer(request, frame, issue, sentence, problem=True)
    text = saved_text(before, standing_of(frame, issue), frame).removeprefix("Saved. ")
    if len({entry.issue_id for entry in batch}) > 1:
        text = f"{plural(len(batch), 'entry,entries')} taken back."
    return answer(request, frame, issue, f"Undone. {text}")


# --- Helpers ------------------------------------------------------------------------------------


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    """What was typed and the files sent with it; nothing on a visit."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def standing_of(frame: FrameView, issue: Issue) -> StandingView:
    return StandingReader(frame).on([issue.pk]).get(issue.pk, NOTHING)


def _preset(request: HttpRequest, frame: FrameView) -> dict[str, Any]:
    """Round and date from a cell of the state of play, or from the page of a round."""
    place = request.GET.get("round", "")
    round_ = next((r for r in frame.rounds if str(r.place) == place), None)
    if round_ is None:
        return {}
    preset: dict[str, Any] = {"round": place, "source": "table"}
    if round_.last_day and round_.last_day <= frame.today:
        preset["said"] = date_text(round_.last_day, round_.precision)
    return preset


def take_over(form: Form, error: ValidationError) -> None:
    """Puts what the service refused beside the fields of the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    names = {"voice": "who", "joint_parties": "joint", "waits_party": "waits"}
    names["file"] = "source_file" if "source_file" in form.fields else "file"
    for name, problems in error.error_dict.items():
        field = names.get(name, name)
        form.add_error(field if field in form.fields else None, problems)


def form_context(
    request: HttpRequest,
    frame: FrameView,
    issue: Issue,
    form: Form | None,
    view: StandingView | None = None,
) -> dict[str, Any]:
    view = view or standing_of(frame, issue)
    back = safe_path(
        request, request.POST.get("back", request.GET.get("back", "")), issue.get_absolute_url()
    )
    return page_context(
        frame,
        "items",
        issue=issue,
        form=form,
        back=back,
        now_words=[
            (word.party, word.status, word.date_text(frame.fresh_from)) for word in view.words
        ],
        in_dialog=wants_fragment(request, DIALOG) or request.POST.get("dialog") == "1",
        beside_history=request.POST.get("beside_history") == "1",
    )


def _show(
    request: HttpRequest, frame: FrameView, issue: Issue, form: Form, status: int = 200
) -> HttpResponse:
    context = form_context(request, frame, issue, form)
    beside = wants_fragment(request, ADDED)
    fragment = beside or wants_fragment(request, DIALOG) or wants_fragment(request, "entry-form")
    template = "issues/_entry_form.html" if fragment else "issues/entry_new.html"
    response = render(request, template, context, status=status)
    if beside:  # refused: the whole form, with what is wrong
        response["HX-Retarget"], response["HX-Reswap"] = "#entry-form", "outerHTML"
    return response


def _added(
    request: HttpRequest,
    frame: FrameView,
    issue: Issue,
    before: StandingView,
    done: services.Recorded,
    data: Sequence[EntryData],
) -> HttpResponse:
    """Saved beside the history: what is new on that page, instead of the page and a new form.

    Where that is more than a line on top, the page is told to ask for it.
    """
    after, entry = standing_of(frame, issue), done.entries[0]
    context = form_context(request, frame, issue, None, after) | {
        "sentence": _saved_text(before, after, frame, done),
        "undo": _undo_url(frame, issue, entry),
        "token": uuid4(),
    }
    has_sources = any(one.sources for one in data)
    if has_sources:  # "same as last" is another one now
        context["form"] = fresh = EntryForm(frame=frame)
        fresh.fields["source"].widget.attrs["hx-swap-oob"] = "true"
    shown = request.POST.get("shown", "")
    if len(done.entries) == 1 and not done.again and shown.isdecimal():
        parties = [party.pk for party in data[0].speakers]
        reader = HistoryReader(frame, issue)
        line = reader.added(entry, parties, before, int(shown), has_sources=has_sources)
        if line:
            context["blocks"], context["shown"] = [Block(line=line)], int(shown) + 1
            context["stands"] = read_stands(frame, after)
    response = render(request, "issues/_entry_added.html", context)
    if "blocks" not in context:
        response["HX-Trigger-After-Swap"] = "entry-recorded"
    return response


def _show_reply(
    request: HttpRequest,
    frame: FrameView,
    issue: Issue,
    target: Entry,
    form: Form,
    act: str,
    replaced_by: Entry | None = None,
) -> HttpResponse:
    context = form_context(request, frame, issue, form)
    context |= {"target": target, "act": act, "replaced_by": replaced_by}
    status = 409 if replaced_by else 422 if form.is_bound else 200
    context["line"] = HistoryReader(frame, issue).line(target)
    fragment = wants_fragment(request, DIALOG) or wants_fragment(request, "entry-reply")
    template = "issues/_entry_reply.html" if fragment else "issues/entry_reply.html"
    return render(request, template, context, status=status)


def _conflict(
    request: HttpRequest,
    frame: FrameView,
    issue: Issue,
    target: Entry,
    form: Form,
    act: str,
    conflict: Conflict,
) -> HttpResponse:
    """Both versions: what somebody else made of the entry, and what was typed here."""
    return _show_reply(request, frame, issue, target, form, act, conflict.current)


def saved(
    request: HttpRequest,
    frame: FrameView,
    issue: Issue,
    before: StandingView,
    done: services.Recorded,
) -> HttpResponse:
    after = standing_of(frame, issue)
    sentence = _saved_text(before, after, frame, done)
    undo = _undo_url(frame, issue, done.entries[0])
    return answer(request, frame, issue, sentence, undo=undo, view=after)


def _saved_text(
    before: StandingView, after: StandingView, frame: FrameView, done: services.Recorded
) -> str:
    if done.again:
        return "This was recorded already; nothing was added twice."
    return saved_text(before, after, frame)


def _undo_url(frame: FrameView, issue: Issue, entry: Entry) -> str:
    return reverse("issues:entry_undo", args=[frame.negotiation.slug, issue.address, entry.uuid])


def answer(
    request: HttpRequest,
    frame: FrameView,
    issue: Issue,
    sentence: str,
    *,
    undo: str = "",
    problem: bool = False,
    view: StandingView | None = None,
) -> HttpResponse:
    """After a change: htmx gets the message and refreshes what depends on it; others go back."""
    back = safe_path(request, request.POST.get("back", ""), issue.get_absolute_url())
    if not request.htmx:  # type: ignore[attr-defined]
        level = messages.ERROR if problem else messages.SUCCESS
        messages.add_message(request, level, sentence, extra_tags=undo)
        return redirect(back)
    context = {"sentence": sentence, "undo": undo, "problem": problem, "back": back}
    template = "issues/_entry_saved.html"
    in_dialog = request.POST.get("dialog") == "1"
    if wants_fragment(request, "entry-form") and not in_dialog:  # a dialog closes
        form = EntryForm(frame=frame, members=frame.member_count)
        context = form_context(request, frame, issue, form, view) | context
        template = "issues/_entry_form.html"
    response = render(request, template, context)
    response["HX-Trigger-After-Swap"] = "entry-recorded"
    return response
