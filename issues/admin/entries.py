from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator

from negotiations.admin.base import ServiceAdmin
from negotiations.admin.desk import desk_of
from negotiations.admin.scoped import related
from negotiations.models import Membership

from ..models import Entry
from .recording import Recording, entry_url
from .visible import visible_entries


class ByUuid(ChangeList):
    """Addresses entries by their public id: gaps between numbers would count hidden ones."""

    def url_for_result(self, result: Any) -> str:
        return entry_url(result)


@admin.register(Entry)
class EntryAdmin(Recording, ServiceAdmin):
    """Entries are added, read, corrected and retracted; nothing here changes or deletes one."""

    path = "issue__negotiation"
    minimum = Membership.Role.RECORDER
    list_display = ("when", "item", "of", "who", "status", "start", "state", "recorded_at", "by")
    list_filter = (
        *("kind", "voice", "audience", "reliability", "status__category"),
        *related("issue__negotiation", "party", "recorded_by"),
    )
    linked_by = ("issue", "round")
    list_select_related = ("issue__negotiation", "party", "status", "recorded_by")
    search_fields = ("text", "position", "speaker", "issue__title", "issue__reference")
    date_hierarchy = "said_first"
    ordering = ("-said_first", "-precision_rank", "-recorded_at", "-pk")
    actions = None
    fieldsets = (
        (None, {"fields": ("item", "kind", "reason", "corrected", "corrections")}),
        ("Who says so", {"fields": ("who", ("speaker", "speaker_function"))}),
        (
            "When",
            {"fields": (("when", "said_time"), "counts_from", "holds_since", "round")},
        ),
        (
            "What",
            {"fields": ("status", "text", "original_text", "original_language", "reliability")},
        ),
        (
            "Position, waiting, next step",
            {
                "fields": (
                    *("position", ("waits_for", "waits_party", "waits_why"), "waits_text"),
                    *("next_step", ("next_step_party", "next_step_who")),
                    ("next_step_by", "next_step_state"),
                )
            },
        ),
        ("Sources", {"fields": ("source_list",)}),
        (
            "On record",
            {"fields": (("audience", "audience_party"), ("recorded_at", "recorded_by"), "uuid")},
        ),
    )

    # --- Reading ---------------------------------------------------------------------------------

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Visible entries, each with whether a visible one answers it."""
        visible = visible_entries(desk_of(request))
        answers = visible.filter(corrects=OuterRef("pk"))
        return visible.annotate(answered=Exists(answers)).prefetch_related("joint_parties")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ByUuid

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        try:
            uuid = UUID(object_id)
        except ValueError:
            return None
        rows = self.get_queryset(request).select_related("issue__negotiation", "party")
        entry: Any = rows.filter(uuid=uuid).first()
        if entry:
            visible = visible_entries(desk_of(request))
            entry.seen_sources = desk_of(request).seen("source__")
            entry.target = visible.filter(pk=entry.corrects_id).first()
            entry.replies = list(visible.filter(corrects=entry.pk))
        return entry

    @admin.display(description="said", ordering="said_first")
    def when(self, entry: Entry) -> str:
        return entry.when

    @admin.display(ordering="issue__place")
    def item(self, entry: Entry) -> str:
        url = reverse("admin:issues_issue_change", args=[entry.issue_id])
        return format_html('<a href="{}">{}</a>', url, entry.issue)

    @admin.display(description="negotiation", ordering="issue__negotiation__title")
    def of(self, entry: Entry) -> str:
        return entry.issue.negotiation.title

    @admin.display(description="who says so", ordering="party__order")
    def who(self, entry: Entry) -> str:
        if entry.voice == Entry.Voice.JOINT:
            codes = ", ".join(party.code for party in entry.joint_parties.all())
            return f"jointly, one text: {codes}"
        return entry.party.name if entry.party else entry.get_voice_display()

    @admin.display(description="text")
    def start(self, entry: Entry) -> str:
        return Truncator(entry.text or entry.position).words(14)

    @admin.display(description="kind", ordering="kind")
    def state(self, entry: Any) -> str:
        kind = entry.get_kind_display()
        return f"{kind}, replaced or taken back" if entry.answered else kind

    @admin.display(description="recorded by", ordering="recorded_by__username")
    def by(self, entry: Entry) -> str:
        return str(entry.recorded_by or "nobody")

    # --- One entry -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        # The words of the entry are below; as a heading they would run under the buttons.
        return super().change_view(request, object_id, form_url, {"subtitle": ""})

    @admin.display(description="replaces")
    def corrected(self, entry: Any) -> str:
        return _links([entry.target] if entry.target else [], "nothing")

    @admin.display(description="replaced by")
    def corrections(self, entry: Any) -> str:
        return _links(entry.replies, "nothing yet")

    @admin.display(description="sources")
    def source_list(self, entry: Any) -> str:
        links = entry.source_links.filter(entry.seen_sources).select_related("source")
        shown = [
            (reverse("admin:negotiations_source_change", args=[link.source_id]), link.source)
            for link in links
        ]
        return format_html_join("", '<div><a href="{}">{}</a></div>', shown) or "none yet"

    def view_on_site(self, entry: Entry) -> str:
        return entry.issue.get_absolute_url()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _links(entries: list[Entry], nothing: str) -> str:
    rows = [(entry_url(entry), entry.get_kind_display(), entry, entry.reason) for entry in entries]
    return format_html_join("", '<div>{1}: <a href="{0}">{2}</a> {3}</div>', rows) or nothing
