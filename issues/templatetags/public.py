"""Links of the public edition: by the frame of its page, and without the number of an item."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.safestring import SafeString

from negotiations.markup import fill
from negotiations.models import Round

from ..models import Issue
from ..reads.edition import PublicFrame
from ..reads.entries import EntryLine
from ..reads.moves import ItemName
from .told import told_lines

register = template.Library()

LINK = '<a href="{}">{}</a>'
SAID = '<ul class="told">\n{}</ul>'


@register.simple_tag
def public_page(frame: PublicFrame, rest: str = "") -> str:
    """The address of a page of this edition; empty where its door leads elsewhere."""
    return frame.page(rest)


@register.simple_tag
def item_link(frame: PublicFrame, item: Issue | ItemName) -> SafeString:
    """Its own reference if it has one, and its title; a link where it has a page here."""
    return _link(frame.item_page(item.pk), f"{item.reference} {item.title}".strip())


@register.simple_tag
def round_link(frame: PublicFrame, round_: Round, text: str = "") -> SafeString:
    """A round by its title, or by `text`."""
    return _link(frame.round_page(round_), text or round_.title)


@register.simple_tag
def source_title(frame: PublicFrame, source: object) -> SafeString:
    """A source by its title, with the way to its page."""
    return _link(frame.source_url(source.uuid), source.title)  # type: ignore[attr-defined]


@register.simple_tag
def said_lines(lines: Iterable[EntryLine], all_entered: str = "") -> SafeString:
    """Who said what, as inside."""
    return fill(SAID, told_lines(lines, all_entered=all_entered))


def _link(page: str, text: str) -> SafeString:
    return fill(LINK, page, text) if page else fill("{}", text)
