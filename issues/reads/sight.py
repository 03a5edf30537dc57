"""What changing who may see a thing would do: who gains or loses sight, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from negotiations.access import Viewer
from negotiations.models import Membership, Party, Readout
from negotiations.scopes import DELEGATION, MEMBERS_SCOPE, PUBLIC, Scope, is_within
from negotiations.templatetags.parley import plural

from ..models import AgendaLine, Entry, Issue
from ..services import is_wider, sources_along
from ..services.sight import container

MOST_NAMED = 40


@dataclass(frozen=True)
class SightPreview:
    """`gain` and `lose`: people by name, `notes`: what else follows, in sentences."""

    is_wider: bool
    is_published: bool
    gain: list[str]
    lose: list[str]
    notes: list[str]


def preview_sight(thing: Any, audience: str, party: Party | None, viewer: Viewer) -> SightPreview:
    """Of an entry, item, line, readout or source, as far as the viewer knows people and entries."""
    rows = viewer.negotiation.memberships.select_related("user", "party")
    people = list(rows.order_by("party__order", "user__username"))
    before = {m.pk for m in people if _sees(m, thing.audience, thing.audience_party_id, thing)}
    after = {m.pk for m in people if _sees(m, audience, party.pk if party else None, thing)}
    wider = is_wider(audience, thing.audience)
    return SightPreview(
        is_wider=wider,
        is_published=audience == PUBLIC,
        gain=_names(m for m in people if m.pk in after - before),
        lose=_names(m for m in people if m.pk in before - after),
        notes=list(filter(None, _notes(thing, audience, party, viewer, wider))),
    )


def _sees(membership: Membership, audience: str, party: int | None, thing: Any) -> bool:
    own = membership.party_id
    scope = Scope.of_party(own) if own else MEMBERS_SCOPE
    around = thing.issue if isinstance(thing, Entry) else container(thing)
    inside = around is None or scope.sees(around.audience, around.audience_party_id)
    return inside and scope.sees(audience, party)


def _names(people: Iterable[Membership]) -> list[str]:
    named = [f"{m.user} ({m.party.code})" if m.party else str(m.user) for m in people]
    more = len(named) - MOST_NAMED
    return named[:MOST_NAMED] + ([f"and {plural(more, 'other')}"] if more > 0 else [])


def _notes(
    thing: Any, audience: str, party: Party | None, viewer: Viewer, wider: bool
) -> Iterable[str]:
    """What else follows, in sentences."""
    match thing:
        case Issue():
            yield from _of_item(thing, audience, party, viewer, wider)
        case Entry():
            yield f"Where “{thing.issue}” stands is computed anew for each of them."
    if wider and isinstance(thing, Entry | Readout):
        yield from (
            f"Its source goes with it: {one}." for one in sources_along(thing, audience, viewer)
        )


def _of_item(
    issue: Issue, audience: str, party: Party | None, viewer: Viewer, wider: bool
) -> Iterable[str]:
    entries = Entry.objects.visible_to(viewer.user, viewer.scope).filter(issue=issue)
    lines = AgendaLine.objects.in_scope(viewer.scope).filter(issue=issue)
    told = f"{plural(entries.count(), 'entry,entries')} and {plural(lines.count(), 'line')}"
    if wider:
        kept = entries.filter(audience=DELEGATION).count()
        yield f"What is on it keeps its own audience: {told} of the agenda, and all sub-items."
        if kept:
            stay = plural(kept, "entry stays,entries stay")
            yield f"{stay} with the delegation of {viewer.party}."
        if issue.series:
            yield "It gets the next number of all items; its address until now leads there."
        return
    yield f"Its {told} of the agenda go out of sight with it, until it is widened again."
    own = (audience, party.pk if party else None)
    rows = issue.sub_items.exclude(audience=DELEGATION)
    below = [row for row in rows if not is_within(row.audience, row.audience_party_id, *own)]
    if below:
        yield f"Narrowed with it: {', '.join(f'{row.label} {row}' for row in below)}."
    if party:
        yield (
            f"It keeps its number {issue.address}: whoever knew it finds nothing there, and sees "
            "that a number is missing."
        )
