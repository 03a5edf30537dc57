"""Who said what: entries on the pages of rounds, sources and changes, and in an item's history.

Written directly, as the rows of `rows`: there are dozens on a page with a dozen values each, most
of them empty. Every value passes `fill`, so nothing goes out unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from unicodedata import is_normalized

from django import template
from django.template.defaultfilters import linebreaksbr, truncatechars
from django.utils.safestring import SafeString

from negotiations.markup import fill
from negotiations.templatetags.parley import (
    audience_of,
    dated_source,
    day,
    only_for,
    party_code,
    plural,
    source_link,
    status_text,
)

from ..models import Entry
from ..reads.citations import CitedItem
from ..reads.entries import EntryLine
from ..reads.history import Block, HistoryLine
from ..reads.moves import MovedItem

register = template.Library()

NONE = SafeString("")
SAID = '<p class="said">{}</p>\n'
NOTE = '<p class="note">{}</p>\n'
SMALL = "<small>{}</small>"
TIME = '<time datetime="{}">{}</time>'
NOTED = '<span class="note">{}</span> '
SIGHT = '<a href="{}audience/">who may see it</a>'
TARGET = '<a href="#history-line-{}">{}</a>'
LONGEST = 160
LINE = '<li{} id="history-line-{}"><div class="when">{}</div><div>{}{}</div></li>\n'
STRUCK = SafeString(' class="struck"')
ACT = (
    '<a id="{0}-{1}" href="{2}{3}/" hx-get="{2}{3}/" hx-target="#entry-dialog-content"'
    ' hx-swap="innerHTML">{4}</a>\n'
)
DIVIDER = '<li class="divider">{}</li>\n'
FOLD = (
    '<li class="fold"><details><summary>{} entries, no change ({} – {})</summary>'
    '<ol class="tl">{}</ol></details></li>\n'
)
UNDO = (
    '<form method="post" action="{0}undo/" hx-post="{0}undo/" hx-swap="none" hx-sync="this:drop">'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{1}">'
    '<input type="hidden" name="back" value="{2}">'
    '<button class="link" id="undo-{3}">undo</button></form>\n'
)
LIST = '<ul class="told" id="told-{}">\n{}{}</ul>'
MORE = '<li><a class="note" href="{}">{}{}</a></li>\n'


@register.simple_tag
def told_list(row: MovedItem | CitedItem, brief: bool = False, all_entered: str = "") -> SafeString:
    """Who said what of one item, and how many more entries its page has."""
    more = NONE
    if row.more:
        also = "and " if row.lines else ""
        more = fill(MORE, row.url, also, plural(row.more, "more entry,more entries"))
    return fill(LIST, row.issue.address, told_lines(row.lines, brief, all_entered), more)


def told_lines(
    lines: Iterable[EntryLine], brief: bool = False, all_entered: str = ""
) -> SafeString:
    """An item of a list for each; brief: the source first, long texts cut.

    A late one says when it was entered, unless the page says it of them all.
    """
    return SafeString(
        "".join(f"<li>{''.join(_told(line, brief, all_entered))}</li>\n" for line in lines)
    )


def _told(line: EntryLine, brief: bool, all_entered: str) -> Iterator[str]:
    is_marked = line.entered and not all_entered
    yield fill(NOTED, f"{line.when}, entered {line.entered}" if is_marked else line.when)
    for party in line.parties:
        yield f"{party_code(party)} "
    if line.voice:
        yield fill(NOTED, line.voice)
    if line.status:
        yield f"{status_text(line.status)} "
    if line.only_for:
        yield f"{only_for(line.only_for)} "
    yield from _in_brief(line) if brief else _in_full(line)


def _in_brief(line: EntryLine) -> Iterator[str]:
    for source in line.sources:
        yield fill(NOTED, source_link(source))
    yield fill("{}", cut(line.row["text"]))
    yield _reason(line)


def cut(text: str) -> str:
    """As `truncatechars`, which goes through it one by one: a third of the rows of what moved."""
    if len(text) <= LONGEST and is_normalized("NFC", text):
        return text
    return truncatechars(text, LONGEST)


def _in_full(line: EntryLine) -> Iterator[str]:
    row = line.row
    if row["audience"] == Entry.Audience.MEMBERS:
        yield f"{audience_of(row['audience'])} "
    yield _with_breaks(row["text"])
    if row["speaker"]:
        yield " " + fill(NOTED, ", ".join(filter(None, (row["speaker"], row["speaker_function"]))))
    yield _reason(line)
    for source in line.sources:
        yield fill(' <span class="src">{}</span>', source_link(source))


def _with_breaks(text: str) -> SafeString:
    """As `linebreaksbr`, which takes ten times as long; most texts are of one line."""
    return linebreaksbr(text) if "\n" in text or "\r" in text else fill("{}", text)


def _reason(line: EntryLine) -> str:
    return (
        fill(' <span class="note">{}: {}</span>', line.mark, line.row["reason"])
        if line.mark
        else ""
    )


# --- An item's history --------------------------------------------------------------------------


@register.simple_tag
def history_blocks(blocks: Iterable[Block], token: str, back: str) -> SafeString:
    """A page of a history: lines with what may be done with them, folded runs, rounds between."""
    return SafeString("".join(_block(block, token, back) for block in blocks))


def _block(block: Block, token: str, back: str) -> SafeString:
    if block.rounds:
        return fill(DIVIDER, "; ".join(f"{one.title} · {one.when}" for one in block.rounds))
    lines = block.fold or [line for line in [block.line] if line]
    shown = SafeString("".join(_history_line(line, _acts(line, token, back)) for line in lines))
    if not block.fold:
        return shown
    return fill(FOLD, len(lines), block.last_when, block.first_when, shown)


@register.simple_tag
def history_line(line: HistoryLine) -> SafeString:
    """The same for one alone, with nothing to be done."""
    return _history_line(line, NONE)


def _history_line(line: HistoryLine, acts: SafeString) -> SafeString:
    struck = STRUCK if line.is_struck else NONE
    return fill(LINE, struck, line.entry.uuid, _when(line), _words(line), acts)


def _acts(line: HistoryLine, token: str, back: str) -> SafeString:
    """Undo, correct, take back, add a source, change who sees it, as far as the viewer may."""
    if not line.may_correct:
        return NONE
    uuid, url, shown = line.entry.uuid, line.url, ""
    if line.may_undo:
        shown += fill(UNDO, url, token, back, uuid)
    if not line.entry.takes_back:
        shown += fill(ACT, "correct", uuid, url, "correct", "correct")
    shown += fill(ACT, "retract", uuid, url, "retract", "take back")
    if not line.entry.takes_back:
        shown += fill(ACT, "source", uuid, url, "sources", "add a source")
    shown += fill(SIGHT, url)
    return SafeString(f'<div class="src acts">{shown}</div>')


def _words(line: HistoryLine) -> SafeString:
    """Who, what, on what source, and what became of it."""
    found = (_who(line), _text(line), _carried(line), _became(line), _sources(line))
    return SafeString("".join(part for parts in found for part in parts))


def _when(line: HistoryLine) -> SafeString:
    """When it was said, at which round, and when it was entered if that was much later."""
    entry = line.entry
    time = f" {entry.said_time:%H:%M}" if entry.said_time else ""
    round_ = fill(SMALL, line.round.name) if line.round else ""
    late = fill(SMALL, f"entered {day(entry.recorded_at)}") if line.is_late else ""
    when = fill(TIME, entry.said_first, entry.when)
    return SafeString(f"{when}{time}\n{round_}\n{late}")


def _who(line: HistoryLine) -> Iterator[str]:
    entry = line.entry
    yield "<p>"
    if entry.takes_back:
        verb = "Undone" if entry.kind == Entry.Kind.UNDO else "Taken back"
        yield fill("<b>{}:</b> the entry of {}. {} ", verb, _target(entry), entry.reason)
    else:
        yield from _speakers(line)
    if label := audience_of(entry.audience, line.only_for):
        yield f"{label} "
    yield "</p>\n"


def _speakers(line: HistoryLine) -> Iterator[str]:
    entry = line.entry
    if line.voice:
        yield fill("<b>{}</b> ", line.voice)
    for party in line.parties:
        yield f"{party_code(party)} "
    if line.status:
        old = f"{line.old_status} → " if line.old_status else ""
        before = "still " if line.is_still else old
        yield fill('<span class="said">{}{}</span>\n', before, status_text(line.status))
    if entry.speaker:
        named = ", ".join(filter(None, (entry.speaker, entry.speaker_function)))
        yield fill('<span class="speaker">{}</span>\n', named)


def _target(entry: Entry, text: str = "{}") -> SafeString:
    """A link to the entry that this one replaces or takes back."""
    target = entry.corrects
    assert target  # noqa: S101 - only asked of replies
    return fill(TARGET, target.uuid, text.format(target.when))


def _text(line: HistoryLine) -> Iterator[str]:
    entry = line.entry
    if entry.text and not entry.takes_back:
        yield fill(SAID, _with_breaks(entry.text))
    if entry.original_text:
        language = entry.original_language
        named = fill(" <small>({})</small>", language) if language else ""
        yield fill('<p class="quote">{}{}</p>\n', entry.original_text, SafeString(named))
    if entry.position:
        yield fill(SAID, fill("<b>Position:</b> {}", entry.position))


def _carried(line: HistoryLine) -> Iterator[str]:
    entry = line.entry
    if entry.waits_for == Entry.WaitsFor.NOBODY:
        yield fill(SAID, "Waits for nobody any more.")
    elif entry.waits_for:
        yield fill(SAID, _waits(line))
    if entry.next_step:
        by_whom = line.next_step_party.name if line.next_step_party else ""
        by_when = f"by {day(entry.next_step_by)}" if entry.next_step_by else ""
        step = (entry.next_step, by_whom, entry.next_step_who, by_when)
        state = f" {entry.get_next_step_state_display().lower()}" if entry.next_step_state else ""
        words = ", ".join(filter(None, step))
        yield fill(SAID, fill("<b>Next step{}:</b> {}", state, words))
    if entry.holds_since:
        yield fill(NOTE, f"Holds since {entry.holds_since}")


def _waits(line: HistoryLine) -> SafeString:
    entry, party = line.entry, line.waits_party
    who = party.name if party else entry.get_waits_for_display().lower()
    what = f": {entry.waits_text}" if entry.waits_text else ""
    why = f" ({entry.get_waits_why_display()})" if entry.waits_why else ""
    return fill("<b>Waits for</b> {}{}{}", who, what, why)


def _became(line: HistoryLine) -> Iterator[str]:
    entry = line.entry
    if entry.kind == Entry.Kind.CORRECTION:
        yield fill(NOTE, fill("Corrects {}: {}", _target(entry, "the entry of {}"), entry.reason))
    if line.is_struck:
        yield fill(NOTE, _struck(line.reply))
    if line.redaction:
        when = day(line.redaction.redacted_at)
        why = "" if line.is_public else f": {line.redaction.reason}"
        yield fill(NOTE, f"Redacted {when}{why}")


def _struck(reply: Entry | None) -> str:
    if reply is None:
        return "No longer counts."
    verb = "Taken back" if reply.takes_back else "Replaced"
    return f"{verb} {day(reply.recorded_at)}: {reply.reason}"


def _sources(line: HistoryLine) -> Iterator[str]:
    entry = line.entry
    yield '<p class="src">'
    for source, page in line.sources:
        yield f"{dated_source(source, page)} "
    if not line.sources and not entry.takes_back:
        yield "no source"
    if entry.reliability:
        yield fill(" · reliability {}", entry.reliability)
    if entry.recorded_by and not line.is_public:
        yield fill(" · typed by {}", entry.recorded_by)
    yield "</p>\n"
