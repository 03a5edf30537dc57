"""Writes fields and the commonest controls directly: a form has dozens, one template each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from django.forms import BoundField
from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from ..markup import fill

Widget = Mapping[str, Any]
FIELD = "parley/field"


class Renderer(DjangoTemplates):
    """Django's own markup but for blank lines; what is not listed goes through its template."""

    field_template_name = FIELD

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if template_name == FIELD:
            return _field(context["field"])
        if write := WRITERS.get(template_name):
            return write(context["widget"])
        return super().render(template_name, context, request)


def _field(field: BoundField) -> SafeString:
    """`field.as_field_group`: what `_field.html` writes, in a fifth of its time."""
    errors, name = field.errors, field.auto_id
    hint = fill(HINT, name, field.help_text) if field.help_text else ""
    said = fill(ERROR, name, " ".join(map(str, errors))) if errors else ""
    invalid = " invalid" if errors else ""
    return fill(GROUP, invalid, name, _labelled(field), SafeString(hint), SafeString(said))


def _labelled(field: BoundField) -> SafeString:
    if field.widget_type == "checkbox":
        return fill(CHECK, field.id_for_label, control(field), field.label)
    if field.use_fieldset:
        described = field.aria_describedby
        about = fill(DESCRIBED, described) if described else SafeString()
        return fill(FIELDSET, about, field.label, control(field))
    optional = SafeString() if field.field.required else OPTIONAL
    return fill(LABELLED, field.id_for_label, field.label, optional, control(field))


def control(field: BoundField) -> SafeString:
    """The control of a field, as `field.as_widget()` writes it.

    Of lists and of empty controls the markup is kept, by all that it is made of: a page of an
    item has thirty, and writing them anew took a quarter of its time.
    """
    try:
        key = _made_of(field)
        if key in _kept:
            return _kept[key]
    except TypeError:  # groups of choices, or what else cannot be told from another
        return field.as_widget()
    if key is None:
        return field.as_widget()
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    return _kept.setdefault(key, field.as_widget())


_kept: dict[Hashable, SafeString] = {}
MOST_KEPT = 1024


def _made_of(field: BoundField) -> Hashable:
    """Everything that the markup of a control depends on; None for what somebody typed."""
    made, value = field.field, field.value()
    widget = made.widget
    offered = tuple(getattr(made, "choices", ()))
    if not offered and (value or widget.is_hidden):
        return None
    return (
        *(type(made), type(widget), field.html_name, field.auto_id, offered),
        tuple(value) if isinstance(value, list) else value,
        *(made.required, made.disabled, bool(made.help_text), bool(field.errors)),
        *(field.form.use_required_attribute, tuple(widget.attrs.items())),
    )


GROUP = '<div class="field{}" id="{}-field">{}{}{}</div>\n'
CHECK = '<label class="check" for="{}">{} {}</label>'
FIELDSET = "<fieldset{}><legend>{}</legend>{}</fieldset>"
DESCRIBED = ' aria-describedby="{}"'
LABELLED = '<label for="{}">{}{}</label>\n  {}'
OPTIONAL = SafeString(" <small>optional</small>")
HINT = '<p class="hint" id="{}_helptext">{}</p>'
ERROR = '<p class="error" id="{}_error">{}</p>'


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


def _choice(widget: Widget) -> SafeString:
    """One of several radio buttons or boxes, with its label around it or without."""
    control = _input(widget)
    if not widget["wrap_label"]:
        return control
    target = widget["attrs"].get("id")
    about = f' for="{conditional_escape(target)}"' if target else ""
    return SafeString(f"<label{about}>{control} {conditional_escape(widget['label'])}</label>")


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
    **{f"{WIDGETS}{kind}_option.html": _choice for kind in ("radio", "checkbox")},
    f"{WIDGETS}textarea.html": _textarea,
    f"{WIDGETS}select.html": _select,
}
