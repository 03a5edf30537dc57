"""Where an item stands and what was just saved: what an answer to a new entry shows.

Written directly, as the rows of `rows`: as template nodes it took a third of the answer's time.
Every value passes `fill`, so nothing goes out unescaped.
"""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from negotiations.markup import fill
from negotiations.templatetags.parley import day, plural, status_text

from ..models import Entry
from ..reads.stands import Stands
from .rows import standing_words

register = template.Library()

NONE = SafeString("")
OUT_OF_BAND = SafeString(' hx-swap-oob="true"')
STANDING = (
    '<div id="standing"{}>\n<div class="card standing">\n<div>{}{}{}</div>\n{}</div>\n{}</div>\n'
)
BADGE = '<span class="claim"><b>{}</b>{}</span>'
NO_STATUS = SafeString('<span class="claim">Nobody has given a status.</span>')
ASIDE = '<span class="claim">{}: {}, {}</span>'
CARRIED = '<div class="card panel lines"><dl class="dl">{}{}</dl></div>\n'
CARRIED_LINE = "<dt>{}</dt><dd>{}</dd>"
COUNT = '<span id="entry-count"{}>{} on record</span>'
SAID = (
    '<div id="said" hidden>\n<div id="messages" hx-swap-oob="innerHTML">'
    '<div class="message{}"><p>{}</p>{}</div></div>\n'
    '<div id="announce" hx-swap-oob="innerHTML">{}</div>\n</div>\n'
)
UNDO = (
    '<form method="post" action="{0}" hx-post="{0}" hx-swap="none" hx-sync="this:drop">'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{1}">'
    '<input type="hidden" name="back" value="{2}">'
    '<button class="btn small">Undo</button></form>'
)
ERROR = SafeString(" error")


@register.simple_tag
def standing_card(stands: Stands, out_of_band: bool = False) -> SafeString:
    """Where an item stands, who says so, what it waits for; inside and in the public edition.

    `out_of_band`: it takes the place of the one on the page.
    """
    return fill(
        STANDING,
        OUT_OF_BAND if out_of_band else NONE,
        status_text(stands.view.headline),
        _badge(stands),
        SafeString("".join(map(_aside, stands.aside))),
        standing_words(stands.words),
        _carried(stands),
    )


@register.simple_tag
def entry_count(count: int, out_of_band: bool = False) -> SafeString:
    """How many entries an item has; `out_of_band`: beside an answer that goes elsewhere."""
    return fill(COUNT, OUT_OF_BAND if out_of_band else NONE, plural(count, "entry,entries"))


@register.simple_tag(takes_context=True)
def said(
    context: Context, sentence: str, undo: str = "", back: str = "", problem: bool = False
) -> SafeString:
    """A sentence for the message area and the live region; `undo`: where it can be taken back."""
    token = context.get("csrf_token", "")
    form = fill(UNDO, undo, token, back) if undo else NONE
    return fill(SAID, ERROR if problem else NONE, sentence, form, sentence)


def _badge(stands: Stands) -> SafeString:
    if not stands.view.headline:
        return NO_STATUS
    return fill(BADGE, stands.badge, f" · {stands.fell}" if stands.fell else "")


def _aside(entry: Entry) -> SafeString:
    whose = "Press report" if entry.voice == Entry.Voice.THIRD else "Our assessment"
    return fill(ASIDE, whose, entry.status, entry.when)


def _carried(stands: Stands) -> SafeString:
    waits = fill(CARRIED_LINE, "Waits for", stands.waits) if stands.waits else NONE
    step = fill(CARRIED_LINE, "Next step", _step(stands.next_step)) if stands.next_step else NONE
    return fill(CARRIED, waits, step) if waits or step else NONE


def _step(entry: Entry) -> str:
    party = entry.next_step_party
    by_when = f"by {day(entry.next_step_by)}" if entry.next_step_by else ""
    told = (entry.next_step, party.name if party else "", entry.next_step_who, by_when)
    return " · ".join(filter(None, told))
