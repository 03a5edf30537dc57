"""What is measured: every page that grows with the record, and the writing of one entry."""

from collections import Counter
from itertools import cycle
from uuid import uuid4

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from issues.models import Entry, Issue
from negotiations.access import viewer_of
from negotiations.dates import date_text
from negotiations.models import User

from .measure import Browser, Probe

ASKS = "bench-north"


def probes_for(negotiation, browser=None, start=0):
    """A note-taker of one delegation asks: nobody's scope holds more.

    With a browser of one's own it is asked over the network. `start`: at which item the entries
    begin, so that those who ask at the same time do not write on the same.
    """
    browser = browser or Browser(User.objects.get(username=ASKS))
    slug = negotiation.slug
    browser.take_token(reverse("floor_page", args=[slug]))

    def page(name, route, *args, query=""):
        address = reverse(route, args=args) + query
        return Probe(name, lambda: browser.get(address))

    held = [r for r in negotiation.rounds.all() if r.is_held]
    last, before = held[-1].place, held[-2].place
    twelve = ",".join(str(r.place) for r in held[-12:])
    middle = held[len(held) // 2].last_day.isoformat()
    csv = reverse("issues:file_table", args=[slug, "items"])
    return [
        page("floor page", "floor_page", slug),
        page("floor page, bare", "bare_page", slug),
        page("home", "issues:home"),
        page("state of play", "issues:state_of_play", slug),
        page("state of play, blocked", "issues:state_of_play", slug, query="?category=held"),
        page("state of play, 12 rounds", "issues:state_of_play", slug, query=f"?rounds={twelve}"),
        page("state of play, as of", "issues:state_of_play", slug, query=f"?as_of={middle}"),
        page("list", "issues:issue_list", slug),
        page("list, filtered", "issues:issue_list", slug, query="?q=annex&says=differ"),
        page("list, by status, page 2", "issues:issue_list", slug, query="?sort=status&page=2"),
        page("item", "issues:issue_detail", slug, usual_item(negotiation)),
        page("item, long history", "issues:issue_detail", slug, 1),
        page("round", "issues:round_detail", slug, last),
        page("rounds", "issues:round_list", slug),
        page("what moved", "issues:changes", slug, query=f"?from=round-{before}&to=round-{last}"),
        page("search", "issues:search", query="?q=annex"),
        Probe("items as CSV", lambda: browser.get(csv), every=20),
        Probe("floor write", _floor_write(browser, slug), status=302),
        Probe("one entry", _entry(browser, negotiation, start)),
    ]


def usual_item(negotiation):
    """The number of an item with sub-items and a history of the usual length."""
    found = Issue.objects.filter(negotiation=negotiation, reference="Art. 7")
    return found.order_by("number").first().number


def _floor_write(browser, slug):
    address = reverse("floor_write", args=[slug])
    return lambda: browser.post(address, text="A note.")


def _entry(browser, negotiation, start):
    """The form of the item page, as htmx sends it; every time to another item, as it stands now."""
    rows = Issue.objects.filter(negotiation=negotiation, parent__isnull=False)
    found = list(rows.order_by("number")[:200])
    issues = cycle(found[start:] + found[:start])
    scope = viewer_of(User.objects.get(username=ASKS), negotiation.slug).scope
    # The page tells how many entries it shows: then the answer holds what is new there.
    seen = Entry.objects.in_scope(scope).filter(issue__in=found).order_by()
    shown = Counter(dict(seen.values_list("issue").annotate(Count("pk"))))
    typed = {
        "who": "party:NOR",
        "status": "Under discussion",
        "said": date_text(timezone.localdate()),
        "text": "The list in the annex was read once through.",
        "audience": "members",
    }

    def ask():
        issue = next(issues)
        address = reverse("issues:entries", args=[negotiation.slug, issue.number])
        shown[issue.pk] += 1
        told = {"token": str(uuid4()), "shown": shown[issue.pk] - 1}
        return browser.post(address, "entry-added", **told, **typed)

    return ask
