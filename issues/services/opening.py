"""Opening many items at once, in a few statements however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Max
from simple_history.utils import bulk_create_with_history

from negotiations.models import Negotiation, Party, User

from ..models import Issue

BATCH = 500  # rows in one INSERT
GIVEN = ["negotiation", "parent", "owner"]
Key = tuple[int | None, str, str]


@dataclass(frozen=True)
class ItemData:
    """One item to be opened, under `parent` if that is there. `sub_items` are opened under it."""

    title: str
    reference: str = ""
    heading: str = ""
    description: str = ""
    parent: Issue | None = None
    raised_by: Sequence[Party] = ()
    sub_items: Sequence[ItemData] = ()


class Opening:
    """Gives out numbers and places and refuses what is there twice; the frame is locked."""

    def __init__(self, negotiation: Negotiation, by: User | None) -> None:
        self.negotiation, self.by = negotiation, by
        last = negotiation.issues.aggregate(number=Max("number"), place=Max("place"))
        self.number, self.place = last["number"] or 0, last["place"] or 0
        self.sub_places = self._sub_places()  # by the parent's number: it may not be stored yet
        self.taken = self._taken()
        self.made: list[Issue] = []
        self.raised: list[tuple[Issue, Sequence[Party]]] = []
        self.errors: list[str] = []

    def _sub_places(self) -> dict[int, int]:
        rows = self.negotiation.issues.filter(parent__isnull=False).order_by()
        return dict(rows.values_list("parent__number").annotate(last=Max("sub_place")))

    def _taken(self) -> dict[Key, int]:
        rows = self.negotiation.issues.filter(entered_in_error=False)
        columns = rows.values_list("parent__number", "title", "reference", "number")
        return {_key(parent, title, ref): number for parent, title, ref, number in columns}

    def open(self, items: Iterable[ItemData]) -> list[Issue]:
        """The items and their sub-items, numbered in this order.

        Raises ValidationError with one sentence per item that cannot be opened.
        """
        for item in items:
            self._tree(item, item.parent)
        if self.errors:
            raise ValidationError(self.errors)
        for is_sub in (False, True):
            rows = [issue for issue in self.made if bool(issue.sub_place) == is_sub]
            if rows:
                bulk_create_with_history(rows, Issue, batch_size=BATCH, default_user=self.by)
        for issue, parties in self.raised:
            issue.raised_by.set(parties)
        return self.made

    def _tree(self, item: ItemData, parent: Issue | None) -> None:
        issue = self._row(item, parent)
        try:
            self._check(issue)
        except ValidationError as refusal:
            self.errors += [f"“{item.title}”: {sentence}" for sentence in refusal.messages]
            return
        self.made.append(issue)
        if item.raised_by:
            self.raised.append((issue, item.raised_by))
        for sub_item in item.sub_items:
            self._tree(sub_item, issue)

    def _row(self, item: ItemData, parent: Issue | None) -> Issue:
        self.number += 1
        self.place += parent is None
        issue = Issue(
            negotiation=self.negotiation,
            number=self.number,
            title=" ".join(item.title.split()),
            reference=item.reference,
            heading="" if parent else item.heading,
            description=item.description,
            parent=parent,
            place=parent.place if parent else self.place,
        )
        if parent:
            self.sub_places[parent.number] = self.sub_places.get(parent.number, 0) + 1
            issue.sub_place = self.sub_places[parent.number]
        return issue

    def _check(self, issue: Issue) -> None:
        parent = issue.parent
        if parent and (parent.negotiation_id != self.negotiation.pk or parent.entered_in_error):
            raise ValidationError("There is no such item to stand under.")
        if parent and parent.sub_place:
            raise ValidationError("There is one level of sub-items: choose a top-level item.")
        key = _key(parent.number if parent else None, issue.title, issue.reference)
        if key in self.taken:
            raise ValidationError(f"This is there already, as number {self.taken[key]}.")
        self.taken[key] = issue.number
        # Without what is given: a look for each of them at each row.
        issue.clean_fields(GIVEN)


def _key(parent: int | None, title: str, reference: str) -> Key:
    return parent, title.casefold(), reference.casefold()
