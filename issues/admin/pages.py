"""The admin pages that no model form makes: a reason to give, an entry to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, AdminErrorList, AdminForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

# Headings and the names of the fields below each.
Layout = Mapping[str, Sequence[str]]


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=300, widget=forms.TextInput({"size": 80}))


def show_form(
    page: admin.ModelAdmin,
    request: HttpRequest,
    form: forms.Form,
    layout: Layout,
    *,
    folded: Sequence[str] = (),
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A form that is no model form, as the admin shows its own."""
    fieldsets = list(_fieldsets(form, layout, folded))
    adminform = AdminForm(form, fieldsets, {}, model_admin=page)  # type: ignore[arg-type]
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "adminform": adminform,
        "errors": AdminErrorList(form, []),  # type: ignore[arg-type]
        "media": page.media + adminform.media,
        **context,
    }
    return TemplateResponse(request, "admin/parley/form.html", context, status=status)


def _fieldsets(
    form: forms.Form, layout: Layout, folded: Sequence[str]
) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """What the form has of the layout, then what it has beside: no field is ever left out."""
    rest = list(form.fields)
    for heading, names in layout.items():
        fields = [name for name in names if name in form.fields]
        rest = [name for name in rest if name not in fields]
        if fields:
            yield heading, {"fields": fields, "classes": ["collapse"] * (heading in folded)}
    if rest:
        yield None, {"fields": rest}


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
        {},
        title=title,
        rows=list(rows),
        kept=[("action", action), *((ACTION_CHECKBOX_NAME, str(row.pk)) for row in rows)],
        button=title,
    )
