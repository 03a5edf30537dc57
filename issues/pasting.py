"""Reads a pasted list of items: one per line, indented ones below. Pure; no ORM."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_LINES = 500
LONGEST_TITLE = 200

_BULLET = re.compile(r"^[-*•–]\s+")
_REFERENCE = re.compile(
    r"""^(?P<reference>
        (?:art|article|ch|chapter|sec|section|annex|para|cl|clause)\b\.?\s*
            (?:\d+[a-z]?|(?-i:[IVXLC]+)\b)(?:[.\-]\d+)*(?:\(\w+\))*
        | §+\s*\d+(?:\.\d+)*
        | \d+(?:\.\d+)+
        | \d+(?=[.)]\s)
    )(?P<rest>.*)$""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass
class PastedItem:
    """One line: where it stood, its own reference if it began with one, and its sub-items."""

    line: int
    title: str
    reference: str = ""
    sub_items: list[PastedItem] = field(default_factory=list)


@dataclass
class Pasted:
    items: list[PastedItem]
    errors: list[str]


def read_items(text: str) -> Pasted:
    """The items of a pasted list, and a sentence for every line that cannot be one.

    An indented line is a sub-item of the last one that was not; bullets are dropped; a leading
    "Art. 12", "1.2" or "3)" becomes the reference.
    """
    found = Pasted([], [])
    lines = [
        (number, line.expandtabs(4).rstrip())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    if len(lines) > MOST_LINES:
        found.errors.append(f"These are {len(lines)} lines; paste {MOST_LINES} at most at a time.")
        return found
    margin = min((_indent(line) for _number, line in lines), default=0)
    depth = 0
    for number, line in lines:
        indent = _indent(line) - margin
        item = _item(number, line, found.errors)
        if indent == 0:
            depth = 0
            found.items.append(item)
        elif not found.items:
            found.errors.append(f"Line {number} is indented, but no line stands above it.")
        elif depth and indent > depth:
            found.errors.append(f"Line {number} is indented twice: there is one level below.")
        else:
            depth = indent
            found.items[-1].sub_items.append(item)
    found.errors += _repeated(found.items)
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _item(number: int, line: str, errors: list[str]) -> PastedItem:
    title = _BULLET.sub("", line.strip())
    reference = ""
    if match := _REFERENCE.match(title):
        reference = " ".join(match["reference"].split())
        title = match["rest"].lstrip(" .:)–—-\u00a0")
    if not title:
        errors.append(f"Line {number} has a reference and no title: “{line.strip()[:60]}”.")
    if len(title) > LONGEST_TITLE:
        errors.append(f"Line {number} is longer than {LONGEST_TITLE} characters.")
    return PastedItem(number, title, reference)


def _repeated(items: list[PastedItem]) -> list[str]:
    """Lines that read the same below the same item."""
    errors: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    for item in items:
        key = item.reference.casefold(), item.title.casefold()
        if key in seen:
            errors.append(f"Line {item.line} repeats line {seen[key]}.")
        seen.setdefault(key, item.line)
        errors += _repeated(item.sub_items)
    return errors
