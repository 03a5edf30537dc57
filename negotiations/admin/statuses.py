from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from negotiations import services
from negotiations.models import Status, StatusScheme

from .base import HistoryAdmin, ServiceAdmin, ServiceInline
from .desk import desk_of, user_of
from .forms import ServiceForm
from .scoped import related
from .writers import SchemeWriter, StatusWriter

FROZEN = "Entries rest on it, or may: category and rung stay, the words may change."


class StatusForm(ServiceForm):
    """Category and rung freeze once a status is used."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        saved = not self.instance._state.adding
        if saved and "category" in self.fields and services.is_frozen(self.instance):
            for name in ("category", "rung"):
                self.fields[name].disabled = True
                self.fields[name].help_text = FROZEN


class StatusInline(ServiceInline):
    model = Status
    form = StatusForm
    writer = StatusWriter()
    path = "scheme__negotiation"
    fields = ("order", "label", "short", "test", "category", "rung", "retired")

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows


@admin.register(StatusScheme)
class StatusSchemeAdmin(ServiceAdmin):
    """Templates, which a new negotiation copies, and the copies in use."""

    writer = SchemeWriter()
    list_display = ("name", "slug", "negotiation")
    list_filter = related("negotiation")
    list_select_related = ("negotiation",)
    search_fields = ("name", "slug", "negotiation__title")
    fields = ("name", "slug", "description", "negotiation")
    readonly_fields = ("negotiation",)
    inlines = (StatusInline,)

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        desk = desk_of(request)
        if desk.user.is_superuser:
            return rows
        return rows.filter(Q(negotiation=None) | Q(negotiation__in=desk.negotiations))


@admin.register(Status)
class StatusAdmin(HistoryAdmin):
    form = StatusForm
    writer = StatusWriter()
    path = "scheme__negotiation"
    asked = "scheme"
    list_display = ("label", "short", "scheme", "of", "category", "rung", "order", "retired")
    list_editable = ("short", "order")
    list_filter = ("category", "retired", *related("scheme"))
    list_select_related = ("scheme__negotiation",)
    search_fields = ("label", "short", "test", "scheme__name", "scheme__negotiation__title")
    ordering = ("scheme__name", "scheme", "order", "pk")
    fields = ("scheme", "label", "short", "test", "category", "rung", "order", "retired")
    actions = ("retire", "offer_again")

    @admin.display(description="used by", ordering="scheme__negotiation__title")
    def of(self, status: Status) -> str:
        negotiation = status.scheme.negotiation
        return negotiation.title if negotiation else "template"

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        desk = desk_of(request)
        if desk.user.is_superuser:
            return rows
        return rows.filter(
            Q(scheme__negotiation=None) | Q(scheme__negotiation__in=desk.negotiations)
        )

    @admin.action(description="Retire: no longer offer them", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Status]) -> None:
        self._retire(request, queryset, True, "statuses retired; history keeps them")

    @admin.action(description="Offer them again", permissions=["change"])
    def offer_again(self, request: HttpRequest, queryset: QuerySet[Status]) -> None:
        self._retire(request, queryset, False, "statuses offered again")

    def _retire(
        self, request: HttpRequest, queryset: QuerySet[Status], retired: bool, done: str
    ) -> None:
        by = user_of(request)
        self.each(
            request,
            queryset,
            lambda status: services.retire_status(status, by=by, retired=retired),
            done,
        )
