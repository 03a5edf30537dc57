"""Numbers and places of items. What only a delegation sees leaves no gap and moves nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, OuterRef, QuerySet, Subquery

from negotiations.models import Negotiation, Party
from negotiations.scopes import DELEGATION, MEMBERS_SCOPE, PUBLIC, Scope
from negotiations.services.rows import lock, moved

from ..models import Issue, SightChange
from .search import index_items


def scope_of(issue: Issue) -> Scope:
    """Whoever sees this item sees at least this: what it is compared with."""
    party = issue.audience_party_id
    return Scope.of_party(party) if party else MEMBERS_SCOPE


def last_number(negotiation: Negotiation, party: Party | None) -> int:
    """The last number given out in the common series, or in the one of a party."""
    series = party.code if party else ""
    rows = negotiation.issues.filter(series=series).aggregate(last=Max("number"))
    given_up = SightChange.objects.filter(negotiation=negotiation, old_party=party)
    last = given_up.aggregate(last=Max("old_number"))["last"] if party else None
    return max(rows["last"] or 0, last or 0)


def rename_series(party: Party, was: str) -> None:
    """The numbers of a delegation's own items are called as its party is."""
    rows = party.negotiation.issues.filter(series=was)
    keys = list(rows.values_list("pk", flat=True))
    rows.update(series=party.code)
    index_items(keys)


def move_issue(issue: Issue, *, step: int) -> None:
    """Move an item `step` places: a sub-item within its parent, another within its heading.

    Among those of the same audience: a delegation's own stand after the common ones.
    """
    with transaction.atomic():
        lock(issue.negotiation)
        beside = issue.negotiation.issues.filter(parent=issue.parent, entered_in_error=False)
        rows = _of_one_side(beside, issue.audience_party_id)
        if issue.parent:
            _exchange(moved(rows.order_by("sub_place", "pk"), issue, step), "sub_place")
        else:
            group = rows.filter(heading=issue.heading).order_by("place", "pk")
            _exchange(moved(group, issue, step), "place")


def move_heading(negotiation: Negotiation, *, heading: str, step: int) -> None:
    """Move a heading with all its items `step` headings further on.

    Raises ValidationError for a heading that no item for all members has.
    """
    with transaction.atomic():
        lock(negotiation)
        top = _of_one_side(_top_level(negotiation).filter(entered_in_error=False), None)
        groups = {rows[0].heading: rows for rows in _groups(top)}
        if heading not in groups:
            raise ValidationError("There is no such heading.")
        heads = [rows[0] for rows in groups.values()]
        order = moved(heads, groups[heading][0], step)
        _exchange([row for head in order for row in groups[head.heading]], "place")


def settle_places(negotiation: Negotiation) -> None:
    """Number the top level anew: the items of one heading together, sub-items with their parent.

    Order is nobody's text: it changes without a version and without a history row.
    """
    changed: dict[int, Issue] = {}
    top = list(_top_level(negotiation))
    for name, order in (("place", _in_order(top)), ("public_place", _in_public_order(top))):
        for place, issue in enumerate(order, start=1):
            _give(issue, name, place, changed)
    for issue in top:
        if issue.audience != PUBLIC:
            _give(issue, "public_place", 0, changed)
    Issue.objects.bulk_update(changed.values(), ["place", "public_place"], batch_size=500)
    above = Issue.objects.filter(pk=OuterRef("parent"))
    sub_items = negotiation.issues.filter(parent__isnull=False)
    sub_items.exclude(place=F("parent__place"), public_place=F("parent__public_place")).update(
        place=Subquery(above.values("place")), public_place=Subquery(above.values("public_place"))
    )


def _give(issue: Issue, name: str, place: int, changed: dict[int, Issue]) -> None:
    if getattr(issue, name) != place:
        setattr(issue, name, place)
        changed[issue.pk] = issue


# --- Helpers ------------------------------------------------------------------------------------


def _of_one_side(rows: QuerySet[Issue], party: int | None) -> QuerySet[Issue]:
    if party is None:
        return rows.exclude(audience=DELEGATION)
    return rows.filter(audience_party=party)


def _top_level(negotiation: Negotiation) -> QuerySet[Issue]:
    return negotiation.issues.filter(parent=None).order_by("place", "pk")


def _in_order(top: Iterable[Issue]) -> list[Issue]:
    """Those that all members see by themselves; after each heading what delegations keep there.

    A heading of which only a delegation has items comes after all others.
    """
    rows = list(top)
    groups = _groups(issue for issue in rows if issue.audience != DELEGATION)
    by_heading: dict[tuple[int | None, str], list[Issue]] = {
        (None, group[0].heading): group for group in groups
    }
    for issue in rows:
        if issue.audience == DELEGATION:
            common = by_heading.get((None, issue.heading))
            key = (issue.audience_party_id, issue.heading)
            (common if common is not None else by_heading.setdefault(key, [])).append(issue)
    return [issue for group in by_heading.values() for issue in group]


def _in_public_order(top: Iterable[Issue]) -> list[Issue]:
    """The public ones: as they stood among themselves, what is new at the end of its heading."""
    rows = [issue for issue in top if issue.audience == PUBLIC]
    rows.sort(key=lambda one: (not one.public_place, one.public_place or one.number))
    return [issue for group in _groups(rows) for issue in group]


def _groups(issues: Iterable[Issue]) -> list[list[Issue]]:
    """Items of one heading together, headings in the order of their first item."""
    groups: dict[str, list[Issue]] = {}
    for issue in issues:
        groups.setdefault(issue.heading, []).append(issue)
    return list(groups.values())


def _exchange(order: Sequence[Issue], field: str) -> None:
    """Give the items the places they have among them, in this order.

    What is arranged by hand is so for the public as well.
    """
    places = sorted(getattr(issue, field) for issue in order)
    for issue, place in zip(order, places, strict=True):
        setattr(issue, field, place)
    shown = [issue for issue in order if issue.audience == PUBLIC and field == "place"]
    for issue, place in zip(shown, sorted(one.public_place for one in shown), strict=True):
        issue.public_place = place
    Issue.objects.bulk_update(order, [field, "public_place"])
    if order:
        settle_places(order[0].negotiation)
