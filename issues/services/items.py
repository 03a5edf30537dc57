"""Items and their place: opened, edited under a version, ordered, marked as entered in error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, OuterRef, QuerySet, Subquery

from negotiations.models import Negotiation, Party, Round, User
from negotiations.services.rows import delete, lock, locked, moved, save

from ..models import AgendaLine, Issue
from .opening import ItemData, Opening
from .standings import in_chunks, rebuild


def open_issue(
    negotiation: Negotiation,
    *,
    by: User | None,
    title: str,
    parent: Issue | None = None,
    reference: str = "",
    heading: str = "",
    description: str = "",
    raised_by: Iterable[Party] = (),
    owner: User | None = None,
) -> Issue:
    """Open an item; a title is enough. It claims nothing: no status yet.

    A sub-item stands under its parent's heading, so `heading` is for top-level items. Raises
    ValidationError by field: the title is already there, or the parent cannot have sub-items.
    """
    with transaction.atomic():
        lock(negotiation)
        fields = {"reference": reference, "heading": heading, "description": description}
        issue = _open(negotiation, by, title=title, parent=parent, owner=owner, **fields)
        issue.raised_by.set(_parties(issue, raised_by) or ())
        _settle_places(negotiation)
        rebuild(negotiation, [issue.pk])
        issue.refresh_from_db()
    return issue


def open_issues(
    negotiation: Negotiation, items: Sequence[ItemData], *, by: User | None
) -> list[Issue]:
    """Open many items and their sub-items in the order given: all of them or, on an error, none.

    Raises ValidationError with one sentence per item that cannot be opened.
    """
    with transaction.atomic():
        lock(negotiation)
        opening = Opening(negotiation, by)
        made = opening.open(items)
        _settle_places(negotiation)
        for chunk in in_chunks([issue.pk for issue in made]):
            rebuild(negotiation, chunk)
    return made


def update_issue(
    issue: Issue,
    *,
    version: int,
    by: User | None,
    raised_by: Iterable[Party] | None = None,
    **fields: Any,
) -> Issue:
    """Change plain fields under a version; one history row, or none when nothing differs.

    Raises Conflict when somebody saved first, ValidationError by field as `open_issue`.
    """
    with transaction.atomic():
        lock(issue.negotiation)
        current = locked(issue, version)
        fields = _checked(current, {"parent": current.parent, **fields})
        parties = _parties(current, raised_by)
        if parties is None:
            save(current, by=by, **fields)
        else:
            _save_with_parties(current, by, parties, fields)
        _settle_places(current.negotiation)
        current.refresh_from_db()
    return current


def mark_in_error(issue: Issue, *, version: int, by: User | None, reason: str) -> Issue:
    """Take an item out of every page; its number and history stay with the administrators.

    Raises ValidationError without a reason or while it has sub-items, Conflict as `update_issue`.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    with transaction.atomic():
        current = locked(issue, version)
        if current.sub_items.filter(entered_in_error=False).exists():
            raise ValidationError("It has sub-items: move them or mark them first.")
        save(current, by=by, entered_in_error=True, error_reason=reason.strip())
    return current


def restore_issue(issue: Issue, *, version: int, by: User | None) -> Issue:
    """Bring back an item that was marked by mistake.

    Raises ValidationError while its parent is marked, Conflict as `update_issue`.
    """
    with transaction.atomic():
        current = locked(issue, version)
        if current.parent and current.parent.entered_in_error:
            raise ValidationError(f"“{current.parent}” is marked too: bring that back first.")
        save(current, by=by, entered_in_error=False, error_reason="")
    return current


def move_issue(issue: Issue, *, step: int) -> None:
    """Move an item `step` places: a sub-item within its parent, another within its heading."""
    with transaction.atomic():
        lock(issue.negotiation)
        rows = issue.negotiation.issues.filter(parent=issue.parent, entered_in_error=False)
        if issue.parent:
            _exchange(moved(rows.order_by("sub_place", "pk"), issue, step), "sub_place")
        else:
            group = rows.filter(heading=issue.heading).order_by("place", "pk")
            _exchange(moved(group, issue, step), "place")


def move_heading(negotiation: Negotiation, *, heading: str, step: int) -> None:
    """Move a heading with all its items `step` headings further on.

    Raises ValidationError for a heading that no item has.
    """
    with transaction.atomic():
        lock(negotiation)
        top = _top_level(negotiation).filter(entered_in_error=False)
        groups = {rows[0].heading: rows for rows in _groups(top)}
        if heading not in groups:
            raise ValidationError("There is no such heading.")
        heads = [rows[0] for rows in groups.values()]
        order = moved(heads, groups[heading][0], step)
        _exchange([row for head in order for row in groups[head.heading]], "place")


def set_agenda_line(
    round_: Round, issue: Issue, *, by: User | None, planned: bool, outcome: str = ""
) -> AgendaLine | None:
    """Say whether an item was planned for a round and what became of it: discussed, not reached.

    The two are separate facts and neither follows from entries. With neither, the line goes.
    """
    if round_.negotiation_id != issue.negotiation_id:
        raise ValidationError("This item belongs to another negotiation.")
    with transaction.atomic():
        Round.objects.select_for_update().get(pk=round_.pk)
        present = AgendaLine.objects.filter(round=round_, issue=issue).first()
        if not planned and not outcome:
            if present:
                delete(present, by=by)
            return None
        line = present or AgendaLine(round=round_, issue=issue)
        save(line, by=by, planned=planned, outcome=outcome)
    return line


# --- Helpers ------------------------------------------------------------------------------------


def _open(
    negotiation: Negotiation, by: User | None, *, title: str, parent: Issue | None, **fields: Any
) -> Issue:
    last = negotiation.issues.aggregate(number=Max("number"), place=Max("place"))
    issue = Issue(negotiation=negotiation, number=(last["number"] or 0) + 1)
    issue.place = (last["place"] or 0) + 1
    save(issue, by=by, **_checked(issue, {"title": title, "parent": parent, **fields}))
    return issue


def _checked(issue: Issue, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are to be saved: title on one line, place and heading by the parent."""
    parent = fields["parent"]
    fields["title"] = " ".join(fields.get("title", issue.title).split())
    if issue._state.adding or parent != issue.parent:
        _check_parent(issue, parent)
        fields["sub_place"] = _next_sub_place(parent)
    if parent:
        fields["heading"] = ""
    _refuse_twice(issue, fields["title"], fields.get("reference", issue.reference), parent)
    return fields


def _refuse_twice(issue: Issue, title: str, reference: str, parent: Issue | None) -> None:
    """A form sent twice opens one item; two lines of one name could not be told apart."""
    same = Issue.objects.filter(
        negotiation=issue.negotiation,
        parent=parent,
        title__iexact=title,
        reference__iexact=reference,
        entered_in_error=False,
    ).exclude(pk=issue.pk)
    if found := same.first():
        raise ValidationError({"title": f"This is there already, as number {found.number}."})


def _check_parent(issue: Issue, parent: Issue | None) -> None:
    if parent is None:
        return
    sentence = ""
    if parent.negotiation_id != issue.negotiation_id or parent.entered_in_error:
        sentence = "There is no such item to stand under."
    elif parent.pk == issue.pk or parent.parent_id:
        sentence = "There is one level of sub-items: choose a top-level item."
    elif issue.pk and issue.sub_items.exists():
        sentence = "It has sub-items of its own, so it stays on the top level."
    if sentence:
        raise ValidationError({"parent": sentence})


def _next_sub_place(parent: Issue | None) -> int:
    if parent is None:
        return 0
    return int(parent.sub_items.aggregate(last=Max("sub_place"))["last"] or 0) + 1


def _parties(issue: Issue, raised_by: Iterable[Party] | None) -> list[Party] | None:
    """The parties that are to have raised the item, or None when they do already."""
    if raised_by is None:
        return None
    parties = list(raised_by)
    if any(party.negotiation_id != issue.negotiation_id for party in parties):
        raise ValidationError({"raised_by": "This party belongs to another negotiation."})
    before = set(issue.raised_by.values_list("pk", flat=True))
    return None if {party.pk for party in parties} == before else parties


def _save_with_parties(
    issue: Issue, by: User | None, parties: list[Party], fields: dict[str, Any]
) -> None:
    """Save both in one history row; who raised an item decides on its withdrawal (rule 3)."""
    # The library would write one more row for each step by which the relation changes.
    issue.skip_history_when_saving = True  # type: ignore[attr-defined]
    issue.raised_by.set(parties)
    del issue.skip_history_when_saving  # type: ignore[attr-defined]
    save(issue, by=by, touched=True, **fields)
    rebuild(issue.negotiation, [issue.pk])


def _top_level(negotiation: Negotiation) -> QuerySet[Issue]:
    return negotiation.issues.filter(parent=None).order_by("place", "pk")


def _groups(issues: Iterable[Issue]) -> list[list[Issue]]:
    """Items of one heading together, headings in the order of their first item."""
    groups: dict[str, list[Issue]] = {}
    for issue in issues:
        groups.setdefault(issue.heading, []).append(issue)
    return list(groups.values())


def _settle_places(negotiation: Negotiation) -> None:
    """Number the top level anew: the items of one heading together, sub-items with their parent.

    Order is nobody's text: it changes without a version and without a history row.
    """
    order = [issue for group in _groups(_top_level(negotiation)) for issue in group]
    changed = []
    for place, issue in enumerate(order, start=1):
        if issue.place != place:
            issue.place = place
            changed.append(issue)
    Issue.objects.bulk_update(changed, ["place"], batch_size=500)
    parent_place = Issue.objects.filter(pk=OuterRef("parent")).values("place")
    sub_items = negotiation.issues.filter(parent__isnull=False)
    sub_items.exclude(place=F("parent__place")).update(place=Subquery(parent_place))


def _exchange(order: Sequence[Issue], field: str) -> None:
    """Give the items the places they have among them, in this order."""
    places = sorted(getattr(issue, field) for issue in order)
    for issue, place in zip(order, places, strict=True):
        setattr(issue, field, place)
    Issue.objects.bulk_update(order, [field])
    if order:
        _settle_places(order[0].negotiation)
