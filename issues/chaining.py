"""What of each row is hashed, and how links hang together. Reads nothing from the database.

Names of users are in none of it, only the ids of their accounts: a name can be erased and the
chain still verifies. Empty fields are left out, so that a column added later changes no old hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from negotiations.chains import digest, filled
from negotiations.scopes import DELEGATION, MEMBERS, PUBLIC, WIDTH, Scope

from .models import (
    AudienceChange,
    ChainLink,
    Entry,
    EntrySource,
    PersonErasure,
    Redaction,
    SightChange,
)
from .triggers import AUDIENCE, WORDS

_FIXED = [
    str(field.attname)
    for field in Entry._meta.concrete_fields
    if field.column not in (*AUDIENCE, *WORDS) and not field.primary_key
]
_SEALED = ("chain", "place", "kind", "recorded_at", "words", "note", "content", "previous")


def chain_of(audience: str, party_id: int | None) -> str:
    """The chain that this audience reads: called as its scope is.

    What no audience can be, as a forged row may have it, is a chain that nothing was recorded in.
    """
    if party_id is None:
        return audience
    return Scope.of_party(party_id).key if audience == DELEGATION else f"{audience}-{party_id}"


def chains_in(scope: Scope) -> list[str]:
    """The chains that a scope reads, the widest first."""
    return [PUBLIC] if scope.key == PUBLIC else list(dict.fromkeys([PUBLIC, MEMBERS, scope.key]))


# --- Contents -----------------------------------------------------------------------------------


def words_of(entry: Entry) -> str:
    """The hash of all that a redaction would blank, and of what the status meant."""
    said = {name: getattr(entry, name) for name in WORDS}
    if entry.status_id and entry.status:
        said["rung"] = [entry.status.category, entry.status.rung]
    return digest(filled(said))


def entry_content(entry: Entry, joint: Iterable[int], words: str) -> str:
    """An entry but for its audience, which its chain tells, with the hash of its words."""
    fixed = filled({name: getattr(entry, name) for name in _FIXED})
    if entry.corrects_id:
        # By its UUID: ids would tell how many hidden entries there are between.
        fixed["corrects_id"] = entry.corrects.uuid if entry.corrects else "missing"
    return digest({"entry": fixed, "joint": sorted(joint), "words": words})


def source_content(link: EntrySource) -> str:
    return digest(
        {
            "entry": link.entry.uuid,
            "source": link.source.uuid,
            "at": link.recorded_at,
            "by": link.recorded_by_id,
        }
    )


def left_content(change: AudienceChange | SightChange) -> str:
    """For those who saw the thing before: where it went only if they may see it there."""
    return digest(_gone(change) if _narrows(change) else _whole(change))


def came_content(change: AudienceChange, entry: str) -> str:
    """For those who see it now: the entry's content, and where it was only if they saw it there."""
    return digest({"content": entry} | (_whole(change) if _narrows(change) else _gone(change)))


def shown_content(change: SightChange) -> str:
    """For those who see the thing now: what it is, and where it was if they saw it there."""
    thing = {"kind": change.kind, "row": change.row}
    return digest(thing | (_whole(change) if _narrows(change) else _gone(change)))


def _narrows(change: AudienceChange | SightChange) -> bool:
    # An audience that does not exist, as a forged row may have it, is nobody's.
    new, old = (WIDTH.get(a, -1) for a in (change.new_audience, change.old_audience))
    return new <= old


def _gone(change: AudienceChange | SightChange) -> dict[str, Any]:
    if isinstance(change, SightChange):
        return {"change": change.uuid, "at": change.changed_at}
    return {"entry": change.entry.uuid, "at": change.changed_at}


def _whole(change: AudienceChange | SightChange) -> dict[str, Any]:
    told: dict[str, Any] = {
        "from": chain_of(change.old_audience, change.old_party_id),
        "to": chain_of(change.new_audience, change.new_party_id),
        "reason": change.reason,
        "by": change.changed_by_id,
    }
    if isinstance(change, SightChange) and (people := _people(change)):
        told["people"] = people
    return _gone(change) | told


def _people(change: SightChange) -> list[list[Any]]:
    """Whom a note named before and since, by account."""
    rows = change.people.all()
    return sorted([row.is_since, row.user_id, row.membership] for row in rows)


def redaction_content(redaction: Redaction) -> str:
    """A tombstone, without the name of who redacted."""
    return digest(
        {
            "entry": redaction.entry.uuid,
            "sha256": redaction.sha256,
            "reason": redaction.reason,
            "at": redaction.redacted_at,
        }
    )


def person_content(erasure: PersonErasure) -> str:
    """An erased person, by account; without the name of who erased."""
    about = {"uuid": erasure.uuid, "person": erasure.person_id, "reason": erasure.reason}
    return digest(about | {"at": erasure.erased_at})


def note_content(note: str) -> str:
    return digest({"note": note})


# --- Links --------------------------------------------------------------------------------------


def sealed(link: ChainLink) -> str:
    """The hash of a link: of the negotiation, of all that it says, and of the link before."""
    fields = {name: getattr(link, name) for name in _SEALED}
    return digest({"negotiation": link.negotiation_id} | fields)
