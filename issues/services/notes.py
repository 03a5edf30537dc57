"""Notes: written with their audience, edited under a version, removed and brought back."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction

from negotiations.access import Role, Viewer, can, own_side
from negotiations.models import Membership
from negotiations.scopes import DELEGATION, MEMBERS, NAMED
from negotiations.services.rows import locked, save

from ..models import Issue, Note, NotePerson


def add_note(
    issue: Issue,
    *,
    text: str,
    audience: str,
    viewer: Viewer,
    people: Iterable[Membership] = (),
    token: UUID | None = None,
) -> Note:
    """Writes a note on an item for those of `audience`; the author is always among the named.

    The same `token` writes once. Raises ValidationError for whoever only reads, for a delegation
    that is not the author's, and for somebody named who is not of the author's side.
    """
    _check_recorder(viewer)
    with transaction.atomic():
        token = token or uuid4()
        sent = Note.objects.filter(uuid=token).first()
        if sent and (sent.author_id, sent.issue_id) == (viewer.user.pk, issue.pk):
            return sent
        note = Note(uuid=uuid4() if sent else token, issue=issue, author=viewer.user)
        party = None if audience == MEMBERS else viewer.party
        if audience == DELEGATION and party is None:
            raise ValidationError({"audience": "You belong to no delegation here."})
        save(note, by=viewer.user, text=text, audience=audience, audience_party=party)
        if audience == NAMED:
            name_people(note, chosen(viewer, people))
    return note


def chosen(viewer: Viewer, people: Iterable[Membership]) -> list[Membership]:
    """Those named and the viewer, as they are members now.

    Raises ValidationError for who is no member, and for somebody of another side.
    """
    if viewer.membership is None:
        raise ValidationError({"audience": "Only members can name people."})
    side = {row.pk: row for row in own_side(viewer)}
    wanted = {row.pk for row in people} | {viewer.membership.pk}
    if not wanted <= side.keys():
        raise ValidationError({"people": "Only people of your own side can be named."})
    return [side[pk] for pk in sorted(wanted)]


def name_people(note: Note, members: Iterable[Membership]) -> None:
    """From now on the note, which named nobody, is for these; the caller has checked."""
    NotePerson.objects.bulk_create(
        NotePerson(note=note, user=row.user, membership=row.pk) for row in members
    )


def update_note(note: Note, *, version: int, text: str, viewer: Viewer) -> Note:
    """Changes the words of a note; what it said stays in its history.

    Raises Conflict when somebody saved or removed it first, ValidationError as `add_note`.
    """
    _check_recorder(viewer)
    with transaction.atomic():
        current = locked(note, version)
        save(current, by=viewer.user, text=text)
    return current


def may_remove(note: Note, viewer: Viewer) -> tuple[bool, str]:
    """Whether the viewer, who sees the note, may remove it or bring it back; if not, why."""
    allowed, why_not = can(viewer, Role.RECORDER)
    if allowed and note.author_id != viewer.user.pk and not viewer.is_head:
        return False, "Only its author or a head removes a note."
    return allowed, why_not


def remove_note(note: Note, *, viewer: Viewer) -> Note:
    """Takes a note off the item; it can be brought back. Raises ValidationError: see may_remove."""
    return _set_removed(note, viewer, removed=True)


def restore_note(note: Note, *, viewer: Viewer) -> Note:
    """Brings a removed note back. Raises ValidationError: see may_remove."""
    return _set_removed(note, viewer, removed=False)


def _set_removed(note: Note, viewer: Viewer, *, removed: bool) -> Note:
    allowed, why_not = may_remove(note, viewer)
    if not allowed:
        raise ValidationError(why_not)
    with transaction.atomic():
        current = Note.objects.select_for_update().get(pk=note.pk)
        save(current, by=viewer.user, removed=removed)
    return current


def _check_recorder(viewer: Viewer) -> None:
    allowed, why_not = can(viewer, Role.RECORDER)
    if not allowed:
        raise ValidationError(why_not)
