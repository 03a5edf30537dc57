"""The manual order of items, as the head arranges it."""

from __future__ import annotations

from dataclasses import dataclass, field

from negotiations.access import Viewer

from ..models import Issue


@dataclass
class OrderedItem:
    """A top-level item with its sub-items, in order."""

    issue: Issue
    sub_items: list[Issue] = field(default_factory=list)


@dataclass
class OrderedHeading:
    """The items that stand together under one heading ("" for none)."""

    heading: str
    items: list[OrderedItem] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Tells it apart on the page, and stays the same when it moves."""
        return f"heading-{self.items[0].issue.address}"


def agenda_order(viewer: Viewer) -> list[OrderedHeading]:
    """All items by heading. One query."""
    groups: dict[str, OrderedHeading] = {}
    parents: dict[int, OrderedItem] = {}
    for issue in Issue.objects.visible_to(viewer).in_agenda_order():
        if issue.parent_id:
            # A parent precedes its sub-items; one that is marked leaves none behind.
            parents[issue.parent_id].sub_items.append(issue)
        else:
            item = parents[issue.pk] = OrderedItem(issue)
            group = groups.setdefault(issue.heading, OrderedHeading(issue.heading))
            group.items.append(item)
    return list(groups.values())


def marked_in_error(viewer: Viewer) -> list[Issue]:
    """What was entered in error, by number. One query."""
    rows = Issue.objects.in_scope(viewer.scope)
    rows = rows.filter(negotiation=viewer.negotiation, entered_in_error=True)
    return list(rows.order_by("series", "number"))
