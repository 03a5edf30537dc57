"""What foreign words for a status or a speaker most likely mean here. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .columns import plain

JOINT, THIRD, OWN = "joint", "third", "own"
# What a word stands for that carries nothing.
NOTHING = "-"

CATEGORIES: dict[str, str] = {
    "open": "open|new|raised|proposed|tabled|pending|not started|открыт|открыто|поднят|поднято|"
    "внесено|предложено|новый",
    "engaged": "in progress|in talks|under discussion|discussed|ongoing|negotiating|active|"
    "обсуждается|в работе|на обсуждении|ведутся переговоры|рассматривается",
    "settling": "agreed in principle|close|nearly agreed|partly agreed|landing zone|"
    "согласовано в принципе|близко к согласию|частично согласовано",
    "settled": "agreed|done deal|accepted|settled|tentative agreement|согласовано|согласован|"
    "договорились|принято",
    "done": "closed|done|complete|completed|resolved|implemented|закрыто|закрыт|выполнено|решено|"
    "завершено",
    "held": "blocked|on hold|stuck|suspended|frozen|stalled|заблокировано|приостановлено|"
    "заморожено|тупик",
    "dropped": "withdrawn|dropped|rejected|cancelled|снято|отозвано|отклонено|отменено",
}
_CATEGORY = {
    plain(word): category for category, words in CATEGORIES.items() for word in words.split("|")
}
_SPEAKERS = {
    JOINT: "both|joint|jointly|both sides|all|all parties|joint statement|обе|обе стороны|"
    "совместно|стороны|все",
    THIRD: "press|media|third party|third|mediator|reported|journalist|пресса|сми|посредник|"
    "третья сторона|журналист",
    OWN: "we|us internal|own|ours|our assessment|assessment|analyst|мы|наша оценка|оценка|"
    "собственная оценка",
}
_VOICE = {plain(word): voice for voice, words in _SPEAKERS.items() for word in words.split("|")}
_AND = re.compile(r"\s*[,;/+&]\s*|\s+(?:and|и)\s+", re.IGNORECASE)

# Label, short word and category of each status; code and name of each party.
StatusWords = Sequence[tuple[str, str, str]]
PartyWords = Sequence[tuple[str, str]]


def guess_status(word: str, statuses: StatusWords, remembered: Mapping[str, str]) -> str:
    """The label of the status meant: as last time, by its name, else by its category; or ""."""
    labels = [label for label, _short, _category in statuses]
    known = remembered.get(plain(word), "")
    if known == NOTHING or known in labels:
        return known
    for label, short, _category in statuses:
        if plain(word) in (plain(label), plain(short)):
            return label
    category = _CATEGORY.get(plain(word))
    return next((label for label, _short, other in statuses if other == category), "")


def guess_speaker(word: str, parties: PartyWords, remembered: Mapping[str, str]) -> str:
    """joint, third, own, or codes joined by a blank: "RU", "RU US"; "" when it says nothing."""
    codes = [code for code, _name in parties]
    known = remembered.get(plain(word), "")
    if known in _SPEAKERS or (known and set(known.split()) <= set(codes)):
        return known
    if one := _party(word, parties):
        return one
    parts = [_party(part, parties) for part in _AND.split(word.strip()) if part]
    if len(parts) > 1 and all(parts):
        return " ".join(code for code in codes if code in parts)
    return _VOICE.get(plain(word), "")


def _party(word: str, parties: PartyWords) -> str:
    said = plain(word)
    return next((code for code, name in parties if said in (plain(code), plain(name))), "")


def distinct(words: Iterable[str]) -> dict[str, int]:
    """Each word once, as first written, with how often it occurs however it is written."""
    first: dict[str, str] = {}
    counts: dict[str, int] = {}
    for word in words:
        if word:
            shown = first.setdefault(plain(word), word)
            counts[shown] = counts.get(shown, 0) + 1
    return counts
