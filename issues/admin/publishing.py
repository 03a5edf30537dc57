"""What is published, and which links were given out: to read; heads see to it on their page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from negotiations.admin.desk import desk_of
from negotiations.admin.scoped import Role, related

from ..models import Edition, Issue, ShareLink
from .derived import Derived


class OfHeads(Derived):
    """Seen by heads of the negotiation, as on its own page, and by superusers."""

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows, desk = super().seen(request, rows), desk_of(request)
        if desk.user.is_superuser:
            return rows
        headed = [m.negotiation_id for m in desk.memberships.values() if m.role == Role.HEAD]
        return rows.filter(negotiation__in=headed)


@admin.register(Edition)
class EditionAdmin(OfHeads):
    list_display = ("negotiation", "is_on", "may_be_indexed", "changed_at", "changed_by")
    list_filter = ("is_on", *related("negotiation"))
    list_select_related = ("negotiation", "changed_by")
    search_fields = ("negotiation__title",)
    fields = list_display


@admin.register(ShareLink)
class ShareLinkAdmin(OfHeads):
    """Neither the secret nor its hash."""

    list_display = (
        *("negotiation", "leads_to", "day", "made_at", "made_by"),
        *("expires_at", "withdrawn_at"),
    )
    list_filter = related("negotiation")
    list_select_related = ("negotiation", "issue", "round", "made_by")
    search_fields = ("negotiation__title",)
    date_hierarchy = "made_at"
    fields = (*list_display, "opened", "last_opened_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with whether the person sees the item it leads to: one may be narrowed since."""
        seen = Issue.objects.filter(desk_of(request).seen(), pk=OuterRef("issue"))
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.annotate(item_is_seen=Exists(seen.order_by()))

    @admin.display(description="what it shows")
    def leads_to(self, link: Any) -> str:
        return str(link.shows(item_is_seen=link.item_is_seen))
