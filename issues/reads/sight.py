"""What changing who may see a thing would do: who gains or loses sight, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from negotiations.access import Viewer
from negotiations.models import Membership, Party, Readout
from negotiations.scopes import DELEGATION, MEMBERS_SCOPE, NAMED, PUBLIC, WIDTH, Scope, is_within
from negotiations.templatetags.parley import plural

from ..models import AgendaLine, Entry, Issue, Note
from ..services import is_wider, named_in, sources_along
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


def preview_note_sight(
    note: Note, audience: str, chosen: Iterable[Membership], viewer: Viewer
) -> SightPreview:
    """The same of a note, which may be for people by name: `chosen`, its author and the viewer."""
    rows = viewer.negotiation.memberships.select_related("user", "party")
    people = list(rows.order_by("party__order", "user__username"))
    party = viewer.party.pk if viewer.party and audience == DELEGATION else None
    named = {row.pk for row in named_in(note, audience, chosen, viewer)}
    now = {row.membership for row in note.people.all()}
    before = {m.pk for m in people if _reads(m, note.audience, note.audience_party_id, now, note)}
    after = {m.pk for m in people if _reads(m, audience, party, named, note)}
    wider = bool(after - before) or WIDTH.get(audience, -1) > WIDTH.get(note.audience, -1)
    changed = note.history.count() - 1
    told = f"What it said before shows with it: {plural(changed, 'earlier version')}."
    return SightPreview(
        is_wider=wider,
        is_published=False,
        gain=_names(m for m in people if m.pk in after - before),
        lose=_names(m for m in people if m.pk in before - after),
        notes=[told] if wider and changed else [],
    )


def _reads(
    member: Membership, audience: str, party: int | None, named: set[int], note: Any
) -> bool:
    """Whether a member reads the note where it is for this audience, or for those named."""
    if audience == NAMED:
        inside = party in (None, member.party_id) and _sees(member, PUBLIC, None, note)
        return member.pk in named and inside
    return _sees(member, audience, party, note)


def _sees(membership: Membership, audience: str, party: int | None, thing: Any) -> bool:
    own = membership.party_id
    scope = Scope.of_party(own) if own else MEMBERS_SCOPE
    around = thing.issue if isinstance(thing, Entry | Note) else container(thing)
    inside = around is None or scope.sees(around.audience, around.audience_party_id)
    return inside and scope.sees(audience, party)


def seen_by(thing: Any) -> str:
    """Who may see an entry, item, line, readout or source, in words."""
    if thing.audience == DELEGATION:
        return f"only the delegation of {thing.audience_party.name}"
    return "the public" if thing.audience == PUBLIC else "all members"


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
