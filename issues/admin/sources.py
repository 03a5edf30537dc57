from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from negotiations.admin.base import HistoryAdmin
from negotiations.admin.desk import desk_of
from negotiations.admin.forms import ServiceForm
from negotiations.admin.scoped import related
from negotiations.admin.writers import SourceWriter
from negotiations.forms import DocumentField, VagueDateField, say_file_is_gone
from negotiations.models import Membership, Source

from .visible import visible_sources


class SourceForm(ServiceForm):
    """Its date is typed in words: a day, a month or a year. A new file replaces the old one."""

    dated = VagueDateField(required=False, help_text="Such as 24 Jun 2026, Jun 2026 or 2026.")

    document = DocumentField(label="New file")
    without_file = forms.BooleanField(label="Take the present file away", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("dated", self.instance.date_text)
        say_file_is_gone(self, "document")


class LanguageFilter(admin.AllValuesFieldListFilter):
    """Says in words that a source's language was not given."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield choice | {"display": choice["display"] or "Not given"}


@admin.register(Source)
class SourceAdmin(HistoryAdmin):
    """Sources. One that only hidden entries use is hidden too."""

    form = SourceForm
    writer = SourceWriter()
    minimum = Membership.Role.RECORDER
    asked = "negotiation"
    list_display = ("title", "publisher", "date_text", "kind", "language", "negotiation")
    list_filter = ("kind", "audience", ("language", LanguageFilter), *related("negotiation"))
    list_select_related = ("negotiation",)
    search_fields = ("title", "publisher", "reference", "url")
    date_hierarchy = "date_first"
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fields = (
        *("negotiation", "kind", "title", "reference", "publisher", "dated", "language"),
        *("url", "archive_url", "present_file", "document", "without_file"),
        *("audience", "audience_party"),
    )
    readonly_fields = ("present_file", "audience", "audience_party")

    @admin.display(description="File")
    def present_file(self, source: Source) -> str:
        if not source.file:
            return "none"
        text = f"{source.file_name}, {source.file_text}"
        return format_html('<a href="{}">{}</a>', source.file_url, text)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A refusal would tell that something hidden rests on it; what is wrong can be changed.
        return False

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return visible_sources(desk_of(request), super().seen(request, rows))
