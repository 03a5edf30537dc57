"""Signing in and out, and the link by which a person sets a first password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator

from negotiations import single_sign_on
from negotiations.account_forms import WelcomeForm
from negotiations.models import Membership, SecurityEvent, User
from negotiations.services import note


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an administrator or a head, never by the visitor."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": (
            "Too many wrong tries for this user name or from this address. Wait five minutes: "
            "until then the right password is refused as well."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        # A sign-in that no browser asked for, such as one by a command, has no address.
        if "REMOTE_ADDR" not in request.META:
            return "0.0.0.0"  # noqa: S104 - no address to listen at
        return str(super().get_client_ip(request))

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        # The page that opens after signing in shows who is signed in; a message would repeat it.
        if message_template != "account/messages/logged_in.txt":
            super().add_message(request, level, message_template, *args, **kwargs)


class InvalidFormIs422:
    """Mixed into form views: a form with errors is not a success, for htmx and scripts alike."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response


class LoginView(InvalidFormIs422, allauth_views.LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        name = settings.PARLEY_OIDC_NAME if single_sign_on.is_offered() else ""
        return context | {"mail": bool(settings.PARLEY_MAIL), "single_sign_on": name}


class PasswordChangeView(InvalidFormIs422, allauth_views.PasswordChangeView):
    pass


@method_decorator(login_not_required, name="dispatch")
class LogoutView(allauth_views.LogoutView):
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(*args, **kwargs)
        # What htmx or a draft left in the tab must not outlive the sign-in.
        response["Clear-Site-Data"] = '"storage"'
        return response


def set_password_link(user: User) -> str:
    """Return the address where `user` sets a password: good once, for three days.

    The token dies with the first password set or the first sign-in after it was made. Whoever
    holds the link becomes that person, so only the maker of a new account or a superuser may be
    given it: see `may_hand_out_link`.
    """
    path = reverse(
        "welcome", kwargs={"uidb64": user.uuid, "token": default_token_generator.make_token(user)}
    )
    return f"{settings.PARLEY_URL}{path}"


def people_with_address(address: str) -> list[User]:
    """The open accounts with this mail address; an administrator may have given it to several."""
    return list(User.objects.filter(email__iexact=address, is_active=True))


def may_hand_out_link(by: User, user: User) -> tuple[bool, str]:
    """Say whether `by` may be given the link of `user`, else why not, in a sentence.

    Anybody may head a negotiation and add any account to it; a link to an account in use would
    hand that account over.
    """
    if not user.is_active:
        return False, "This account is closed."
    if by.is_superuser:
        return True, ""
    if user.is_staff or user.has_usable_password() or user.last_login:
        return False, "This person has a password already; an administrator can give a new link."
    headed = by.memberships.filter(role=Membership.Role.HEAD).values("negotiation")
    if user.memberships.exclude(negotiation__in=headed).exists():
        # Whoever uses the link reads all that the account reads.
        return False, "An administrator can give this link."
    return True, ""


class WelcomeView(InvalidFormIs422, PasswordResetConfirmView):
    """The page behind `set_password_link`; its address carries the public id of the person."""

    template_name = "account/welcome.html"
    form_class = WelcomeForm
    success_url = reverse_lazy("account_login")

    def get_user(self, uidb64: Any) -> User | None:
        return User.objects.filter(uuid=uidb64, is_active=True).first()

    def form_valid(self, form: SetPasswordForm[Any]) -> HttpResponse:
        response = super().form_valid(form)
        note(SecurityEvent.Kind.PASSWORD, by=self.user, detail="by a set-password link")
        messages.success(self.request, "Your password is set. Sign in with it.")
        return response
