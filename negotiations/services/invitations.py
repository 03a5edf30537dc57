from __future__ import annotations

import datetime as dt
import hashlib
from base64 import urlsafe_b64encode
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from negotiations.models import Invitation, Mail, Membership, Negotiation, Party, User

from .mails import post_mail
from .members import add_member, add_person
from .security import Kind, note, place

GOOD_FOR = dt.timedelta(days=7)
GONE = "This invitation was used, withdrawn or has run out. Ask for a new one."


def invite(
    negotiation: Negotiation,
    *,
    by: User,
    role: str,
    party: Party | None = None,
    email: str = "",
    mail_from: str = "",
) -> tuple[Invitation, str]:
    """Make an invitation, good once and for a week; returns it with its secret, kept nowhere.

    With `mail_from`, the address of the site, a mail to `email` waits to be sent.
    """
    uuid = uuid4()
    token = _token(uuid)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            uuid=uuid,
            negotiation=negotiation,
            email=email,
            role=role,
            party=party,
            sha256=_hash(token),
            made_by=by,
            expires_at=timezone.now() + GOOD_FOR,
        )
        note(Kind.INVITED, by=by, negotiation=negotiation, detail=place(role, party))
        if email and mail_from:
            post_mail(Mail.Kind.INVITATION, email, mail_from, invitation)
    return invitation, token


def open_invitation(token: str) -> Invitation | None:
    """The invitation behind this secret while it may be used.

    It dies with its maker's right to invite: as a head, and of that delegation.
    """
    rows = Invitation.objects.select_related("negotiation", "party", "made_by")
    found = rows.filter(sha256=_hash(token)).first()
    return found if found and is_usable(found) else None


def is_usable(invitation: Invitation) -> bool:
    """Whether its link would let somebody in now."""
    return invitation.is_open and _still_may_invite(invitation)


def token_of(invitation: Invitation) -> str:
    """The secret of an invitation, for its mail; empty where the secret key was another then."""
    token = _token(invitation.uuid)
    return token if _hash(token) == invitation.sha256 else ""


def withdraw_invitation(invitation: Invitation, *, by: User) -> None:
    """From now on the link is dead. Withdrawing twice, or one that was used, changes nothing."""
    rows = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    with transaction.atomic():
        if rows.update(revoked_at=timezone.now()):
            negotiation = invitation.negotiation
            what = place(invitation.role, invitation.party)
            note(Kind.INVITATION_REVOKED, by=by, negotiation=negotiation, detail=what)


def join(invitation: Invitation, *, user: User) -> Membership:
    """Let `user` in as invited; the invitation is used up.

    Raises ValidationError for a member, and when somebody was faster.
    """
    with transaction.atomic():
        _use(invitation)
        membership = add_member(
            invitation.negotiation,
            user=user,
            role=invitation.role,
            party=invitation.party,
            by=invitation.made_by,
        )
        _used_by(invitation, user)
    return membership


def join_as_new(
    invitation: Invitation, *, username: str, full_name: str, password: str
) -> Membership:
    """Make an account with this password and let it in; the invitation is used up.

    Raises ValidationError by field for a user name that is taken, and when somebody was faster.
    """
    with transaction.atomic():
        _use(invitation)
        membership = add_person(
            invitation.negotiation,
            username=username,
            full_name=full_name,
            role=invitation.role,
            party=invitation.party,
            by=invitation.made_by,
        )
        membership.user.email = invitation.email
        membership.user.set_password(password)
        membership.user.save()
        _used_by(invitation, membership.user)
    return membership


def _use(invitation: Invitation) -> None:
    current = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if not is_usable(current):
        raise ValidationError(GONE)


def _used_by(invitation: Invitation, user: User) -> None:
    rows = Invitation.objects.filter(pk=invitation.pk)
    rows.update(used_at=timezone.now(), used_by=user)
    note(Kind.INVITATION_USED, by=user, about=user, negotiation=invitation.negotiation)


def _still_may_invite(invitation: Invitation) -> bool:
    maker, negotiation = invitation.made_by, invitation.negotiation
    if not maker.is_active or negotiation.archived_at:
        return False
    headed = negotiation.memberships.filter(user=maker, role=Membership.Role.HEAD).first()
    if headed is None:
        return bool(maker.is_superuser)
    return headed.party_id in {None, invitation.party_id} or invitation.party_id is None


def _token(uuid: UUID) -> str:
    """Follows from the secret key, so that a mail that waits, or a backup, need not hold it."""
    digest = salted_hmac("parley.invitation", uuid.hex, algorithm="sha256").digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
