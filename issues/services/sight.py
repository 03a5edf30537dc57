"""Who may see an item, an agenda line, a readout or a source: an event for each change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from negotiations.access import Role, Viewer, can, scope_filter
from negotiations.models import Negotiation, Party, Readout, SecurityEvent, Shown, Source
from negotiations.scopes import DELEGATION, NAMED, WIDTH, is_within
from negotiations.services import note
from negotiations.services.rows import lock, save

from ..models import AgendaLine, AudienceChange, Entry, Issue, SightChange
from .chains import append, sight_events
from .items import refuse_twice, set_apart
from .places import last_number, settle_places
from .refusals import OWN_DELEGATION, audience_text
from .standings import rebuild

Kind = SightChange.Kind
KINDS: dict[type[Shown], Kind] = {
    Issue: Kind.ITEM,
    AgendaLine: Kind.LINE,
    Readout: Kind.READOUT,
    Source: Kind.SOURCE,
}


def may_change_sight(thing: Shown, viewer: Viewer) -> tuple[bool, str]:
    """Whether the viewer may change who sees this, and if not, why: as with entries (design §2)."""
    allowed, why_not = can(viewer, Role.RECORDER)
    if not allowed:
        return False, why_not
    own = viewer.party.pk if viewer.party else None
    if thing.audience == DELEGATION and thing.audience_party_id != own:
        return False, "Only that delegation’s own people change who may see it."
    if own and own not in _sides(thing):
        return False, f"Only what {viewer.party}’s own people wrote down can be changed by you."
    if not viewer.is_head and _author(thing) != viewer.user.pk:
        return False, "Only its author or a head changes who may see it."
    return True, ""


def is_wider(audience: str, than: str) -> bool:
    return WIDTH[audience] > WIDTH[than]


def check_sight(
    thing: Shown, audience: str, party: Party | None, viewer: Viewer, reason: str
) -> None:
    """Raises ValidationError, by field, unless the viewer may give `thing` this audience."""
    allowed, why_not = may_change_sight(thing, viewer)
    if not allowed:
        raise ValidationError(why_not)
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    if (audience, party) == (thing.audience, thing.audience_party):
        raise ValidationError({"audience": "That is who may see it already."})
    if audience == DELEGATION and (viewer.party is None or party != viewer.party):
        raise ValidationError({"audience": OWN_DELEGATION})
    if sentence := _in_the_way(thing, audience, party, viewer):
        raise ValidationError({"audience": sentence})


def change_sight(
    thing: Shown, *, audience: str, party: Party | None, reason: str, viewer: Viewer
) -> SightChange:
    """Changes who may see `thing`, with an event of its own; standings and search follow.

    An item that is narrowed takes its sub-items with it, each by an event, but for those that
    another delegation keeps there; its entries and lines keep their audience and are out of sight
    until it is widened again. An item that leaves its delegation gets the next number of the
    common series; a readout that is widened takes its source with it. Raises ValidationError
    without a reason, from whoever may not change it, for another's delegation, and where what it
    is part of is for fewer people.
    """
    with transaction.atomic():
        lock(viewer.negotiation)
        current: Shown = type(thing)._default_manager.select_for_update().get(pk=thing.pk)
        check_sight(current, audience, party, viewer, reason)
        changes = [move(current, audience, party, reason, viewer)]
        if isinstance(current, Issue):
            changes += [move(row, audience, party, reason, viewer) for row in goes_along(current)]
            if party:
                set_apart(current, viewer.user)
            settle_places(viewer.negotiation)
            rebuild(viewer.negotiation, [change.row for change in changes])
        elif isinstance(current, Readout):
            along = sources_along(current, audience, viewer)
            changes += [move(source, audience, party, reason, viewer) for source in along]
        append(viewer.negotiation, [event for one in changes for event in sight_events(one)])
        note_sight(changes)
    return changes[0]


def goes_along(issue: Issue) -> list[Issue]:
    """The sub-items that would show further than the item; not what delegations keep there."""
    rows = issue.sub_items.exclude(audience=DELEGATION)
    return [row for row in rows if not row.is_within(issue)]


def sources_along(told: Entry | Readout, audience: str, viewer: Viewer) -> list[Source]:
    """The sources that are widened with it: those for fewer people that the viewer may widen."""
    cited = {"entry_links__entry": told} if isinstance(told, Entry) else {"readouts": told}
    rows = Source.objects.filter(scope_filter(viewer.scope), **cited)
    narrower = [source for source in rows if is_wider(audience, source.audience)]
    return [source for source in narrower if may_change_sight(source, viewer)[0]]


def move(
    thing: Shown, audience: str, party: Party | None, reason: str, viewer: Viewer
) -> SightChange:
    """Writes the change and its event; the caller has checked, and sees to what follows."""
    columns: dict[str, Any] = {"audience": audience, "audience_party": party}
    change = SightChange(
        negotiation=viewer.negotiation,
        kind=KINDS[type(thing)],
        row=thing.pk,
        old_audience=thing.audience,
        old_party=thing.audience_party,
        new_audience=audience,
        new_party=party,
        reason=reason.strip(),
        changed_by=viewer.user,
    )
    if isinstance(thing, Issue) and thing.series and party is None:
        change.old_number = thing.number
        columns |= {"series": "", "number": last_number(viewer.negotiation, None) + 1}
    change.save()
    save(thing, by=viewer.user, **columns)
    return change


# --- Helpers ------------------------------------------------------------------------------------


def _sides(thing: Shown) -> set[int | None]:
    """The delegations whose own it is."""
    if thing.audience == DELEGATION:
        return {thing.audience_party_id}
    told_by = {thing.party_id} if isinstance(thing, Readout) else set()
    return {thing.recorded_party_id, *told_by}


def _author(thing: Any) -> int | None:
    """Who wrote it down, by its edit history."""
    first = thing.history.filter(history_type="+").order_by("history_date").first()
    return first.history_user_id if first else None


def _in_the_way(thing: Shown, audience: str, party: Party | None, viewer: Viewer) -> str:
    """What keeps it from this audience, in a sentence; "" when nothing does."""
    around = container(thing)
    own = (audience, party.pk if party else None)
    if around and not is_within(*own, around.audience, around.audience_party_id):
        return f"“{around}”, to which it belongs, is {audience_text(around)}: widen that first."
    if isinstance(thing, Issue):
        return _of_item(thing, audience, party, viewer)
    if party != thing.audience_party and _has_twin(thing, party):
        return f"There is a {KINDS[type(thing)].label} for these people already: change that one."
    return ""


def _has_twin(thing: Shown, party: Party | None) -> bool:
    """Whether these people have one already where there is one for each audience."""
    match thing:
        case AgendaLine():
            lines = AgendaLine.objects.filter(round=thing.round, issue=thing.issue)
            return lines.filter(audience_party=party).exists()
        case Readout():
            told = Readout.objects.filter(round=thing.round, party=thing.party)
            return told.filter(audience_party=party).exists()
    return False


def container(thing: Shown) -> Issue | None:
    """What it is part of and never shows further than."""
    match thing:
        case Issue():
            return thing.parent
        case AgendaLine():
            return thing.issue
    return None


def _of_item(issue: Issue, audience: str, party: Party | None, viewer: Viewer) -> str:
    if party:
        told = Entry.objects.visible_to(viewer.user, viewer.scope).filter(issue=issue)
        below = Issue.objects.visible_to(viewer).filter(parent=issue)
        if any(rows.exclude(recorded_party=party).exists() for rows in (told, below)):
            return "Others have recorded on it, so it stays with all members."
        return ""
    try:
        refuse_twice(issue, audience, party)
    except ValidationError as refusal:
        return " ".join(refusal.messages)
    return ""


def note_sight(changes: Iterable[SightChange]) -> None:
    """In the security log, last in the transaction."""
    for one in changes:
        note_change(one, one.get_kind_display(), one.negotiation)


def note_change(change: SightChange | AudienceChange, what: str, negotiation: Negotiation) -> None:
    """A line of the security log without words of the talks.

    Where a delegation is one end of it, the line is for that delegation's heads: no other head
    may learn of what it keeps, nor that something was kept until now. Of what is for people by
    name no head may know: there is no line but of what they were shown, not of where it was.
    """
    if change.new_audience == NAMED:
        return
    before = "" if change.old_audience == NAMED else f"{change.old_audience} "
    was_theirs = None if change.old_audience == NAMED else change.old_party
    note(
        SecurityEvent.Kind.AUDIENCE,
        by=change.changed_by,
        negotiation=negotiation,
        detail=f"{what}: {before}→ {change.new_audience}",
        side=was_theirs or change.new_party,
    )
