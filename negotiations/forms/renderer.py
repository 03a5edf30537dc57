"""Writes the commonest controls of a form directly: a page has dozens, one template each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

Widget = Mapping[str, Any]


class Renderer(DjangoTemplates):
    """Django's own markup but for blank lines; what is not listed goes through its template."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        write = WRITERS.get(template_name)
        return (
            write(context["widget"]) if write else super().render(template_name, context, request)
        )


def _attributes(attributes: Mapping[str, Any]) -> str:
    return "".join(
        f" {name}" if value is True else f' {name}="{conditional_escape(value)}"'
        for name, value in attributes.items()
        if value is not False
    )


def _input(widget: Widget) -> SafeString:
    value = widget["value"]
    shown = "" if value is None else f' value="{conditional_escape(value)}"'
    kind, name = widget["type"], conditional_escape(widget["name"])
    return SafeString(f'<input type="{kind}" name="{name}"{shown}{_attributes(widget["attrs"])}>')


def _textarea(widget: Widget) -> SafeString:
    name, text = conditional_escape(widget["name"]), conditional_escape(widget["value"] or "")
    return SafeString(f'<textarea name="{name}"{_attributes(widget["attrs"])}>\n{text}</textarea>')


def _select(widget: Widget) -> SafeString:
    opening = f'<select name="{conditional_escape(widget["name"])}"{_attributes(widget["attrs"])}>'
    groups = "".join(_group(name, options) for name, options, _index in widget["optgroups"])
    return SafeString(f"{opening}{groups}\n</select>")


def _group(name: str | None, options: Iterable[Widget]) -> str:
    listed = "".join(f"\n  {_option(option)}" for option in options)
    if not name:
        return listed
    return f'\n  <optgroup label="{conditional_escape(name)}">{listed}\n  </optgroup>'


def _option(option: Widget) -> str:
    value, label = conditional_escape(option["value"]), conditional_escape(option["label"])
    return f'<option value="{value}"{_attributes(option["attrs"])}>{label}</option>'


WIDGETS = "django/forms/widgets/"
INPUTS = ("text", "hidden", "checkbox", "number", "url", "email", "password", "date", "time")
WRITERS: dict[str, Callable[[Widget], SafeString]] = {
    **{f"{WIDGETS}{kind}.html": _input for kind in INPUTS},
    f"{WIDGETS}textarea.html": _textarea,
    f"{WIDGETS}select.html": _select,
}
