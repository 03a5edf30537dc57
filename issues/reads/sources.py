"""Which sources a viewer may choose from: those of what they can see, and their own."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from negotiations.access import Viewer, scope_filter
from negotiations.models import Readout, Round, Source
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from ..models import Entry, EntrySource

MOST_OFFERED = 30


def visible_sources(viewer: Viewer) -> QuerySet[Source]:
    """Sources for the viewer: of entries in their scope, of rounds and readouts, and their own."""
    return _visible(viewer.negotiation.pk, viewer.user.pk, viewer.scope)


def _visible(negotiation: int, user: int, scope: Scope) -> QuerySet[Source]:
    entries = Entry.objects.visible_to(user, scope)
    # Conditions on the row, no joins: the newest few are found without looking at all the others.
    of_entries = Exists(entries.filter(sources=OuterRef("pk")).order_by())
    of_rounds = Exists(Round.objects.filter(sources=OuterRef("pk")).order_by())
    readouts = Readout.objects.filter(scope_filter(scope), source=OuterRef("pk"))
    of_readouts = Exists(readouts.order_by())
    own = Q(created_by=user)
    sources = Source.objects.filter(scope_filter(scope), negotiation=negotiation)
    return sources.filter(own | of_rounds | of_readouts | of_entries)


def visible_among(viewer: Viewer, pks: Sequence[int]) -> list[Source]:
    """Those of these sources that are for the viewer."""
    return _among(viewer.negotiation.pk, viewer.user.pk, viewer.scope, list(pks))


@prepared
def _among(negotiation: int, user: int, scope: Scope, pks: list[int]) -> QuerySet[Source]:
    return _visible(negotiation, user, scope).filter(pk__in=pks).order_by()


def recent_sources(viewer: Viewer) -> list[Source]:
    """The newest of them, for a choice list."""
    return _recent(viewer.negotiation.pk, viewer.user.pk, viewer.scope)


@prepared
def _recent(negotiation: int, user: int, scope: Scope) -> QuerySet[Source]:
    rows = _visible(negotiation, user, scope).only(*_NAMED)
    return rows.order_by("-pk")[:MOST_OFFERED]


# What names a source in a choice list, and what links it to an entry. Thirty whole sources took
# half as long again.
_NAMED = ("uuid", "negotiation", "publisher", "title", "date_first", "date_precision")


def last_used_source(viewer: Viewer) -> Source | None:
    """The source of the viewer's own latest entry: "same as last"."""
    links = _last_links(viewer.negotiation.pk, viewer.user.pk, viewer.scope)
    return links[0].source if links else None


@prepared
def _last_links(negotiation: int, user: int, scope: Scope) -> QuerySet[EntrySource]:
    links = EntrySource.objects.filter(
        scope_filter(scope, "source__"), recorded_by=user, source__negotiation=negotiation
    )
    names = (f"source__{name}" for name in _NAMED)
    return links.select_related("source").only("pk", *names).order_by("-pk")[:1]
