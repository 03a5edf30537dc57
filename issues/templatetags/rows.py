"""The rows of the state of play and of the list, and the choices of rounds, written directly.

There are fifty on a page with up to thirty values each: as template nodes they would cost more
than everything else together. Every value passes `fill`, so nothing goes out unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from django import template
from django.utils.safestring import SafeString

from negotiations.markup import fill
from negotiations.models import Party, Round
from negotiations.templatetags.parley import only_for, party_code, status_text

from ..reads.frame import StatusView
from ..reads.moves import ItemName
from ..reads.rows import ItemRow
from ..reads.stands import PartyWord

register = template.Library()

HEADING = '<tr class="grp"><th scope="rowgroup" colspan="{}">{}</th></tr>\n'
STATE_ROW = (
    '<tr data-row{}><th scope="row">{}<a href="{}">{}</a>{}{}</th><td class="now">{}{}</td>'
    '{}<td class="waits">{}</td>{}</tr>\n'
)
LIST_ROW = (
    '<tr data-row{}><td>{}{}</td><th scope="row"><a href="{}">{}</a>{}{}</th><td>{}{}</td>'
    "<td>{}</td><td>{}</td><td>{}</td></tr>\n"
)
SUB_ITEM_ROW = (
    '<tr data-row><th scope="row"><a href="{}">{}</a> {}</th><td>{}</td><td>{}</td></tr>\n'
)
SUB_ITEM_CLAIM = '<span class="claim">{} · {}</span>'
WORDS = '<div class="words">{} {}<span class="claim">{}</span>{}</div>\n'
POSITION = '<span class="claim"><b>Position:</b> {}</span>'
CLAIM = '<span class="claim"><b>{}</b></span><span class="claim">{}</span>'
SINCE = '<td class="since">{}{}</td>'
ARROW = '<span class="{}">{}</span> '
ADD = (
    '<a class="{}" id="add-{}" href="{}" hx-get="{}" hx-target="#entry-dialog-content"'
    ' hx-swap="innerHTML"{} aria-label="Add an entry to {}">{}</a>'
)
PICK = '<input type="checkbox" name="item" value="{}" form="pick" aria-label="Select {}"> '
OPTION = '<option value="{}"{}>{} · {}</option>'
NAMED = '<li><a href="{}">{}</a>{}</li>\n'
SELECTED = SafeString(" selected")
CHILD = SafeString(' class="child"')
NONE = SafeString("")


@register.simple_tag
def state_rows(rows: Iterable[ItemRow], span: int, back: str = "") -> SafeString:
    """The body of the state of play; with `back`, each row has a link to add an entry."""
    return SafeString("".join(_heading(row, span) + _state_row(row, back) for row in rows))


@register.simple_tag
def list_rows(rows: Iterable[ItemRow], sort: str, back: str = "") -> SafeString:
    """The body of the list; headings and indents only in the order of the agenda."""
    if sort != "agenda":
        return SafeString("".join(_list_row(row, back, NONE) for row in rows))
    return SafeString("".join(_heading(row, 6) + _list_row(row, back, _child(row)) for row in rows))


@register.simple_tag
def sub_item_rows(rows: Iterable[ItemRow]) -> SafeString:
    """The sub-items on the page of their item."""
    return SafeString("".join(map(_sub_item_row, rows)))


@register.simple_tag
def standing_words(words: Iterable[PartyWord]) -> SafeString:
    """What each party says of an item: its status and when, and its position."""
    return SafeString("".join(map(_words, words)))


@register.simple_tag
def now_said(words: Iterable[tuple[Party, StatusView | None, str]]) -> SafeString:
    """ "NOR Agreed, 10 Apr 2025 · SOU nothing on record": the same in one line."""
    said = (
        f"{party.code} {status}, {dated}" if status else f"{party.code} {dated}"
        for party, status, dated in words
    )
    return fill("{}", " · ".join(said))


@register.simple_tag
def round_options(rounds: Iterable[Round], chosen: Round | None = None) -> SafeString:
    """An option for each round, by its place."""
    return SafeString(
        "".join(
            _option(f"{one.place}", one.name, one.when, is_chosen=one == chosen) for one in rounds
        )
    )


@register.simple_tag
def round_ends(rounds: Iterable[Round], chosen: int | None = None) -> SafeString:
    """An option for the end of each round; `chosen`: the place of one."""
    return SafeString(
        "".join(
            _option(f"round-{one.place}", one.name, one.when, is_chosen=one.place == chosen)
            for one in rounds
        )
    )


@lru_cache(maxsize=512)
def _option(value: str, name: str, when: str, *, is_chosen: bool) -> SafeString:
    return fill(OPTION, value, SELECTED if is_chosen else NONE, name, when)


@register.simple_tag
def item_links(named: Iterable[tuple[ItemName, str]], base: str, query: str = "") -> SafeString:
    """Items in a list, each with what is said of it.

    `base` is the address of the list of items, `query` keeps its links in the same time.
    """
    return SafeString(
        "".join(
            fill(
                NAMED,
                f"{base}{item.address}/{query}",
                f"{item.label} {item.title}",
                f": {what}" if what else "",
            )
            for item, what in named
        )
    )


def _state_row(row: ItemRow, back: str) -> SafeString:
    return fill(
        STATE_ROW,
        _child(row),
        _add(row, back, "add", "+", SafeString(' title="Add an entry"')),
        row.url,
        row.name,
        _part("<small>of {}</small>", row.parent_title),
        _part("<small>{}</small>", row.sub_items) + _only_for(row),
        status_text(row.view.headline),
        _claim(row),
        _since(row),
        row.waits or "–",
        row.cells,
    )


def _list_row(row: ItemRow, back: str, child: SafeString) -> SafeString:
    return fill(
        LIST_ROW,
        child,
        fill(PICK, row.issue.address, row.name) if back else NONE,
        row.issue.label,
        row.url,
        row.issue.title,
        _part('<small class="claim">of {}</small>', row.parent_title),
        _part('<small class="claim">{}</small>', row.sub_items) + _only_for(row),
        status_text(row.view.headline),
        _claim(row),
        row.last_said,
        row.waits,
        _add(row, back, "add btn small", "Add entry", NONE),
    )


def _sub_item_row(row: ItemRow) -> SafeString:
    claim = fill(SUB_ITEM_CLAIM, _capital(row.badge), row.words) if row.badge else NONE
    named = only_for(row.only_for)
    return fill(SUB_ITEM_ROW, row.url, row.name, named, status_text(row.view.headline), claim)


def _words(word: PartyWord) -> SafeString:
    return fill(
        WORDS,
        party_code(word.party),
        status_text(word.status) if word.status else NONE,
        word.dated,
        fill(POSITION, word.position.position) if word.position else NONE,
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _part(markup: str, value: str) -> SafeString:
    return fill(markup, value) if value else NONE


def _only_for(row: ItemRow) -> SafeString:
    return SafeString(" ") + only_for(row.only_for) if row.only_for else NONE


def _heading(row: ItemRow, span: int) -> SafeString:
    return fill(HEADING, span, row.new_heading) if row.new_heading else NONE


def _child(row: ItemRow) -> SafeString:
    return CHILD if row.is_child else NONE


def _claim(row: ItemRow) -> SafeString:
    """Who says so, and the date of each party."""
    if not row.badge:
        return NONE
    return fill(CLAIM, _capital(row.badge), row.words)


def _since(row: ItemRow) -> SafeString:
    if row.moved is None:
        return NONE
    arrow = fill(ARROW, row.moved.direction, row.arrow) if row.arrow else NONE
    return fill(SINCE, arrow, row.moved_text)


def _add(row: ItemRow, back: str, css: str, sign: str, title: SafeString) -> SafeString:
    if not back:
        return NONE
    url = f"{row.url}entries/?back={quote(back)}"
    return fill(ADD, css, row.issue.address, url, url, title, row.name, sign)
