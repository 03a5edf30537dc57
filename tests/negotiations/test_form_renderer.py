"""Controls written directly are Django's own, but for blank lines between options."""

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template.loader import render_to_string

from negotiations.forms import SharedFields, renderer
from negotiations.forms.renderer import WIDGETS, WRITERS, Renderer, control
from negotiations.templatetags.parley import kept

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
CHOICE_WIDGETS = [
    forms.RadioSelect(choices=CHOICES),
    forms.CheckboxSelectMultiple(choices=CHOICES),
]


@pytest.mark.parametrize(("widget", "value"), CONTROLS)
@pytest.mark.parametrize("attributes", [{}, ATTRIBUTES], ids=["plain", "with attributes"])
def test_control_is_djangos_own(widget, value, attributes):
    expected = widget.render("a<name>", value, attributes, DjangoTemplates())
    ours = widget.render("a<name>", value, attributes, Renderer())
    assert ours == re.sub(r"\n\s*\n", "\n", expected)


def test_every_direct_control_is_compared_here():
    compared = {widget.template_name for widget, _value in CONTROLS}
    options = {widget.option_template_name for widget in CHOICE_WIDGETS}
    assert compared | options == set(WRITERS)


@pytest.mark.parametrize("widget", CHOICE_WIDGETS)
@pytest.mark.parametrize("wrap", [True, False])
def test_one_of_several_choices_is_djangos_own(widget, wrap):
    data = {"id": "id_x", "disabled": True, "aria-label": EVIL}
    for option in widget.options("a<name>", [EVIL], data):
        context = {"widget": {**option, "wrap_label": wrap}}
        expected = DjangoTemplates().render(option["template_name"], context)
        ours = Renderer().render(option["template_name"], context)
        assert ours == expected.replace("\n", "")


class Asked(forms.Form):
    word = forms.CharField(help_text=EVIL, label=EVIL)
    text = forms.CharField(widget=forms.Textarea, required=False)
    tick = forms.BooleanField(help_text="Tick it.")
    one = forms.ChoiceField(choices=CHOICES)
    radio = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, help_text="Choose.")
    some = forms.MultipleChoiceField(choices=CHOICES[:2], widget=forms.CheckboxSelectMultiple)


@pytest.mark.parametrize("form", [Asked(), Asked({"one": "b"}, auto_id="other-%s")])
@pytest.mark.parametrize("name", Asked.base_fields)
def test_field_is_what_the_template_of_fields_writes(form, name):
    expected = render_to_string("_field.html", {"field": form[name]})
    assert _tight(form[name].as_field_group()) == _tight(expected)


class Small(forms.Form):
    one = forms.ChoiceField(choices=[("a", "A"), ("b", EVIL)])
    note = forms.CharField(required=False)


def test_a_kept_control_tells_forms_apart():
    """By what is chosen, offered, asked for and wrong; what is typed is kept nowhere."""
    other = Small()
    other.fields["one"].choices = [("c", "C")]
    lax = Small(use_required_attribute=False)
    typed = Small({"one": "b", "note": EVIL})
    for form in (Small(), Small(initial={"one": "b"}), Small(auto_id="x-%s"), other, lax, typed):
        for field in form:
            assert [control(field), control(field)] == [field.as_widget()] * 2
    assert not any(EVIL in str(key) for key in renderer._kept if key[1] is forms.TextInput)


class Shared(Small):
    pass


Shared.base_fields = SharedFields(Shared.base_fields)


def test_forms_that_share_their_fields_change_only_their_own():
    form = Shared()
    form.fields["one"].choices = [("c", "C")]
    form.fields["note"].widget.attrs["rows"] = 1
    form.fields["note"].error_messages["required"] = "Say it."
    plain, fresh = Small(), Shared()
    for name in ("one", "note"):
        assert str(fresh[name]) == str(plain[name])
        assert fresh.fields[name].error_messages == plain.fields[name].error_messages
    assert fresh.fields["one"].choices == plain.fields["one"].choices


def test_a_kept_partial_knows_its_values_alone():
    values = {
        "slug": "a",
        "item_word": EVIL,
        "round_word": "R",
        "is_head": False,
        "is_public": False,
    }
    page = kept("_nav.html", section="items", **values)
    assert EVIL not in page
    assert page == kept("_nav.html", section="items", **values)
    assert page != kept("_nav.html", section="items", **values | {"is_head": True})
    with pytest.raises(TypeError, match="section"):
        kept("_nav.html", section=Small(), **values)


def _tight(markup):
    """Without the spaces beside tags, of which the template has many for its readers."""
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", markup.strip())


def test_other_controls_go_through_their_template():
    widget = forms.RadioSelect(choices=[("a", "A")])
    assert widget.template_name.startswith(WIDGETS)
    assert 'type="radio"' in widget.render("who", "a", {}, Renderer())


def test_the_site_uses_it():
    assert isinstance(forms.Form().renderer, Renderer)
