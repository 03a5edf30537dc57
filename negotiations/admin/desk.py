"""Who sits at the administrator's desk: what they see and what they may do there."""

from __future__ import annotations

from functools import cached_property

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from negotiations.access import Viewer, can
from negotiations.models import Membership, Negotiation, Override, Party, User
from negotiations.scopes import DELEGATION, MEMBERS, PUBLIC

Role = Membership.Role
# From any row towards its negotiation, one step at a time.
STEPS = ("negotiation", "scheme", "issue", "round", "entry", "standing")


def negotiation_of(row: Model | None) -> Negotiation | None:
    """The negotiation a row belongs to; None for one that belongs to none, such as a template."""
    if row is None or isinstance(row, Negotiation):
        return row
    for step in STEPS:
        found = negotiation_of(getattr(row, step, None))
        if found:
            return found
    return None


class Desk:
    """One person of the staff. A superuser repairs everything, yet sees nothing of a delegation's
    own unless tied to it or with a reason, as an `Override`; other staff have the rights of their
    memberships."""

    def __init__(self, user: User) -> None:
        self.user = user

    @cached_property
    def memberships(self) -> dict[int, Membership]:
        rows = self.user.memberships.select_related("party", "negotiation")
        return {row.negotiation_id: row for row in rows}

    @cached_property
    def own_parties(self) -> list[Party]:
        """The delegations whose own this person sees: tied to them, or by an open override."""
        own = [row.party for row in self.memberships.values() if row.party]
        return own + [one.party for one in self.overrides]

    @cached_property
    def overrides(self) -> list[Override]:
        """What this person has opened without clearance and is still open."""
        if not self.user.is_superuser:
            return []
        opened = Override.objects.still_open().filter(by=self.user)
        return list(opened.select_related("party", "negotiation"))

    @property
    def negotiations(self) -> QuerySet[Negotiation]:
        return Negotiation.objects.visible_to(self.user)

    def seen(
        self, prefix: str = "", audience: str = "audience", party: str = "audience_party"
    ) -> Q:
        """What is for everybody or for a delegation of theirs, of what `prefix` leads to."""
        audience, party = f"{prefix}{audience}", f"{prefix}{party}"
        own = Q((audience, DELEGATION), (f"{party}__in", self.own_parties))
        return Q((f"{audience}__in", [PUBLIC, MEMBERS])) | own

    def viewer(self, negotiation: Negotiation) -> Viewer:
        """This person in one negotiation. Raises PermissionDenied for a stranger."""
        membership = self.memberships.get(negotiation.pk)
        if membership is None and not self.user.is_superuser:
            raise PermissionDenied
        role = Role.HEAD.value
        if membership and not self.user.is_superuser:
            role = membership.role
        party = membership.party if membership else None
        return Viewer(self.user, negotiation, membership, role, party)

    def may(self, negotiation: Negotiation | None, minimum: str) -> tuple[bool, str]:
        """Whether this person may write what needs `minimum` there, and if not, why."""
        if negotiation is None:
            return True, ""
        return can(self.viewer(negotiation), minimum)


def user_of(request: HttpRequest) -> User:
    """The signed-in person; the admin lets in nobody else."""
    user: User = request.user  # type: ignore[assignment]
    return user


def desk_of(request: HttpRequest) -> Desk:
    """The desk of whoever asks; made once per request."""
    known: Desk | None = getattr(request, "parley_desk", None)
    desk = known or Desk(user_of(request))
    request.parley_desk = desk  # type: ignore[attr-defined]
    return desk
