"""What a search found, written directly: twenty results with a dozen values each.

As template nodes they were a fifth of the page. Every value passes `fill`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django import template
from django.utils.safestring import SafeString

from negotiations.markup import fill
from negotiations.templatetags.parley import only_for, party_code, status_text

from ..reads.search import Group, Passage, Result
from ..spelling import Segment

register = template.Library()

RESULT = (
    '<li data-row id="{}-{}-search-result"{}>\n  <div class="when">{}</div>\n'
    '  <div>\n    <p><a href="{}">{}</a>{}</p>\n    {}\n    {}\n  </div>\n</li>\n'
)
STRUCK = SafeString(' class="struck"')
HIT = "<mark>{}</mark>"
HOME = ' <small class="note">{}</small>'
PASSAGE = '<p class="said">{}{}</p>'
NONE = SafeString("")


@register.simple_tag
def search_results(group: Group, with_home: bool) -> SafeString:
    """A list item for each; `with_home`: each names its negotiation, since they are of several."""
    return SafeString(
        "".join(
            fill(
                RESULT,
                group.kind.name,
                place,
                STRUCK if one.is_struck else NONE,
                one.when,
                one.url,
                _segments(one.title),
                fill(HOME, one.negotiation.title) if with_home else NONE,
                _about(one),
                SafeString("".join(map(_passage, one.passages))),
            )
            for place, one in enumerate(group.results, start=1)
        )
    )


def _about(result: Result) -> SafeString:
    """By whom, which status, for whom: nothing where there is nothing to say."""
    found = "".join(_remarks(result))
    return SafeString(f"<p>{found}</p>") if found else NONE


def _remarks(result: Result) -> Iterator[str]:
    for party in result.parties:
        yield f"{party_code(party)} "
    if result.voice:
        yield fill("<b>{}</b> ", result.voice[0].upper() + result.voice[1:])
    if result.status:
        yield fill('<span class="said">{}</span> ', status_text(result.status))
    if result.note:
        yield fill('<span class="speaker">{}</span> ', result.note)
    if result.only_for:
        yield only_for(result.only_for)
    if result.is_struck:
        yield ' <small class="note">no longer counts</small>'


def _passage(passage: Passage) -> SafeString:
    label = fill("<b>{}:</b> ", passage.label) if passage.label else NONE
    return fill(PASSAGE, label, _segments(passage.segments))


def _segments(segments: Iterable[Segment]) -> SafeString:
    return SafeString("".join(fill(HIT if one.hit else "{}", one.text) for one in segments))
