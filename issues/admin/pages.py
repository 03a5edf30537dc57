"""The admin pages that no model form makes: a reason to give, an entry to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, AdminErrorList, AdminForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

Fieldsets = Sequence[tuple[str | None, dict[str, Any]]]


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=300, widget=forms.TextInput({"size": 80}))


def show_form(
    page: admin.ModelAdmin,
    request: HttpRequest,
    form: forms.Form,
    fieldsets: Fieldsets,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A form that is no model form, as the admin shows its own."""
    adminform = AdminForm(form, list(fieldsets), {}, model_admin=page)  # type: ignore[arg-type]
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "adminform": adminform,
        "errors": AdminErrorList(form, []),  # type: ignore[arg-type]
        "media": page.media + adminform.media,
        **context,
    }
    return TemplateResponse(request, "admin/parley/form.html", context, status=status)


def ask_reason(
    page: admin.ModelAdmin, request: HttpRequest, rows: QuerySet[Any], action: str
) -> HttpResponse:
    """The page between a bulk action and its deed."""
    asked = "reason" in request.POST
    title = str(getattr(page, action).short_description).rstrip("…")
    return show_form(
        page,
        request,
        ReasonForm(request.POST if asked else None),
        [(None, {"fields": ("reason",)})],
        title=title,
        rows=list(rows),
        kept=[("action", action), *((ACTION_CHECKBOX_NAME, str(row.pk)) for row in rows)],
        button=title,
    )
