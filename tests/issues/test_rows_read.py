"""What a page reads does not grow with what it does not show."""

import pytest
from django.db.backends.utils import CursorWrapper
from django.urls import reverse

from issues import services
from tests import factories
from tests.factories import entry_data, viewer

SAYS = ["Raised", "Under discussion", "Agreed", "Blocked"]
DAYS = ["3 Feb 2025", "20 Mar 2025"]  # before the first round, and between the two
PAGES = {
    "state of play": ("state_of_play", ""),
    "state of play, as of": ("state_of_play", "as_of=2025-03-02"),
    "list": ("issue_list", ""),
    "list by status": ("issue_list", "sort=status&page=2"),
    "list by last entry": ("issue_list", "sort=-said"),
    "list by title": ("issue_list", "sort=title"),
    "list, filtered": ("issue_list", "q=0&says=both"),
    "state of play, filtered": ("state_of_play", "says=both"),
    "rounds": ("round_list", ""),
    "what moved": ("changes", "from=round-1&to=round-2"),
    "what moved, page 2": ("changes", "from=round-1&to=round-2&page=2"),
}


@pytest.fixture
def talks(db, monkeypatch):
    """Two rounds, and items of which everybody spoke before the first and between the two."""
    monkeypatch.setattr("issues.filters.MANY", 0)
    monkeypatch.setattr("issues.reads.narrowed.MOST_TEXTS", 0)
    talks = factories.make_delegations()
    for place, day in ((1, "1 Mar 2025"), (2, "1 Apr 2025")):
        factories.make_round(talks.negotiation, f"R{place}", day, number=place)
    grow(talks)
    return talks


def grow(talks):
    names = [services.ItemData(f"{talks.negotiation.issues.count()} {n}") for n in range(110)]
    pairs = [
        (
            issue,
            entry_data(talks.negotiation, who, SAYS[(place + turn) % 4], day, waits_for="both"),
        )
        for place, issue in enumerate(services.open_issues(talks.negotiation, names, by=None))
        for turn, day in enumerate(DAYS)
        for who in ("RU", "US")
    ]
    services.record_many(pairs, viewer=viewer(talks.negotiation))


@pytest.fixture
def rows(monkeypatch):
    """How many rows came from the database until now."""
    read = []

    def counted(name):
        def fetch(self, *args):
            found = getattr(self.cursor, name)(*args)
            read.extend([found] if name == "fetchone" else found)
            return found

        return fetch

    for name in ("fetchall", "fetchmany", "fetchone"):
        monkeypatch.setattr(CursorWrapper, name, counted(name), raising=False)
    return read


def read_by(client, talks, rows):
    found = {}
    for page, (name, query) in PAGES.items():
        address = f"{reverse(f'issues:{name}', args=[talks.slug])}?{query}"
        client.get(address)
        rows.clear()
        assert client.get(address).status_code == 200
        found[page] = len(rows)
    return found


def test_pages_read_as_much_of_twice_as_many_items(client, talks, rows, subtests):
    client.force_login(talks.ru)
    before = read_by(client, talks, rows)
    grow(talks)
    for page, read in read_by(client, talks, rows).items():
        with subtests.test(page):
            assert read <= before[page] * 1.1
