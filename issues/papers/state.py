"""The state of play: every item, who says so, what moved, what it waits for, and the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.core.exceptions import BadRequest

from negotiations.templatetags.parley import plural

from ..filters import IssueFilter
from ..reads.agenda import names_of
from ..reads.entries import EntryReader
from ..reads.frame import FrameView
from ..reads.marking import marking_of
from ..reads.rows import ItemRow, RowBuilder
from ..reads.standings import StandingReader
from ..reads.state import Figures, StateReader, choose_since
from ..reads.steps import step_texts
from .document import MOST_ITEMS, Group, Paper, Part, Row, Section, Sources, Table, cell, plain
from .title import Maker, as_of_text, title_block
from .words import item_cell, rests_on, said_line, standing_cell

# Of one entry; the whole of it is on the item's own paper.
LETTERS = 320


class StatePaper:
    """Gathers what the page of the state of play shows, for all its rows at once."""

    def __init__(self, frame: FrameView, query: Mapping[str, str]) -> None:
        self.frame = frame
        self.reader = StandingReader(frame)
        self.counted = StateReader(frame, self.reader)
        self.since = choose_since(frame, query)
        self.since_day = self.since.last_day if self.since else None
        self.filter = IssueFilter(query, frame=frame, moved_ids=self._moved)
        self.figures = self.counted.figures(self.since_day)
        self.folds = self.figures.folds and not self.filter.is_active and not query.get("empty")

    def _moved(self, way: str) -> list[int]:
        moved = self.counted.moved(self.since_day) if self.since_day else {}
        return [pk for pk, found in moved.items() if found == way]

    def make(self, maker: Maker) -> Paper:
        """Raises BadRequest for a filter that cannot be used."""
        found = self.filter.found(self.reader, fold=self.folds)
        if errors := self.filter.form.errors:
            raise BadRequest(_refusal(self.filter, errors))
        shown = names_of(found, found[:MOST_ITEMS])
        rows = RowBuilder(self.frame, self.reader).rows(shown, self.since_day)
        sources = Sources()
        steps = step_texts(self.frame, [row.view.next_step_entry or 0 for row in rows])
        sections = (self._table(rows, steps, len(found)), self._said(rows, steps, sources))
        frame, marking = self.frame, marking_of(self.frame, [one.pk for one in shown], notes=False)
        return Paper(
            kind="State of play",
            title=frame.negotiation.title,
            name=f"{frame.negotiation.slug}-state-of-play-{frame.clock.day}",
            facts=title_block(frame, maker, marking, *self._facts()),
            marking=marking,
            author=maker.name,
            made_at=maker.at,
            size=maker.size,
            head=maker.head,
            sections=sections,
            sources=tuple(sources.listed),
        )

    def _facts(self) -> list[tuple[str, str]]:
        frame = self.frame
        return [
            ("As of", as_of_text(frame)),
            ("Moved since", f"{self.since.name}, {self.since.when}" if self.since else ""),
            ("Next", frame.next_round_text.removeprefix("next: ") if frame.clock.is_now else ""),
            ("Shown", _filter_text(self.filter)),
            ("In figures", figures_text(self.figures, len(frame.parties))),
        ]

    def _table(self, rows: Sequence[ItemRow], steps: Mapping[int, str], found: int) -> Section:
        word = self.frame.negotiation.item_word
        heads = [word, "Where it stands, and who says so", "Waits for", "Next step"]
        if self.since:
            heads.insert(2, f"Since {self.since.name}")
        lines: list[Row | Group] = []
        for row in rows:
            if row.new_heading:
                lines.append(Group(row.new_heading))
            lines.append(self._row(row, steps))
        widths = (24, 32, 14, 15, 15) if self.since else (28, 36, 18, 18)
        table = Table(f"Where every {word.lower()} stands", tuple(heads), widths, tuple(lines))
        note = self._left_out(len(rows), found)
        intro = () if rows else (plain(f"No {word.lower()} is on this paper."),)
        return Section("Where it stands", intro, table if rows else None, note=note)

    def _row(self, row: ItemRow, steps: Mapping[int, str]) -> Row:
        cells = [
            item_cell(row),
            standing_cell(row.view, row.badge, row.words),
            cell(row.waits or "–"),
            cell(steps.get(row.view.next_step_entry or 0, "–")),
        ]
        if self.since:
            cells.insert(2, cell(" ".join(filter(None, (row.arrow, row.moved_text)))))
        return Row(tuple(cells), row.is_child)

    def _left_out(self, shown: int, found: int) -> str:
        word = self.frame.negotiation.item_word.lower()
        if found > shown:
            return f"Only the first {shown} of {plural(found, word)}: choose with a filter."
        if self.folds:
            return f"Not listed: {plural(self.figures.total - found, word)} without a status."
        return ""

    def _said(self, rows: Sequence[ItemRow], steps: Mapping[int, str], sources: Sources) -> Section:
        """For each item the entries its standing rests on, oldest first."""
        named = {row.issue.pk: rests_on(row.view, steps) for row in rows}
        pks = [pk for entries in named.values() for pk in entries]
        entries = EntryReader(self.frame)
        lines, cited = entries.lines(pks), entries.cited(pks)
        parts = [
            Part(
                row.name,
                tuple(
                    said_line(
                        line,
                        cited[line.row["pk"]],
                        sources,
                        about=named[row.issue.pk][line.row["pk"]],
                        most=LETTERS,
                    )
                    for line in lines[row.issue.pk]
                ),
            )
            for row in rows
            if lines.get(row.issue.pk)
        ]
        return Section("Who says so", parts=tuple(parts))


def state_paper(frame: FrameView, query: Mapping[str, str], maker: Maker) -> Paper:
    """The state of play as the page shows it: its clocks, its filters, `?since=` and `?empty=`."""
    return StatePaper(frame, query).make(maker)


def figures_text(figures: Figures, parties: int) -> str:
    """The counts on top of the page, in one line."""
    everybody = "both" if parties == 2 else "all"
    return (
        f"Agreed or further: {figures.both} where {everybody} say so "
        f"({figures.jointly} by joint text), {figures.one_side} where not all do; "
        f"blocked: {figures.blocked}; not answered: {figures.unanswered}; "
        f"accounts differ: {figures.differ}; no status yet: {figures.without_status} "
        f"of {figures.total}"
    )


def _filter_text(filters: IssueFilter) -> str:
    """ "Category: Blocked; Said by: Russia": what narrows the rows, in words."""
    chosen = []
    for name, field in filters.form.fields.items():
        value = filters.form.data.get(name, "")
        if value and name != "sort":
            words = dict(getattr(field, "choices", ()))
            chosen.append(f"{field.label}: {words.get(value, value)}")
    return "; ".join(chosen)


def _refusal(filters: IssueFilter, errors: Mapping[str, Sequence[object]]) -> str:
    said = [f"{filters.form.fields[name].label}: {why[0]}" for name, why in errors.items()]
    return f"This filter cannot be used. {' '.join(said)}"
