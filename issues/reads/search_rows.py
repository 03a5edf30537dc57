"""The rows that a page of search results shows, by their ids; who may see them is asked there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import QuerySet

from negotiations.models import Delegate, Party, Readout, Round, Source, Status
from negotiations.prepared import prepared

from ..models import Entry, Issue


@prepared
def item_names(pks: list[int]) -> QuerySet[Any, Any]:
    rows = Issue.objects.filter(pk__in=pks).order_by()
    return rows.values_list("pk", "title", "reference", "series", "number")


@prepared
def items(pks: list[int]) -> QuerySet[Issue]:
    rows = Issue.objects.filter(pk__in=pks, entered_in_error=False).order_by()
    return rows.select_related("audience_party")


@prepared
def rounds(pks: list[int]) -> QuerySet[Round]:
    return Round.objects.filter(pk__in=pks).order_by()


@prepared
def delegates(rounds: list[int]) -> QuerySet[Delegate]:
    """In the order of the parties, heads first."""
    return Delegate.objects.filter(round__in=rounds).select_related("party")


@prepared
def readouts(rounds: list[int]) -> QuerySet[Readout]:
    """In the order of the parties."""
    return Readout.objects.filter(round__in=rounds).select_related("party")


@prepared
def homes_of_sources(pks: list[int]) -> QuerySet[Any, Any]:
    return Source.objects.filter(pk__in=pks).order_by().values_list("negotiation", flat=True)


@prepared
def statuses(negotiations: list[int]) -> QuerySet[Status]:
    return Status.objects.filter(scheme__negotiation__in=negotiations)


@prepared
def entries(pks: list[int]) -> QuerySet[Entry]:
    rows: QuerySet[Entry] = Entry.objects.filter(pk__in=pks).order_by()
    return rows.select_related("issue", "party", "audience_party")


@prepared
def undone(pks: list[int]) -> QuerySet[Any, Any]:
    """Those of these entries that their author has undone."""
    replies = Entry.objects.filter(corrects__in=pks, kind=Entry.Kind.UNDO).order_by()
    return replies.values_list("corrects", flat=True)


def joint_parties(said: list[Entry]) -> dict[int, list[Party]]:
    """Whose common text each of these entries is, in the order of the parties."""
    found: dict[int, list[Party]] = defaultdict(list)
    for link in _joint([entry.pk for entry in said]):
        found[link.entry_id].append(link.party)
    return found


@prepared
def _joint(entries: list[int]) -> QuerySet[Any]:
    links = Entry.joint_parties.through.objects.filter(entry__in=entries)
    return links.select_related("party").order_by("party__order", "party_id")
