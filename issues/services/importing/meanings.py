"""The words of a file for statuses and speakers, and what they most likely mean here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from negotiations.access import Viewer

from ...imports.columns import plain
from ...imports.rows import column_texts
from ...imports.tables import Table
from ...imports.words import JOINT, distinct, guess_speaker, guess_status
from ...models import Upload
from .lines import reading_of
from .staging import remembered

# Which columns hold words of each sort.
SORTS = {"status": ("status", "before"), "asserted_by": ("asserted_by",)}
Words = dict[str, dict[str, Any]]


def words_in(upload: Upload, table: Table) -> Words:
    """Each word of the file once, by sort, with how often it occurs."""
    reading = reading_of(upload, table)
    return {
        sort: distinct(text for name in names for text in column_texts(table, reading, name))
        for sort, names in SORTS.items()
    }


def meanings(words: Words, viewer: Viewer, known: Mapping[str, Any]) -> Words:
    """What each word is likely to mean: as explained before (`known`), else as it sounds; or ""."""
    rows = viewer.negotiation.scheme.statuses.filter(retired=False)
    statuses = [(status.label, status.short, status.category) for status in rows]
    parties = [(party.code, party.name) for party in viewer.negotiation.parties.all()]
    return {
        "status": {
            word: guess_status(word, statuses, known.get("status", {})) for word in words["status"]
        },
        "asserted_by": {
            word: _all_or_some(guess_speaker(word, parties, known.get("asserted_by", {})), parties)
            for word in words["asserted_by"]
        },
    }


def _all_or_some(meant: str, parties: list[tuple[str, str]]) -> str:
    """All parties at one table are simply: jointly."""
    return JOINT if len(meant.split()) == len(parties) > 1 else meant


def known_words(upload: Upload, viewer: Viewer) -> dict[str, Any]:
    """What was explained for this file, and before it for the last one of its kind."""
    return remembered(viewer, upload.kind) | upload.words


def as_kept(words: Words) -> dict[str, dict[str, str]]:
    """The same as `Upload.words` keeps it: however a word is written."""
    return {sort: {plain(word): meant for word, meant in of.items()} for sort, of in words.items()}
