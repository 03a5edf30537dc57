"""The floor: the plainest honest pages that pass through the same middleware and sign-in."""

from pathlib import Path

from django import forms
from django.contrib.admin.models import ADDITION, LogEntry
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import include, path
from django.views.decorators.http import require_GET, require_POST

from issues.models import Issue
from negotiations import urls

handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
ROWS = 50
# Compiled once, as a cached template loader does.
PAGE = engines["django"].from_string((Path(__file__).parent / "floor.html").read_text())


class NoteForm(forms.Form):
    text = forms.CharField(max_length=200)


@require_GET
def floor_page(request, slug):
    """One query, fifty rows of plain columns: no date, no address, nothing computed."""
    rows = Issue.objects.filter(negotiation__slug=slug).order_by("place", "sub_place")[:ROWS]
    return HttpResponse(PAGE.render({"rows": rows}, request))


@require_POST
def floor_write(request, slug):
    """One field, checked; one row, written; back to the page."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return HttpResponse(PAGE.render({"rows": []}, request), status=422)
    text = form.cleaned_data["text"]
    LogEntry.objects.create(user=request.user, action_flag=ADDITION, object_repr=text)
    return redirect("floor_page", slug)


urlpatterns = [
    path("floor/<slug:slug>/", floor_page, name="floor_page"),
    path("floor/<slug:slug>/write/", floor_write, name="floor_write"),
    path("", include("negotiations.urls")),
]
