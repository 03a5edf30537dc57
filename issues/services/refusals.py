"""What an entry must satisfy, and who may correct, take back or undo which (design §2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from negotiations.access import Role, Viewer, can
from negotiations.exceptions import Conflict
from negotiations.models import Negotiation, Party, Round, Shown, Source
from negotiations.scopes import DELEGATION, MEMBERS, WIDTH, Scope, is_within

from ..models import Entry, Issue
from .entry_data import EntryData

UNDO_MINUTES = 10
OWN_DELEGATION = "You can keep something to your own delegation only."
_NEVER_WIDER = "A correction never has a wider audience; to publish, record anew."


def audience_text(thing: Shown) -> str:
    """ "for the delegation of Russia only", "for members only", "public": for a sentence."""
    if thing.audience == DELEGATION:
        return f"for the delegation of {thing.audience_party} only"
    return "for members only" if thing.audience == MEMBERS else "public"


def may_undo(entry: Entry, viewer: Viewer, now: dt.datetime) -> bool:
    """Whether the viewer recorded it within the last ten minutes."""
    age = now - entry.recorded_at
    return entry.recorded_by_id == viewer.user.pk and age <= dt.timedelta(minutes=UNDO_MINUTES)


def may_correct(entry: Entry, viewer: Viewer) -> tuple[bool, str]:
    """Whether the viewer may correct or retract `entry`, and if not, why (design §2)."""
    allowed, why_not = can(viewer, Role.RECORDER)
    if not allowed:
        return False, why_not
    own = viewer.party.pk if viewer.party else None
    if entry.audience == DELEGATION and entry.audience_party_id != own:
        return False, "Only that delegation’s own people correct its entries."
    if viewer.party and entry.recorded_party_id != own:
        return False, f"Only what {viewer.party}’s own people recorded can be corrected by you."
    if entry.recorded_by_id == viewer.user.pk:
        return True, ""
    if not viewer.is_head:
        return False, "Only its author or a head corrects an entry."
    return True, ""


# --- Refusals, as errors by form field ----------------------------------------------------------


def check_recorder(viewer: Viewer) -> None:
    """Raises ValidationError for whoever only reads, and in an archived negotiation."""
    allowed, why_not = can(viewer, Role.RECORDER)
    if not allowed:
        raise ValidationError(why_not)


def check_entry(
    issue: Issue, data: EntryData, viewer: Viewer, today: dt.date, corrects: Entry | None = None
) -> None:
    """Raises ValidationError, by field, unless this may stand in the item's history."""
    errors: dict[str, str] = {}
    negotiation = viewer.negotiation
    if issue.negotiation_id != negotiation.pk:
        raise ValidationError("That item belongs to another negotiation.")
    if data.said.first > today:
        errors["said"] = "This lies in the future. Plans are rounds, agenda lines or next steps."
    if not data.carries_something:
        errors["text"] = "Say what was said, or choose a status."
    if data.voice == Entry.Voice.PARTY and data.party is None:
        errors["voice"] = "Choose who says so."
    if data.voice == Entry.Voice.JOINT and len(set(data.joint_parties)) < 2:
        errors["joint_parties"] = "A joint text has at least two parties."
    keeps_status = corrects is not None and corrects.status == data.status
    if data.status and data.status.retired and not keeps_status:
        errors["status"] = f"“{data.status}” is no longer used here; choose another status."
    if data.audience == DELEGATION and (not viewer.party or data.audience_party != viewer.party):
        errors["audience"] = OWN_DELEGATION
    elif not (_fits(data.audience, data.audience_party, issue) or _as_before(data, corrects)):
        errors["audience"] = f"The item is {audience_text(issue)}: an entry never shows further."
    errors |= _strangers(data, negotiation)
    if errors:
        raise ValidationError(errors)


def _as_before(data: EntryData, corrects: Entry | None) -> bool:
    """On an item that was narrowed since, a correction reaches those whom its target reached."""
    return corrects is not None and (data.audience, data.audience_party) == (
        corrects.audience,
        corrects.audience_party,
    )


def shown_audience(entry: Entry) -> dict[str, Any]:
    """For whom an entry shows: on an item that was narrowed since, for fewer than it says."""
    own = (entry.audience, entry.audience_party)
    thing = entry if _fits(*own, entry.issue) else entry.issue
    return {name: getattr(thing, name) for name in ("audience", "audience_party")}


def _fits(audience: str, party: Party | None, container: Shown) -> bool:
    own = party.pk if party else None
    return is_within(audience, own, container.audience, container.audience_party_id)


def _strangers(data: EntryData, negotiation: Negotiation) -> dict[str, str]:
    """Fields that name a party, round, status or source of another negotiation."""
    named: dict[str, Iterable[Party | Round | Source | None]] = {
        "voice": (data.party, *data.joint_parties),
        "waits_party": (data.waits_party,),
        "next_step_party": (data.next_step_party,),
        "round": (data.round,),
        "source": [s for s in data.sources if isinstance(s, Source)],
    }
    wrong = {
        name
        for name, things in named.items()
        if any(thing and thing.negotiation_id != negotiation.pk for thing in things)
    }
    if data.status and data.status.scheme.negotiation_id != negotiation.pk:
        wrong.add("status")
    return dict.fromkeys(wrong, "This belongs to another negotiation.")


def check_reply(
    target: Entry, kind: str, audience: tuple[str, Party | None], viewer: Viewer, reason: str
) -> None:
    """Raises ValidationError or Conflict unless the viewer may reply to `target` like this."""
    allowed, why_not = may_correct(target, viewer)
    if not allowed:
        raise ValidationError(why_not)
    if kind == Entry.Kind.CORRECTION and target.takes_back:
        raise ValidationError("A retraction can only be retracted.")
    if target.kind == Entry.Kind.UNDO:
        raise ValidationError("What was undone stays undone; record it anew.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    if WIDTH[audience[0]] > WIDTH[target.audience]:
        raise ValidationError({"audience": _NEVER_WIDER})
    _refuse_second(target, audience)


def not_replaced(entries: Sequence[Entry], viewer: Viewer, reason: str) -> list[Entry]:
    """Those of `entries` that nobody has replaced; the checks of `check_reply` for many at once.

    Raises ValidationError unless the viewer may retract every one of them.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    for entry in entries:
        allowed, why_not = may_correct(entry, viewer)
        if not allowed:
            raise ValidationError(why_not)
    batches = {entry.batch for entry in entries}
    answered = set(
        Entry.objects.filter(corrects__batch__in=batches).values_list("corrects", flat=True)
    )
    return [entry for entry in entries if entry.pk not in answered or _is_free(entry)]


def _is_free(entry: Entry) -> bool:
    try:
        _refuse_second(entry, (entry.audience, entry.audience_party))
    except Conflict:
        return False
    return entry.kind != Entry.Kind.UNDO


def _refuse_second(target: Entry, audience: tuple[str, Party | None]) -> None:
    """Only an entry not yet replaced, as far as that audience can see, can be replaced."""
    word, party = audience
    scope = Scope.of_party(party.pk) if party else Scope(word)
    for reply in target.corrections.order_by("pk"):
        if scope.sees(reply.audience, reply.audience_party_id) and not _taken_back(reply):
            raise Conflict(reply)


def _taken_back(entry: Entry) -> bool:
    """Whether a retraction of `entry` stands."""
    kinds = (Entry.Kind.RETRACTION, Entry.Kind.UNDO)
    return any(not _taken_back(reply) for reply in entry.corrections.filter(kind__in=kinds))


def check_undo(target: Entry, viewer: Viewer) -> None:
    """Raises ValidationError or Conflict unless the viewer may undo `target` now."""
    if target.recorded_by_id != viewer.user.pk or target.kind == Entry.Kind.UNDO:
        raise ValidationError("Only its author undoes an entry.")
    if not may_undo(target, viewer, timezone.now()):
        raise ValidationError("Undo works for ten minutes. Correct or retract the entry instead.")
    _refuse_second(target, (target.audience, target.audience_party))


def check_audience(
    entry: Entry, audience: str, party: Party | None, viewer: Viewer, reason: str
) -> None:
    """Raises ValidationError unless the viewer may give `entry` this audience."""
    allowed, why_not = may_correct(entry, viewer)
    if not allowed:
        raise ValidationError(why_not)
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    if (audience, party) == (entry.audience, entry.audience_party):
        raise ValidationError({"audience": "That is who may see it already."})
    if audience == DELEGATION and (viewer.party is None or party != viewer.party):
        raise ValidationError({"audience": OWN_DELEGATION})
    if not _fits(audience, party, entry.issue):
        sentence = f"The item is {audience_text(entry.issue)}: widen that first."
        raise ValidationError({"audience": sentence})
    if entry.corrects and WIDTH[audience] > WIDTH[entry.corrects.audience]:
        raise ValidationError({"audience": _NEVER_WIDER})
    if any(WIDTH[reply.audience] > WIDTH[audience] for reply in entry.corrections.all()):
        raise ValidationError({"audience": "What corrects it would be seen by more people."})
