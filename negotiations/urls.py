from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.views import account_inactive
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from negotiations import accounts, site

handler400 = "negotiations.errors.bad_request"
handler403 = "negotiations.errors.permission_denied"
handler404 = "negotiations.errors.not_found"

# Signing in to the admin goes through the same page and the same limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Of allauth only what has a page here; sign-up, e-mail and reset by mail have no address at all.
account_urls: list[URLPattern] = [
    path("login/", accounts.LoginView.as_view(), name="account_login"),
    path("logout/", accounts.LogoutView.as_view(), name="account_logout"),
    path("inactive/", account_inactive, name="account_inactive"),
    path("password/", accounts.PasswordChangeView.as_view(), name="account_change_password"),
    path("welcome/<uuid:uidb64>/<str:token>/", accounts.WelcomeView.as_view(), name="welcome"),
]

# The frame of a negotiation; the pages about items are in issues/urls.py.
negotiations_urls: list[URLPattern | URLResolver] = []

urlpatterns: list[URLPattern | URLResolver] = [
    *account_urls,
    path("admin/", admin.site.urls),
    path("healthz", site.healthz, name="healthz"),
    path("robots.txt", site.robots, name="robots"),
    path("", include((negotiations_urls, "negotiations"))),
    path("", include("issues.urls")),
]
