"""Rows written without Django's way to the SQL are those that it would have written."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from issues.models import Entry, SearchRow, Standing
from negotiations.models import Party, Round
from negotiations.writes import MOST, delete, insert, put, update
from tests import factories


@pytest.fixture
def talks(db):
    return factories.make_negotiation(parties=("RU", "US"))


def rounds(talks, count):
    return [
        Round(negotiation=talks, place=place, title=f"R{place}", first_day=dt.date(2025, 1, place))
        for place in range(1, count + 1)
    ]


@pytest.mark.parametrize("count", [1, 3, MOST + 3])
def test_rows_get_their_ids_in_one_statement(talks, count, django_assert_num_queries):
    made = rounds(talks, count)
    with django_assert_num_queries(1):
        insert(made)
    assert [row.pk for row in made] == list(talks.rounds.values_list("pk", flat=True))
    assert talks.rounds.in_bulk()[made[-1].pk].first_day == dt.date(2025, 1, count)
    made[0].title = "Renamed"
    made[0].save()
    assert talks.rounds.count() == count


def test_values_are_read_back_as_they_were(talks):
    issue = factories.make_issue(talks)
    entry = factories.record(issue, "RU", "Agreed", "1 Feb 2025", text="100 % “so”, ё")
    entry = Entry.objects.get(pk=entry.pk)
    twin = Entry(**{field.attname: getattr(entry, field.attname) for field in Entry._meta.fields})
    twin.pk, twin.uuid, twin.said_time = None, uuid4(), dt.time(9, 30)
    twin.batch_place, twin.recorded_at = 9, timezone.now()
    insert([twin])
    found = Entry.objects.get(pk=twin.pk)
    for field in Entry._meta.fields:
        assert getattr(found, field.attname) == getattr(twin, field.attname), field.attname


def test_a_given_id_is_kept(talks):
    row = SearchRow(id=77, negotiation_id=talks.pk, kind="i", object_id=1, keys="k", words="w")
    insert([row])
    assert SearchRow.objects.get(pk=77).words == "w"


def test_nothing_to_write_asks_nothing(talks, django_assert_num_queries):
    with django_assert_num_queries(0):
        insert([])
        update(Round, [], title="X")
        delete(Round, "id", [])


def test_only_the_rows_named_change(talks):
    made = rounds(talks, 3)
    insert(made)
    update(Round, [made[0].pk, made[2].pk], title="New", last_day=dt.date(2025, 5, 1))
    assert list(talks.rounds.values_list("title", "last_day")) == [
        ("New", dt.date(2025, 5, 1)),
        ("R2", None),
        ("New", dt.date(2025, 5, 1)),
    ]
    delete(Round, "negotiation", [0])
    delete(Round, "id", [made[1].pk])
    assert talks.rounds.count() == 2


@pytest.mark.parametrize("count", [2, MOST + 3])
def test_what_is_there_is_changed_and_the_rest_added(talks, count, django_assert_num_queries):
    standings = Standing.objects.filter(issue=factories.make_issue(talks), scope="members")
    first = standings.values().get()
    begun = dt.date(2025, 1, 1)
    update(Standing, [first.pop("id")], until=begun)
    days = [first["since"], *(begun + dt.timedelta(n) for n in range(count - 1))]
    ends = [*days[1:], None]
    rows = [
        first | {"since": since, "until": until, "entry_count": 7}
        for since, until in zip(days, ends, strict=True)
    ]
    with django_assert_num_queries(1):
        pks = put(Standing, rows, ("issue_id", "scope", "since"))
    found = standings.order_by("since")
    assert pks == list(found.values_list("pk", flat=True))
    assert list(found.values_list("since", "until", "entry_count")) == [
        (since, until, 7) for since, until in zip(days, ends, strict=True)
    ]
    assert put(Standing, [], ("issue_id",)) == []


def test_the_database_keeps_what_something_hangs_on(talks):
    issue = factories.make_issue(talks)
    factories.record(issue, "RU", "Agreed")
    with pytest.raises(IntegrityError):
        remove_parties(talks)
    assert talks.parties.count() == 2


def remove_parties(talks):
    """As at the end of a transaction, where foreign keys are looked at."""
    with transaction.atomic():
        delete(Party, "negotiation", [talks.pk])
        transaction.get_connection().check_constraints()
