from __future__ import annotations

import datetime as dt

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from negotiations.models import Mail, Membership, Negotiation, Party, User
from negotiations.signals import frame_changed

from .rows import delete, lock, save
from .security import Kind, note, place_of

HEAD = Membership.Role.HEAD


def add_member(
    negotiation: Negotiation,
    *,
    user: User,
    role: str = Membership.Role.VIEWER,
    party: Party | None = None,
    by: User | None = None,
) -> Membership:
    """Let `user` into the negotiation, tied to `party` if given.

    The first member tied to a party opens that party's scope: `frame_changed`. Raises
    ValidationError for somebody who is a member already.
    """
    with transaction.atomic():
        lock(negotiation)
        if negotiation.memberships.filter(user=user).exists():
            raise ValidationError({"username": f"{user} is a member already."})
        before = _tied(negotiation)
        membership = Membership(negotiation=negotiation, user=user)
        _check_party(negotiation, party)
        save(membership, by=by, role=role, party=party)
        _tell(negotiation, before)
        _note(Kind.JOINED, membership, by, place_of(membership))
    return membership


def add_person(
    negotiation: Negotiation,
    *,
    username: str,
    full_name: str,
    role: str = Membership.Role.VIEWER,
    party: Party | None = None,
    by: User | None = None,
) -> Membership:
    """Make an account without a password and let it in; the caller hands out the first link.

    Raises ValidationError by field for a user name that is taken or cannot be one.
    """
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError({"username": "This user name is taken; choose another."})
        first_name, _space, last_name = full_name.strip().rpartition(" ")
        user = User(username=username, first_name=first_name, last_name=last_name)
        user.set_unusable_password()
        user.full_clean()
        user.save()
        return add_member(negotiation, user=user, role=role, party=party, by=by)


def update_member(
    membership: Membership, *, role: str, party: Party | None, by: User | None = None
) -> Membership:
    """Change what a member may do and which delegation they belong to.

    Raises ValidationError when the last head would lose that role.
    """
    negotiation = membership.negotiation
    with transaction.atomic():
        lock(negotiation)
        _check_party(negotiation, party)
        if role != HEAD:
            _keep_a_head(membership)
        before, old = _tied(negotiation), place_of(membership)
        changed = save(membership, by=by, role=role, party=party)
        _tell(negotiation, before)
        if changed:
            _note(Kind.ROLE, membership, by, f"{old} → {place_of(membership)}")
    return membership


def remove_member(membership: Membership, *, by: User | None = None) -> None:
    """Take somebody out; what they recorded stays. Raises ValidationError for the last head."""
    negotiation = membership.negotiation
    with transaction.atomic():
        lock(negotiation)
        _keep_a_head(membership)
        before = _tied(negotiation)
        was = place_of(membership)
        delete(membership, by=by)
        _tell(negotiation, before)
        _note(Kind.LEFT, membership, by, was)


def mark_read(membership: Membership, *, until: dt.datetime | None = None) -> None:
    """Count what was recorded up to `until` (now) as seen; never moves back."""
    until = until or timezone.now()
    rows = Membership.objects.filter(pk=membership.pk)
    # Not a fact about the negotiation: no history row, no lock.
    rows.exclude(read_until__gte=until).update(read_until=until)


def _note(kind: str, membership: Membership, by: User | None, detail: str) -> None:
    note(kind, by=by, about=membership.user, negotiation=membership.negotiation, detail=detail)


def vouch_for_address(person: User) -> None:
    """Count the account's mail address as its owner's: an administrator gave it.

    An address that several accounts were given tells nobody apart, and counts for none of them.
    """
    address = person.email.lower()
    with transaction.atomic():
        EmailAddress.objects.filter(user=person).delete()
        if address:
            is_shared = bool(EmailAddress.objects.filter(email=address).update(verified=False))
            EmailAddress.objects.create(
                user=person, email=address, verified=not is_shared, primary=True
            )


def blank_person(person: User, *, name: str) -> None:
    """Leave nothing of somebody's names and address, and an account nobody can sign in with.

    `name` becomes the user name. What the admin's log says of the account goes as well.
    """
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=kind, object_id=str(person.pk)).delete()
    EmailAddress.objects.filter(user=person).delete()
    if person.email:
        Mail.objects.filter(address__iexact=person.email).delete()
    SocialAccount.objects.filter(user=person).delete()
    person.username, person.first_name, person.last_name = name, "Erased", "person"
    person.email, person.last_login = "", None
    person.is_active = person.is_staff = person.is_superuser = False
    person.set_unusable_password()
    person.save()


def _keep_a_head(membership: Membership) -> None:
    others = membership.negotiation.memberships.exclude(pk=membership.pk)
    was_head = Membership.objects.filter(pk=membership.pk, role=HEAD).exists()
    if was_head and not others.filter(role=HEAD, user__is_active=True).exists():
        raise ValidationError({"role": "A negotiation keeps at least one head."})


def _check_party(negotiation: Negotiation, party: Party | None) -> None:
    if party and party.negotiation_id != negotiation.pk:
        raise ValidationError({"party": "This party belongs to another negotiation."})


def _tied(negotiation: Negotiation) -> set[int | None]:
    rows = negotiation.memberships.filter(party__isnull=False)
    return set(rows.values_list("party", flat=True))


def _tell(negotiation: Negotiation, before: set[int | None]) -> None:
    """Standings are kept per scope, and a party has one while it has a tied member."""
    if _tied(negotiation) != before:
        frame_changed.send(Membership, negotiation=negotiation)
