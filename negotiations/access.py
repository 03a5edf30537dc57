"""Who may see and do what: the only place that fetches a negotiation for a person."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404

from .models import Membership, Negotiation, Party, User
from .scopes import DELEGATION, MEMBERS, MEMBERS_SCOPE, PUBLIC, PUBLIC_SCOPE, Scope

Role = Membership.Role
RANK = {Role.VIEWER.value: 0, Role.RECORDER.value: 1, Role.HEAD.value: 2}


def scope_filter(scope: Scope, prefix: str = "") -> Q:
    """The rule of `Scope.sees` as a condition on `audience` and `audience_party`."""
    if scope.key == PUBLIC:
        return Q(**{f"{prefix}audience": PUBLIC})
    seen = Q(**{f"{prefix}audience__in": [PUBLIC, MEMBERS]})
    if scope.party_id is not None:
        own = {f"{prefix}audience": DELEGATION, f"{prefix}audience_party": scope.party_id}
        seen |= Q(**own)
    return seen


@dataclass(frozen=True)
class Viewer:
    """A person in one negotiation: what they see (`scope`) and may do (`role`)."""

    user: User
    negotiation: Negotiation
    membership: Membership | None
    role: str
    party: Party | None

    @property
    def scope(self) -> Scope:
        return Scope.of_party(self.party.pk) if self.party else MEMBERS_SCOPE

    def has_role(self, minimum: str) -> bool:
        return RANK[self.role] >= RANK[minimum]

    @property
    def may_record(self) -> bool:
        return self.has_role(Role.RECORDER) and not self.negotiation.archived_at

    @property
    def may_set_up(self) -> bool:
        return self.has_role(Role.HEAD) and not self.negotiation.archived_at

    @property
    def is_head(self) -> bool:
        return self.has_role(Role.HEAD)


def viewer_of(user: User, slug: str) -> Viewer:
    """The negotiation `slug` as `user` sees it.

    Raises Http404 for a stranger exactly as for a missing one.
    """
    membership = (
        Membership.objects.select_related("negotiation", "party")
        .filter(negotiation__slug=slug, user=user.pk)
        .first()
    )
    if membership:
        return Viewer(user, membership.negotiation, membership, membership.role, membership.party)
    if user.is_superuser:
        # Repairs need every negotiation; a superuser still sees no delegation's own entries.
        negotiation = Negotiation.objects.filter(slug=slug).first()
        if negotiation:
            return Viewer(user, negotiation, None, Role.HEAD, None)
    raise Http404("No negotiation at this address.")


def viewer_with(user: User, slug: str, minimum: str) -> Viewer:
    """As `viewer_of`, and the role is at least `minimum` in a negotiation that is not archived.

    Raises PermissionDenied with a sentence for a member who lacks the right.
    """
    viewer = viewer_of(user, slug)
    allowed, reason = can(viewer, minimum)
    if not allowed:
        raise PermissionDenied(reason)
    return viewer


def can(viewer: Viewer, minimum: str) -> tuple[bool, str]:
    """Whether the viewer may do what needs `minimum`, and if not, the reason in a sentence."""
    if not viewer.has_role(minimum):
        needed = Role(minimum).label.split(":")[0].lower()
        return False, f"This needs the role {needed}; ask the head of this negotiation."
    if viewer.negotiation.archived_at:
        return False, "This negotiation is archived: it can be read, not changed."
    return True, ""


def can_create_negotiation(user: User) -> tuple[bool, str]:
    """Whether `user` may open a negotiation here, and if not, the reason in a sentence."""
    if settings.PARLEY_CREATE == "staff" and not user.is_staff:
        return False, "Only staff may create negotiations here; ask your administrator."
    return True, ""


def scopes_of(negotiation: Negotiation) -> list[Scope]:
    """The scopes for which standings are kept: public, members, parties with a tied member."""
    tied = (
        Membership.objects.filter(negotiation=negotiation, party__isnull=False)
        .order_by("party")
        .values_list("party", flat=True)
        .distinct()
    )
    return [PUBLIC_SCOPE, MEMBERS_SCOPE, *(Scope.of_party(pk) for pk in tied)]
