"""How statuses, parties and dates look, in one place and cheap enough for every row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString

from negotiations.addresses import path_to
from negotiations.dates import date_text
from negotiations.forms import renderer
from negotiations.markup import fill
from negotiations.scopes import MEMBERS

register = template.Library()

_MARK = '<svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><use href="#k-{}"/></svg>'
_STATUS = '<span class="st s-{}">' + _MARK + "{}</span>"
_MINI = '<span class="st mini s-{}" title="{}">' + _MARK + "<small>{}</small></span>"


@register.simple_tag
def status_text(status: Any) -> SafeString:
    """Shape, word and colour. `status` is a StatusView, or nothing: "No status yet"."""
    if not status:
        return SafeString('<span class="st none">No status yet</span>')
    return _status(status.category, status.mark, status.label)


@lru_cache(maxsize=512)
def _status(category: str, mark: str, label: str) -> SafeString:
    return fill(_STATUS, category, mark, label)


@register.simple_tag
def status_mini(status: Any) -> SafeString:
    """Shape and short word, for narrow cells."""
    return mini(status.category, status.mark, status.label, status.short)


@lru_cache(maxsize=512)
def mini(category: str, mark: str, label: str, short: str) -> SafeString:
    """The same from plain values, for reads that build many cells at once."""
    return fill(_MINI, category, label, mark, short)


_ONLY = '<span class="aud delegation">only {}</span>'
_MEMBERS = SafeString('<span class="aud">members</span>')


@register.simple_tag
def audience(thing: Any) -> SafeString:
    """Who may see a thing, as a quiet label; nothing where everybody may."""
    return audience_of(thing.audience, thing.audience_party)


def audience_of(word: str, party: Any = None) -> SafeString:
    """The same for what has its audience elsewhere."""
    return _MEMBERS if word == MEMBERS else only_for(party)


@register.simple_tag
def only_for(party: Any) -> SafeString:
    """The label of what is for one delegation only; nothing without a party."""
    return fill(_ONLY, party.name) if party else SafeString("")


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    """10 Apr 2025, in the zone of the server."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date()
    return date_text(value)


@register.filter
def moment(value: dt.datetime) -> str:
    """10 Apr 2025, 14:05 UTC: a recorded time with its zone."""
    local = timezone.localtime(value)
    return f"{date_text(local.date())}, {local:%H:%M %Z}"


@register.simple_tag
def party_code(party: Any) -> SafeString:
    """A party's code as a small label, its name for those who do not know the code."""
    return _party_code(party.name, party.code)


@lru_cache(maxsize=512)
def _party_code(name: str, code: str) -> SafeString:
    return fill('<abbr class="pty" title="{}">{}</abbr>', name, code)


_LINK = '<a href="{}" rel="noreferrer noopener external">{}</a>'
_PAGE = '<a href="{}">{}</a>'
_ABOUT = ' <a class="no-print" href="{}">more<span class="hidden-text"> about {}</span></a>'


@register.simple_tag
def source_link(source: Any) -> SafeString:
    """A SourceView's text as a link to where it lies, else to its page here, if it has one."""
    if not (source.url or source.page):
        return fill("{}", source.text)
    link = (_LINK, source.url) if source.url else (_PAGE, source.page)
    return fill(*link, source.text) + _file(source, source.page)


@register.simple_tag
def dated_source(source: Any, page: str) -> SafeString:
    """A source by its publisher and date, with its archived copy and the way to its page here.

    In full, and itself that way, where it has no address elsewhere. `page` may be empty.
    """
    if source.url:
        name = ", ".join(filter(None, (source.publisher or source.title, source.date_text)))
        about = fill(_ABOUT, page, source.title) if page else SafeString("")
        shown = fill(_LINK, source.url, name) + about
    else:
        shown = fill(_PAGE, page, source) if page else fill("{}", source)
    if source.archive_url:
        shown += SafeString(" ") + fill(_LINK, source.archive_url, "archived copy")
    return shown + _file(source, page)


def _file(source: Any, page: str) -> SafeString:
    """ " (file, 120 kB)" as a link, where a file is kept with the source."""
    if not source.file_text:
        return SafeString("")
    return SafeString(" ") + fill(_PAGE, f"{page}file/", source.file_text)


@register.simple_tag
def address(name: str, *values: Any) -> SafeString:
    """As `url`, looked up once for each set of values."""
    return SafeString(escape(path_to(name, *values)))


@register.simple_tag
@lru_cache(maxsize=256)
def asset(name: str) -> SafeString:
    """As `static`, looked up once: a process serves the files it was started with."""
    return SafeString(escape(static(name)))


@register.simple_tag
def kept(template: str, **values: str | bool | int) -> SafeString:
    """A partial that depends on these plain values alone, written once for each set of them.

    It knows neither the request nor the person, so nothing else can get into it.
    """
    if unfit := [name for name, value in values.items() if not isinstance(value, PLAIN)]:
        raise TypeError(f"{template} cannot be kept by {unfit[0]}: it is no plain value.")
    return _kept(template, tuple(values.items()))


PLAIN = (str, bool, int)


@lru_cache(maxsize=512)
def _kept(template: str, values: tuple[tuple[str, str | bool | int], ...]) -> SafeString:
    return SafeString(render_to_string(template, dict(values)))


@register.simple_tag
def kept_fields(template: str, form: Any) -> SafeString:
    """A partial of a form's fields, kept for all that offer the same and have nothing typed in.

    `form.made_of` is all that its markup depends on; None where somebody has typed something.
    """
    key = form.made_of and (template, form.made_of)
    # Read once: another thread may clear what is kept at any moment.
    kept = _kept_forms.get(key) if key else None
    if kept is not None:
        return kept
    written = SafeString(render_to_string(template, {"form": form}))
    if key:
        if len(_kept_forms) >= MOST_FORMS:
            _kept_forms.clear()
        _kept_forms[key] = written
    return written


_kept_forms: dict[Hashable, SafeString] = {}
MOST_FORMS = 128


@register.simple_tag
def control(field: Any) -> SafeString:
    """The control of a bound form field, without its label."""
    return renderer.control(field)


@register.filter
def plural(count: int, word: str) -> str:
    """1 item, 2 items. `word` in the singular, or "entry,entries" where an s is not enough."""
    one, _comma, many = word.partition(",")
    return f"{count} {one if count == 1 else many or one + 's'}"


@register.filter
def number(count: int) -> str:
    """12,345: a large number as people read it."""
    return f"{count:,}"


@register.filter
def ago(value: dt.date, today: dt.date) -> str:
    """How long before `today` a day lies, in the largest fitting unit: "5 months ago"."""
    days = (today - value).days
    if days <= 0:
        return "today"
    for size, word in ((365, "year"), (30, "month"), (7, "week"), (1, "day")):
        if days >= size:
            return f"{plural(days // size, word)} ago"
    return ""
