"""Marking as read, and what came in since."""

import datetime as dt
import re

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from issues.services import correct, retract
from negotiations.models import Membership
from tests import factories

from .reading import page, read, row_of, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def talks():
    return factories.make_talks()


@pytest.fixture
def negotiation(talks):
    return talks.negotiation


@pytest.fixture
def banking(negotiation):
    return factories.make_issue(negotiation, "Banking")


def of_changes(negotiation):
    return reverse("issues:changes", args=[negotiation.slug])


def of_mark(negotiation):
    return reverse("issues:mark_read", args=[negotiation.slug])


def read_until(negotiation, user):
    return Membership.objects.get(negotiation=negotiation, user=user).read_until


def mark(client, negotiation, user, until=None):
    """As the button does; the page was made at `until` (now)."""
    client.force_login(user)
    until = until or timezone.now()
    return client.post(of_mark(negotiation), {"until": until.isoformat()})


def test_superuser_who_is_no_member_has_nothing_to_mark(client, negotiation):
    root = factories.make_user("root", is_superuser=True)
    html = page(client, of_changes(negotiation), root)
    assert "Mark as read" not in html
    assert "not a member" in read(client, of_changes(negotiation), root, **{"from": "read"})
    assert mark(client, negotiation, root).status_code == 403


def test_read_until_moves_only_by_the_button_and_never_back(client, talks, negotiation):
    read(client, of_changes(negotiation), talks.reader)
    assert read_until(negotiation, talks.reader) is None
    now = timezone.now()
    answer = mark(client, negotiation, talks.reader, now)
    assert answer["Location"] == of_changes(negotiation)
    assert read_until(negotiation, talks.reader) == now
    mark(client, negotiation, talks.reader, now - dt.timedelta(1))
    assert read_until(negotiation, talks.reader) == now
    assert read_until(negotiation, talks.recorder) is None


def test_button_counts_as_seen_what_the_page_showed_and_leads_back(client, talks, negotiation):
    html = page(
        client, of_changes(negotiation), talks.reader, **{"from": "2025-01-01", "to": "now"}
    )
    fields = dict(re.findall(r'name="(until|query)" value="([^"]*)"', html))
    fields["query"] = fields["query"].replace("&amp;", "&")
    issue = factories.make_issue(negotiation, "Meanwhile")
    factories.record(issue, "RU", "Raised")
    answer = client.post(of_mark(negotiation), fields)
    assert answer["Location"] == f"{of_changes(negotiation)}?from=2025-01-01&to=now"
    assert "Meanwhile" in read(client, of_changes(negotiation), talks.reader, **{"from": "read"})


@pytest.mark.parametrize(
    "until",
    ["", "yesterday", "2025-04-10T10:00:00", "2999-01-01T00:00+00:00", "2025-99-01T00:00+00:00"],
)
def test_a_made_up_moment_is_refused(client, talks, negotiation, until):
    client.force_login(talks.reader)
    assert client.post(of_mark(negotiation), {"until": until}).status_code == 400
    assert read_until(negotiation, talks.reader) is None


def test_never_marked_says_what_to_do(client, talks, negotiation):
    text = read(client, of_changes(negotiation), talks.reader, **{"from": "read"})
    assert "You have not marked this negotiation as read yet." in text


def test_since_read_compares_what_was_recorded_not_when_it_was_said(
    client, talks, negotiation, banking
):
    with time_machine.travel(dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC), tick=False):
        factories.record(banking, "RU", "Raised", "1 May 2025")
        mark(client, negotiation, talks.reader)
    factories.record(banking, "RU", "Agreed", "10 May 2025", text="Entered late.")
    html = page(client, of_changes(negotiation), talks.reader, **{"from": "read"})
    assert "what you had marked as read on 1 Jun 2025, 12:00 UTC" in words(html)
    assert "Raised → Agreed ▲" in row_of(html, "Banking")
    assert "Entered late." in row_of(html, "Banking")
    mark(client, negotiation, talks.reader)
    assert "Nothing moved." in read(
        client, of_changes(negotiation), talks.reader, **{"from": "read"}
    )


def test_since_read_shows_corrections_and_retractions(client, talks, negotiation, banking):
    viewer = factories.viewer(negotiation)
    entry = factories.record(banking, "RU", "Agreed", "1 May 2025")
    other = factories.make_issue(negotiation, "Visas")
    gone = factories.record(other, "US", "Raised", "1 May 2025")
    mark(client, negotiation, talks.reader)
    data = factories.entry_data(negotiation, "RU", "Raised", "1 May 2025", text="Said less.")
    correct(entry, data, viewer=viewer, reason="Misheard")
    retract(gone, viewer=viewer, reason="Never said")
    html = page(client, of_changes(negotiation), talks.reader, **{"from": "read"})
    assert "Agreed → Raised ▼" in row_of(html, "Banking")
    assert "Said less." in row_of(html, "Banking")
    assert "Raised → No status yet ▼ to no status yet" in row_of(html, "Visas")
