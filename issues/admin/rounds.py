from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from negotiations import services
from negotiations.admin.base import HistoryAdmin, ServiceInline
from negotiations.admin.desk import user_of
from negotiations.admin.forms import SEEN, ServiceForm, VersionedForm
from negotiations.admin.frame import AtRoundForm, OfRound
from negotiations.admin.scoped import related
from negotiations.admin.writers import ReadoutWriter, RoundWriter
from negotiations.models import Delegate, Membership, Readout, Round

from ..models import AgendaLine
from .writers import AgendaLineWriter


class AgendaLineForm(ServiceForm):
    fixed_once_saved = ("issue",)


class AgendaLineInline(ServiceInline):
    model = AgendaLine
    part_of = ("issue",)
    form = AgendaLineForm
    writer = AgendaLineWriter()
    path = "round__negotiation"
    minimum = Membership.Role.RECORDER
    fields = ("order", "issue", "planned", "outcome")
    autocomplete_fields = ("issue",)
    can_delete = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("issue", "round")


class DelegateInline(ServiceInline):
    model = Delegate
    path = "round__negotiation"
    fields = ("order", "party", "name", "function", "is_head")
    can_delete = True


class ReadoutInline(ServiceInline):
    model = Readout
    form = AtRoundForm
    writer = ReadoutWriter()
    path = "round__negotiation"
    fields = ("party", "text")
    can_delete = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("party", "round")


@admin.register(Round)
class RoundAdmin(HistoryAdmin):
    form = VersionedForm
    writer = RoundWriter()
    asked = "negotiation"
    list_display = ("title", "place", "short", "negotiation", "when", "state", "city")
    list_editable = ("short",)
    list_filter = ("state", "is_side_meeting", *related("negotiation", "host"))
    list_select_related = ("negotiation",)
    search_fields = ("title", "short", "city", "venue", "level", "note")
    date_hierarchy = "first_day"
    ordering = ("negotiation__title", "negotiation", "place")
    autocomplete_fields = ("sources",)
    inlines = (AgendaLineInline, DelegateInline, ReadoutInline)
    actions = ("earlier", "later")
    fieldsets = (
        (None, {"fields": ("negotiation", "title", ("number", "short"), "level", SEEN)}),
        (
            "When",
            {
                "fields": (
                    *("state", ("first_day", "last_day", "precision")),
                    *(("expected", "expected_by"), "duration"),
                )
            },
        ),
        ("Where", {"fields": (("city", "venue"), "host")}),
        ("Besides", {"fields": ("is_side_meeting", "note", "sources")}),
    )

    def view_on_site(self, round_: Round) -> str:
        return round_.get_absolute_url()

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    @admin.action(description="Move one place earlier", permissions=["change"])
    def earlier(self, request: HttpRequest, queryset: QuerySet[Round]) -> None:
        self._move(request, queryset.order_by("place"), -1)

    @admin.action(description="Move one place later", permissions=["change"])
    def later(self, request: HttpRequest, queryset: QuerySet[Round]) -> None:
        self._move(request, queryset.order_by("-place"), 1)

    def _move(self, request: HttpRequest, rounds: QuerySet[Round], step: int) -> None:
        by = user_of(request)
        self.each(request, rounds, lambda row: services.move_round(row, by=by, step=step), "moved")


@admin.register(AgendaLine)
class AgendaLineAdmin(OfRound):
    part_of = ("issue",)
    form = AgendaLineForm
    writer = AgendaLineWriter()
    minimum = Membership.Role.RECORDER
    list_display = ("item", "round", "of", "planned", "outcome", "order", "audience")
    list_editable = ("planned", "outcome", "order")
    list_filter = ("planned", "outcome", *related("round__negotiation", "round"))
    list_select_related = ("round__negotiation", "issue")
    search_fields = ("issue__title", "issue__reference", "round__title")
    ordering = ("round__negotiation__title", "round__place", "order", "issue__place", "pk")
    readonly_fields = ("round", "item", "audience", "audience_party")
    fields = ("round", "item", "planned", "outcome", "order", "audience", "audience_party")

    @admin.display(ordering="issue__place")
    def item(self, line: AgendaLine) -> str:
        return line.issue.title

    @admin.display(description="negotiation", ordering="round__negotiation__title")
    def of(self, line: AgendaLine) -> str:
        return line.round.negotiation.title
