"""The exceptions to append-only: audience changes, redaction, erasure. Each leaves its mark."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Model, QuerySet

from negotiations.access import Viewer
from negotiations.models import (
    Delegate,
    Erasure,
    Invitation,
    Job,
    Letterhead,
    Mail,
    Membership,
    Negotiation,
    Override,
    Party,
    Readout,
    Round,
    SecurityEvent,
    SecurityHead,
    Source,
    Status,
    StatusScheme,
)
from negotiations.services import delete_files, redact_source, source_words

from .. import fulltext, triggers
from ..models import (
    AgendaLine,
    AudienceChange,
    ChainHead,
    ChainLink,
    Edition,
    Entry,
    EntrySource,
    Import,
    Issue,
    Note,
    NotePerson,
    Redaction,
    SearchRow,
    ShareLink,
    Sheet,
    SheetRow,
    SightChange,
    SightPerson,
    Standing,
    StandingCount,
    StandingParty,
    Upload,
    Vault,
    VaultPerson,
    VaultUse,
    VaultVersion,
)
from .chains import append, chain_audience, redaction_event, sight_events
from .counts import count_items
from .importing.staging import discard
from .refusals import check_audience
from .search import index_sources
from .sight import move, note_change, note_sight, sources_along
from .standings import lock_entries, lock_items, rebuild


def change_audience(
    entry: Entry, *, audience: str, party: Party | None, reason: str, viewer: Viewer
) -> AudienceChange:
    """Changes who may see an entry, with an event of its own; standings of all scopes follow.

    One that is widened takes its sources with it, as far as the viewer may widen them.

    Raises ValidationError without a reason, from whoever may not correct the entry, where the
    delegation is not the viewer's, or where a correction would be seen by more than its target.
    """
    with transaction.atomic():
        lock_entries([entry])
        check_audience(entry, audience, party, viewer, reason)
        change = AudienceChange.objects.create(
            entry=entry,
            old_audience=entry.audience,
            old_party=entry.audience_party,
            new_audience=audience,
            new_party=party,
            reason=reason.strip(),
            changed_by=viewer.user,
        )
        _overwrite(entry, audience=audience, audience_party=party)
        moved = [
            move(source, audience, party, reason, viewer)
            for source in sources_along(entry, audience, viewer)
        ]
        rebuild(viewer.negotiation, [entry.issue_id])
        append(viewer.negotiation, [event for one in moved for event in sight_events(one)])
        chain_audience(viewer.negotiation, change)
        note_change(change, "an entry", viewer.negotiation)
        note_sight(moved)
    return change


def redact(entry: Entry, *, reason: str, by: str, with_sources: bool = False) -> Redaction:
    """Blanks all that an entry says; keeps its hash, date, author, party and a tombstone.

    `with_sources`: likewise the sources that nothing else cites (`only_sources`), edit history
    and file included. `by` is a name for the log. Raises ValidationError without a reason or on
    a second time.
    """
    if not reason.strip():
        raise ValidationError("A redaction needs a reason.")
    with transaction.atomic():
        lock_items([entry.issue_id])
        if Redaction.objects.filter(entry=entry).exists():
            raise ValidationError("This entry is redacted already.")
        sources = only_sources(entry) if with_sources else []
        tombstone = Redaction.objects.create(
            entry=entry, sha256=_digest(entry, sources), reason=reason.strip(), redacted_by=by
        )
        for source in sources:
            redact_source(source, blank=triggers.BLANK)
        index_sources([source.pk for source in sources])
        blank: dict[str, Any] = {name: triggers.blank(name) for name in triggers.WORDS}
        # What it waited for is in the counts, and in the entry alone.
        count_items(entry.issue.negotiation_id, [entry.issue_id], -1)
        _overwrite(entry, **blank)
        rebuild(entry.issue.negotiation, [entry.issue_id], counted=False)
        fulltext.renew()
        append(entry.issue.negotiation, [redaction_event(tombstone)])
    return tombstone


def only_sources(entry: Entry) -> list[Source]:
    """The sources that this entry alone cites, locked; what is redacted cites nothing any more."""
    mine = Source.objects.filter(entry_links__entry=entry).order_by("pk")
    locked = list(Source.objects.select_for_update().filter(pk__in=[s.pk for s in mine]))
    others = EntrySource.objects.filter(source__in=locked, entry__redaction=None)
    used = set(others.exclude(entry=entry).values_list("source", flat=True))
    for model in (Round.sources.through, Readout):
        used |= set(model.objects.filter(source__in=locked).values_list("source", flat=True))
    return [source for source in locked if source.pk not in used]


def _digest(entry: Entry, sources: Sequence[Source]) -> str:
    """SHA-256 over what is about to be blanked, as canonical JSON."""
    said: dict[str, Any] = {name: getattr(entry, name) for name in triggers.WORDS}
    if sources:
        said["sources"] = [source_words(source) for source in sources]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def _overwrite(entry: Entry, **columns: Any) -> None:
    """A plain update past the model's refusal; the database still checks what may change."""
    QuerySet(Entry).filter(pk=entry.pk).update(**columns)
    entry.refresh_from_db()


# --- Erasure ------------------------------------------------------------------------------------


def erase_negotiation(negotiation: Negotiation, *, reason: str, by: str) -> Erasure:
    """Removes a negotiation with its history, edit histories and files; leaves a tombstone.

    The tombstone keeps a hash of the address, the number of entries, reason, time and name.
    Raises ValidationError without a reason.
    """
    if not reason.strip():
        raise ValidationError("An erasure needs a reason.")
    with transaction.atomic():
        tombstone = Erasure.objects.create(
            slug_sha256=hashlib.sha256(negotiation.slug.encode()).hexdigest(),
            reason=reason.strip(),
            entries=Entry.objects.filter(issue__negotiation=negotiation).count(),
            erased_by=by,
        )
        delete_files(Source.objects.filter(negotiation=negotiation).values_list("file", flat=True))
        heads = Letterhead.objects.filter(negotiation=negotiation)
        delete_files(heads.values_list("logo", flat=True))
        delete_files(Job.objects.filter(negotiation=negotiation).values_list("file", flat=True))
        for upload in Upload.objects.filter(negotiation=negotiation):
            discard(upload)
        triggers.drop(DEFAULT_DB_ALIAS)
        for model, condition in _everything_of(negotiation):
            _remove(model, condition)
        triggers.install(DEFAULT_DB_ALIAS)
        fulltext.renew()
    return tombstone


def _everything_of(negotiation: Negotiation) -> list[tuple[type[Model], dict[str, Any]]]:
    """Every model with what makes its rows this negotiation's, those that point at others first."""
    here = {"negotiation": negotiation}
    issue = {"issue__in": _keys(Issue, here)}
    round_ = {"round__in": _keys(Round, here)}
    entry = {"entry__issue__negotiation": negotiation}
    vault = {"version__vault__issue__negotiation": negotiation}
    return [
        (SearchRow, here),
        (SightPerson, {"change__negotiation": negotiation}),
        (SightChange, here),
        (ChainLink, here),
        (ChainHead, here),
        *((model, vault) for model in (VaultUse, VaultPerson)),
        (VaultVersion, {"vault__issue__negotiation": negotiation}),
        (Vault, issue),
        (NotePerson, {"note__issue__negotiation": negotiation}),
        (Note, issue),
        (SheetRow, {"sheet__negotiation": negotiation}),
        (Sheet, here),
        (StandingParty, {"standing__issue__negotiation": negotiation}),
        (Standing, issue),
        (StandingCount, here),
        (Import, here),
        (ShareLink, here),
        (Edition, here),
        *((model, entry) for model in (AudienceChange, Redaction, EntrySource)),
        (Entry.joint_parties.through, entry),
        (Entry, issue),
        (AgendaLine, round_),
        (Issue.raised_by.through, issue),
        (Issue, here),
        (Readout, round_),
        (Delegate, round_),
        (Round.sources.through, round_),
        (Round, here),
        (Source, here),
        (Letterhead, here),
        (Override, here),
        (SecurityEvent, here),
        (SecurityHead, here),
        (Mail, {"invitation__negotiation": negotiation}),
        (Invitation, here),
        (Job, here),
        (Membership, here),
        (Party, here),
        (Status, {"scheme__in": _keys(StatusScheme, here)}),
        (StatusScheme, here),
        (Negotiation, {"id": negotiation.pk}),
    ]


def _keys(model: type[Model], condition: dict[str, Any]) -> set[int]:
    """The rows that are there, and those that once were: their edit history outlives them."""
    kept = set(QuerySet(model).filter(**condition).values_list("pk", flat=True))
    if history := _history(model):
        kept |= set(QuerySet(history).filter(**condition).values_list("id", flat=True))
    return kept


def _remove(model: type[Model], condition: dict[str, Any]) -> None:
    """Deletes rows, the edit history of these and of earlier ones, the admin's log of them."""
    kind = ContentType.objects.get_for_model(model, for_concrete_model=False)
    keys = [str(key) for key in _keys(model, condition)]
    LogEntry.objects.filter(content_type=kind, object_id__in=keys).delete()
    if history := _history(model):
        past: QuerySet[Any] = QuerySet(history).filter(**condition)
        for lists in history._meta.related_objects:  # what many-to-many fields held
            _delete(QuerySet(lists.related_model).filter(history__in=past.values("pk")))
        _delete(past)
    _delete(QuerySet(model).filter(**condition))


def _delete(rows: QuerySet[Any]) -> None:
    """Past the models' refusal; every foreign key PROTECTs, so there is nothing to cascade."""
    rows._raw_delete(rows.db)


def _history(model: type[Model]) -> type[Model] | None:
    manager = getattr(model, "history", None)
    return manager.model if manager is not None else None
