from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from negotiations.models import User

from .members import MemberForm


class InviteForm(MemberForm):
    """What somebody will be here who is invited; with a mail address the link is sent as well."""

    email = forms.EmailField(
        label="Mail address", required=False, help_text="Without one you hand the link over."
    )
    field_order = ("email", "role", "party")


class JoinForm(forms.Form):
    """An account for whoever followed an invitation."""

    full_name = forms.CharField(
        max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    username = forms.CharField(
        label="User name",
        max_length=150,
        help_text="What you will sign in with.",
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        strip=False,
        help_text="At least eight characters; not only digits, and not one everybody uses.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="The same again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        password = typed.get("password")
        if password:
            somebody = User(username=typed.get("username", ""))
            try:
                validate_password(password, somebody)
            except forms.ValidationError as refusal:
                self.add_error("password", refusal)
            if "again" in typed and typed["again"] != password:
                self.add_error("again", "The two passwords differ.")
        return typed


class ForgottenForm(forms.Form):
    email = forms.EmailField(
        label="Mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
