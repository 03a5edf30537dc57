from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from negotiations.admin.base import HistoryAdmin, ServiceInline
from negotiations.admin.desk import desk_of, user_of
from negotiations.admin.forms import SEEN, VersionedForm
from negotiations.admin.scoped import related
from negotiations.models import Membership, Negotiation
from negotiations.scopes import MEMBERS

from .. import services
from ..models import Issue, Standing
from .pages import ask_reason
from .writers import IssueWriter

RECORD = (
    *("named", "stands", "audience", "audience_party", "recorded_at"),
    *("entered_in_error", "error_reason"),
)


class SubItemInline(ServiceInline):
    model = Issue
    part_of = ("parent",)
    form = VersionedForm
    writer = IssueWriter()
    fields = ("reference", "title", SEEN)
    verbose_name = "sub-item"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # There is one level of sub-items.
        return super().has_add_permission(request, obj) and not (obj and obj.parent_id)


@admin.register(Issue)
class IssueAdmin(HistoryAdmin):
    part_of = ("parent",)
    form = VersionedForm
    writer = IssueWriter()
    asked = "negotiation"
    list_display = (
        *("title", "named", "reference", "heading", "negotiation", "headline"),
        *("owner", "audience", "entered_in_error"),
    )
    list_editable = ("reference", "heading")
    list_filter = ("entered_in_error", "audience", *related("negotiation", "raised_by", "owner"))
    linked_by = ("parent",)
    list_select_related = ("negotiation", "owner")
    search_fields = ("title", "reference", "heading", "description")
    date_hierarchy = "recorded_at"
    ordering = ("negotiation__title", "negotiation", "place", "sub_place", "pk")
    autocomplete_fields = ("parent", "owner")
    actions = ("mark_in_error", "restore")
    fieldsets = (
        (None, {"fields": ("negotiation", "reference", "title", "description")}),
        ("Place", {"fields": ("parent", "heading", "raised_by", "owner", SEEN)}),
        (
            "On record",
            {"fields": RECORD},
        ),
    )
    readonly_fields = RECORD
    inlines = (SubItemInline,)

    def view_on_site(self, issue: Issue) -> str | None:
        return None if issue.entered_in_error else issue.get_absolute_url()

    @admin.display(description="number", ordering="number")
    def named(self, issue: Issue) -> str:
        return str(issue.address)

    @admin.display(description="where it stands", ordering="headline")
    def headline(self, issue: Any) -> str:
        label: str = issue.headline or "no status yet"
        return label

    @admin.display(description="where it stands")
    def stands(self, issue: Issue) -> str:
        """The headline as this person sees it, with the way to its entries."""
        entries = reverse("admin:issues_entry_changelist")
        return format_html(
            '{} · <a href="{}?issue__id__exact={}">its entries</a>'
            ' · <a href="{}?issue={}">add one</a>',
            self.headline(issue),
            entries,
            issue.pk,
            reverse("admin:issues_entry_add"),
            issue.pk,
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the headline of now as all members see it, also for those who see more."""
        now = Standing.objects.filter(issue=OuterRef("pk"), scope=MEMBERS, until=None)
        rows = super().get_queryset(request)
        return rows.annotate(headline=Subquery(now.values("headline__label")[:1]))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        return shown if obj else shown[:2]

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "raised_by":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # marked as entered in error; numbers and history stay

    def places(self, request: HttpRequest) -> list[Negotiation]:
        """A recorder opens items; changing them is the head's."""
        desk = desk_of(request)
        return [n for n in desk.negotiations if desk.may(n, Membership.Role.RECORDER)[0]]

    def may_write(self, request: HttpRequest, row: Any) -> tuple[bool, str]:
        if isinstance(row, Issue) and row._state.adding:
            return desk_of(request).may(row.negotiation, Membership.Role.RECORDER)
        return super().may_write(request, row)

    @admin.action(description="Mark as entered in error…", permissions=["change"])
    def mark_in_error(self, request: HttpRequest, queryset: QuerySet[Issue]) -> HttpResponse | None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            return ask_reason(self, request, queryset, "mark_in_error")
        by = user_of(request)
        self.each(
            request,
            # Sub-items first: a parent is only marked when none is left.
            queryset.order_by("-sub_place"),
            lambda row: services.mark_in_error(row, version=row.version, by=by, reason=reason),
            "marked as entered in error",
        )
        return None

    @admin.action(description="Bring back what was marked by mistake", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Issue]) -> None:
        by = user_of(request)
        self.each(
            request,
            queryset.order_by("sub_place"),
            lambda row: services.restore_issue(row, version=row.version, by=by),
            "brought back",
        )
