"""The floor: the plainest honest pages that pass through the same middleware and sign-in.

`floor_page` is what one writes first: a table with a link and a date in each row. `bare_page`
leaves those two out, to tell what they cost.
"""

from pathlib import Path

from django import forms
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from issues.models import Issue
from negotiations import urls
from negotiations.models import User

handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler500 = urls.handler500
ROWS = 50
HERE = Path(__file__).parent
# Compiled once, as a cached template loader does.
PAGE, BARE = (
    engines["django"].from_string((HERE / name).read_text()) for name in ("floor.html", "bare.html")
)


class NoteForm(forms.Form):
    text = forms.CharField(max_length=200)


@require_GET
def floor_page(request, slug):
    """One query, fifty rows; every value as the template engine shows it."""
    return HttpResponse(PAGE.render({"rows": _rows(slug), "slug": slug}, request))


@require_GET
def bare_page(request, slug):
    """The same without `url` and `date`."""
    return HttpResponse(BARE.render({"rows": _rows(slug)}, request))


def _rows(slug):
    return Issue.objects.filter(negotiation__slug=slug).order_by("place", "sub_place")[:ROWS]


@require_POST
def floor_write(request, slug):
    """One field, checked; one row changed and one added, together; back to the page."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return HttpResponse("Write something.", status=422)
    text = form.cleaned_data["text"]
    with transaction.atomic():
        User.objects.filter(pk=request.user.pk).update(last_seen=timezone.now())
        LogEntry.objects.create(user=request.user, action_flag=ADDITION, object_repr=text)
    return redirect("floor_page", slug)


urlpatterns = [
    path("floor/<slug:slug>/", floor_page, name="floor_page"),
    path("floor/<slug:slug>/bare/", bare_page, name="bare_page"),
    path("floor/<slug:slug>/write/", floor_write, name="floor_write"),
    path("", include("negotiations.urls")),
]
