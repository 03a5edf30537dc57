"""The only door through which history is written (design §2, Correction and Two clocks)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from negotiations.access import Viewer
from negotiations.dates import PRECISION_RANK, VagueDate
from negotiations.exceptions import Conflict
from negotiations.models import Negotiation, Party, Round, Source, Status, User
from negotiations.scopes import DELEGATION, MEMBERS, PUBLIC, Scope
from negotiations.services import add_source as write_source

from ..models import Entry, EntrySource, Issue
from .standings import rebuild

UNDO_MINUTES = 10


@dataclass(frozen=True)
class NewSource:
    """A source that is not written down yet; it is, in the same transaction as its entry."""

    title: str
    kind: str = Source.Kind.WEB
    url: str = ""
    publisher: str = ""
    reference: str = ""
    language: str = ""
    dated: VagueDate | None = None


@dataclass(frozen=True)
class EntryData:
    """What one entry says. `said` is its effective date; recorded time and author are not here."""

    voice: str
    said: VagueDate
    party: Party | None = None
    joint_parties: Sequence[Party] = ()
    speaker: str = ""
    speaker_function: str = ""
    said_time: dt.time | None = None
    holds_since: str = ""
    round: Round | None = None
    status: Status | None = None
    text: str = ""
    position: str = ""
    waits_for: str = ""
    waits_party: Party | None = None
    waits_why: str = ""
    waits_text: str = ""
    next_step: str = ""
    next_step_party: Party | None = None
    next_step_who: str = ""
    next_step_by: dt.date | None = None
    original_text: str = ""
    original_language: str = ""
    reliability: str = ""
    audience: str = MEMBERS
    audience_party: Party | None = None
    sources: Sequence[Source | NewSource] = ()

    PLAIN = (
        *("voice", "party", "speaker", "speaker_function", "said_time", "holds_since", "round"),
        *("status", "text", "position", "waits_for", "waits_party", "waits_why", "waits_text"),
        *("next_step", "next_step_party", "next_step_who", "next_step_by", "original_text"),
        *("original_language", "reliability", "audience", "audience_party"),
    )

    @property
    def carries_something(self) -> bool:
        return bool(self.status or self.text or self.position or self.waits_for or self.next_step)


@dataclass(frozen=True)
class Recorded:
    """What a call wrote. `again` is true when the same form had been recorded before."""

    entries: list[Entry]
    again: bool = False


def record(issue: Issue, *data: EntryData, viewer: Viewer, batch: UUID | None = None) -> Recorded:
    """Adds one entry, or several said together, to an item; standings follow at once.

    `batch` is the form's one-time token: sent twice, it is recorded once.
    Raises ValidationError by field for what the rules refuse.
    """
    return record_many([(issue, one) for one in data], viewer=viewer, batch=batch)


def record_many(
    pairs: Sequence[tuple[Issue, EntryData]], *, viewer: Viewer, batch: UUID | None = None
) -> Recorded:
    """The same for many items: one transaction, one batch, undone as one."""
    batch = batch or uuid4()
    with transaction.atomic():
        _lock(pair[0] for pair in pairs)
        before = _already(batch, viewer.user)
        if before:
            return Recorded(before, again=True)
        sources, now = _Sources(viewer), timezone.now()
        made = [
            _write(issue, data, sources, now, viewer=viewer, batch=batch, place=place)
            for place, (issue, data) in enumerate(pairs)
        ]
        rebuild(viewer.negotiation, sorted({issue.pk for issue, _data in pairs}))
    return Recorded(made)


def correct(
    target: Entry, data: EntryData, *, viewer: Viewer, reason: str, batch: UUID | None = None
) -> Recorded:
    """Replaces `target` by a new entry on the same item.

    Raises ValidationError (no right, no reason, wider audience) or Conflict when somebody
    replaced it first; the conflict carries the entry that did.
    """
    audience = (data.audience, data.audience_party)
    return _reply(target, Entry.Kind.CORRECTION, data, audience, viewer, reason, batch)


def retract(target: Entry, *, viewer: Viewer, reason: str, batch: UUID | None = None) -> Recorded:
    """Takes back `target` and all it did. A retraction can be retracted. Errors as `correct`."""
    audience = (target.audience, target.audience_party)
    return _reply(target, Entry.Kind.RETRACTION, _nothing(target), audience, viewer, reason, batch)


def undo(entries: Sequence[Entry], *, viewer: Viewer) -> list[Entry]:
    """Takes back one batch of the viewer's own, within ten minutes; shown to nobody else after.

    Raises ValidationError when it is too late, and Conflict when an entry was replaced meanwhile.
    """
    with transaction.atomic():
        _lock(entry.issue for entry in entries)
        batch, made = uuid4(), []
        for place, target in enumerate(entries):
            _check_undo(target, viewer)
            data = _nothing(target)
            made.append(
                _write(
                    target.issue,
                    data,
                    _Sources(viewer),
                    timezone.now(),
                    viewer=viewer,
                    batch=batch,
                    place=place,
                    kind=Entry.Kind.UNDO,
                    corrects=target,
                    reason="Undone by its author.",
                )
            )
        rebuild(viewer.negotiation, sorted({entry.issue_id for entry in entries}))
    return made


def add_source(entry: Entry, source: Source | NewSource, *, viewer: Viewer) -> EntrySource:
    """Adds a source to an entry; needs no correction. The same source twice is one link."""
    with transaction.atomic():
        (kept,) = _Sources(viewer).keep([source])
        link, _made = EntrySource.objects.get_or_create(
            entry=entry, source=kept, defaults={"recorded_by": viewer.user}
        )
    return link


def may_undo(entry: Entry, viewer: Viewer, now: dt.datetime) -> bool:
    """Whether the viewer recorded it within the last ten minutes."""
    age = now - entry.recorded_at
    return entry.recorded_by_id == viewer.user.pk and age <= dt.timedelta(minutes=UNDO_MINUTES)


def may_correct(entry: Entry, viewer: Viewer) -> tuple[bool, str]:
    """Whether the viewer may correct or retract `entry`, and if not, why (design §2)."""
    if not viewer.may_record:
        return False, "Only recorders and heads correct entries."
    if viewer.party and entry.recorded_party_id != viewer.party.pk:
        return False, f"Only what {viewer.party}’s own people recorded can be corrected by you."
    if entry.recorded_by_id == viewer.user.pk:
        return True, ""
    if not viewer.is_head:
        return False, "Only its author or a head corrects an entry."
    if not viewer.party and entry.audience == DELEGATION:
        return False, "Only that delegation’s own people correct its entries."
    return True, ""


# --- Helpers ------------------------------------------------------------------------------------


def _lock(issues: Iterable[Issue]) -> None:
    """One writer at a time per item, so that standings are computed from all entries."""
    keys = sorted({issue.pk for issue in issues})
    list(Issue.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))


def _already(batch: UUID, user: User) -> list[Entry]:
    found = list(Entry.objects.filter(batch=batch).order_by("batch_place"))
    if any(entry.recorded_by_id != user.pk for entry in found):
        raise ValidationError("This form was sent by somebody else; open it anew.")
    return found


class _Sources:
    """Writes new sources down once each, even when two entries of one form share them."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.kept: dict[NewSource, Source] = {}

    def keep(self, sources: Iterable[Source | NewSource]) -> list[Source]:
        return [s if isinstance(s, Source) else self._new(s) for s in sources]

    def _new(self, source: NewSource) -> Source:
        if source not in self.kept:
            by, columns = self.viewer.user, vars(source)
            self.kept[source] = write_source(self.viewer.negotiation, by=by, **columns)
        return self.kept[source]


def _write(
    issue: Issue,
    data: EntryData,
    sources: _Sources,
    now: dt.datetime,
    *,
    viewer: Viewer,
    batch: UUID,
    place: int = 0,
    kind: str = Entry.Kind.ENTRY,
    corrects: Entry | None = None,
    reason: str = "",
) -> Entry:
    if kind in (Entry.Kind.ENTRY, Entry.Kind.CORRECTION):
        _check(issue, data, viewer, timezone.localdate(now))
    entry = Entry.objects.create(
        issue=issue,
        kind=kind,
        corrects=corrects,
        reason=reason,
        said_first=data.said.first,
        said_last=data.said.last,
        precision=data.said.precision,
        precision_rank=PRECISION_RANK[data.said.precision],
        counts_from=min(data.said.last, timezone.localdate(now)),
        recorded_at=now,
        recorded_by=viewer.user,
        recorded_party=viewer.party,
        batch=batch,
        batch_place=place,
        **{name: getattr(data, name) for name in EntryData.PLAIN},
    )
    if data.voice == Entry.Voice.JOINT:
        entry.joint_parties.add(*data.joint_parties)
    for source in sources.keep(data.sources):
        EntrySource.objects.create(
            entry=entry, source=source, recorded_at=now, recorded_by=viewer.user
        )
    return entry


def _check(issue: Issue, data: EntryData, viewer: Viewer, today: dt.date) -> None:
    """Everything an entry must satisfy, as errors by form field."""
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
    if data.status and data.status.retired:
        errors["status"] = f"“{data.status}” is no longer used here; choose another status."
    if data.audience == DELEGATION and (not viewer.party or data.audience_party != viewer.party):
        errors["audience"] = "You can restrict an entry to your own delegation only."
    errors |= _strangers(data, negotiation)
    if errors:
        raise ValidationError(errors)


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


_WIDTH = {DELEGATION: 0, MEMBERS: 1, PUBLIC: 2}


def _reply(
    target: Entry,
    kind: str,
    data: EntryData,
    audience: tuple[str, Party | None],
    viewer: Viewer,
    reason: str,
    batch: UUID | None,
) -> Recorded:
    batch = batch or uuid4()
    with transaction.atomic():
        _lock([target.issue])
        before = _already(batch, viewer.user)
        if before:
            return Recorded(before, again=True)
        _check_reply(target, kind, audience, viewer, reason)
        made = _write(
            target.issue,
            data,
            _Sources(viewer),
            timezone.now(),
            viewer=viewer,
            batch=batch,
            kind=kind,
            corrects=target,
            reason=reason.strip(),
        )
        rebuild(viewer.negotiation, [target.issue_id])
    return Recorded([made])


def _check_reply(
    target: Entry, kind: str, audience: tuple[str, Party | None], viewer: Viewer, reason: str
) -> None:
    allowed, why_not = may_correct(target, viewer)
    if not allowed:
        raise ValidationError(why_not)
    if kind == Entry.Kind.CORRECTION and target.takes_back:
        raise ValidationError("A retraction can only be retracted.")
    if target.kind == Entry.Kind.UNDO:
        raise ValidationError("What was undone stays undone; record it anew.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a few words."})
    if _WIDTH[audience[0]] > _WIDTH[target.audience]:
        raise ValidationError(
            {"audience": "A correction never has a wider audience; to publish, record anew."}
        )
    _refuse_second(target, audience)


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


def _check_undo(target: Entry, viewer: Viewer) -> None:
    if target.recorded_by_id != viewer.user.pk or target.kind == Entry.Kind.UNDO:
        raise ValidationError("Only its author undoes an entry.")
    if not may_undo(target, viewer, timezone.now()):
        raise ValidationError("Undo works for ten minutes. Correct or retract the entry instead.")
    _refuse_second(target, (target.audience, target.audience_party))


def _nothing(target: Entry) -> EntryData:
    """A retraction's content: whose word it takes back, and no more."""
    return EntryData(
        voice=target.voice,
        party=target.party,
        said=VagueDate.of_day(timezone.localdate()),
        audience=target.audience,
        audience_party=target.audience_party,
    )
