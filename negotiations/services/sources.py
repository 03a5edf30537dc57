from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from simple_history.utils import bulk_create_with_history

from negotiations.dates import VagueDate
from negotiations.files import check_file, kept_name, sha256_of
from negotiations.models import Negotiation, Party, Precision, Source, User
from negotiations.scopes import MEMBERS

from .rows import save

GIVEN = ["negotiation", "created_by", "audience_party", "recorded_party"]


def add_source(
    negotiation: Negotiation,
    *,
    by: User | None,
    title: str,
    kind: str = Source.Kind.WEB,
    url: str = "",
    archive_url: str = "",
    publisher: str = "",
    reference: str = "",
    language: str = "",
    dated: VagueDate | None = None,
    file: File[Any] | None = None,
    audience: str = MEMBERS,
    audience_party: Party | None = None,
    recorded_party: Party | None = None,
) -> Source:
    """Write down a source; entries, rounds and readouts then refer to it.

    It shows to nobody outside its audience, whatever cites it.

    Always a new row: one found by its address may belong to entries that `by` must not see.
    Raises ValidationError by field, e.g. for an address that is not a web address or a file that
    is not kept here.
    """
    source = Source(negotiation=negotiation, created_by=by)
    save(
        source,
        by=by,
        archive_url=archive_url,
        audience=audience,
        audience_party=audience_party,
        recorded_party=recorded_party,
        **_columns(title, kind, url, publisher, reference, language, dated, file),
    )
    return source


def update_source(
    source: Source,
    *,
    by: User | None,
    file: File[Any] | None = None,
    without_file: bool = False,
    **fields: Any,
) -> list[str]:
    """Change what is known of a source; returns the names that changed.

    Another `file` takes the place of the present one, `without_file` takes it away: what lay
    there is deleted. Raises ValidationError as `add_source`.
    """
    old = source.file.name
    if file or without_file:
        fields |= _file_columns(file)
    with transaction.atomic():
        changed = save(source, by=by, **fields)
        if "file" in changed and old:
            delete_files([old])
    return changed


def delete_files(names: Iterable[str]) -> None:
    """Delete these files once the transaction is through: a rollback leaves them in place."""
    for name in filter(None, set(names)):
        transaction.on_commit(lambda name=name: default_storage.delete(name), robust=True)  # type: ignore[misc]


def add_sources(
    negotiation: Negotiation, sources: Iterable[Mapping[str, Any]], *, by: User | None
) -> list[Source]:
    """The same for many, given as the keywords of `add_source`, in a few statements."""
    rows = [
        Source(negotiation=negotiation, created_by=by, **_columns(**source)) for source in sources
    ]
    for row in rows:
        # Without what is given: a look for each of them at each row.
        row.full_clean(GIVEN, validate_unique=False, validate_constraints=False)
    if rows:
        rows = bulk_create_with_history(rows, Source, batch_size=500, default_user=by)
    return rows


# What a source says beside its title, each with what a redaction leaves of it. Its kind, its place
# here and who wrote it down are not among it.
_BLANKS = {
    **dict.fromkeys(("reference", "publisher", "language", "url", "archive_url"), ""),
    **{"date_first": None, "file": "", "file_name": "", "file_size": 0},
}


def source_words(source: Source) -> dict[str, Any]:
    """What `redact_source` would blank, as plain values."""
    words = {name: getattr(source, name) for name in ("title", *_BLANKS)}
    return words | {"file": source.file.name or ""}


def redact_source(source: Source, *, blank: str) -> None:
    """Blanks what a source says, in its edit history and the admin's log too; its file is deleted.

    The caller keeps the tombstone. `blank` stands in the place of the title.
    """
    delete_files([source.file.name or "", *source.history.values_list("file", flat=True)])
    for rows in (Source.objects.filter(pk=source.pk), source.history.all()):
        rows.update(title=blank, **_BLANKS)
    kind = ContentType.objects.get_for_model(Source)
    log = LogEntry.objects.filter(content_type=kind, object_id=str(source.pk))
    log.update(object_repr=blank)
    source.refresh_from_db()


def _columns(
    title: str,
    kind: str,
    url: str,
    publisher: str,
    reference: str,
    language: str,
    dated: VagueDate | None,
    file: File[Any] | None = None,
    **shown: Any,
) -> dict[str, Any]:
    return {
        **shown,
        "kind": kind,
        "title": title.strip(),
        "url": url,
        "publisher": publisher,
        "reference": reference,
        "language": language,
        "date_first": dated.first if dated else None,
        "date_precision": dated.precision if dated else Precision.DAY,
        **(_file_columns(file) if file else {}),
    }


def _file_columns(file: File[Any] | None) -> dict[str, Any]:
    """A file with its name and size, or no file. Raises ValidationError for one not kept here."""
    if not file:
        return {"file": "", "file_name": "", "file_size": 0, "file_sha256": ""}
    try:
        check_file(file)
    except ValidationError as refusal:
        raise ValidationError({"file": refusal}) from refusal
    return {
        "file": file,
        "file_name": kept_name(file.name or ""),
        "file_size": file.size,
        "file_sha256": sha256_of(file),
    }
