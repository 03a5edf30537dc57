"""What accounts do is written to the security log: sign-ins, failures, passwords, factors."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_set
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as sign_on
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth import user_logged_in, user_logged_out, user_login_failed

from negotiations.models import SecurityEvent, User
from negotiations.services import note

Kind = SecurityEvent.Kind


def signed_in(user: User, **_kwargs: Any) -> None:
    note(Kind.SIGNED_IN, by=user)


def signed_out(user: User | None, **_kwargs: Any) -> None:
    if user:
        note(Kind.SIGNED_OUT, by=user)


def failed(credentials: dict[str, Any], **_kwargs: Any) -> None:
    """The name that was typed is not kept: people type passwords there."""
    typed = str(credentials.get("username", ""))[:150]
    known = User.objects.filter(username__iexact=typed).first() if "\0" not in typed else None
    note(Kind.FAILED, by=None, about=known, detail="" if known else "unknown user name")


def password_renewed(user: User, **_kwargs: Any) -> None:
    note(Kind.PASSWORD, by=user)


def factor_added(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    note(Kind.FACTOR_ADDED, by=user, detail=_factor(authenticator))


def factor_removed(user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    note(Kind.FACTOR_REMOVED, by=user, detail=_factor(authenticator))


def code_failed(user: User, **_kwargs: Any) -> None:
    note(Kind.CODE_FAILED, by=None, about=user)


def connected(sociallogin: SocialLogin, **_kwargs: Any) -> None:
    note(Kind.CONNECTED, by=sociallogin.user)


def disconnected(socialaccount: SocialAccount, **_kwargs: Any) -> None:
    note(Kind.DISCONNECTED, by=socialaccount.user)


def _factor(authenticator: Authenticator) -> str:
    words = {"totp": "app with codes", "webauthn": "passkey", "recovery_codes": "recovery codes"}
    return words[authenticator.type]


WATCHED = (
    (user_logged_in, signed_in),
    (user_logged_out, signed_out),
    (user_login_failed, failed),
    (password_changed, password_renewed),
    (password_set, password_renewed),
    (factors.authenticator_added, factor_added),
    (factors.authenticator_reset, factor_added),
    (factors.authenticator_removed, factor_removed),
    (factors.authentication_failed, code_failed),
    (sign_on.social_account_added, connected),
    (sign_on.social_account_removed, disconnected),
)


def connect() -> None:
    for signal, receiver in WATCHED:
        signal.connect(receiver, dispatch_uid=f"parley.watching.{receiver.__name__}")
