"""The rows of all rounds, written directly as the rows of `rows`.

As template nodes twenty rounds took more than half of the page. Every value passes `fill`, so
nothing goes out unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django import template
from django.utils.safestring import SafeString

from negotiations.markup import fill
from negotiations.models import Round
from negotiations.templatetags.parley import address, party_code

from ..reads.moves import Totals
from ..reads.rounds import RoundRow

register = template.Library()

NONE = SafeString("")
ROW = (
    '<tr data-row><th scope="row"><a href="{}{}">{}</a>{}{}</th>\n'
    "    <td>{}{}</td>\n"
    "    <td>{}</td>\n"
    "    <td>{}</td>\n"
    "    <td>{}</td>\n"
    '    <td class="right">{}<span class="phone-only"> {}</span></td></tr>\n'
)
CLAIM = '<small class="claim">{}</small>'
SHEET = ' <a class="note no-print" href="{}sheet/" aria-label="Sheet of {}">sheet</a>'
NOBODY = SafeString('<span class="phone-off">–</span>')
NOTHING = SafeString('nothing<span class="phone-only"> moved</span>')
WAY = '<b class="{}">{} {}<span class="hidden-text"> {}</span></b> '
LINE = '<span class="line">{} {}</span>'
WORDS = {"reopened": "reopened", "confirmed": "now confirmed", "disputed": "now disputed"}


@register.simple_tag
def round_list_rows(rows: Iterable[RoundRow], query: str, may_record: bool) -> SafeString:
    """A row for each round; `query` keeps the links in the same time."""
    return SafeString("".join(_row(row, query, may_record) for row in rows))


def _row(row: RoundRow, query: str, may_record: bool) -> SafeString:
    one = row.round
    url = address("issues:round_detail", one.negotiation.slug, one.place)
    return fill(
        ROW,
        url,
        query,
        one.title,
        _which(one),
        fill(SHEET, url, one.title) if may_record else NONE,
        one.when,
        _where(row),
        row.state if one.is_held and row.state != "later" else fill("<b>{}</b>", row.state),
        SafeString("".join(fill(LINE, party_code(h.party), h.name) for h in row.heads)) or NOBODY,
        _moved(row.totals),
        row.entries,
        "entry" if row.entries == 1 else "entries",
    )


def _which(one: Round) -> SafeString:
    if one.is_side_meeting:
        return fill(CLAIM, "side meeting")
    return fill(CLAIM, one.name) if one.number else NONE


def _where(row: RoundRow) -> SafeString:
    host = f"host {row.host.name}" if row.host else ""
    places = ", ".join(filter(None, (row.round.city, host)))
    return fill(CLAIM, places) if places else NONE


def _moved(totals: Totals | None) -> SafeString:
    if totals is None:
        return NOBODY
    return SafeString("".join(_signs(totals))) if totals else NOTHING


def _signs(totals: Totals) -> Iterator[SafeString]:
    for sign, css, arrow in (("forward", "up", "▲"), ("back", "down", "▼")):
        if totals[sign]:
            yield fill(WAY, css, arrow, totals[sign], sign)
    for sign, words in WORDS.items():
        if totals[sign]:
            yield fill(LINE, totals[sign], words)
