"""Items with where they stood before and after: the rows of a round and of what moved.

Written directly, as the rows of `rows`: as template nodes twenty of them took 60 % of the page of
a round. Every value passes `fill`, so nothing goes out unescaped.
"""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from negotiations.access import Viewer
from negotiations.markup import fill
from negotiations.templatetags.parley import only_for, status_text

from ..models import AgendaLine
from ..numbers import Number
from ..reads.changed import Changes
from ..reads.moves import MovedItem
from ..reads.rounds import RoundItem, RoundPage
from .told import told_list

register = template.Library()

NONE = SafeString("")
ROUND_ROW = '<tr data-row><th scope="row">{}<a href="{}">{}</a> {}{}{}{}</th>{}<td>{}</td></tr>\n'
MOVED_ROW = (
    '<tr data-row><th scope="row"><a href="{}">{}</a> {}</th><td>{}{}</td><td>{}</td>'
    "<td>{}</td></tr>\n"
)
ADD = (
    '<a class="add" id="add-{0}" href="{1}entries/?{2}" hx-get="{1}entries/?{2}"'
    ' hx-target="#entry-dialog-content" title="Add an entry"'
    ' aria-label="Add an entry to {3}">+</a>'
)
LINE = '<small class="claim{}">{} {}</small>'
SIGHT = (
    '<a class="note no-print" href="{}{}/audience/">who may see it'
    '<span class="hidden-text">: {}</span></a>'
)
TOGGLES = (
    '<form class="acts toggles no-print" method="post" action="{0}" hx-post="{0}"'
    ' hx-target="#round-page" hx-swap="outerHTML" hx-sync="this:drop">'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{1}">'
    '<input type="hidden" name="item" value="#{2}">{3}</form>'
)
TOGGLE = (
    '<button class="btn small" id="{}-{}" name="mark" value="{}" aria-pressed="{}">{}'
    '<span class="hidden-text">: {}</span></button>'
)
STEPS = '{}<span class="step">{}{}</span>'
FROM = '<span class="step">{} →</span> '
ARROW = ' <b class="{}" title="{}">{}</b>'
CLAIM = '<span class="claim">{}</span>'
STRONG = '<span class="claim"><b>{}</b></span>'
UNCHANGED = SafeString('<span class="claim">unchanged</span>')
SILENT = SafeString('<span class="note">Nothing on record.</span>')


@dataclass(frozen=True)
class _Marking:
    """Where a row's toggles are sent, and what its link to the entry form presets."""

    url: str
    token: str
    preset: str
    is_head: bool


@register.simple_tag
def round_rows(
    shown: RoundPage, viewer: Viewer, mark_url: str, token: str, preset: str, may_record: bool
) -> SafeString:
    """A row for each item of a round; for who may record, with toggles and a link to the form."""
    # Lazy until it is first asked for, as Django's own tag has it.
    marking = _Marking(mark_url, str(token), preset, viewer.is_head) if may_record else None
    return SafeString("".join(_round_row(item, shown, marking) for item in shown.items))


@register.simple_tag
def moved_rows(changes: Changes) -> SafeString:
    """A row for each item that moved."""
    return SafeString("".join(_moved_row(row, changes.all_entered) for row in changes.rows))


# --- At a round ---------------------------------------------------------------------------------


def _round_row(item: RoundItem, shown: RoundPage, marking: _Marking | None) -> SafeString:
    row, issue, line = item.moved, item.issue, item.line
    name = fill("{} {}", issue.label, issue.title)
    said = told_list(row, all_entered=shown.all_entered) if row.lines else SILENT
    return fill(
        ROUND_ROW,
        fill(ADD, issue.address, row.url, marking.preset, name) if marking else NONE,
        row.url,
        name,
        only_for(row.only_for),
        SafeString("".join(_line(one, marking) for one in item.lines)),
        _toggles(issue.address, name, line, shown, marking) if marking else NONE,
        _sight(item, name, marking) if marking else NONE,
        SafeString(f"<td>{_before_and_after(row)}</td>") if shown.span else NONE,
        said,
    )


def _line(line: AgendaLine, marking: _Marking | None) -> SafeString:
    # On screen the toggles say the same, but for whom.
    hidden = " print-only" if marking and not line.audience_party_id else ""
    return fill(LINE, hidden, line.text, only_for(line.audience_party))


def _sight(item: RoundItem, name: str, marking: _Marking) -> SafeString:
    """The way to the page that changes who sees the line: of a common one for heads."""
    line = item.line
    if line is None or not (marking.is_head or line.audience_party_id):
        return NONE
    return fill(SIGHT, marking.url, item.issue.address, name)


def _toggles(
    number: Number, name: str, line: AgendaLine | None, shown: RoundPage, marking: _Marking
) -> SafeString:
    """Planned; and of a round that took place, discussed or not reached."""
    buttons = _toggle(number, name, "planned", "not_planned", line is not None and line.planned)
    if shown.took_place:
        outcome = line.outcome if line else ""
        for mark in ("discussed", "not_reached"):
            buttons += _toggle(number, name, mark, "no_outcome", outcome == mark)
    return fill(TOGGLES, marking.url, marking.token, number, buttons)


def _toggle(number: Number, name: str, mark: str, off: str, is_on: bool) -> SafeString:
    """A button that sets `mark`, or while it is set, `off`."""
    key, text = mark.replace("_", "-"), mark.replace("_", " ")
    sent, pressed = (off, "true") if is_on else (mark, "false")
    return fill(TOGGLE, key, number, sent, pressed, text, name)


def _before_and_after(row: MovedItem) -> SafeString:
    remark = NONE
    if row.remark:
        remark = fill(STRONG, capfirst(row.remark))
    elif row.after.headline and not row.moved.moved:
        remark = UNCHANGED
    badge = NONE
    if row.after_badge:
        badge = fill(CLAIM, f"{capfirst(row.after_badge)}: {row.after_words}")
    return _steps(row, row.before.headline != row.after.headline) + remark + badge


# --- What moved ---------------------------------------------------------------------------------


def _moved_row(row: MovedItem, all_entered: str) -> SafeString:
    before = row.before.headline
    return fill(
        MOVED_ROW,
        row.url,
        f"{row.issue.label} {row.issue.title}",
        only_for(row.only_for),
        _steps(row, before is not None and before != row.after.headline),
        fill(CLAIM, row.remark) if row.remark else NONE,
        _badges(row),
        told_list(row, brief=True, all_entered=all_entered),
    )


def _badges(row: MovedItem) -> SafeString:
    shown = NONE
    if row.before_badge and row.before_badge != row.after_badge:
        shown += fill(CLAIM, f"before: {row.before_badge}")
    if row.after_badge:
        shown += fill(STRONG, capfirst(row.after_badge)) + fill(CLAIM, row.after_words)
    return shown


def _steps(row: MovedItem, with_before: bool) -> SafeString:
    """The status, the one before it where it is another, and which way that was."""
    before = fill(FROM, status_text(row.before.headline)) if with_before else NONE
    arrow = fill(ARROW, row.moved.direction, row.text, row.arrow) if row.arrow else NONE
    return fill(STEPS, before, status_text(row.after.headline), arrow)
