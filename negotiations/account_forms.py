"""The forms of an account in Parley's words: labels instead of placeholders, one short hint."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.contrib.auth.forms import SetPasswordForm
from django.forms import BaseForm

HINT = "At least eight characters; not only digits, and not a password everybody uses."


def _reword(form: BaseForm, labels: dict[str, str], hinted: str = "") -> None:
    for name, label in labels.items():
        field = form.fields[name]
        field.label = label
        field.widget.attrs.pop("placeholder", None)
        field.help_text = HINT if name == hinted else ""


class LoginForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self, {"login": "User name", "password": "Password"})


class ChangePasswordForm(allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "oldpassword": "Password until now",
            "password1": "New password",
            "password2": "New password again",
        }
        _reword(self, labels, hinted="password1")


class WelcomeForm(SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"new_password1": "Password", "new_password2": "The same again"}
        _reword(self, labels, hinted="new_password1")


class ConfirmForm(allauth_forms.ReauthenticateForm):
    """The password once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self, {"password": "Password"})


class CodeForm(mfa_forms.AuthenticateForm):
    """The code at sign-in: from the app, or one from paper."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self, {"code": "Code"})
        self.fields["code"].help_text = "From your app, or one of your recovery codes."
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class ConfirmByCodeForm(mfa_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self, {"code": "Code"})


class FirstCodeForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self, {"code": "Code that the app shows now"})
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddPasskeyForm(AddWebAuthnForm):
    """A passkey that signs in alone, unless the box is cleared: then it is asked for second."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self, {"name": "Name", "passwordless": "Sign in with it alone, without a password"})
        self.fields["name"].help_text = "To tell your passkeys apart, such as “Office laptop”."
        self.fields["passwordless"].initial = True
