from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.views import account_inactive
from allauth.mfa.recovery_codes.views import generate_recovery_codes
from allauth.mfa.webauthn.views import login_webauthn
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from negotiations import accounts, second_factor, single_sign_on, site
from negotiations.views import (
    eyes,
    invitations,
    letterhead,
    members,
    parties,
    rounds,
    security,
    statuses,
)
from negotiations.views import negotiation as frame

handler400 = "negotiations.errors.bad_request"
handler403 = "negotiations.errors.permission_denied"
handler404 = "negotiations.errors.not_found"
handler500 = "negotiations.errors.server_error"

# Signing in and out of the admin goes through the same pages and the same limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.logout = accounts.LogoutView.as_view()  # type: ignore[method-assign]

# Of allauth only what has a page here; sign-up, e-mail and reset by mail have no address at all.
account_urls: list[URLPattern] = [
    path("login/", accounts.LoginView.as_view(), name="account_login"),
    path("logout/", accounts.LogoutView.as_view(), name="account_logout"),
    path("inactive/", account_inactive, name="account_inactive"),
    path("password/", accounts.PasswordChangeView.as_view(), name="account_change_password"),
    path("forgotten/", invitations.forgotten, name="forgotten"),
    path("invitation/<str:token>/", invitations.invitation, name="invitation"),
    path("welcome/<uuid:uidb64>/<str:token>/", accounts.WelcomeView.as_view(), name="welcome"),
]

# Through a provider, where one is set; allauth looks the first two names up.
PROVIDER = {"provider_id": "sso"}
sign_on_urls: list[URLPattern] = [
    path("sign-on/", single_sign_on.begin, PROVIDER, name="openid_connect_login"),
    path("sign-on/back/", single_sign_on.back, PROVIDER, name="openid_connect_callback"),
    path("account/sign-on/end/", single_sign_on.end_connection, name="mfa_end_connection"),
]

# One's own second factor; allauth looks these names up.
factor_urls: list[URLPattern] = [
    path("", second_factor.AccountView.as_view(), name="mfa_index"),
    path("code/", second_factor.AuthenticateView.as_view(), name="mfa_authenticate"),
    path("confirm/", second_factor.ConfirmView.as_view(), name="account_reauthenticate"),
    path("confirm/code/", second_factor.ConfirmByCodeView.as_view(), name="mfa_reauthenticate"),
    path(
        "confirm/passkey/",
        second_factor.ConfirmByPasskeyView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("app/", second_factor.ActivateAppView.as_view(), name="mfa_activate_totp"),
    path("app/remove/", second_factor.RemoveAppView.as_view(), name="mfa_deactivate_totp"),
    path("codes/", second_factor.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path("codes/new/", generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("passkeys/add/", second_factor.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path(
        "passkeys/<int:pk>/remove/",
        second_factor.RemovePasskeyView.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("sign-ins/", second_factor.SessionsView.as_view(), name="usersessions_list"),
    path("passkeys/sign-in/", login_webauthn, name="mfa_login_webauthn"),
]

# The frame of a negotiation; the pages about items are in issues/urls.py.
negotiations_urls: list[URLPattern | URLResolver] = [
    path("security/", security.own_security, name="own_security"),
    path("negotiations/new/", frame.negotiation_new, name="negotiation_new"),
    path(
        "negotiations/<slug:slug>/",
        include(
            [
                path("edit/", frame.negotiation_edit, name="negotiation_edit"),
                path("letterhead/", letterhead.letterhead, name="letterhead"),
                path("letterhead/logo/", letterhead.letterhead_logo, name="letterhead_logo"),
                path("security/", security.security, name="security"),
                path("preview/", eyes.preview, name="preview"),
                path("archive/", frame.negotiation_archive, name="negotiation_archive"),
                path("unarchive/", frame.negotiation_unarchive, name="negotiation_unarchive"),
            ]
        ),
    ),
    path(
        "negotiations/<slug:slug>/members/",
        include(
            [
                path("", members.members, name="members"),
                path("invite/", invitations.invite, name="invite"),
                path(
                    "invitations/<uuid:invitation>/withdraw/",
                    invitations.invitation_withdraw,
                    name="invitation_withdraw",
                ),
                path("new-person/", members.person_add, name="person_add"),
                path("person/<str:username>/", members.member_edit, name="member_edit"),
                path("person/<str:username>/remove/", members.member_remove, name="member_remove"),
                path("person/<str:username>/link/", members.member_link, name="member_link"),
            ]
        ),
    ),
    path(
        "negotiations/<slug:slug>/parties/",
        include(
            [
                path("", parties.parties, name="parties"),
                path("<str:code>/", parties.party_edit, name="party_edit"),
                path("<str:code>/move/", parties.party_move, name="party_move"),
                path("<str:code>/remove/", parties.party_remove, name="party_remove"),
            ]
        ),
    ),
    path(
        "negotiations/<slug:slug>/scheme/",
        include(
            [
                path("", statuses.scheme, name="scheme"),
                path("edit/", statuses.status_edit, name="status_edit"),
                path("move/", statuses.status_move, name="status_move"),
                path("retire/", statuses.status_retire, name="status_retire"),
                path("remove/", statuses.status_remove, name="status_remove"),
            ]
        ),
    ),
    path("negotiations/<slug:slug>/rounds/new/", rounds.round_new, name="round_new"),
    path(
        "negotiations/<slug:slug>/rounds/<int:place>/",
        include(
            [
                path("edit/", rounds.round_edit, name="round_edit"),
                path("move/", rounds.round_move, name="round_move"),
                path("remove/", rounds.round_remove, name="round_remove"),
            ]
        ),
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *account_urls,
    *sign_on_urls,
    path("account/", include(factor_urls)),
    path("admin/r/<path:rest>", site.nowhere),
    path("admin/", admin.site.urls),
    path("preview/stop/", eyes.preview_stop, name="preview_stop"),
    path("healthz", site.healthz, name="healthz"),
    path("readyz", site.readyz, name="readyz"),
    path("", include((negotiations_urls, "negotiations"))),
    path("", include("issues.urls")),
]
