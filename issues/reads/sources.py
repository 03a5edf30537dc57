"""Which sources a viewer may choose from: those of what they can see, and their own."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from negotiations.access import Viewer
from negotiations.models import Readout, Round, Source

from ..models import Entry, EntrySource


def visible_sources(viewer: Viewer) -> QuerySet[Source]:
    """Sources of entries in the viewer's scope, of rounds and readouts, and the viewer's own."""
    entries = Entry.objects.visible_to(viewer.user, viewer.scope)
    # Conditions on the row, no joins: the newest few are found without looking at all the others.
    of_entries = Exists(entries.filter(sources=OuterRef("pk")).order_by())
    of_rounds = Exists(Round.objects.filter(sources=OuterRef("pk")).order_by())
    of_readouts = Exists(Readout.objects.filter(source=OuterRef("pk")).order_by())
    own = Q(created_by=viewer.user.pk)
    sources = Source.objects.filter(negotiation=viewer.negotiation)
    return sources.filter(own | of_rounds | of_readouts | of_entries)


def recent_sources(viewer: Viewer, limit: int = 30) -> list[Source]:
    """The newest of them, for a choice list."""
    return list(visible_sources(viewer).order_by("-pk")[:limit])


def last_used_source(viewer: Viewer) -> Source | None:
    """The source of the viewer's own latest entry: "same as last"."""
    links = EntrySource.objects.filter(
        recorded_by=viewer.user.pk, source__negotiation=viewer.negotiation
    )
    link = links.select_related("source").order_by("-pk").first()
    return link.source if link else None
