"""How a standing, a status and an entry read on paper: always with who says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils.text import Truncator

from negotiations.models import Source

from ..reads.entries import EntryLine
from ..reads.frame import StatusView
from ..reads.rows import ItemRow
from ..reads.standings import StandingView
from ..reads.wording import fell_text
from .document import Cell, Line, Run, Sources, cell, plain

BETWEEN = Run(" · ", "muted")


def status_run(status: StatusView | None) -> Run:
    """Shape and word."""
    return Run(status.label, "strong", status.mark) if status else Run("No status yet", "muted")


def standing_cell(view: StandingView, badge: str, words: str) -> Cell:
    """Where it stands, who says so, and the date of each party."""
    badge = badge[:1].upper() + badge[1:]
    return cell((status_run(view.headline),), badge, plain(words, "muted"), fell_text(view))


def item_cell(row: ItemRow) -> Cell:
    of = plain(f"of {row.parent_title}", "muted") if row.parent_title else ""
    below = plain(row.sub_items, "muted") if row.sub_items else ""
    return cell(plain(row.name, "strong"), of, below)


def said_line(
    line: EntryLine, cited: Iterable[Source], sources: Sources, *, about: str = "", most: int = 0
) -> Line:
    """Date, who says so, status, speaker, what was said, on which sources, and for whom only.

    `about` is what the entry is listed for, `most` the longest text in letters (0: any).
    """
    row = line.row
    runs = [Run(line.when), Run(" "), Run(speakers(line), "strong")]
    if line.status:
        runs += [BETWEEN, status_run(line.status)]
    if about:
        runs += [Run(f" ({about})", "muted")]
    speaker = ", ".join(filter(None, (row["speaker"], row["speaker_function"])))
    if speaker:
        runs += [BETWEEN, Run(speaker)]
    if text := row["text"]:
        runs += [Run(": "), Run(Truncator(text).chars(most) if most else text)]
    if line.mark:
        runs.append(Run(f" [{line.mark}: {row['reason']}]", "muted"))
    return (*runs, *sources.cite(cited), *_audience(line))


def speakers(line: EntryLine) -> str:
    """ "RU", "jointly RU, US", "press or third party", "our assessment"."""
    codes = ", ".join(party.code for party in line.parties)
    return " ".join(filter(None, (line.voice, codes)))


def _audience(line: EntryLine) -> list[Run]:
    if line.only_for:
        return [Run(f" [only the {line.only_for} delegation]", "strong")]
    return [Run(" [members]", "muted")] if line.row["audience"] == "members" else []


def rests_on(view: StandingView, steps: Collection[int]) -> dict[int, str]:
    """The entries a standing rests on, each with what it is listed for ("": a status).

    `steps`: those whose next step is still to do.
    """
    named: dict[int, list[str]] = {}
    for word in view.words:
        if word.status_entry:
            named.setdefault(word.status_entry, [])
    for entry, why in (
        (view.press_entry, ""),
        (view.own_entry, ""),
        (view.waits_entry, "what it waits for"),
        (view.next_step_entry if view.next_step_entry in steps else None, "next step"),
    ):
        if entry:
            named.setdefault(entry, []).extend([why] if why else [])
    return {entry: ", ".join(whys) for entry, whys in named.items()}
