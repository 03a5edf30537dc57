"""Who may see and do what: the only place that fetches a negotiation for a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from . import eyes
from .exceptions import SecondFactorNeeded
from .factors import has_second_factor
from .models import (
    Invitation,
    Job,
    Letterhead,
    Membership,
    Negotiation,
    Party,
    Round,
    Status,
    User,
)
from .prepared import prepared
from .scopes import DELEGATION, MEMBERS, MEMBERS_SCOPE, PUBLIC, PUBLIC_SCOPE, Scope

Row = TypeVar("Row", bound=Model)
Role = Membership.Role
RANK = {Role.VIEWER.value: 0, Role.RECORDER.value: 1, Role.HEAD.value: 2}


def scope_filter(
    scope: Scope, prefix: str = "", audience: str = "audience", party: str = "audience_party"
) -> Q:
    """The rule of `Scope.sees` as a condition on two columns, of what `prefix` leads to."""
    audience, party = f"{prefix}{audience}", f"{prefix}{party}"
    if scope.key == PUBLIC:
        return Q((audience, PUBLIC))
    seen = Q((f"{audience}__in", [PUBLIC, MEMBERS]))
    if scope.party_id is not None:
        seen |= Q((audience, DELEGATION), (party, scope.party_id))
    return seen


@dataclass(frozen=True)
class Viewer:
    """A person in one negotiation: what they see (`scope`) and may do (`role`).

    Whoever has no account here, and a head who looks with borrowed eyes (`seen_as`), is nobody as
    `user`: nothing is their own. `behind` is the head then.
    """

    user: User
    negotiation: Negotiation
    membership: Membership | None
    role: str
    party: Party | None
    is_public: bool = False
    behind: User | None = None
    # Whose eyes they are: what is marked as ours then. It opens nothing.
    posing: Party | None = None

    @property
    def scope(self) -> Scope:
        if self.is_public:
            return PUBLIC_SCOPE
        return Scope.of_party(self.party.pk) if self.party else MEMBERS_SCOPE

    @property
    def ours(self) -> Party | None:
        """The party that pages speak of as us; for marks alone, never for what may be seen."""
        return self.party or self.posing

    @property
    def first_audience(self) -> str:
        """Of what the viewer writes down, unless they choose another."""
        return DELEGATION if self.party else MEMBERS

    def written_for(self, audience: str = "") -> dict[str, Any]:
        """The columns of something that the viewer writes down for `audience`."""
        audience = audience or self.first_audience
        own = self.party if audience == DELEGATION else None
        return {"audience": audience, "audience_party": own, "recorded_party": self.party}

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

    @property
    def accountable(self) -> User:
        """Whom the security log names."""
        return self.behind or self.user


def viewer_of(user: User, slug: str) -> Viewer:
    """The negotiation `slug` as `user` sees it, or chose to look at it (`negotiations.eyes`).

    Raises Http404 for a stranger exactly as for a missing one, and SecondFactorNeeded for whoever
    would be let in but lacks the second factor that this negotiation asks for.
    """
    return _with_borrowed_eyes(_own_viewer(user, slug))


def member_of_it(user: User, slug: str) -> Viewer:
    """As `viewer_of`, for what has no counterpart outside: Http404 with the eyes of the public."""
    viewer = viewer_of(user, slug)
    if viewer.is_public:
        raise Http404("The public has no such page.")
    return viewer


def _own_viewer(user: User, slug: str) -> Viewer:
    for membership in _memberships(user.pk, slug):
        return _let_in(
            Viewer(user, membership.negotiation, membership, membership.role, membership.party)
        )
    if user.is_superuser:
        # Repairs need every negotiation; a superuser still sees no delegation's own entries.
        negotiation = Negotiation.objects.filter(slug=slug).first()
        if negotiation:
            return _let_in(Viewer(user, negotiation, None, Role.HEAD, None))
    raise Http404("No negotiation at this address.")


def _let_in(viewer: Viewer) -> Viewer:
    if viewer.negotiation.second_factor and not has_second_factor(viewer.user):
        raise SecondFactorNeeded(
            f"“{viewer.negotiation}” asks for a second factor. Set one up, then go on."
        )
    return viewer


@prepared
def _memberships(user: int, slug: str | None = None) -> QuerySet[Membership]:
    rows = Membership.objects.select_related("negotiation", "party").filter(user=user)
    return (rows.filter(negotiation__slug=slug) if slug else rows).order_by("pk")


def as_any_member(viewer: Viewer) -> Viewer:
    """The same person with the eyes of somebody tied to no delegation; never sees more."""
    return replace(viewer, party=None)


# --- Other eyes -----------------------------------------------------------------------------------


def nobody() -> User:
    """Whoever has no account: no row is theirs."""
    return User(pk=0)


def the_public(negotiation: Negotiation) -> Viewer:
    """The negotiation as anybody may see it, without an account."""
    return Viewer(nobody(), negotiation, None, Role.VIEWER, None, is_public=True)


def eyes_of(viewer: Viewer) -> dict[str, str]:
    """Whose eyes a head may borrow, in words; empty for anybody else."""
    if not viewer.is_head:
        return {}
    own, parties = viewer.party, viewer.negotiation.parties.all()
    found = {eyes.OWN_VIEWER: f"a viewer of {own}"} if own else {}
    found |= {party.code: f"somebody of {party}" for party in parties if party != own}
    found[eyes.NO_DELEGATION] = "a mediator or a viewer of no delegation"
    return found | {eyes.THE_PUBLIC: "the public"}


def seen_as(viewer: Viewer, whose: str) -> Viewer:
    """What both the head and those others may see, to read only.

    What only another delegation may see is none of the head's: with its eyes they see what all
    members may. Raises KeyError for eyes that are not theirs to borrow.
    """
    _words = eyes_of(viewer)[whose]
    if whose == eyes.THE_PUBLIC:
        return replace(the_public(viewer.negotiation), behind=viewer.user)
    party = viewer.party if whose == eyes.OWN_VIEWER else None
    posing = None if party else viewer.negotiation.parties.filter(code=whose).first()
    plain = Viewer(nobody(), viewer.negotiation, None, Role.VIEWER, party, behind=viewer.user)
    return replace(plain, posing=posing)


def may_still_see(viewer: Viewer) -> bool:
    """Whether this viewer, asked for anew, would see the same; for what outlasts a request."""
    user = User.objects.filter(pk=viewer.accountable.pk, is_active=True).first()
    try:
        own = _own_viewer(user, viewer.negotiation.slug) if user else None
    except (Http404, SecondFactorNeeded):
        own = None
    if own is None or viewer.behind is None:
        return own is not None and own.scope == viewer.scope
    return own.is_head and viewer.scope in (PUBLIC_SCOPE, MEMBERS_SCOPE, own.scope)


def _with_borrowed_eyes(viewer: Viewer) -> Viewer:
    chosen = eyes.borrowed.get()
    if chosen is None or chosen.slug != viewer.negotiation.slug:
        return viewer
    try:
        return seen_as(viewer, chosen.whose)
    except KeyError:
        # No head any more, or of another side now: until they stop they see what anybody may.
        return replace(the_public(viewer.negotiation), behind=viewer.user)


def viewers_of(user: User) -> list[Viewer]:
    """Every negotiation that `user` may read, by title, as `user` sees it. One to three queries.

    Without those that ask for a second factor which `user` lacks: see `waiting_for_factor`.
    """
    rows = _memberships(user.pk)
    found = [Viewer(user, row.negotiation, row, row.role, row.party) for row in rows]
    if user.is_superuser:
        others = Negotiation.objects.exclude(pk__in=[viewer.negotiation.pk for viewer in found])
        found += [Viewer(user, other, None, Role.HEAD, None) for other in others]
    if any(one.negotiation.second_factor for one in found) and not has_second_factor(user):
        found = [one for one in found if not one.negotiation.second_factor]
    found = [_with_borrowed_eyes(one) for one in found]
    return sorted(found, key=lambda viewer: (viewer.negotiation.title, viewer.negotiation.pk))


def waiting_for_factor(user: User) -> list[Negotiation]:
    """The negotiations this person is in that open once they have set up a second factor."""
    asking = _asking_for_factor(user.pk)
    return [] if asking and has_second_factor(user) else asking


@prepared
def _asking_for_factor(user: int) -> QuerySet[Negotiation]:
    rows = Negotiation.objects.filter(memberships__user=user, second_factor=True)
    return rows.order_by("title")


def viewer_with(user: User, slug: str, minimum: str) -> Viewer:
    """As `viewer_of`, and the role is at least `minimum` in a negotiation that is not archived.

    Raises PermissionDenied with a sentence for a member who lacks the right.
    """
    viewer = viewer_of(user, slug)
    allowed, reason = can(viewer, minimum)
    if not allowed:
        raise PermissionDenied(reason)
    return viewer


def heading(user: User, slug: str) -> Viewer:
    """As `viewer_of`, for what a head may do in an archived negotiation as well.

    Raises PermissionDenied with a sentence for whoever is no head.
    """
    viewer = viewer_of(user, slug)
    if not viewer.is_head:
        raise PermissionDenied(can(viewer, Role.HEAD)[1])
    return viewer


def can(viewer: Viewer, minimum: str) -> tuple[bool, str]:
    """Whether the viewer may do what needs `minimum`, and if not, the reason in a sentence."""
    if viewer.behind and not viewer.has_role(minimum):
        return False, "You look at this negotiation as others would see it. Stop that first."
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


def can_manage(viewer: Viewer, user: User | None, party: Party | None) -> tuple[bool, str]:
    """Whether a head may deal with `user` (None: somebody new) as one of `party`'s people.

    Whoever is tied to a delegation reads its own entries. So a head of one delegation decides
    about no other's people, and nobody lets themselves into one that has people already.
    """
    if party is None or viewer.party == party:
        return True, ""
    if viewer.party:
        return False, f"Only {party}’s own head, or one tied to no party, decides about its people."
    if user == viewer.user and party.memberships.exclude(user=user).exists():
        return False, f"{party} has people here already: one of its heads can let you in."
    return True, ""


def own_side(viewer: Viewer) -> list[Membership]:
    """Whom the viewer may name to see something: see `members_of`; the viewer is among them."""
    return members_of(viewer.negotiation, viewer.party)


def members_of(negotiation: Negotiation, side: Party | None) -> list[Membership]:
    """The members of one delegation, or with none all members; without closed accounts."""
    rows = negotiation.memberships.select_related("user").filter(user__is_active=True)
    return list((rows.filter(party=side) if side else rows).order_by("user__username"))


def party_of(viewer: Viewer, code: str) -> Party:
    """The party with this code in the viewer's negotiation. Raises Http404."""
    return _found(viewer.negotiation.parties.filter(code=findable(code)))


def member_of(viewer: Viewer, username: str) -> Membership:
    """The membership of the person with this user name. Raises Http404."""
    rows = viewer.negotiation.memberships.select_related("user", "party", "negotiation")
    return _found(rows.filter(user__username=findable(username)))


def invitation_of(viewer: Viewer, uuid: UUID) -> Invitation:
    """The invitation, if the viewer decides about those it is for. Raises Http404."""
    found = _found(viewer.negotiation.invitations.select_related("party").filter(uuid=uuid))
    if not can_manage(viewer, None, found.party)[0]:
        raise Http404("Nothing at this address.")
    return found


def open_invitations(viewer: Viewer) -> list[Invitation]:
    """The invitations that wait, as far as the viewer decides about those they are for."""
    waiting = viewer.negotiation.invitations.filter(used_at=None, revoked_at=None)
    rows = waiting.select_related("party", "made_by", "negotiation").prefetch_related("mails")
    return [row for row in rows if row.is_open and can_manage(viewer, None, row.party)[0]]


def job_of(viewer: Viewer, session: str) -> Job | None:
    """What is prepared here for this person's own sign-in (its hash), until its time is over."""
    rows = Job.objects.select_related("user", "negotiation").filter(session=session)
    own = rows.filter(negotiation=viewer.negotiation, user=viewer.user.pk)
    return own.filter(expires_at__gt=timezone.now()).first()


def letterhead_of(viewer: Viewer) -> Letterhead:
    """What stands on the papers of the viewer's negotiation; an empty one where nothing is set."""
    found = Letterhead.objects.filter(negotiation=viewer.negotiation).first()
    return found or Letterhead(negotiation=viewer.negotiation)


def round_of(viewer: Viewer, place: int) -> Round:
    """The round at this place of the viewer's negotiation. Raises Http404."""
    for found in _rounds_at(viewer.negotiation.pk, place):
        found.negotiation = viewer.negotiation
        return found
    raise Http404("Nothing at this address.")


@prepared
def _rounds_at(negotiation: int, place: int) -> QuerySet[Round]:
    return Round.objects.filter(negotiation=negotiation, place=place).select_related("host")


def status_of(viewer: Viewer, label: str) -> Status:
    """The status with this label in the negotiation's own scheme. Raises Http404."""
    return _found(viewer.negotiation.scheme.statuses.filter(label=findable(label)))


def findable(name: str) -> str:
    """The name as it was sent. Raises Http404 for one with a NUL: PostgreSQL looks for no such."""
    if "\0" in name:
        raise Http404("Nothing at this address.")
    return name


def _found(rows: QuerySet[Row]) -> Row:
    row = rows.first()
    if row is None:
        raise Http404("Nothing at this address.")
    return row


def scopes_of(negotiation: Negotiation) -> list[Scope]:
    """The scopes for which standings are kept: public, members, parties with a tied member."""
    return [PUBLIC_SCOPE, MEMBERS_SCOPE, *map(Scope.of_party, _tied(negotiation.pk))]


@prepared
def _tied(negotiation: int) -> QuerySet[Any, Any]:
    rows = Membership.objects.filter(negotiation=negotiation, party__isnull=False)
    return rows.order_by("party").values_list("party", flat=True).distinct()
