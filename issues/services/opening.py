"""Opening many items at once, in a few statements however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Max
from simple_history.utils import bulk_create_with_history

from negotiations.models import Negotiation, Party, User
from negotiations.scopes import DELEGATION, MEMBERS_SCOPE, Scope

from ..models import Issue
from ..numbers import Number
from .places import last_number
from .refusals import OWN_DELEGATION, audience_text

BATCH = 500  # rows in one INSERT
GIVEN = ["negotiation", "parent", "owner", "audience_party", "recorded_party"]
Key = tuple[Number | None, str, str]


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

    def __init__(
        self,
        negotiation: Negotiation,
        by: User | None,
        audience: str,
        audience_party: Party | None,
        recorded_party: Party | None,
    ) -> None:
        self.negotiation, self.by = negotiation, by
        self.party = own_party(audience, audience_party, recorded_party)
        self.shown = {
            "audience": audience,
            "audience_party": self.party,
            "recorded_party": recorded_party,
        }
        self.number = last_number(negotiation, self.party)
        self.place = negotiation.issues.aggregate(last=Max("place"))["last"] or 0
        self.sub_places = self._sub_places()  # by the parent's number: it may not be stored yet
        self.taken = self._taken()
        self.made: list[Issue] = []
        self.raised: list[tuple[Issue, Sequence[Party]]] = []
        self.errors: list[str] = []

    def _sub_places(self) -> dict[Number, int]:
        rows = self.negotiation.issues.filter(parent__isnull=False).order_by()
        columns = rows.values_list("parent__series", "parent__number")
        found = columns.annotate(last=Max("sub_place"))
        return {Number(series, number): last for series, number, last in found}

    def _taken(self) -> dict[Key, Number]:
        """What is there already, as far as all see it who will see the new ones."""
        scope = Scope.of_party(self.party.pk) if self.party else MEMBERS_SCOPE
        rows = Issue.objects.shown_in(self.negotiation.pk, scope).select_related("parent")
        return {_key(one.parent, one.title, one.reference): one.address for one in rows}

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
            series=self.party.code if self.party else "",
            number=self.number,
            **self.shown,
            title=" ".join(item.title.split()),
            reference=item.reference,
            heading="" if parent else item.heading,
            description=item.description,
            parent=parent,
            place=parent.place if parent else self.place,
        )
        if parent:
            place = self.sub_places.get(parent.address, 0) + 1
            issue.sub_place = self.sub_places[parent.address] = place
        return issue

    def _check(self, issue: Issue) -> None:
        parent = issue.parent
        if parent and (parent.negotiation_id != self.negotiation.pk or parent.entered_in_error):
            raise ValidationError("There is no such item to stand under.")
        if parent and parent.sub_place:
            raise ValidationError("There is one level of sub-items: choose a top-level item.")
        if parent and not issue.is_within(parent):
            raise ValidationError(f"“{parent}” is {audience_text(parent)}.")
        key = _key(parent, issue.title, issue.reference)
        if key in self.taken:
            raise ValidationError(f"This is there already, as number {self.taken[key]}.")
        self.taken[key] = issue.address
        # Without what is given: a look for each of them at each row.
        issue.clean_fields(GIVEN)


def _key(parent: Issue | None, title: str, reference: str) -> Key:
    return parent.address if parent else None, title.casefold(), reference.casefold()


def own_party(
    audience: str, audience_party: Party | None, recorded_party: Party | None
) -> Party | None:
    """Whose own a new item is to be; None for one that is not only one delegation's.

    Raises ValidationError for a delegation that is not the writer's.
    """
    if audience != DELEGATION:
        return None
    if audience_party is None or audience_party != recorded_party:
        raise ValidationError({"audience": OWN_DELEGATION})
    return audience_party
