"""One item on one paper: where it stands, each party's word and position, and what was said."""

from __future__ import annotations

from collections.abc import Iterator

from negotiations.templatetags.parley import day

from ..models import Issue
from ..reads.detail import ItemDetail, read_detail
from ..reads.entries import EntryReader
from ..reads.frame import FrameView
from ..reads.history import HistoryLine
from ..reads.marking import marking_of
from ..reads.stands import PartyWord
from ..reads.steps import step_texts
from .document import Line, Paper, Part, Row, Run, Section, Sources, Table, cell, plain
from .title import Maker, as_of_text, title_block
from .words import item_cell, said_line, standing_cell, status_run


def item_brief(frame: FrameView, issue: Issue, maker: Maker) -> Paper:
    """What the item's page shows, but for what was corrected, taken back or undone."""
    detail, sources = read_detail(frame, issue, waits=True), Sources()
    marking = marking_of(frame, [issue.pk], notes=True)
    sections = (
        _standing(frame, detail),
        _sub_items(frame, detail),
        _history(frame, detail, sources),
        _agenda(detail),
    )
    raised = " and ".join(party.name for party in detail.raised_by)
    return Paper(
        kind="Brief",
        title=f"{issue.label} {issue.title}",
        name=f"{frame.negotiation.slug}-item-{issue.address}-{frame.clock.day}",
        facts=title_block(
            frame,
            maker,
            marking,
            ("Negotiation", frame.negotiation.title),
            ("As of", as_of_text(frame)),
            ("Part of", str(issue.parent) if issue.parent else ""),
            ("Raised by", raised),
        ),
        marking=marking,
        author=maker.name,
        made_at=maker.at,
        size=maker.size,
        head=maker.head,
        sections=tuple(section for section in sections if section),
        sources=tuple(sources.listed),
    )


def _standing(frame: FrameView, detail: ItemDetail) -> Section:
    """The headline and who says so, then a row for each party."""
    view, stands = detail.view, detail.stands
    badge = " · ".join(filter(None, (stands.badge, stands.fell)))
    intro: list[Line] = [plain(detail.issue.description)] if detail.issue.description else []
    intro.append((status_run(view.headline), Run(f" · {badge}")))
    for entry in stands.aside:
        who = "Press report" if entry.voice == "third" else "Our assessment"
        intro.append(plain(f"{who}: {entry.status}, {entry.when}"))
    if stands.waits:
        intro.append((Run("Waits for ", "strong"), Run(stands.waits)))
    for step in step_texts(frame, [view.next_step_entry or 0]).values():
        intro.append((Run("Next step ", "strong"), Run(step)))
    rows = tuple(_word(word) for word in stands.words)
    heads, widths = ("Party", "Status", "Said", "Position"), (20, 22, 18, 40)
    table = Table("Each party’s own word", heads, widths, rows) if rows else None
    return Section("Where it stands", tuple(intro), table)


def _word(word: PartyWord) -> Row:
    position = word.position
    said = cell(position.position, plain(f"{position.when}", "muted")) if position else cell("–")
    name = plain(f"{word.party.name} ({word.party.code})", "strong")
    return Row((cell(name), cell((status_run(word.status),)), cell(word.dated), said))


def _sub_items(frame: FrameView, detail: ItemDetail) -> Section | None:
    if not detail.sub_items:
        return None
    rows = tuple(
        Row(
            (
                item_cell(row),
                standing_cell(row.view, row.badge, row.words),
                cell(row.waits or "–"),
            )
        )
        for row in detail.sub_items
    )
    heads = ("Sub-item", "Where it stands, and who says so", "Waits for")
    return Section("Sub-items", table=Table("Its sub-items", heads, (34, 44, 22), rows))


def _history(frame: FrameView, detail: ItemDetail, sources: Sources) -> Section:
    """Newest first; rounds stand between as they do on the page."""
    shown, left_out = [], 0
    for line in _lines(detail):
        if line.is_struck or line.entry.takes_back:
            left_out += not _is_undone(line)
        else:
            shown.append(line)
    entries, pks = EntryReader(frame), [line.entry.pk for line in shown]
    found, cited = entries.lines(pks), entries.cited(pks)
    said = {line.row["pk"]: line for line in found.get(detail.issue.pk, ())}
    lines = tuple(
        (*said_line(said[line.entry.pk], cited[line.entry.pk], sources), *_beside(line))
        for line in shown
        if line.entry.pk in said
    )
    intro = () if lines else (plain("Nothing is on record yet."),)
    parts = (Part("", lines),) if lines else ()
    return Section("What was said", intro, parts=parts, note=_left_out(detail, left_out))


def _beside(line: HistoryLine) -> Iterator[Run]:
    """What else it carries, the original wording, and how it came on record where that matters."""
    entry = line.entry
    if entry.position:
        yield Run(f" Position: {entry.position}")
    if entry.waits_for:
        yield Run(f" Waits for {_waited_for(line)}.")
    if entry.next_step:
        state = entry.get_next_step_state_display()
        yield Run(f" Next step{f' {state.lower()}' if state else ''}: {entry.next_step}")
    if entry.original_text:
        language = f" ({entry.original_language})" if entry.original_language else ""
        yield Run(f" Original{language}: “{entry.original_text}”", "muted")
    if line.is_late:
        yield Run(f" Entered {day(entry.recorded_at)}.", "muted")
    if line.redaction:
        yield Run(f" Redacted {day(line.redaction.redacted_at)}.", "muted")


def _waited_for(line: HistoryLine) -> str:
    entry = line.entry
    if entry.waits_for == "nobody":
        return "nobody any more"
    party = line.waits_party
    who = party.name if party else entry.get_waits_for_display().lower()
    what = entry.waits_text or entry.get_waits_why_display()
    return f"{who}: {what}" if what else who


def _is_undone(line: HistoryLine) -> bool:
    """Its author sees that it was there; a paper does not tell."""
    return "undo" in (line.entry.kind, line.reply.kind if line.reply else "")


def _lines(detail: ItemDetail) -> Iterator[HistoryLine]:
    for block in detail.history.blocks:
        yield from block.fold
        if block.line:
            yield block.line


def _left_out(detail: ItemDetail, replaced: int) -> str:
    parts = ["Newest first."] if detail.history.count else []
    if detail.history.older:
        parts.append("Earlier entries are on the page of the item.")
    if replaced:
        parts.append("Entries that were corrected or taken back are left out.")
    return " ".join(parts)


def _agenda(detail: ItemDetail) -> Section | None:
    if not detail.agenda:
        return None
    lines = [plain(f"{line.round.title}, {line.round.when}: {line.text}") for line in detail.agenda]
    return Section("On the agenda", parts=(Part("", tuple(lines)),))
