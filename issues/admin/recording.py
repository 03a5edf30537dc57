"""Adding, correcting and retracting entries in the admin: the forms and services of the site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from negotiations.access import Viewer
from negotiations.admin.base import ask_where
from negotiations.admin.desk import desk_of
from negotiations.exceptions import Conflict
from negotiations.forms import add_refusal
from negotiations.models import Membership

from .. import services
from ..forms.entry import EntryForm
from ..forms.replies import CorrectionForm, RetractionForm, SourceForm
from ..models import Entry, Issue
from ..reads.frame import FrameView
from ..reads.standings import NOTHING, StandingReader, StandingView
from ..reads.wording import saved_text
from .pages import Layout, show_form

# Where the form's fields are called otherwise than the model's.
RENAMED = {"file": "source_file", "voice": "who", "joint_parties": "joint", "waits_party": "waits"}
# The order of the fields; a form that lacks some leaves them out.
LAYOUT: Layout = {
    "Why": ("reason",),
    "Who says so": ("who", "joint", "also", "same", "speaker", "speaker_function"),
    "What was said, and when": ("said", "early", "status", "text", "round"),
    "Source": (
        *("source", "source_url", "source_title", "source_publisher", "source_date"),
        "source_file",
        *("url", "title", "publisher", "dated", "file", "reliability"),
    ),
    "Position, waiting, next step": (
        *("position", "waits", "waits_why", "waits_text", "next_step"),
        *("next_step_party", "next_step_who", "next_step_by", "next_step_state", "holds_since"),
    ),
    "Original wording": ("original_text", "original_language"),
    "Who may see it": ("audience",),
}
FOLDED = ("Position, waiting, next step", "Original wording")


@dataclass(frozen=True)
class Act:
    """One thing that can be done to an item's history, and what its page shows."""

    title: str
    viewer: Viewer
    issue: Issue
    form: forms.Form
    # Calls the service; returns the entry to show afterwards.
    write: Callable[[], Entry]
    target: Entry | None = None

    @property
    def standing(self) -> StandingView:
        reader = StandingReader(FrameView(self.viewer))
        return reader.on([self.issue.pk]).get(self.issue.pk, NOTHING)


def entry_url(entry: Entry, view: str = "change") -> str:
    """An entry's page by its public id: gaps between numbers would count hidden entries."""
    return reverse(f"admin:issues_entry_{view}", args=[entry.uuid])


class Recording(admin.ModelAdmin):
    """The pages that write history. Each refusal is a sentence on the page it concerns."""

    change_form_template = "admin/parley/entry.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        acts = {"correct": self.correct_view, "retract": self.retract_view}
        acts["source"] = self.source_view
        own = [
            path(
                f"<uuid:uuid>/{act}/", self.admin_site.admin_view(view), name=f"issues_entry_{act}"
            )
            for act, view in acts.items()
        ]
        return [*own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Choose the item, then say what was said."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if "issue" not in request.GET:
            return ask_where(self, request, "issue", self._open_items(request))
        issue = self._issue(request)
        viewer = desk_of(request).viewer(issue.negotiation)
        form = EntryForm(*_sent(request), frame=FrameView(viewer))

        def write() -> Entry:
            data = form.entry_data()
            return services.record(issue, *data, viewer=viewer, batch=form.batch).entries[0]

        return self._do(request, Act("Add entry", viewer, issue, form, write))

    def correct_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """A new entry in the place of this one, with a reason."""
        entry, viewer = self._target(request, uuid)
        form = CorrectionForm(*_sent(request), target=entry, frame=FrameView(viewer))

        def write() -> Entry:
            reason, (data,) = form.cleaned_data["reason"], form.entry_data()
            done = services.correct(entry, data, viewer=viewer, reason=reason, batch=form.batch)
            return done.entries[0]

        act = Act("Correct entry", viewer, entry.issue, form, write, entry)
        return self._do_to_entry(request, act)

    def retract_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Take an entry back, with a reason."""
        entry, viewer = self._target(request, uuid)
        form = RetractionForm(_sent(request)[0])

        def write() -> Entry:
            reason, batch = form.cleaned_data["reason"], form.cleaned_data["token"]
            services.retract(entry, viewer=viewer, reason=reason, batch=batch)
            return entry

        act = Act("Retract entry", viewer, entry.issue, form, write, entry)
        return self._do_to_entry(request, act)

    def source_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """One more source; needs no correction."""
        entry, viewer = self._target(request, uuid)
        form = SourceForm(*_sent(request), frame=FrameView(viewer))

        def write() -> Entry:
            services.add_source(entry, form.source_to_add(), viewer=viewer)
            return entry

        return self._do(request, Act("Add a source", viewer, entry.issue, form, write, entry))

    # --- Helpers ---------------------------------------------------------------------------------

    def _open_items(self, request: HttpRequest) -> list[Issue]:
        """The items this person may add to, in the order of their agendas."""
        desk = desk_of(request)
        open_to = [n for n in desk.negotiations if desk.may(n, Membership.Role.RECORDER)[0]]
        items = self.admin_site.get_model_admin(Issue).get_queryset(request)
        items = items.filter(negotiation__in=open_to, entered_in_error=False)
        return list(items.order_by("negotiation__title", "negotiation", "place", "sub_place"))

    def _issue(self, request: HttpRequest) -> Issue:
        """The item of the address. Raises Http404 for one the person cannot see."""
        items = self.admin_site.get_model_admin(Issue)
        issue: Issue | None = items.get_object(request, request.GET["issue"])
        if issue is None or issue.entered_in_error:
            raise Http404
        self._check_role(request, issue)
        return issue

    def _target(self, request: HttpRequest, uuid: UUID) -> tuple[Entry, Viewer]:
        """The entry of the address and who asks. Raises Http404 as for one that is not there."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        entry: Entry | None = self.get_object(request, str(uuid))
        if entry is None:
            raise Http404
        self._check_role(request, entry.issue)
        return entry, desk_of(request).viewer(entry.issue.negotiation)

    def _check_role(self, request: HttpRequest, issue: Issue) -> None:
        allowed, why_not = desk_of(request).may(issue.negotiation, Membership.Role.RECORDER)
        if not allowed:
            raise PermissionDenied(why_not)

    def _do_to_entry(self, request: HttpRequest, act: Act) -> HttpResponse:
        """The same for what only some may do to an entry; the others are told why not."""
        assert act.target  # noqa: S101 - given by both callers
        allowed, why_not = services.may_correct(act.target, act.viewer)
        if not allowed:
            messages.error(request, why_not)
            return redirect(entry_url(act.target))
        return self._do(request, act)

    def _do(self, request: HttpRequest, act: Act) -> HttpResponse:
        """GET shows the form. POST calls the service, then says what became of the headline."""
        if request.method != "POST" or not act.form.is_valid():
            return self._show(request, act, 422 if act.form.is_bound else 200)
        before = act.standing
        try:
            entry = act.write()
        except ValidationError as refusal:
            act.form.renamed = RENAMED  # type: ignore[attr-defined]
            add_refusal(act.form, refusal)
            return self._show(request, act, 422)
        except Conflict as conflict:
            act.form.add_error(None, f"It is replaced already, by “{conflict.current}”.")
            return self._show(request, act, 409)
        messages.success(request, saved_text(before, act.standing, FrameView(act.viewer)))
        return redirect(entry_url(entry))

    def _show(self, request: HttpRequest, act: Act, status: int) -> HttpResponse:
        return show_form(
            self,
            request,
            act.form,
            LAYOUT,
            folded=FOLDED,
            status=status,
            title=act.title,
            note=f"{act.issue.negotiation} · {act.issue.label} · {act.issue}",
            original=act.target,
            original_url=entry_url(act.target) if act.target else "",
            button="Save",
        )


def _sent(request: HttpRequest) -> tuple[QueryDict, Any] | tuple[None, None]:
    """What was typed and the files sent with it; nothing on a visit."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)
