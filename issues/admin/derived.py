"""What follows from entries, or is written beside them: to read, never to change."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from negotiations.admin.base import ReadOnly
from negotiations.admin.desk import Desk, desk_of
from negotiations.admin.scoped import related
from negotiations.dates import date_text

from ..models import (
    AudienceChange,
    EntrySource,
    Note,
    Redaction,
    SightChange,
    Standing,
    StandingParty,
)
from ..standing.values import BEGINNING
from .visible import visible_entries, visible_notes, visible_scopes


class Derived(ReadOnly):
    # Numbers of rows would count what other delegations recorded: no links by number.
    list_display_links = None


@admin.register(Standing)
class StandingAdmin(Derived):
    path = "issue__negotiation"
    list_display = ("item", "of", "scope_text", "start", "until", "headline", "badge", "fell_from")
    list_filter = ("category", "badge", ("until", admin.EmptyFieldListFilter)) + related(
        "issue__negotiation"
    )
    linked_by = ("issue",)
    list_select_related = ("issue__negotiation", "headline", "fell_from")
    search_fields = ("issue__title", "issue__reference")
    date_hierarchy = "since"
    fields = (
        *("item", "scope_text", "start", "until", "headline", "badge"),
        *("fell_from", "fell_on", "last_said", "entry_count"),
    )

    @admin.display(ordering="issue__place")
    def item(self, standing: Standing) -> str:
        return standing.issue.title

    @admin.display(description="since", ordering="since")
    def start(self, standing: Standing) -> str:
        return _since(standing)

    @admin.display(description="negotiation", ordering="issue__negotiation__title")
    def of(self, standing: Standing) -> str:
        return standing.issue.negotiation.title

    @admin.display(description="as seen by", ordering="scope")
    def scope_text(self, standing: Standing) -> str:
        return standing.scope if standing.scope in ("public", "members") else "own delegation"

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().seen(request, rows)
        return rows.filter(scope__in=visible_scopes(desk_of(request)))


@admin.register(StandingParty)
class StandingPartyAdmin(Derived):
    path = "standing__issue__negotiation"
    list_display = ("item", "party", "status", "said_first", "spoke_first", "start", "until")
    list_filter = related("party", "standing__issue__negotiation")
    list_select_related = ("standing__issue", "party", "status")
    search_fields = ("standing__issue__title", "party__name", "party__code")
    date_hierarchy = "said_first"
    fields = ("item", "start", "until", "party", "status", "said_first", "spoke_first")

    @admin.display(ordering="standing__issue__place")
    def item(self, row: StandingParty) -> str:
        return row.standing.issue.title

    @admin.display(description="since", ordering="standing__since")
    def start(self, row: StandingParty) -> str:
        return _since(row.standing)

    @admin.display(ordering="standing__until")
    def until(self, row: StandingParty) -> Any:
        return row.standing.until

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().seen(request, rows)
        return rows.filter(standing__scope__in=visible_scopes(desk_of(request)))


def _since(standing: Standing) -> str:
    return "the beginning" if standing.since == BEGINNING else date_text(standing.since)


class OfEntry(Derived):
    """Seen by those who see the entry."""

    path = "entry__issue__negotiation"
    list_select_related: ClassVar[Any] = ("entry__issue",)
    search_fields: ClassVar[Any] = ("entry__issue__title", "reason")

    @admin.display(description="item", ordering="entry__issue__place")
    def item(self, row: Any) -> str:
        return str(row.entry.issue)

    @admin.display(description="entry", ordering="entry__said_first")
    def of_entry(self, row: Any) -> str:
        return str(row.entry)

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(entry__in=visible_entries(desk_of(request)))


@admin.register(EntrySource)
class EntrySourceAdmin(OfEntry):
    list_display = ("item", "of_entry", "source", "recorded_at", "recorded_by")
    list_filter = related("entry__issue__negotiation")
    list_select_related = ("entry__issue", "source", "recorded_by")
    search_fields = ("entry__issue__title", "source__title", "source__publisher")
    date_hierarchy = "recorded_at"
    fields = ("item", "of_entry", "source", "recorded_at", "recorded_by")

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return super().seen(request, rows).filter(desk_of(request).seen("source__"))


def _both_ends(desk: Desk) -> Q:
    """Changes of who may see what the person saw before and sees since: the others say where a
    thing was kept, or where it went.
    """
    return desk.seen(audience="old_audience", party="old_party") & desk.seen(
        audience="new_audience", party="new_party"
    )


@admin.register(SightChange)
class SightChangeAdmin(Derived):
    list_display = (
        *("kind", "negotiation", "old_audience", "new_audience"),
        *("reason", "changed_at", "changed_by"),
    )
    list_filter = ("kind", *related("negotiation"))
    list_select_related = ("negotiation", "changed_by")
    search_fields = ("reason",)
    date_hierarchy = "changed_at"
    fields = (
        *("kind", "old_audience", "old_party", "new_audience", "new_party"),
        *("reason", "changed_at", "changed_by"),
    )

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return super().seen(request, rows).filter(_both_ends(desk_of(request)))


@admin.register(AudienceChange)
class AudienceChangeAdmin(OfEntry):
    list_display = (
        *("item", "of_entry", "old_audience", "new_audience"),
        *("reason", "changed_at", "changed_by"),
    )
    list_filter = related("entry__issue__negotiation")
    list_select_related = ("entry__issue", "changed_by")
    date_hierarchy = "changed_at"
    fields = (
        *("item", "of_entry", "old_audience", "old_party", "new_audience", "new_party"),
        *("reason", "changed_at", "changed_by"),
    )

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return super().seen(request, rows).filter(_both_ends(desk_of(request)))


@admin.register(Redaction)
class RedactionAdmin(OfEntry):
    list_display = ("item", "of_entry", "reason", "redacted_at", "redacted_by")
    list_filter = related("entry__issue__negotiation")
    date_hierarchy = "redacted_at"
    fields = ("item", "of_entry", "sha256", "reason", "redacted_at", "redacted_by")


@admin.register(Note)
class NoteAdmin(Derived):
    path = "issue__negotiation"
    list_display = ("item", "author", "written_at", "audience", "removed")
    list_filter = related("issue__negotiation")
    list_select_related = ("issue", "author")
    search_fields = ("issue__title", "text")
    date_hierarchy = "written_at"
    fields = ("item", "author", "written_at", "audience", "removed", "text")

    @admin.display(ordering="issue__place")
    def item(self, note: Note) -> str:
        return str(note.issue)

    def seen(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(pk__in=visible_notes(desk_of(request)).values("pk"))
