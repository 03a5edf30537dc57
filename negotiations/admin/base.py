"""What every admin page here has in common: services write, and what they refuse is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from simple_history.admin import SimpleHistoryAdmin

from negotiations.exceptions import Conflict
from negotiations.services import lines_last

from .desk import desk_of, negotiation_of, user_of
from .forms import ListForm, Refused, ServiceForm, name_field, narrowed
from .scoped import Scoped, related_admin
from .writers import Writer

# The lookups that the filters, the date hierarchy and the links of these pages use.
LOOKUPS = (
    *("", "__exact", "__id__exact", "__isnull", "__id__isnull", "__isempty"),
    *("__year", "__month", "__day", "__gte", "__lt"),
)


MOST_SEARCHED = 200
# Columns that name the negotiation.
WHERE = ("negotiation", "of")


class NamedFormSet(forms.BaseInlineFormSet):
    """Its tick to delete a row says which row, as every other field of a row does."""

    def add_fields(self, form: Any, index: Any) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields and not form.instance._state.adding:
            name_field(form.fields["DELETE"], str(form.instance))


class ServiceInline(Scoped, admin.TabularInline):
    """Rows of a parent, written one by one through their writer."""

    form = ServiceForm
    formset = NamedFormSet
    writer = Writer()
    extra = 0
    # Elsewhere a deletion has a page of its own, which can say why it is refused.
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_add_permission(request, obj)
        return allowed and self.may_write(request, obj)[0]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return narrowed(super().formfield_for_dbfield(db_field, request, **kwargs), 24)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj:
            request.parley_within = negotiation_of(obj)  # type: ignore[attr-defined]
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.form.writer = self.writer
        formset.form.refusals = getattr(request, "parley_refusals", {})
        for field in formset.form.base_fields.values():
            if isinstance(field, forms.ModelChoiceField) and not _searches(field):
                # Read once here, not once per row.
                field.choices = list(field.choices)  # type: ignore[arg-type]
        return formset


def _searches(field: forms.ModelChoiceField) -> bool:
    widget = getattr(field.widget, "widget", field.widget)
    return isinstance(widget, AutocompleteSelect)


class Removal(admin.ModelAdmin):
    """Deletes one row at a time through its writer; a refusal is a sentence, not a trace."""

    writer = Writer()

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        try:
            if request.method != "POST":
                self._rehearse_removal(request, object_id)
            return super().delete_view(request, object_id, extra_context)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect(f"{_url(self, 'change', object_id)}")

    def _rehearse_removal(self, request: HttpRequest, object_id: str) -> None:
        """Remove it and take that back, to learn of a refusal before asking "are you sure"."""
        row = self.get_object(request, unquote(object_id))
        if row is not None and self.has_delete_permission(request, row):
            with transaction.atomic():
                self.writer.remove(row, user_of(request))
                transaction.set_rollback(True)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # What goes with the rows is the writer's matter; what refers to them is not told here.
        return [str(row) for row in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.writer.remove(obj, user_of(request))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class ServiceAdmin(Scoped, Removal):
    """A model whose rows belong to a negotiation and are written by a writer."""

    form: type[ServiceForm] = ServiceForm
    # The foreign key that is asked for before anything else on the add page.
    asked = ""
    # Lookups that links on other pages use, beside those of the filters.
    linked_by: tuple[str, ...] = ()
    list_per_page = 50

    # --- Whose rows ------------------------------------------------------------------------------

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Only what a filter here offers: others could ask about what the person cannot see."""
        filters = [
            getattr(one, "parameter_name", None) or (one[0] if isinstance(one, tuple) else one)
            for one in self.get_list_filter(request)
        ]
        names = {*filters, *self.linked_by, self.date_hierarchy}
        return any(lookup == f"{name}{ending}" for name in names for ending in LOOKUPS)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the negotiation where there is only one to see."""
        shown = super().get_list_display(request)
        alone = desk_of(request).negotiations[:2].count() < 2
        return [name for name in shown if not (alone and name in WHERE)]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        asked = request.GET.get("within", "")
        if asked:
            queryset = queryset.filter(**{self.path: asked}) if asked.isdecimal() else self.none()
        # SQLite refuses patterns that are longer; nothing here has a title of this length.
        return super().get_search_results(request, queryset, search_term[:MOST_SEARCHED])

    def none(self) -> QuerySet[Any]:
        return self.model._default_manager.none()

    # --- Adding: first say where -----------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.asked or self.given(request):
            return super().add_view(request, form_url, extra_context)
        if not self.has_add_permission(request):
            raise PermissionDenied
        return ask_where(self, request, self.asked, self.places(request))

    def places(self, request: HttpRequest) -> Iterable[Model]:
        """Where a new row may go."""
        related = related_admin(self, self.opts.get_field(self.asked))
        rows = related.get_queryset(request) if related else ()
        return [row for row in rows if self.may_write(request, row)[0]]

    def given(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fixes for a new row. Raises Http404 for what the person cannot see."""
        key = request.GET.get(self.asked, "") if self.asked else ""
        related = related_admin(self, self.opts.get_field(self.asked)) if key else None
        if not key or related is None:
            return {}
        row = related.get_object(request, key)  # type: ignore[attr-defined]
        if row is None:
            raise Http404
        return {self.asked: row}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = (self.asked,) if self.asked else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    # --- Writing ---------------------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        given = {} if obj else self.given(request)
        place = negotiation_of(obj or next(iter(given.values()), None))
        request.parley_within = place  # type: ignore[attr-defined]
        form: Any = super().get_form(request, obj, change, **kwargs)
        return self._joined(request, form, given)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        form: Any = super().get_changelist_form(request, form=ListForm, **kwargs)
        return self._joined(request, form, {})

    def _joined(self, request: HttpRequest, form: Any, given: dict[str, Any]) -> Any:
        form.writer, form.given = self.writer, given
        form.refusals = getattr(request, "parley_refusals", {})
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        def show() -> HttpResponse:
            return super(ServiceAdmin, self).changeform_view(
                request, object_id, form_url, extra_context
            )

        return _with_refusals(request, show)

    def _changeform_view(
        self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: Any
    ) -> HttpResponse:
        """Django's, within its transaction: a row and its inline rows are written one by one."""
        with lines_last():
            return super()._changeform_view(  # type: ignore[misc]
                request, object_id, form_url, extra_context
            )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return _with_refusals(
            request, lambda: super(ServiceAdmin, self).changelist_view(request, extra_context)
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        allowed, why_not = self.may_write(request, obj)
        if not allowed:
            raise Refused(form.prefix, ValidationError(why_not))
        saved = form.write(user_of(request))
        obj.pk, obj._state.adding = saved.pk, False
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        # Many-to-many fields were written by the service, with the row.
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        by, given = user_of(request), {formset.fk.name: formset.instance}
        formset.save(commit=False)  # tells apart what is new, changed and deleted
        for row in formset.deleted_objects:
            try:
                formset.form.writer.remove(row, by)
            except ValidationError as refusal:
                raise Refused(form.prefix, refusal) from refusal
        for one in formset.forms:
            if one.has_changed() and one not in formset.deleted_forms:
                one.write(by, **(given if one.instance._state.adding else {}))

    # --- Bulk actions ----------------------------------------------------------------------------

    def each(
        self,
        request: HttpRequest,
        rows: Iterable[Any],
        act: Callable[[Any], Any],
        done: str,
        check: bool = True,
    ) -> None:
        """Do it to every row the role suffices for, and say what became of it.

        Without `check`, `act` itself raises ValidationError where the role does not suffice.
        """
        count = 0
        for row in rows:
            allowed, why_not = self.may_write(request, row) if check else (True, "")
            try:
                if not allowed:
                    raise ValidationError(why_not)
                act(row)
                count += 1
            except ValidationError as refusal:
                messages.error(request, f"“{row}”: {' '.join(refusal.messages)}")
            except Conflict as conflict:
                messages.error(request, f"“{row}”: {conflict}")
        if count:
            messages.success(request, f"{count} {done}.")


def ask_where(
    page: admin.ModelAdmin, request: HttpRequest, name: str, places: Iterable[Model]
) -> HttpResponse:
    """Ask to which of these the new row belongs; with only one, go on at once."""
    places = list(places)
    kept: list[tuple[str, Any]] = [
        (key, value) for key, value in request.GET.items() if key != name
    ]
    if len(places) == 1:
        return HttpResponseRedirect(f"?{urlencode([*kept, (name, places[0].pk)])}")
    context = {
        **page.admin_site.each_context(request),
        "title": f"Add {page.opts.verbose_name}",
        "opts": page.opts,
        "name": name,
        "label": capfirst(page.opts.get_field(name).related_model._meta.verbose_name),  # type: ignore[union-attr]
        "choices": [(row.pk, str(row)) for row in places],
        "kept": kept,
        "is_popup": "_popup" in request.GET,
    }
    return TemplateResponse(request, "admin/parley/where.html", context)


def _with_refusals(request: HttpRequest, show: Callable[[], HttpResponse]) -> HttpResponse:
    """Show the page; if a service refuses, nothing is written and the form says why."""
    try:
        return show()
    except Refused as refused:
        request.parley_refusals = {refused.prefix: refused.cause}  # type: ignore[attr-defined]
        response = show()
        response.status_code = refused.status
        return response


def _url(page: admin.ModelAdmin, view: str, *args: str) -> str:
    info = page.opts.app_label, page.opts.model_name, view
    return reverse("admin:{}_{}_{}".format(*info), args=args)


class HistoryAdmin(ServiceAdmin, SimpleHistoryAdmin):
    """With the history of edits, to read: going back is an edit like any other."""

    object_history_list_template = "admin/parley/history.html"

    def get_urls(self) -> list[URLPattern]:
        return [url for url in super().get_urls() if "simple_history" not in (url.name or "")]

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        # The library would also show the history of rows that this person cannot see.
        if self.get_object(request, unquote(object_id)) is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return super().history_view(request, object_id, extra_context)


class ReadOnly(ServiceAdmin):
    """Rows that follow from others, or that only a command makes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
