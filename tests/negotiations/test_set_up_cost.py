"""What the set-up pages cost: as many queries for twice the rows."""

from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from negotiations import services
from negotiations.services.rounds import Person
from tests import factories

pytestmark = pytest.mark.django_db

NUMBERS = count(1)


def codes(many):
    """Short words nobody used before."""
    return [f"X{next(NUMBERS)}" for _number in range(many)]


def more_parties(talks):
    for code in codes(4):
        services.add_party(talks.negotiation, by=None, code=code, name=f"Party {code}")


def more_members(talks):
    for _number in range(4):
        factories.add_member(talks.negotiation, party="RU")


def more_statuses(talks):
    for code in codes(4):
        services.add_status(
            talks.negotiation, by=None, label=code, short=code, test="A test.", category="held"
        )


def more_items(talks):
    for _number in range(4):
        factories.make_issue(talks.negotiation, heading="Money")


def more_delegates(talks):
    round_ = talks.negotiation.rounds.get()
    present = [Person(row.name) for row in round_.delegates.all()]
    new = [Person(code) for code in codes(4)]
    party = talks.negotiation.parties.first()
    services.set_delegates(round_, party=party, people=[*present, *new], by=None)


PAGES = [
    ("negotiations:parties", {}, more_parties),
    ("negotiations:scheme", {}, more_statuses),
    ("negotiations:members", {}, more_members),
    ("negotiations:round_new", {}, more_parties),
    ("negotiations:round_edit", {"place": 1}, more_delegates),
    ("issues:issue_new", {}, more_items),
    ("issues:issue_new", {}, more_members),
    ("issues:issue_edit", {"number": 1}, more_items),
    ("issues:issue_order", {}, more_items),
]


@pytest.mark.parametrize(
    ("name", "rest", "add"), PAGES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_twice_the_rows_cost_the_same_queries(client, talks, name, rest, add):
    factories.make_issue(talks.negotiation)
    factories.make_round(talks.negotiation, day="27 Feb 2025")
    client.force_login(talks.head)
    address = reverse(name, kwargs={"slug": talks.slug, **rest})
    counts = []
    for _size in range(2):
        add(talks)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 12
