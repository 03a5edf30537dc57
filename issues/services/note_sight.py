"""Who may see a note: changed by an event of its own, with the people it named and names."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from negotiations.access import Role, Viewer, can
from negotiations.models import Membership, Party
from negotiations.scopes import DELEGATION, MEMBERS, NAMED
from negotiations.services.rows import lock, save

from ..models import Note, SightChange, SightPerson
from .chains import append, sight_events
from .notes import chosen, name_people
from .refusals import OWN_DELEGATION, audience_text
from .sight import note_sight

GONE = "This note is not for you any more."


def may_change_note_sight(note: Note, viewer: Viewer) -> tuple[bool, str]:
    """Whether the viewer, who sees the note, may change who sees it; if not, why.

    Its author may, and a head of the author's side or of none: nobody makes their own what
    another side wrote.
    """
    allowed, why_not = can(viewer, Role.RECORDER)
    if not allowed:
        return False, why_not
    if note.author_id == viewer.user.pk:
        return True, ""
    if not viewer.is_head:
        return False, "Only its author or a head changes who may see a note."
    if viewer.party and viewer.party.pk not in {note.audience_party_id, _side_of_author(note)}:
        return False, f"Only what {viewer.party}’s own people wrote down can be changed by you."
    return True, ""


def _side_of_author(note: Note) -> int | None:
    return _authors(note).values_list("party", flat=True).first()


def _authors(note: Note) -> QuerySet[Membership]:
    return Membership.objects.filter(negotiation=note.issue.negotiation, user=note.author_id)


def named_in(
    note: Note, audience: str, people: Iterable[Membership], viewer: Viewer
) -> list[Membership]:
    """Whom the note would name: its author always, and the viewer. Raises as `chosen`."""
    return chosen(viewer, [*people, *_authors(note)]) if audience == NAMED else []


def check_note_sight(
    note: Note, audience: str, people: Iterable[Membership], viewer: Viewer, reason: str
) -> None:
    """Raises ValidationError, by field, unless the viewer may give the note this audience."""
    allowed, why_not = may_change_note_sight(note, viewer)
    if not allowed:
        raise ValidationError(why_not)
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    if audience == DELEGATION and viewer.party is None:
        raise ValidationError({"audience": OWN_DELEGATION})
    if audience == MEMBERS and note.issue.audience == DELEGATION:
        sentence = f"The item is {audience_text(note.issue)}: widen that first."
        raise ValidationError({"audience": sentence})
    named = {row.pk for row in named_in(note, audience, people, viewer)}
    now = {row.membership for row in note.people.all()}
    if (audience, _party(audience, viewer), named) == (*seen_now(note), now):
        raise ValidationError({"audience": "That is who may see it already."})


def seen_now(note: Note) -> tuple[str, Party | None]:
    """For whom a note is: one for all members on a delegation's own item is for that delegation."""
    if note.audience == MEMBERS and note.issue.audience == DELEGATION:
        return DELEGATION, note.issue.audience_party
    return note.audience, note.audience_party


def change_note_sight(
    note: Note, *, audience: str, people: Iterable[Membership] = (), reason: str, viewer: Viewer
) -> SightChange:
    """Changes who may see a note, with an event of its own; its history goes with it.

    Raises ValidationError without a reason, from whoever may not change it or no longer sees it,
    for another's delegation, and for somebody named who is not of the viewer's side.
    """
    people = list(people)
    with transaction.atomic():
        lock(viewer.negotiation)
        rows = Note.objects.select_for_update(of=("self",)).filter(pk=note.pk)
        current: Note = rows.select_related("issue__negotiation", "issue__audience_party").get()
        if not Note.objects.visible_to(viewer).filter(pk=note.pk).exists():
            raise ValidationError(GONE)
        check_note_sight(current, audience, people, viewer, reason)
        change = _record(current, audience, _party(audience, viewer), reason, viewer)
        _name_anew(current, named_in(current, audience, people, viewer), change)
        save(current, by=viewer.user, audience=audience, audience_party=change.new_party)
        append(viewer.negotiation, sight_events(change))
        note_sight([change])
    return change


def _party(audience: str, viewer: Viewer) -> Party | None:
    """As a note has it: also of what is for people by name the side that wrote it."""
    return viewer.party if audience in (DELEGATION, NAMED) else None


def _record(
    note: Note, audience: str, party: Party | None, reason: str, viewer: Viewer
) -> SightChange:
    was, was_party = seen_now(note)
    change: SightChange = SightChange.objects.create(
        negotiation=viewer.negotiation,
        kind=SightChange.Kind.NOTE,
        row=note.pk,
        old_audience=was,
        old_party=was_party,
        new_audience=audience,
        new_party=party,
        reason=reason.strip(),
        changed_by=viewer.user,
    )
    return change


def _name_anew(note: Note, named: list[Membership], change: SightChange) -> None:
    before = [(row.user_id, row.membership, False) for row in note.people.all()]
    since = [(row.user_id, row.pk, True) for row in named]
    SightPerson.objects.bulk_create(
        SightPerson(change=change, user_id=user, membership=membership, is_since=is_since)
        for user, membership, is_since in before + since
    )
    note.people.all().delete()
    name_people(note, named)
