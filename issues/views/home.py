"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from negotiations.access import can_create_negotiation, waiting_for_factor
from negotiations.moments import one_moment
from negotiations.overrides import told_to

from ..reads.home import read_home
from .pages import person


@require_GET
@one_moment()
def home(request: HttpRequest) -> HttpResponse:
    """My negotiations: figures, next round, and what came in since I marked as read."""
    user = person(request)
    cards = read_home(user)
    context = {
        "cards": [card for card in cards if not card.negotiation.archived_at],
        "archived": [card for card in cards if card.negotiation.archived_at],
        "overrides": told_to(card.viewer for card in cards),
        "waiting": waiting_for_factor(user),
        "may_create": can_create_negotiation(user)[0],
    }
    return render(request, "issues/home.html", context)
