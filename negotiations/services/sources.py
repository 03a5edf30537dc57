from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simple_history.utils import bulk_create_with_history

from negotiations.dates import VagueDate
from negotiations.models import Negotiation, Precision, Source, User

from .rows import save


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
) -> Source:
    """Write down a source; entries, rounds and readouts then refer to it.

    Always a new row: one found by its address may belong to entries that `by` must not see.
    Raises ValidationError by field, e.g. for an address that is not a web address.
    """
    source = Source(negotiation=negotiation, created_by=by)
    save(
        source,
        by=by,
        archive_url=archive_url,
        **_columns(title, kind, url, publisher, reference, language, dated),
    )
    return source


def add_sources(
    negotiation: Negotiation, sources: Iterable[Mapping[str, Any]], *, by: User | None
) -> list[Source]:
    """The same for many, given as the keywords of `add_source`, in a few statements."""
    rows = [
        Source(negotiation=negotiation, created_by=by, **_columns(**source)) for source in sources
    ]
    for row in rows:
        # Without the two that are given: a look for each of them at each row.
        row.full_clean(
            ["negotiation", "created_by"], validate_unique=False, validate_constraints=False
        )
    if rows:
        rows = bulk_create_with_history(rows, Source, batch_size=500, default_user=by)
    return rows


def _columns(
    title: str,
    kind: str,
    url: str,
    publisher: str,
    reference: str,
    language: str,
    dated: VagueDate | None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "title": title.strip(),
        "url": url,
        "publisher": publisher,
        "reference": reference,
        "language": language,
        "date_first": dated.first if dated else None,
        "date_precision": dated.precision if dated else Precision.DAY,
    }
