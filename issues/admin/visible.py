"""What somebody at the administrator's desk may see of entries, and of all that hangs on them."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from negotiations.admin.desk import Desk
from negotiations.models import Readout, Round, Source
from negotiations.scopes import DELEGATION, MEMBERS, MEMBERS_SCOPE, NAMED, PUBLIC_SCOPE, Scope

from ..models import Entry, EntrySource, Note, NotePerson


def visible_entries(desk: Desk) -> QuerySet[Entry]:
    """Public and members' entries, and those of the delegations the person is tied to."""
    user = desk.user
    rows = Entry.objects.visible_to(user, MEMBERS_SCOPE)
    for party in desk.own_parties:
        rows = rows | Entry.objects.visible_to(user, Scope.of_party(party.pk))
    return rows if user.is_superuser else rows.filter(issue__negotiation__in=desk.negotiations)


def visible_sources(desk: Desk, sources: QuerySet[Source]) -> QuerySet[Source]:
    """Those of visible entries, rounds and readouts, one's own, and those nobody wrote down."""
    links = EntrySource.objects.filter(source=OuterRef("pk"))
    seen = links.filter(entry__in=visible_entries(desk))
    rounds = Round.sources.through.objects.filter(source=OuterRef("pk"))
    readouts = Readout.objects.filter(desk.seen(), source=OuterRef("pk"))
    loose = Q(created_by=None) & ~Exists(links)
    own = Q(created_by=desk.user)
    return sources.filter(Exists(seen) | Exists(rounds) | Exists(readouts) | own | loose)


def visible_scopes(desk: Desk) -> list[str]:
    """The scopes whose standings the person may see."""
    own = (Scope.of_party(party.pk) for party in desk.own_parties)
    return [scope.key for scope in (PUBLIC_SCOPE, MEMBERS_SCOPE, *own)]


def visible_notes(desk: Desk) -> QuerySet[Note]:
    """Those for members, for the person's own delegations, and those that name the person; on
    items that the person sees.
    """
    parties = [party.pk for party in desk.own_parties]
    members = [row.pk for row in desk.memberships.values()]
    named = NotePerson.objects.filter(note=OuterRef("pk"), membership__in=members)
    own = Q(audience_party=None) | Q(audience_party__in=parties)
    seen = Q(audience=MEMBERS) | Q(audience=DELEGATION, audience_party__in=parties)
    rows = Note.objects.filter(seen | Q(Exists(named), own, audience=NAMED))
    rows = rows.filter(Q(issue__parent=None) | desk.seen("issue__parent__"), desk.seen("issue__"))
    return rows if desk.user.is_superuser else rows.filter(issue__negotiation__in=desk.negotiations)
