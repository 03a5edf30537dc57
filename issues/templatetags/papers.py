"""Lines of a paper, written directly: a long one has thousands of pieces of text."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..papers.document import Cell, Line, Run
from ..papers.shapes import SHAPES

register = template.Library()

_TAGS = {"": "{}", "strong": "<b>{}</b>", "muted": '<span class="muted">{}</span>'}
_MARK = '<span class="shape" aria-hidden="true">{}</span> '


@register.simple_tag
def paper_line(line: Line) -> SafeString:
    """Its pieces one after the other."""
    return SafeString("".join(map(_run, line)))


@register.simple_tag
def paper_cell(cell: Cell) -> SafeString:
    """Each line of a cell on its own."""
    lines = (format_html("<div>{}</div>", paper_line(line)) for line in cell)
    return SafeString("".join(lines))


def _run(run: Run) -> SafeString:
    if run.source:
        return format_html('<a class="ref" href="#source-{}">{}</a>', run.source, run.text)
    mark = format_html(_MARK, SHAPES[run.mark]) if run.mark else SafeString("")
    return mark + format_html(_TAGS[run.style], run.text)
