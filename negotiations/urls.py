from __future__ import annotations

from allauth.account import views as account_views
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

# The frame of a negotiation; the pages about items are in issues/urls.py.
negotiations_urls: list[URLPattern | URLResolver] = []

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", account_views.login, name="account_login"),
    path("logout/", account_views.logout, name="account_logout"),
    path("admin/", admin.site.urls),
    path("", include((negotiations_urls, "negotiations"))),
    path("", include("issues.urls")),
]
