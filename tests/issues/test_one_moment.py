"""A page tells of one moment, whatever is recorded while it is put together."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues.reads import detail
from negotiations.moments import one_moment
from tests import factories
from tests.factories import record
from tests.issues.exported import signed_in
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = re.compile(r"^\s*(INSERT|UPDATE|DELETE)")
PAGES = {
    "home": (),
    "state_of_play": ("slug",),
    "issue_list": ("slug",),
    "issue_detail": ("slug", 1),
    "issue_chart": ("slug", 1),
    "round_list": ("slug",),
    "round_detail": ("slug", 1),
    "changes": ("slug",),
    "pictures": ("slug",),
    "silence": ("slug",),
    "unanswered": ("slug",),
    "next_steps": ("slug",),
    "search": (),
}


@pytest.fixture
def talks():
    talks = factories.make_talks()
    talks.issue = factories.make_issue(talks.negotiation)
    factories.make_round(talks.negotiation, "Round 1", "10 Apr 2025")
    record(talks.issue, "RU", "Raised", text="the first word")
    return talks


def address(name, talks):
    args = [talks.slug if one == "slug" else one for one in PAGES[name]]
    return reverse(f"issues:{name}", args=args)


def in_between(monkeypatch, module, name, talks):
    """Somebody else records as soon as the page has read its first part."""
    read = getattr(module, name)

    def reads(*args, **kwargs):
        found = read(*args, **kwargs)
        if not recorded:
            recorded.append(at_once(lambda: record(talks.issue, "RU", "Agreed", text="later")))
        return found

    recorded = []
    monkeypatch.setattr(module, name, reads)
    return recorded


def test_headline_fits_the_history_below_it(talks, monkeypatch):
    recorded = in_between(monkeypatch, detail, "HistoryReader", talks)
    client = signed_in(talks.reader)
    client.get(address("home", talks))
    page = client.get(address("issue_detail", talks)).content.decode()
    assert [getattr(one, "text", one) for one in recorded[0]] == ["later"]
    assert ("Raised" in page, "later" in page) == (True, False)
    assert "later" in client.get(address("issue_detail", talks)).content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_page_that_reads_as_of_a_moment_writes_nothing(talks, name):
    """What would write there could be refused by the database as too late."""
    client = signed_in(talks.head)
    client.get(reverse("issues:home"))
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address(name, talks)).status_code == 200
    texts = [query["sql"] for query in asked]
    assert [text for text in texts if WRITES.match(text)] == []
    assert any(text.startswith("BEGIN") for text in texts)


def test_connection_writes_as_before_afterwards():
    with one_moment():
        pass
    assert connection.vendor != "sqlite" or connection.transaction_mode == "IMMEDIATE"
    assert connection.vendor == "sqlite" or connection.connection.isolation_level is None


def test_inside_a_transaction_it_changes_nothing(talks):
    from django.db import transaction

    with transaction.atomic(), one_moment():
        record(talks.issue, "RU", "Agreed")
