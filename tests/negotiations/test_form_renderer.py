"""Controls written directly are Django's own, but for blank lines between options."""

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates

from negotiations.forms.renderer import WIDGETS, WRITERS, Renderer

EVIL = '<b title="x">&\'</b>'
CHOICES = [("", "–"), ("a", "A & <B>"), ("Group <1>", [(EVIL, "C"), (2, "two")])]
ATTRIBUTES = {"id": "id_x", "required": True, "disabled": False, "aria-label": EVIL, "rows": 3}
CONTROLS = [
    (forms.TextInput(), EVIL),
    (forms.TextInput(), None),
    (forms.HiddenInput(), "token"),
    (forms.NumberInput(), 0),
    (forms.URLInput(), "https://example.org/?a=1&b=2"),
    (forms.EmailInput(), ""),
    (forms.PasswordInput(), "never shown"),
    (forms.DateInput(), "2025-04-10"),
    (forms.TimeInput(), "14:05"),
    (forms.CheckboxInput(), True),
    (forms.CheckboxInput(), "yes"),
    (forms.CheckboxInput(), None),
    (forms.Textarea(), f"first\n{EVIL}"),
    (forms.Textarea(), None),
    (forms.Select(choices=CHOICES), EVIL),
    (forms.Select(choices=CHOICES), None),
]


@pytest.mark.parametrize(("widget", "value"), CONTROLS)
@pytest.mark.parametrize("attributes", [{}, ATTRIBUTES], ids=["plain", "with attributes"])
def test_control_is_djangos_own(widget, value, attributes):
    expected = widget.render("a<name>", value, attributes, DjangoTemplates())
    ours = widget.render("a<name>", value, attributes, Renderer())
    assert ours == re.sub(r"\n\s*\n", "\n", expected)


def test_every_direct_control_is_compared_here():
    assert {widget.template_name for widget, _value in CONTROLS} == set(WRITERS)


def test_other_controls_go_through_their_template():
    widget = forms.RadioSelect(choices=[("a", "A")])
    assert widget.template_name.startswith(WIDGETS)
    assert 'type="radio"' in widget.render("who", "a", {}, Renderer())


def test_the_site_uses_it():
    assert isinstance(forms.Form().renderer, Renderer)
