"""How words are compared when searching: case, accents, script and the spelling of names aside.

Pure: the same functions make the index, read what was typed and mark what was found. A word is
compared as written (folded) and as it sounds, so that Darchiev, Darchiyev and Дарчиев are one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# Words are compared by their first letters; the index keeps every beginning up to this length.
LENGTH = 12
MOST_WORDS = 8
# A shorter beginning would fit half of all words.
SHORTEST_STEM = 5
SHORTEST_SOUND = 4

_MARKS = "\u0300-\u036f\u0483-\u0487"
_APOSTROPHES = "'’ʼ`´"
_LETTER = rf"[^\W_][{_MARKS}]*"
_WORD = re.compile(rf"(?:{_LETTER})+(?:[{_APOSTROPHES}](?:{_LETTER})+)*")
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")

# Letters that Unicode does not take apart.
_WHOLE = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_LATIN = str.maketrans(
    {
        **dict(zip("абвгґдезиійјклмнопрстуфыэ", "abvggdeziiijklmnoprstufie", strict=True)),
        **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": ""},
        **{"ю": "iu", "я": "ia", "є": "ie", "љ": "lj", "њ": "nj", "ћ": "ch", "ђ": "dj", "џ": "dj"},
    }
)
# A sign before е is heard: Васильев is Vasiliev.
_SIGN = re.compile("[ьъ](?=е)")
# In this order. The German, French, English and Polish ways of writing one sound become one.
_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("tsch|tch", "ch"),
        ("shch|sch", "sh"),
        ("kh", "h"),
        ("ck", "k"),
        ("ph", "f"),
        ("off$|of$", "ov"),
        ("eff$|ef$", "ev"),
        ("ts|tz", "z"),
        ("c(?!h)|q", "k"),
        ("x", "ks"),
        ("w", "v"),
        ("ou", "u"),
        ("[yj]", "i"),
        ("^ie", "e"),
        (r"(.)\1+", r"\1"),
        ("(?<=[aeiou])i(?=e)", ""),
        (r"(.)\1+", r"\1"),
    )
]
# Endings of Russian words, and the English plural, left out of what was typed (never of the
# index): what remains is a beginning of every form of the word.
_ENDING = re.compile(
    "(?:ами|ями|ого|его|ому|ему|ыми|ими|ах|ях|ам|ям|ом|ем|ой|ей|ою|ею|ых|их|ым|им|ую|юю|ая|яя"
    "|[аеиоуыюяь])$|(?<![siu])s$"
)


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """The word in small letters without accents: é is e, ё is е, ß is ss."""
    parts = unicodedata.normalize("NFKD", word.casefold())
    kept = "".join(part for part in parts if part.isalnum())
    return kept.casefold().translate(_WHOLE)


@lru_cache(maxsize=20_000)
def sound(folded: str) -> str:
    """How a folded word sounds, in Latin letters; two spellings of a name agree in this."""
    heard = _SIGN.sub("и", folded).translate(_LATIN)
    if len(heard) >= SHORTEST_SOUND:
        for pattern, written in _SOUNDS:
            heard = pattern.sub(written, heard)
    return heard


@lru_cache(maxsize=20_000)
def _tokens_of(word: str) -> frozenset[str]:
    parts = _APOSTROPHE.split(word)
    spoken = [fold(part) for part in {"".join(parts), *parts}]
    return frozenset(one[:LENGTH] for word in spoken for one in (word, sound(word)) if one)


def tokens(texts: Iterable[str]) -> str:
    """What the index holds of these texts: every word folded and as it sounds, each once."""
    found = {token for text in texts for word in _WORD.findall(text) for token in _tokens_of(word)}
    return " ".join(sorted(found))


@dataclass(frozen=True)
class Form:
    """One way in which a word may be found: at its beginning, or as a whole."""

    text: str
    whole: bool = False

    def fits(self, found: frozenset[str]) -> bool:
        if self.whole:
            return self.text in found
        return self.text in found or any(token.startswith(self.text) for token in found)


Term = tuple[Form, ...]


class Terms(list[Term]):
    """What is looked for, and of words that were looked at, which of it they fit.

    The texts of a page say the same words again and again: compared anew, they took a quarter
    longer.
    """

    def __init__(self, found: Iterable[Term]) -> None:
        super().__init__(found)
        self._fitted: dict[str, frozenset[int]] = {}

    def fitted(self, word: str) -> frozenset[int]:
        """The places of the terms that this word, as it is written, fits."""
        if word not in self._fitted:
            found = _tokens_of(word)
            self._fitted[word] = frozenset(
                place for place, term in enumerate(self) if any(form.fits(found) for form in term)
            )
        return self._fitted[word]


def terms(typed: str) -> Terms:
    """What to look for: one term per word, each with its forms; every term must be found.

    Everything but letters and digits only separates words, so nothing typed is an error.
    """
    words = dict.fromkeys("".join(_APOSTROPHE.split(w)) for w in _WORD.findall(typed))
    found = dict.fromkeys(_forms(fold(word)) for word in list(words)[:MOST_WORDS])
    return Terms(term for term in found if term)


def _forms(folded: str) -> Term:
    if len(folded) < 2:
        return (Form(folded, whole=True),) if folded else ()
    stem = _ENDING.sub("", folded)
    stem = stem if len(stem) >= SHORTEST_STEM else folded
    heard = sound(stem)
    forms = {Form(stem[:LENGTH])}
    if heard != stem and heard:
        forms.add(Form(heard[:LENGTH], whole=len(heard) < SHORTEST_SOUND))
    return tuple(sorted(forms, key=lambda form: form.text))


# --- What was found, marked -----------------------------------------------------------------------


@dataclass(frozen=True)
class Segment:
    """A stretch of text; `hit`: a word that was looked for."""

    text: str
    hit: bool = False


def has(text: str, looked_for: Terms) -> bool:
    """Whether every term is in this text."""
    fitted = map(looked_for.fitted, _WORD.findall(text))
    return len(frozenset().union(*fitted)) == len(looked_for)


def _hits(text: str, looked_for: Terms) -> list[re.Match[str]]:
    return [word for word in _WORD.finditer(text) if looked_for.fitted(word[0])]


def marked(text: str, looked_for: Terms, width: int = 0) -> list[Segment]:
    """The text in segments, hits apart; with `width` a passage of about so many letters.

    A passage begins a little before the first hit; [] when there is none in the text.
    """
    found = _hits(text, looked_for)
    if not found:
        return [] if width else [Segment(text)]
    start, end = _passage(text, found[0].start(), width or len(text))
    segments, at = [Segment("… ")] if start else [], start
    for word in found:
        if word.end() > end:
            break
        segments += [Segment(text[at : word.start()]), Segment(word[0], hit=True)]
        at = word.end()
    segments += [Segment(text[at:end]), Segment(" …" if end < len(text) else "")]
    return [segment for segment in segments if segment.text]


def _passage(text: str, hit: int, width: int) -> tuple[int, int]:
    """Where the passage around a hit begins and ends: between words."""
    if len(text) <= width:
        return 0, len(text)
    start = max(hit - width // 3, 0)
    if start:
        start = text.find(" ", start, hit) + 1 or hit
    end = start + width
    if end < len(text):
        end = max(text.rfind(" ", start, end), hit + LENGTH)
    return start, min(end, len(text))
