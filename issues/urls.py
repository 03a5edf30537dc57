from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from issues.views import setup

app_name = "issues"

# Opening, editing and ordering items.
setup_urls: list[URLPattern] = [
    path("new/", setup.issue_new, name="issue_new"),
    path("paste/", setup.issue_paste, name="issue_paste"),
    path("order/", setup.issue_order, name="issue_order"),
    path("order/heading/", setup.heading_move, name="heading_move"),
    path("<int:number>/edit/", setup.issue_edit, name="issue_edit"),
    path("<int:number>/move/", setup.issue_move, name="issue_move"),
    path("<int:number>/error/", setup.issue_mark, name="issue_mark"),
    path("<int:number>/restore/", setup.issue_restore, name="issue_restore"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("negotiations/<slug:slug>/issues/", include(setup_urls)),
]
