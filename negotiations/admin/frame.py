from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator

from negotiations import services
from negotiations.access import can_create_negotiation
from negotiations.models import (
    Delegate,
    Erasure,
    Letterhead,
    Membership,
    Negotiation,
    Party,
    Readout,
    Round,
    StatusScheme,
)

from .base import HistoryAdmin, ReadOnly, ServiceInline
from .desk import desk_of, user_of
from .forms import SEEN, ServiceForm, VersionedForm
from .scoped import related
from .writers import (
    LetterheadWriter,
    MembershipWriter,
    NegotiationWriter,
    PartyWriter,
    ReadoutWriter,
    RoundWriter,
)

ROUND_WORDS = ("number", "title", "short", "state", "first_day", "last_day")


class MemberForm(ServiceForm):
    fixed_once_saved = ("user",)


class AtRoundForm(ServiceForm):
    fixed_once_saved = ("party",)


class NegotiationAddForm(ServiceForm):
    """A new negotiation with what it cannot do without; its address is made from the title."""

    scheme = forms.ModelChoiceField(
        label="Statuses", queryset=StatusScheme.objects.filter(negotiation=None)
    )
    parties = forms.CharField(
        widget=forms.Textarea({"rows": 4}),
        help_text="One a line, at least two: the short code, then the name, such as “RU Russia”.",
    )

    def clean_parties(self) -> list[tuple[str, str]]:
        lines = filter(None, map(str.strip, self.cleaned_data["parties"].splitlines()))
        parties = []
        for line in lines:
            code, _space, name = line.partition(" ")
            if not name.strip():
                raise ValidationError(f"“{line}” lacks a name: write the code, then the name.")
            parties.append((code, name.strip()))
        return parties


class PartyInline(ServiceInline):
    model = Party
    writer = PartyWriter()
    fields = ("order", "code", "name", "since", "until")


class MembershipInline(ServiceInline):
    model = Membership
    form = MemberForm
    writer = MembershipWriter()
    fields = ("user", "role", "party")
    autocomplete_fields = ("user",)
    can_delete = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "negotiation")


class RoundInline(ServiceInline):
    model = Round
    form = VersionedForm
    writer = RoundWriter()
    fields = (*ROUND_WORDS, SEEN)


@admin.register(Negotiation)
class NegotiationAdmin(HistoryAdmin):
    form = VersionedForm
    writer = NegotiationWriter()
    path = "pk"
    list_display = ("title", "slug", "party_codes", "rule", "created_at", "archived_at")
    list_filter = ("rule", ("archived_at", EmptyFieldListFilter))
    search_fields = ("title", "slug", "description")
    date_hierarchy = "created_at"
    inlines = (PartyInline, MembershipInline, RoundInline)
    actions = ("archive", "unarchive")
    WORDS = ("title", "description", "rule", "round_word", "item_word", "freshness_months")
    fields = (
        *("title", "slug", *WORDS[1:]),
        *("statuses", "more", "created_at", "archived_at", SEEN),
    )
    readonly_fields = ("statuses", "more", "created_at", "archived_at")

    def view_on_site(self, negotiation: Negotiation) -> str:
        return negotiation.get_absolute_url()

    @admin.display(description="parties")
    def party_codes(self, negotiation: Negotiation) -> str:
        return ", ".join(party.code for party in negotiation.parties.all())

    @admin.display(description="statuses")
    def statuses(self, negotiation: Negotiation) -> str:
        url = reverse("admin:negotiations_statusscheme_change", args=[negotiation.scheme.pk])
        return format_html('<a href="{}">{}</a>', url, negotiation.scheme)

    @admin.display(description="see also")
    def more(self, negotiation: Negotiation) -> str:
        """Links to the lists of what belongs to it."""
        lists = {
            "Rounds": ("negotiations_round", "negotiation"),
            "Sources": ("negotiations_source", "negotiation"),
            "Items": ("issues_issue", "negotiation"),
            "Entries": ("issues_entry", "issue__negotiation"),
        }
        links = [
            (reverse(f"admin:{model}_changelist"), path, negotiation.pk, label)
            for label, (model, path) in lists.items()
        ]
        return format_html_join(" · ", '<a href="{}?{}__id__exact={}">{}</a>', links)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("parties")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and can_create_negotiation(user_of(request))[0]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else (*self.WORDS, "scheme", "parties")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        # Whether an address is taken tells that a negotiation exists.
        return fixed if user_of(request).is_superuser else (*fixed, "slug")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = VersionedForm if obj else NegotiationAddForm
        return super().get_form(request, obj, change, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # archived here; erased, with a tombstone, by a command

    @admin.action(description="Archive: read, no longer change", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Negotiation]) -> None:
        by = user_of(request)
        self.each(
            request, queryset, lambda row: services.archive_negotiation(row, by=by), "archived"
        )

    @admin.action(description="Open again for changes", permissions=["change"])
    def unarchive(self, request: HttpRequest, queryset: QuerySet[Negotiation]) -> None:
        desk = desk_of(request)

        def act(negotiation: Negotiation) -> None:
            # Not `may_write`: that keeps everybody from what is archived.
            if not desk.viewer(negotiation).is_head:
                raise ValidationError("Only its head may do this.")
            services.unarchive_negotiation(negotiation, by=desk.user)

        self.each(request, queryset, act, "opened again", check=False)


@admin.register(Party)
class PartyAdmin(HistoryAdmin):
    writer = PartyWriter()
    asked = "negotiation"
    list_display = ("code", "name", "negotiation", "order", "since", "until")
    list_editable = ("name", "order")
    list_filter = related("negotiation")
    list_select_related = ("negotiation",)
    search_fields = ("code", "name", "negotiation__title")
    ordering = ("negotiation__title", "negotiation", "order", "pk")
    fields = ("negotiation", "code", "name", "order", "since", "until")


@admin.register(Membership)
class MembershipAdmin(HistoryAdmin):
    form = MemberForm
    writer = MembershipWriter()
    asked = "negotiation"
    list_display = ("user", "negotiation", "role", "party")
    list_editable = ("role",)
    list_filter = ("role", *related("negotiation", "party"))
    list_select_related = ("user", "negotiation", "party")
    search_fields = ("user__username", "user__last_name", "negotiation__title", "party__name")
    ordering = ("negotiation__title", "user__username", "pk")
    autocomplete_fields = ("user",)
    fields = ("negotiation", "user", "role", "party")

    def view_on_site(self, membership: Membership) -> str:
        return reverse("negotiations:members", args=[membership.negotiation.slug])


@admin.register(Letterhead)
class LetterheadAdmin(HistoryAdmin):
    """Set on its own page, where the logo is; repaired here."""

    form = VersionedForm
    writer = LetterheadWriter()
    list_display = ("negotiation", "heading", "footer", "paper")
    list_filter = ("paper",)
    list_select_related = ("negotiation",)
    search_fields = ("heading", "footer", "negotiation__title")
    ordering = ("negotiation__title", "pk")
    readonly_fields = ("negotiation",)
    fields = ("negotiation", "heading", "footer", "paper", SEEN)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # an empty one does the same

    def view_on_site(self, letterhead: Letterhead) -> str:
        return reverse("negotiations:letterhead", args=[letterhead.negotiation.slug])


class OfRound(HistoryAdmin):
    """What belongs to a round: added on the round's own page, found and repaired here."""

    path = "round__negotiation"
    list_select_related: ClassVar[Any] = ("round__negotiation", "party")
    date_hierarchy = "round__first_day"
    ordering: ClassVar[Any] = ("round__negotiation__title", "round__place", "party__order", "pk")
    readonly_fields: ClassVar[Any] = ("round",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def view_on_site(self, row: Any) -> str:
        url: str = row.round.get_absolute_url()
        return url


@admin.register(Delegate)
class DelegateAdmin(OfRound):
    list_display = ("name", "function", "party", "round", "is_head", "order")
    list_editable = ("is_head", "order")
    list_filter = ("is_head", *related("round__negotiation", "party"))
    search_fields = ("name", "function", "party__name", "round__title")
    fields = ("round", "party", "name", "function", "is_head", "order")


@admin.register(Readout)
class ReadoutAdmin(OfRound):
    form = AtRoundForm
    writer = ReadoutWriter()
    list_display = ("round", "party", "start", "audience")
    list_filter = related("round__negotiation", "party")
    search_fields = ("text", "party__name", "round__title")
    autocomplete_fields = ("source",)
    fields = ("round", "party", "text", "source", "audience", "audience_party")
    readonly_fields = ("audience", "audience_party")

    @admin.display(description="text")
    def start(self, readout: Readout) -> str:
        return Truncator(readout.text).words(20)


@admin.register(Erasure)
class ErasureAdmin(ReadOnly):
    """Tombstones of erased negotiations: they belong to nobody but the administrators."""

    list_display = ("erased_at", "reason", "entries", "erased_by")
    search_fields = ("reason", "erased_by")
    date_hierarchy = "erased_at"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return user_of(request).is_superuser
