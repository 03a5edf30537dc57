from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from negotiations.accounts import may_hand_out_link, set_password_link
from negotiations.factors import remove_factors
from negotiations.models import SecurityEvent, User
from negotiations.services import note, vouch_for_address

from .base import Removal
from .desk import desk_of, user_of
from .writers import UserWriter


@admin.register(User)
class UserAdmin(Removal, BaseUserAdmin):
    """Accounts. Only superusers write them: whoever edits an account can become that person."""

    writer = UserWriter()
    list_display = ("username", "full_name", "is_active", "is_staff", "is_demo", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "is_demo")
    search_fields = ("username", "first_name", "last_name")
    date_hierarchy = "date_joined"
    readonly_fields = ("is_demo", "uuid", "last_login", "date_joined")
    actions = ("hand_out_link", "remove_factors")
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "first_name", "last_name", "usable_password")
                + ("password1", "password2"),
                "description": "Without a password, hand out a set-password link afterwards.",
            },
        ),
    )
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "is_demo", "uuid")}),
        (
            "Rights",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    view_fieldsets = ((None, {"fields": ("username", "first_name", "last_name", "is_active")}),)

    @admin.display(description="name", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Everybody; for staff who are no superusers the people of their negotiations."""
        rows: QuerySet[User] = super().get_queryset(request)
        desk = desk_of(request)
        if desk.user.is_superuser:
            return rows
        shared = rows.filter(memberships__negotiation__in=desk.negotiations)
        return rows.filter(pk__in=shared.values("pk"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj and not user_of(request).is_superuser:
            return self.view_fieldsets
        return super().get_fieldsets(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj and not user_of(request).is_superuser:
            # The usual form has the password's hash among its fields, shown or not.
            kwargs["form"] = ModelForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.list_display if user_of(request).is_superuser else ("username", "full_name")

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter if user_of(request).is_superuser else ()

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Only the filters of this page and the date hierarchy, never a password."""
        names = {*self.get_list_filter(request), self.date_hierarchy}
        endings = ("__exact", "__year", "__month", "__day", "__gte", "__lt")
        return any(lookup == f"{name}{ending}" for name in names for ending in endings)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return user_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return user_of(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return user_of(request).is_superuser

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            vouch_for_address(obj)

    @admin.action(description="Make a set-password link", permissions=["change"])
    def hand_out_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            allowed, why_not = may_hand_out_link(user_of(request), user)
            if not allowed:
                messages.error(request, f"{user}: {why_not}")
                continue
            link = request.build_absolute_uri(set_password_link(user))
            note(SecurityEvent.Kind.LINK, by=user_of(request), about=user)
            self.log_change(request, user, "Made a set-password link.")
            messages.success(
                request, f"{user} sets a password here, once and within three days: {link}"
            )

    @admin.action(description="Remove the second factor, for a lost device", permissions=["change"])
    def remove_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            remove_factors(user, by=user_of(request))
            self.log_change(request, user, "Removed the second factor.")
            messages.success(request, f"{user} signs in with the password alone now.")
