from __future__ import annotations

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
        kind=kind,
        title=title.strip(),
        url=url,
        archive_url=archive_url,
        publisher=publisher,
        reference=reference,
        language=language,
        date_first=dated.first if dated else None,
        date_precision=dated.precision if dated else Precision.DAY,
    )
    return source
