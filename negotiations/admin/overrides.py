"""Break-glass: how a superuser gets to see what is not for them, and how that ends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from negotiations.confirming import ask_to_confirm, is_confirmed
from negotiations.models import Override
from negotiations.services import end_override
from negotiations.views.common import safe_path

from .base import ServiceAdmin
from .desk import user_of
from .scoped import related
from .writers import OverrideWriter


@admin.register(Override)
class OverrideAdmin(ServiceAdmin):
    """Opened with a reason after the password was asked for; told to the heads of the delegation.

    The vault stays shut, and so does what is for people by name.
    """

    writer = OverrideWriter()
    asked = "negotiation"
    list_display = ("party", "negotiation", "by", "reason", "opened_at", "expires_at", "is_open")
    list_filter = related("negotiation", "by")
    list_select_related = ("party", "negotiation", "by")
    date_hierarchy = "opened_at"
    fields = ("negotiation", "party", "reason")
    actions = ("end_now",)

    @admin.display(description="open", boolean=True)
    def is_open(self, override: Override) -> bool:
        return override.is_open

    def has_module_permission(self, request: HttpRequest) -> bool:
        return user_of(request).is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return user_of(request).is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return user_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def may_write(self, request: HttpRequest, row: Model | None) -> tuple[bool, str]:
        # Archived negotiations as well: only reading follows from it.
        return user_of(request).is_superuser, "Only a superuser opens what is not for them."

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if self.has_add_permission(request) and not is_confirmed(request):
            return ask_to_confirm(request)
        return super().add_view(request, form_url, extra_context)

    def get_urls(self) -> list[URLPattern]:
        end = self.admin_site.admin_view(require_POST(self.end_view))
        return [
            path("<uuid:uuid>/end/", end, name="negotiations_override_end"),
            *super().get_urls(),
        ]

    def end_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """From the banner: end one's own, and back to where one was; ended twice it stays ended."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Override.objects.select_related("party", "negotiation")
        opened = get_object_or_404(rows, uuid=uuid, by=user_of(request))
        end_override(opened, by=user_of(request))
        messages.success(request, f"Ended: what only {opened.party} sees is shut again.")
        return redirect(safe_path(request, request.POST.get("back", ""), reverse("admin:index")))

    @admin.action(description="End now")
    def end_now(self, request: HttpRequest, queryset: QuerySet[Override]) -> None:
        for override in queryset.select_related("party", "negotiation"):
            end_override(override, by=user_of(request))
        messages.success(request, "Ended.")
