"""What a page asks the database for does not grow with what it shows."""

import datetime as dt
from copy import deepcopy
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from issues import services
from negotiations.services import add_source
from tests import factories
from tests.factories import entry_data, viewer

SAYS = ["Raised", "Under discussion", "Agreed", "Blocked", ""]


@pytest.fixture(scope="module")
def made(module_db):
    """Three items with sub-items, three entries each, and three held rounds."""
    talks = factories.make_delegations()
    grow_items(talks, 3)
    for place in range(1, 4):
        grow_entries(talks, place)
        grow_rounds(talks, place)
    leave_unanswered(talks)
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def grow_items(talks, count):
    """More items with a sub-item each, every one with an entry of each party."""
    negotiation, person = talks.negotiation, viewer(talks.negotiation)
    names = [uuid4().hex for _ in range(count)]
    made = [services.ItemData(name, sub_items=[services.ItemData("sub")]) for name in names]
    issues = services.open_issues(negotiation, made, by=None)
    said = [
        entry_data(
            negotiation,
            who,
            SAYS[place % 5],
            f"{place % 27 + 1} Feb 2025",
            waits_for="both",
            position="So.",
            next_step="Go on",
            sources=[services.NewSource(title=uuid4().hex)],
        )
        for place, who in enumerate(["RU", "US"] * len(issues))
    ]
    pairs = [(issue, said.pop()) for issue in issues for _who in range(2)]
    services.record_many(pairs, viewer=person)


def leave_unanswered(talks):
    """Claims of each party that stand alone: on items with sub-items, and on others' sub-items."""
    trees = [
        services.ItemData(f"{who} {part}", sub_items=[services.ItemData(f"{who} sub of {part}")])
        for who in ("RU", "US")
        for part in ("whole", "half")
    ]
    for issue in services.open_issues(talks.negotiation, trees, by=None):
        factories.record(issue, "RU US", "", "1 Feb 2025")
        if issue.title.endswith("whole") or issue.title.endswith("of half"):
            factories.record(issue, issue.title[:2], "Raised", "3 Feb 2025", next_step="Go on")


def grow_entries(talks, place):
    """One more of every kind on the first item: by both, jointly, corrected, retracted."""
    negotiation, person = talks.negotiation, viewer(talks.negotiation)
    issue = negotiation.issues.get(number=1)
    day = f"{place} Mar 2025"
    source = add_source(negotiation, by=talks.head, title=uuid4().hex)
    data = [
        entry_data(negotiation, who, SAYS[place % 4], day, sources=[source])
        for who in ("RU", "US", "RU US", "third", "own", "RU", "US")
    ]
    made = services.record(issue, *data, viewer=person).entries
    services.correct(made[-1], data[-1], viewer=person, reason="Slip")
    services.retract(made[-2], viewer=person, reason="Slip")
    services.redact(made[-3], reason="Slip", by="admin")
    services.add_source(made[0], services.NewSource(title=uuid4().hex), viewer=person)


def grow_rounds(talks, place):
    round_ = factories.make_round(
        talks.negotiation, f"R{place}", f"{place} Apr 2025", number=place, is_side_meeting=False
    )
    for issue in talks.negotiation.issues.order_by("number")[:3]:
        services.set_agenda_line(round_, issue, by=None, planned=True, outcome="discussed")
    issue = talks.negotiation.issues.get(number=1)
    data = entry_data(talks.negotiation, "RU", "Agreed", f"{place} Apr 2025", round=round_)
    services.record(issue, data, viewer=viewer(talks.negotiation))


def more_items(talks):
    grow_items(talks, 3)


def more_entries(talks):
    for place in range(4, 7):
        grow_entries(talks, place)


def more_rounds(talks):
    for place in range(4, 7):
        grow_rounds(talks, place)


def more_people(talks):
    for party in ("RU", "US", None):
        factories.add_member(talks.negotiation, "viewer", party)


GROWTH = [more_items, more_entries, more_rounds, more_people]
TODAY = timezone.localdate().isoformat()
PAGES = {
    "state": (
        "state_of_play",
        [],
        ["", "empty=1&rounds=all", "as_of=2025-05-01", f"known={TODAY}"],
    ),
    "list": (
        "issue_list",
        [],
        ["", "said_by=RU&sort=status", "as_of=2025-05-01", f"known={TODAY}"],
    ),
    "item": ("issue_detail", [1], ["", "as_of=2025-05-01", f"known={TODAY}"]),
    "round": ("round_detail", [2], ["", "as_of=2025-05-01"]),
    "form": ("entries", [1], ["", "round=2"]),
    "silence": ("silence", [], ["", "days=3&party=RU", "as_of=2025-05-01", f"known={TODAY}"]),
    "unanswered": ("unanswered", [], ["", "party=RU", "as_of=2025-05-01", f"known={TODAY}"]),
    "steps": ("next_steps", [], ["", "due=undated", "as_of=2025-05-01", f"known={TODAY}"]),
    "pictures": ("pictures", [], ["", "as_of=2025-05-01", f"known={TODAY}"]),
    "chart": ("issue_chart", [1], ["", f"known={TODAY}"]),
    "still so": ("still_so", [1], [""]),
    "ask": ("ask", [1], [""]),
}


def count(client, act):
    with CaptureQueriesContext(connection) as queries:
        answer = act()
    assert answer.status_code == 200, answer.status_code
    return len(queries)


def counts(client, talks):
    client.force_login(talks.ru)
    found = {}
    for page, (name, args, queries) in PAGES.items():
        for query in queries:
            address = f"{reverse(f'issues:{name}', args=[talks.slug, *args])}?{query}"
            found[f"{page}?{query}"] = count(client, lambda address=address: client.get(address))
    return found


@pytest.mark.parametrize("grow", GROWTH, ids=lambda grow: grow.__name__)
def test_pages_ask_the_same_of_twice_as_much(client, talks, grow):
    before = counts(client, talks)
    grow(talks)
    assert counts(client, talks) == before


def add_entry(client, talks):
    """A form that records two entries with a new source, as htmx sends it."""
    typed = {
        "who": "party:RU",
        "same": "on",
        "said": "1 May 2025",
        "status": "Blocked",
        "text": "So.",
        "audience": "members",
        "token": str(uuid4()),
        "source": "new",
        "source_title": "A readout",
    }
    headers = {"HX-Request": "true", "HX-Target": "entry-form"}
    address = reverse("issues:entries", args=[talks.slug, 1])
    return count(client, lambda: client.post(address, typed, headers=headers))


@pytest.mark.parametrize("grow", [more_items, more_entries, more_rounds], ids=lambda g: g.__name__)
def test_an_entry_asks_the_same_of_twice_as_much(client, talks, grow):
    client.force_login(talks.ru)
    add_entry(client, talks)  # the first one makes the choice "same as last"
    before = add_entry(client, talks)
    grow(talks)
    assert add_entry(client, talks) == before


def test_a_long_history_is_read_in_pages(client, talks):
    """Far more entries than one page: as many queries, and no more lines than a page holds."""
    client.force_login(talks.reader)
    address = reverse("issues:issue_detail", args=[talks.slug, 2])
    before = count(client, lambda: client.get(address))
    issue = talks.negotiation.issues.get(number=2)
    said = [
        entry_data(
            talks.negotiation, "RU", SAYS[place % 4], str(dt.date(2025, 1, 1) + dt.timedelta(place))
        )
        for place in range(150)
    ]
    services.record(issue, *said, viewer=viewer(talks.negotiation))
    assert count(client, lambda: client.get(address)) == before
    detail = client.get(address).context["detail"]
    lines = [line for block in detail.history.blocks for line in (block.line, *block.fold) if line]
    assert (len(lines), detail.history.count) == (60, 152)
