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
from negotiations.models import Party, Source, User
from negotiations.services import add_source as write_source

from ..models import Entry, EntrySource, Issue
from .entry_data import EntryData, NewSource
from .refusals import check_entry, check_recorder, check_reply, check_undo
from .standings import lock_items, rebuild


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
    check_recorder(viewer)
    batch = batch or uuid4()
    with transaction.atomic():
        lock_items(issue.pk for issue, _data in pairs)
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
    check_recorder(viewer)
    with transaction.atomic():
        lock_items(entry.issue_id for entry in entries)
        batch, made = uuid4(), []
        for place, target in enumerate(entries):
            check_undo(target, viewer)
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
    """Adds a source to an entry; needs no correction. The same source twice is one link.

    Raises ValidationError for a viewer who only reads and for a source of another negotiation.
    """
    check_recorder(viewer)
    if isinstance(source, Source) and source.negotiation_id != viewer.negotiation.pk:
        raise ValidationError({"source": "This belongs to another negotiation."})
    with transaction.atomic():
        (kept,) = _Sources(viewer).keep([source])
        link, _made = EntrySource.objects.get_or_create(
            entry=entry, source=kept, defaults={"recorded_by": viewer.user}
        )
    return link


# --- Helpers ------------------------------------------------------------------------------------


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
        """The sources as rows, each once."""
        rows = (s if isinstance(s, Source) else self._new(s) for s in sources)
        return list(dict.fromkeys(rows))

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
        check_entry(issue, data, viewer, timezone.localdate(now), corrects)
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
        lock_items([target.issue_id])
        before = _already(batch, viewer.user)
        if before:
            return Recorded(before, again=True)
        check_reply(target, kind, audience, viewer, reason)
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


def _nothing(target: Entry) -> EntryData:
    """A retraction's content: whose word it takes back, and no more."""
    return EntryData(
        voice=target.voice,
        party=target.party,
        said=VagueDate.of_day(timezone.localdate()),
        audience=target.audience,
        audience_party=target.audience_party,
    )
