"""Whose rows an admin page shows and offers: those of negotiations the person may read."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import RelatedOnlyFieldListFilter
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import (
    AutocompleteSelect,
    AutocompleteSelectMultiple,
    RelatedFieldWidgetWrapper,
)
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

from negotiations.models import Membership, Negotiation, Shown, Source

from .desk import desk_of, negotiation_of

Role = Membership.Role
# What fits into a column of whole numbers has fewer.
MOST_DIGITS = 19


def within(request: HttpRequest) -> Negotiation | None:
    """The negotiation of the row on this page: choices keep to it."""
    found: Negotiation | None = getattr(request, "parley_within", None)
    return found


class Within:
    """Mixed into a search box: it searches in one negotiation, and shows a wrong choice as none."""

    negotiation: Negotiation | None = None

    def get_url(self) -> str:
        url: str = super().get_url()  # type: ignore[misc]
        return f"{url}?within={self.negotiation.pk}" if self.negotiation else url

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        # Django asks the database for whatever was sent, and breaks on what is no key.
        keys = [one for one in value if str(one).isdecimal() and len(str(one)) < MOST_DIGITS]
        return super().optgroups(name, keys, attr)  # type: ignore[misc]


class WithinSelect(Within, AutocompleteSelect):
    pass


class WithinSelectMultiple(Within, AutocompleteSelectMultiple):
    pass


class Scoped(BaseModelAdmin):
    """Shows the rows of negotiations the person may read, and lets a role change them."""

    # The lookup from a row to its negotiation, and the role that may write such rows.
    path = "negotiation"
    minimum: str = Role.HEAD
    # What the row is part of, by the lookup there: it never shows to more people than that.
    part_of: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.seen(request, super().get_queryset(request))

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of `rows` that the person may see."""
        desk = desk_of(request)
        if issubclass(self.model, Shown):
            rows = rows.filter(desk.seen())
        for name in self.part_of:
            rows = rows.filter(Q((name, None)) | desk.seen(f"{name}__"))
        if desk.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.path}__in": desk.negotiations})

    def may_write(self, request: HttpRequest, row: Model | None) -> tuple[bool, str]:
        """Whether the role suffices to write this row (None: any), and if not, why."""
        return desk_of(request).may(negotiation_of(row), self.minimum)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and self.may_write(request, obj)[0]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and self.may_write(request, obj)[0]

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        self._search_within(db_field, request, kwargs, WithinSelect)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        self._search_within(db_field, request, kwargs, WithinSelectMultiple)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        target = getattr(db_field, "related_model", None)
        if found and target and db_field.name == target._meta.model_name:
            # Called as on every other page, such as "item", and not as in the code.
            found.label = capfirst(target._meta.verbose_name)
        widget = getattr(found, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            # New sources come up while one writes; other rows have a page where they belong.
            widget.can_add_related &= db_field.remote_field.model is Source
            widget.can_change_related = widget.can_delete_related = False
            widget.can_view_related = False
        return found

    def get_field_queryset(self, db: Any, db_field: Any, request: Any) -> QuerySet[Any] | None:
        """Only what the person may see can be chosen, and only in the row's own negotiation."""
        related = related_admin(self, db_field)
        if related is None:
            return super().get_field_queryset(db, db_field, request)
        rows = related.get_queryset(request)
        negotiation = within(request)
        return rows.filter(**{related.path: negotiation}) if negotiation else rows

    def _search_within(
        self, db_field: Any, request: Any, kwargs: dict[str, Any], select: Any
    ) -> None:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = select(db_field, self.admin_site)
            if related_admin(self, db_field):
                kwargs["widget"].negotiation = within(request)


def related_admin(page: BaseModelAdmin, db_field: Any) -> Scoped | None:
    """The admin of what a foreign key refers to, where that belongs to a negotiation."""
    try:
        found = page.admin_site.get_model_admin(db_field.remote_field.model)
    except NotRegistered:
        return None
    return found if isinstance(found, Scoped) else None


def related(*names: str) -> tuple[tuple[str, Any], ...]:
    """Filters by related rows: only those offer no more than the person may see."""
    return tuple((name, RelatedOnlyFieldListFilter) for name in names)
