"""Signing in through an OpenID Connect provider, where the environment names one.

It opens accounts that exist, never makes one. An account is found by a connection made before, or
by a mail address that the provider has verified and an administrator has given to this account
alone (`services.vouch_for_address`). What a person or a head may write here proves no address.
"""

from __future__ import annotations

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.ratelimit import consume_or_429
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal.flows.connect import disconnect
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from negotiations.models import User

FAILED = "Signing in there did not work. Try again, or use your password."
UNKNOWN = (
    "You are known there, but not here. Sign in with your password and connect the two under "
    "your account, or ask your administrator."
)
NO_PASSWORD = "Set your password first, with the link you were given."  # noqa: S105 - a sentence


class Provider(OpenIDConnectOAuth2Adapter):
    """Believes only what is signed for this site, and about one and the same person."""

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        # Checked although it came directly: allauth leaves the signature out then.
        self.did_fetch_access_token = False
        claims: dict[str, Any] = super()._decode_id_token(app, id_token)
        return claims

    def complete_login(self, request: HttpRequest, *args: Any, **kwargs: Any) -> SocialLogin:
        found: SocialLogin = super().complete_login(request, *args, **kwargs)
        told = found.account.extra_data
        subjects = {told.get(part, {}).get("sub") for part in ("id_token", "userinfo")}
        # Nothing of what the provider tells about a person is kept but this.
        found.account.extra_data = {}
        if subjects != {found.account.uid}:
            raise OAuth2Error("Two persons in one answer, or none that is signed.")
        return found


class Adapter(DefaultSocialAccountAdapter):
    """The one provider of the settings; whom it opens an account for, and what is said if none."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        # Rows of the database would add providers past the environment.
        found = super().list_apps(request, provider, client_id)
        return [app for app in found if app.pk is None]

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Whom the administrator gave the address that the provider has verified, if anybody."""
        # A word such as "false" is no answer.
        proven = [one.email for one in sociallogin.email_addresses if one.verified is True]
        rows = EmailAddress.objects.filter(email__in=map(str.lower, proven), verified=True)
        found = rows.select_related("user")[:2]
        return (found[0].user, found[0].email) if len(found) == 1 else None

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        if not sociallogin.is_existing:
            raise refused(request, UNKNOWN)
        # Without one nothing could be asked again before something that matters.
        if not sociallogin.user.has_usable_password():
            raise refused(request, NO_PASSWORD)

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        raise refused(request, FAILED)

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        return "/account/"


def refused(request: HttpRequest, sentence: str) -> ImmediateHttpResponse:
    """Back to where the person came from, with the reason."""
    messages.error(request, sentence)
    signed_in = request.user.is_authenticated
    return ImmediateHttpResponse(redirect("mfa_index" if signed_in else "account_login"))


def is_offered() -> bool:
    """Whether the environment names a provider."""
    return bool(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"])


def connection_of(user: User) -> SocialAccount | None:
    """The connection of this account, if one was made."""
    return SocialAccount.objects.filter(user=user).first()


@require_POST
@login_not_required
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider: to sign in or, signed in already, to connect the account."""
    # Each asks the provider something; it is not for anybody to do so without end.
    if refusal := consume_or_429(request, app="allauth.account", action="login"):
        return cast("HttpResponse", refusal)
    return _ask(OAuth2LoginView, request, provider_id)


@require_GET
@login_not_required
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """From the provider, with what it says."""
    return _ask(OAuth2CallbackView, request, provider_id)


@require_POST
def end_connection(request: HttpRequest) -> HttpResponse:
    """From now on the provider opens this account no longer."""
    found = connection_of(request.user)  # type: ignore[arg-type]
    if found:
        disconnect(request, found)
    return redirect("mfa_index")


def _ask(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    if not is_offered():
        raise Http404("No provider is set.")
    try:
        answer: HttpResponse = view.adapter_view(Provider(request, provider_id))(request)
    except (RequestException, OAuth2Error, LookupError, TypeError, ValueError):
        # Not there, or not as OpenID Connect has it.
        return refused(request, FAILED).response
    return answer
