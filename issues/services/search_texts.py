"""Which words of an item, entry, round or source are searched; the reads show the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from negotiations.models import Round, Source

from ..models import Issue

ENTRY_COLUMNS = (
    *("text", "position", "original_text", "speaker", "speaker_function", "waits_text"),
    *("next_step", "next_step_who", "reason"),
)


def entry_texts(row: Mapping[str, Any]) -> list[str]:
    """Of a row with the columns above."""
    return [row[name] for name in ENTRY_COLUMNS]


def item_texts(issue: Issue) -> list[str]:
    return [str(issue.address), issue.reference, issue.title, issue.heading, issue.description]


def round_texts(round_: Round) -> list[str]:
    """With its delegations and what each side said of it, as far as all members may read it."""
    people = [f"{one.name} {one.function}" for one in round_.delegates.all()]
    told = [one.text for one in round_.readouts.all() if one.audience_party_id is None]
    plain = [round_.title, round_.short, round_.level, round_.city, round_.venue]
    return [*plain, round_.expected, round_.duration, round_.note, *people, *told]


def source_texts(source: Source) -> list[str]:
    named = [source.title, source.reference, source.publisher, source.file_name]
    return [*named, source.url, source.archive_url]
