"""What a column can mean, and what its header suggests. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ITEMS, ROUNDS, ENTRIES = "items", "rounds", "entries"
_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Field:
    """One thing a column can hold; `words` are headers that suggest it. `limit`: characters."""

    name: str
    label: str
    words: tuple[str, ...]
    limit: int = 0


def _field(name: str, label: str, words: str, limit: int = 0) -> Field:
    return Field(name, label, tuple(words.split("|")), limit)


FIELDS: dict[str, tuple[Field, ...]] = {
    ITEMS: (
        _field("title", "Title", "title|item|issue|topic|matter|subject|name|предмет|вопрос|"
               "тема|название|пункт|наименование", 200),
        _field("reference", "Reference", "reference|ref|article|clause|no|number|n|id|статья|"
               "номер|ссылка", 40),
        _field("heading", "Heading", "heading|section|group|chapter|basket|раздел|глава|"
               "группа|корзина", 120),
        _field("parent", "Sub-item of", "parent|sub item of|part of|under|входит в|родитель|"
               "часть"),
        _field("description", "Description", "description|details|comment|note|notes|описание|"
               "примечание|комментарий", 5000),
        _field("raised_by", "Raised by", "raised by|raised|proposed by|кто поднял|инициатор|"
               "внес|предложил"),
    ),
    ROUNDS: (
        _field("number", "Number", "number|no|round|номер|раунд"),
        _field("title", "Title", "title|name|meeting|session|название|встреча|заседание", 160),
        _field("start", "First day", "start|date|begin|begins|from|first day|начало|дата|с"),
        _field("end", "Last day", "end|ends|to|until|last day|конец|окончание|по"),
        _field("city", "City", "city|place|location|where|город|место", 120),
        _field("venue", "Venue", "venue|building|площадка|здание", 160),
        _field("level", "Level", "level|уровень", 160),
        _field("state", "State", "state|status|состояние|статус"),
        _field("note", "Note", "note|notes|comment|remarks|примечание|комментарий", 5000),
    ),
    ENTRIES: (
        _field("item", "Item", "issue|item|topic|matter|subject|title|вопрос|тема|пункт|предмет|"
               "название", 200),
        _field("date", "Date", "date|when|day|said|effective date|дата|когда|день"),
        _field("asserted_by", "Who says so", "asserted by|said by|who|party|who says so|side|"
               "according to|сторона|кто|кто говорит|по словам|заявила"),
        _field("status", "Status", "to|status|new status|state|where it stands|статус|состояние|"
               "новый статус|стало"),
        _field("before", "Status before", "from|old status|previous status|was|было|"
               "прежний статус"),
        _field("text", "What was said", "note|notes|text|summary|what was said|comment|remark|"
               "заметка|текст|примечание|содержание|комментарий", 5000),
        _field("position", "Position", "position|demand|позиция", 2000),
        _field("round", "Round", "round|meeting|session|раунд|встреча|заседание"),
        _field("speaker", "Speaker", "speaker|person|name|спикер|выступил|имя", 160),
        _field("speaker_function", "Speaker’s function", "function|post|должность|пост", 200),
        _field("source_url", "Source: link", "source url|url|link|source|source link|"
               "ссылка|источник", 500),
        _field("source_title", "Source: title", "source title|document|headline|документ|"
               "заголовок", 300),
        _field("publisher", "Source: publisher", "publisher|outlet|media|издание|сми", 160),
        _field("next_step", "Next step", "next step|action|next|следующий шаг|действие", 300),
        _field("original_text", "Original wording", "original|original text|quote|оригинал|"
               "цитата", 5000),
    ),
}  # fmt: skip
# Each of these groups needs one column of it.
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    ITEMS: (("title",),),
    ROUNDS: (("title", "number"),),
    ENTRIES: (("item",), ("date",), ("status", "text", "position", "next_step")),
}


def plain(word: str) -> str:
    """A header or a word as it is compared: small letters, one blank between words."""
    return _SEPARATORS.sub(" ", word.casefold().replace("ё", "е").replace("№", " no ")).strip()


def field_of(kind: str, name: str) -> Field:
    return next(field for field in FIELDS[kind] if field.name == name)


def guess_columns(
    kind: str, header: Sequence[str], remembered: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Which column holds which field: as last time under that header, else as its words say."""
    known = remembered or {}
    scores: list[tuple[int, int, int, str]] = []
    for place, name in enumerate(header):
        for order, field in enumerate(FIELDS[kind]):
            if score := _score(plain(name), field, known):
                scores.append((-score, order, place, field.name))
    chosen: dict[str, int] = {}
    for _points, _order, place, name in sorted(scores):
        if name not in chosen and place not in chosen.values():
            chosen[name] = place
    return chosen


def _score(header: str, field: Field, remembered: Mapping[str, str]) -> int:
    if header in remembered:
        return 1000 if remembered[header] == field.name else 0
    words = [plain(word) for word in field.words]
    if header in (plain(field.name), plain(field.label)):
        return 100
    if header in words:
        # The earlier a word stands among the field's own, the surer it is.
        return 90 - words.index(header)
    inner = {part for word in words for part in word.split() if len(part) > 3}
    return 10 if inner & set(header.split()) else 0


def missing(kind: str, columns: Mapping[str, int]) -> list[str]:
    """What the mapping still lacks, in sentences."""
    lacking = (group for group in NEEDED[kind] if not set(group) & columns.keys())
    return [
        f"Choose the column for {' or '.join(f'“{field_of(kind, one).label}”' for one in group)}."
        for group in lacking
    ]
