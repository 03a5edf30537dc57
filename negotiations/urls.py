from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.views import account_inactive
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from negotiations import accounts, site
from negotiations.views import letterhead, members, parties, rounds, statuses
from negotiations.views import negotiation as frame

handler400 = "negotiations.errors.bad_request"
handler403 = "negotiations.errors.permission_denied"
handler404 = "negotiations.errors.not_found"

# Signing in and out of the admin goes through the same pages and the same limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.logout = accounts.LogoutView.as_view()  # type: ignore[method-assign]

# Of allauth only what has a page here; sign-up, e-mail and reset by mail have no address at all.
account_urls: list[URLPattern] = [
    path("login/", accounts.LoginView.as_view(), name="account_login"),
    path("logout/", accounts.LogoutView.as_view(), name="account_logout"),
    path("inactive/", account_inactive, name="account_inactive"),
    path("password/", accounts.PasswordChangeView.as_view(), name="account_change_password"),
    path("welcome/<uuid:uidb64>/<str:token>/", accounts.WelcomeView.as_view(), name="welcome"),
]

# The frame of a negotiation; the pages about items are in issues/urls.py.
negotiations_urls: list[URLPattern | URLResolver] = [
    path("negotiations/new/", frame.negotiation_new, name="negotiation_new"),
    path(
        "negotiations/<slug:slug>/",
        include(
            [
                path("edit/", frame.negotiation_edit, name="negotiation_edit"),
                path("letterhead/", letterhead.letterhead, name="letterhead"),
                path("letterhead/logo/", letterhead.letterhead_logo, name="letterhead_logo"),
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
    path("admin/r/<path:rest>", site.nowhere),
    path("admin/", admin.site.urls),
    path("healthz", site.healthz, name="healthz"),
    path("robots.txt", site.robots, name="robots"),
    path("", include((negotiations_urls, "negotiations"))),
    path("", include("issues.urls")),
]
