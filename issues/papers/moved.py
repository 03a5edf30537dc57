"""What moved between two rounds or days: from and to, who says so, and the entries that did it."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import BadRequest

from negotiations.templatetags.parley import day, plural

from ..reads.changed import Changes
from ..reads.changes import ChangeReader
from ..reads.comparison import Comparison, read_comparison
from ..reads.entries import EntryReader
from ..reads.frame import FrameView
from ..reads.moves import MovedItem
from .document import MOST_ITEMS, Cell, Paper, Part, Row, Run, Section, Sources, Table, cell, plain
from .title import Maker, title_block
from .words import said_line, status_run


def moved_paper(frame: FrameView, query: Mapping[str, str], maker: Maker) -> Paper:
    """As the page "What moved" shows it, on one paper: `?from=` and `?to=`.

    Raises BadRequest where there is nothing to compare.
    """
    compared = read_comparison(frame, query)
    if compared is None:
        raise BadRequest("There is nothing to compare yet: choose two days, or hold a round first.")
    changes = ChangeReader(frame, compared).read(size=MOST_ITEMS, in_full=True)
    sources = Sources()
    sections = (
        _table(frame, changes),
        _told(frame, changes, sources),
        _waiting(changes),
        _still(frame, changes),
    )
    marking = changes.audience
    return Paper(
        kind="What moved",
        title=frame.negotiation.title,
        name=f"{frame.negotiation.slug}-what-moved-{compared.end.day or frame.today}",
        facts=title_block(frame, maker, marking, *_facts(frame, compared, changes)),
        marking=marking,
        author=maker.name,
        made_at=maker.at,
        size=maker.size,
        head=maker.head,
        sections=tuple(section for section in sections if section),
        sources=tuple(sources.listed),
    )


def _facts(frame: FrameView, compared: Comparison, changes: Changes) -> list[tuple[str, str]]:
    end = compared.end.text if compared.end.day else f"today, {day(frame.today)}"
    return [
        ("From", compared.start.text),
        ("To", f"{end}, {_by_what(frame)}"),
        ("In figures", totals_text(changes)),
    ]


def _by_what(frame: FrameView) -> str:
    """By what was known: all there is, or what had been recorded by the paper's day."""
    known = frame.clock.known
    return f"using only what was recorded by {day(known)}" if known else "by all that is on record"


def totals_text(changes: Changes) -> str:
    """ "12 items moved: 8 forward (3 new), 2 back, 1 now blocked"."""
    if not changes.moved:
        return "Nothing moved."
    totals = changes.totals
    new = f" ({totals['new']} new)" if totals["new"] else ""
    words = {
        "forward": f"▲ {totals['forward']} forward{new}",
        "back": f"▼ {totals['back']} back",
        "blocked": f"{totals['blocked']} now blocked",
        "reopened": f"{totals['reopened']} reopened",
        "confirmed": f"{totals['confirmed']} now confirmed",
        "disputed": f"{totals['disputed']} now disputed",
    }
    said = ", ".join(text for name, text in words.items() if totals[name])
    return f"{plural(changes.moved, 'item')} moved: {said}" if said else "Nothing moved."


def _table(frame: FrameView, changes: Changes) -> Section:
    if not changes.rows:
        return Section("What moved", (plain("Nothing moved."),))
    heads = (frame.negotiation.item_word, "From", "To", "Who says so")
    rows = tuple(Row(_cells(row)) for row in changes.rows)
    caption = "Every item that moved: from, to, and who says so"
    left_out = changes.moved - len(rows)
    note = (
        f"{plural(left_out, 'more item')} moved: choose days nearer together." if left_out else ""
    )
    return Section("What moved", table=Table(caption, heads, (30, 20, 22, 28), rows), note=note)


def _cells(row: MovedItem) -> tuple[Cell, ...]:
    before = cell((status_run(row.before.headline),), plain(row.before_badge, "muted"))
    arrow = (Run(f"{row.arrow} ", "strong"),) if row.arrow else ()
    after = cell((*arrow, status_run(row.after.headline)), row.remark)
    badge = row.after_badge[:1].upper() + row.after_badge[1:]
    name = plain(f"{row.issue.label} {row.issue.title}", "strong")
    return cell(name), before, after, cell(badge, plain(row.after_words, "muted"))


def _told(frame: FrameView, changes: Changes, sources: Sources) -> Section | None:
    """The entries that moved each item."""
    pks = [line.row["pk"] for row in changes.rows for line in row.lines]
    cited = EntryReader(frame).cited(pks)
    parts = []
    for row in changes.rows:
        lines = [said_line(line, cited[line.row["pk"]], sources) for line in row.lines]
        if row.more:
            lines.append(plain(f"and {plural(row.more, 'more entry,more entries')}", "muted"))
        if lines:
            parts.append(Part(f"{row.issue.label} {row.issue.title}", tuple(lines)))
    return Section("What did it", parts=tuple(parts)) if parts else None


def _waiting(changes: Changes) -> Section | None:
    parts = []
    for group in changes.waiting:
        lines = [
            plain(f"{issue.label} {issue.title}" + (f": {what}" if what else ""))
            for issue, what in group.items
        ]
        if group.others:
            lines.append(plain(f"and {plural(group.others, 'other')}", "muted"))
        parts.append(Part(group.title, tuple(lines)))
    return Section("Who is waited for", parts=tuple(parts)) if parts else None


def _still(frame: FrameView, changes: Changes) -> Section | None:
    if not changes.unmoved:
        return None
    word = frame.negotiation.round_word.lower()
    lines = [
        plain(
            f"{one.issue.label} {one.issue.title}"
            + (f": unchanged for {plural(one.rounds, f'held {word}')}" if one.rounds else "")
        )
        for one in changes.unmoved
    ]
    if changes.more_still:
        lines.append(plain(f"and {plural(changes.more_still, 'other')}", "muted"))
    return Section("What did not move", parts=(Part("", tuple(lines)),))
