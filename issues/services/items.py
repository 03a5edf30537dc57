"""Items and their place: opened, edited under a version, ordered, marked as entered in error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from negotiations.models import Negotiation, Party, User
from negotiations.scopes import DELEGATION, MEMBERS, Scope
from negotiations.services.rows import lock, locked, save

from ..models import Issue
from .counts import count_items
from .opening import ItemData, Opening, own_party
from .places import last_number, scope_of, settle_places
from .refusals import audience_text
from .standings import in_chunks, lock_items, rebuild

SHOWN = ("audience", "audience_party", "recorded_party")


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
    audience: str = MEMBERS,
    audience_party: Party | None = None,
    recorded_party: Party | None = None,
) -> Issue:
    """Open an item; a title is enough. It claims nothing: no status yet.

    A sub-item stands under its parent's heading, so `heading` is for top-level items.
    `recorded_party` is the delegation of whoever opens it; one kept to that delegation is numbered
    in a series of its own. Raises ValidationError by field: the title is already there, the parent
    cannot have sub-items or is for fewer people, or the audience is another delegation's.
    """
    with transaction.atomic():
        lock(negotiation)
        fields: dict[str, Any] = {
            "reference": reference,
            "heading": heading,
            "description": description,
        }
        fields |= {"audience": audience, "audience_party": audience_party}
        fields |= {"recorded_party": recorded_party}
        issue = _open(negotiation, by, title=title, parent=parent, owner=owner, **fields)
        issue.raised_by.set(_parties(issue, raised_by) or ())
        settle_places(negotiation)
        rebuild(negotiation, [issue.pk])
        issue.refresh_from_db()
    return issue


def open_issues(
    negotiation: Negotiation,
    items: Sequence[ItemData],
    *,
    by: User | None,
    audience: str = MEMBERS,
    audience_party: Party | None = None,
    recorded_party: Party | None = None,
) -> list[Issue]:
    """Open many items and their sub-items in the order given: all of them or, on an error, none.

    Audience as in `open_issue`, the same for all. Raises ValidationError with one sentence per
    item that cannot be opened, and on `audience` for another delegation's.
    """
    with transaction.atomic():
        lock(negotiation)
        opening = Opening(negotiation, by, audience, audience_party, recorded_party)
        made = opening.open(items)
        settle_places(negotiation)
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
        if current.parent:
            _take_along(current, by)
        settle_places(current.negotiation)
        current.refresh_from_db()
    return current


def mark_in_error(issue: Issue, *, version: int, by: User | None, reason: str) -> Issue:
    """Take an item out of every page; its number and history stay with the administrators.

    What a delegation keeps below it goes with it, for a refusal would tell of that. Raises
    ValidationError without a reason or while it has sub-items, Conflict as `update_issue`.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    with transaction.atomic():
        current = locked(issue, version)
        told, untold = _sub_items_of(current, entered_in_error=False)
        if told:
            raise ValidationError("It has sub-items: move them or mark them first.")
        _count(current, *untold, times=-1)
        for row in (current, *untold):
            save(row, by=by, entered_in_error=True, error_reason=reason.strip())
    return current


def restore_issue(issue: Issue, *, version: int, by: User | None) -> Issue:
    """Bring back an item that was marked by mistake.

    Raises ValidationError while its parent is marked, Conflict as `update_issue`.
    """
    with transaction.atomic():
        current = locked(issue, version)
        if current.parent and current.parent.entered_in_error:
            raise ValidationError(f"“{current.parent}” is marked too: bring that back first.")
        marked = {"entered_in_error": True, "error_reason": current.error_reason}
        _told, untold = _sub_items_of(current, **marked)
        for row in (current, *untold):
            save(row, by=by, entered_in_error=False, error_reason="")
        _count(current, *untold)
    return current


# --- Helpers ------------------------------------------------------------------------------------


def _count(*issues: Issue, times: int = 1) -> None:
    """Takes them into the figures over all items, or out of these."""
    keys = [issue.pk for issue in issues]
    lock_items(keys)
    count_items(issues[0].negotiation_id, keys, times)


def _open(
    negotiation: Negotiation, by: User | None, *, title: str, parent: Issue | None, **fields: Any
) -> Issue:
    party = own_party(*(fields[name] for name in SHOWN))
    issue = Issue(negotiation=negotiation, series=party.code if party else "")
    issue.number = last_number(negotiation, party) + 1
    issue.place = (negotiation.issues.aggregate(last=Max("place"))["last"] or 0) + 1
    issue.audience, issue.audience_party = fields["audience"], party
    save(issue, by=by, **_checked(issue, {"title": title, "parent": parent, **fields}))
    return issue


def _checked(issue: Issue, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are to be saved: title on one line, place and heading by the parent."""
    parent = fields["parent"]
    fields["title"] = " ".join(fields.get("title", issue.title).split())
    if issue._state.adding or parent != issue.parent:
        check_parent(issue, parent)
        fields["sub_place"] = _next_sub_place(parent)
    if parent:
        fields["heading"] = ""
    _refuse_twice(
        issue, scope_of(issue), fields["title"], fields.get("reference", issue.reference), parent
    )
    return fields


def refuse_twice(issue: Issue, audience: str, party: Party | None) -> None:
    """Raises ValidationError where the item, seen by these, would stand beside one of its name."""
    scope = Scope.of_party(party.pk) if party else Scope(audience)
    _refuse_twice(issue, scope, issue.title, issue.reference, issue.parent)


def _refuse_twice(
    issue: Issue, scope: Scope, title: str, reference: str, parent: Issue | None
) -> None:
    """A form sent twice opens one item; two lines of one name could not be told apart."""
    same = (
        Issue.objects.in_scope(scope)
        .filter(
            negotiation=issue.negotiation,
            parent=parent,
            title__iexact=title,
            reference__iexact=reference,
            entered_in_error=False,
        )
        .exclude(pk=issue.pk)
    )
    if found := same.first():
        raise ValidationError({"title": f"This is there already, as number {found.address}."})


def check_parent(issue: Issue, parent: Issue | None) -> None:
    """Raises ValidationError unless the item, new or not, may stand under `parent`."""
    if parent is None:
        return
    sentence = ""
    if parent.negotiation_id != issue.negotiation_id or parent.entered_in_error:
        sentence = "There is no such item to stand under."
    elif parent.pk == issue.pk or parent.parent_id:
        sentence = "There is one level of sub-items: choose a top-level item."
    elif issue.pk and _sub_items_of(issue)[0]:
        sentence = "It has sub-items of its own, so it stays on the top level."
    elif not issue.is_within(parent):
        sentence = f"“{parent}” is {audience_text(parent)}: a sub-item never shows further."
    if sentence:
        raise ValidationError({"parent": sentence})


def _sub_items_of(issue: Issue, **condition: Any) -> tuple[list[Issue], list[Issue]]:
    """The sub-items of which whoever changes the item knows, and what a delegation keeps below."""
    rows = list(issue.sub_items.filter(**condition))
    kept = [row for row in rows if row.audience == DELEGATION != issue.audience]
    return [row for row in rows if row not in kept], kept


def _take_along(issue: Issue, by: User | None) -> None:
    """What a delegation keeps below an item that became a sub-item stands beside it from now on."""
    for row in issue.sub_items.all():
        save(row, by=by, parent=issue.parent, sub_place=_next_sub_place(issue.parent))


def set_apart(issue: Issue, by: User | None) -> None:
    """What other delegations keep below an item stands by itself once it is one side's own.

    They would lose it with what is hidden from them. The caller settles the places.
    """
    rows = issue.sub_items.filter(audience=DELEGATION)
    for row in rows.exclude(audience_party=issue.audience_party):
        save(row, by=by, parent=None, sub_place=0)


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
