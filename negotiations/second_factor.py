"""The pages of a person's second factor: allauth's views with our addresses, forms and words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account import views as account_views
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import views as base_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as passkey_views
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views import View
from qrcode import QRCode  # type: ignore[import-untyped]

from negotiations.accounts import InvalidFormIs422
from negotiations.factors import has_second_factor
from negotiations.models import SecurityEvent, User
from negotiations.services import note
from negotiations.sessions import others_of, rows_of
from negotiations.single_sign_on import connection_of, is_offered

# In the session: where somebody was going who had to set up a second factor first.
ONWARD = "parley_onward"
# A light margin that cameras need, in modules of the code.
MARGIN = 4


class Adapter(DefaultMFAAdapter):
    """Codes and passkeys carry the site's host and the user name, never a mail address."""

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.username)

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        return f"Passkey {Authenticator.objects.filter(user=user.pk, type=type).count() + 1}"


class MissingLeadsBack:
    """Mixed into views of something that this person may not have: then their account opens."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except Http404:
            return redirect("mfa_index")


class AccountView(base_views.IndexView):
    """One's own account: password, second factor, where one is signed in."""

    template_name = "account/account.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        user: User = self.request.user
        context["protected"] = has_second_factor(user)
        context["others"] = len(others_of(user, self.request.session))
        context["single_sign_on"] = settings.PARLEY_OIDC_NAME if is_offered() else ""
        context["connection"] = connection_of(user)
        return context


class AuthenticateView(base_views.AuthenticateView):
    """The second step of signing in."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response


class ConfirmView(InvalidFormIs422, account_views.ReauthenticateView):
    pass


class ConfirmByCodeView(InvalidFormIs422, base_views.ReauthenticateView):
    pass


class ConfirmByPasskeyView(passkey_views.ReauthenticateWebAuthnView):
    pass


class ActivateAppView(InvalidFormIs422, totp_views.ActivateTOTPView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"code": drawn_code(context["totp_url"])}


class RemoveAppView(MissingLeadsBack, totp_views.DeactivateTOTPView):
    pass


class RecoveryCodesView(MissingLeadsBack, recovery_views.ViewRecoveryCodesView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"onward": onward(self.request)}


class AddPasskeyView(InvalidFormIs422, passkey_views.AddWebAuthnView):
    pass


class RemovePasskeyView(passkey_views.RemoveWebAuthnView):
    success_url = reverse_lazy("mfa_index")


class SessionsView(View):
    """Where one is signed in; ending one of the others, or all of them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = rows_of(request.user, request.session)  # type: ignore[arg-type]
        return render(request, "usersessions/usersession_list.html", {"rows": rows})

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = request.POST.get("session")
        user: User = request.user  # type: ignore[assignment]
        for one in others_of(user, request.session):
            if chosen is None or str(one.pk) == chosen:
                one.end()
                note(SecurityEvent.Kind.SESSIONS, by=user)
        messages.success(request, "Ended." if chosen else "You are signed in only here.")
        return redirect("usersessions_list")


def onward(request: HttpRequest) -> str:
    """Where a person was going before a second factor was asked for: an address of this site."""
    return str(request.session.get(ONWARD, "/"))


def drawn_code(text: str) -> dict[str, Any]:
    """`text` as a QR code: the side of the square and one SVG path, so that no image is needed."""
    code = QRCode(border=MARGIN)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    runs = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return {"side": len(rows), "path": "".join(runs)}
