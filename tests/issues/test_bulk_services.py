"""Thousands at once: the same checks and rows, in statements that do not grow with them."""

from copy import deepcopy
from unittest.mock import ANY
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues import services
from issues.models import Entry, Issue, Standing
from issues.services import ItemData, NewSource
from negotiations.models import Source
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation, "Banking")


def said(issue, count, **fields):
    """So many entries on one item, each with a source of its own."""
    return [
        (
            issue,
            entry_data(
                issue.negotiation,
                ("RU", "US", "RU US")[n % 3],
                "Agreed",
                f"{n % 28 + 1} Feb 2025",
                text=f"No. {n}",
                sources=[NewSource(title=f"Paper {n % 5}", url=f"https://example.org/{n}")],
                **fields,
            ),
        )
        for n in range(count)
    ]


def queries(act):
    with CaptureQueriesContext(
        connection,
    ) as caught:
        act()
    return len(caught)


class TestEntries:
    def test_twice_as_many_cost_hardly_more_statements(self, talks, issue):
        by = viewer(talks.negotiation)
        few, many = said(issue, 30), said(issue, 60)
        cost = queries(lambda: services.record_many(few, viewer=by))
        again = queries(lambda: services.record_many(many, viewer=by))
        # Each status here is an object of its own and asks for its scheme.
        assert again - len(many) <= cost - len(few) + 2
        assert services.differences(talks.negotiation) == []

    def test_each_has_its_place_parties_and_source(self, talks, issue):
        made = services.record_many(said(issue, 6), viewer=viewer(talks.negotiation)).entries
        assert [entry.batch_place for entry in made] == [0, 1, 2, 3, 4, 5]
        assert made[2].joint_parties.count() == 2
        assert made[5].sources.get().url == "https://example.org/5"
        assert Source.objects.first().history.get().history_user == talks.head

    def test_a_source_named_twice_is_one(self, talks, issue):
        (_, data), *_ = said(issue, 1)
        services.record_many([(issue, data), (issue, data)], viewer=viewer(talks.negotiation))
        assert Source.objects.get().entries.count() == 2

    def test_one_bad_entry_keeps_all_out(self, talks, issue):
        pairs = said(issue, 3)
        pairs.append((issue, entry_data(talks.negotiation, "RU", said="2099")))
        with pytest.raises(ValidationError):
            services.record_many(pairs, viewer=viewer(talks.negotiation))
        assert not Entry.objects.exists()
        assert not Source.objects.exists()

    def test_whoever_waits_hears_how_far_it_is(self, talks, issue):
        told = []
        by = viewer(talks.negotiation)
        services.record_many(said(issue, 3), viewer=by, progress=told.append)
        assert told == [1]


class TestRetracting:
    def retract(self, talks, entries, by=None, reason="Wrong file"):
        return services.retract_many(entries, viewer=viewer(talks.negotiation, by), reason=reason)

    def test_all_of_a_batch_is_taken_back_in_few_statements(self, talks, issue):
        by = viewer(talks.negotiation)
        few = services.record_many(said(issue, 20), viewer=by).entries
        many = services.record_many(said(issue, 40), viewer=by).entries
        cost = queries(lambda: self.retract(talks, few))
        assert queries(lambda: self.retract(talks, many)) <= cost + 5
        assert Standing.objects.get(issue=issue, scope="members", until=None).headline is None
        assert services.differences(talks.negotiation) == []

    def test_what_was_replaced_meanwhile_is_left(self, talks, issue):
        entries = services.record_many(said(issue, 3), viewer=viewer(talks.negotiation)).entries
        services.correct(
            entries[0],
            entry_data(talks.negotiation, "RU", "Raised"),
            viewer=viewer(talks.negotiation),
            reason="Misheard",
        )
        made = self.retract(talks, entries)
        assert [entry.corrects for entry in made] == entries[1:]

    def test_it_needs_a_reason(self, talks, issue):
        with pytest.raises(ValidationError):
            self.retract(talks, [record(issue, "RU")], reason=" ")

    def test_nobody_takes_back_what_is_not_theirs(self, talks, issue):
        entry = record(
            issue, "RU", by=talks.ru, **own_audience(viewer(talks.negotiation, talks.ru))
        )
        for other in (talks.us, talks.head, talks.recorder):
            with pytest.raises(ValidationError):
                self.retract(talks, [entry], by=other)


class TestItems:
    def open(self, talks, *items):
        return services.open_issues(talks.negotiation, items, by=talks.head)

    def test_twice_as_many_cost_hardly_more_statements(self, talks):
        def some(count):
            return [
                ItemData(str(uuid4()), sub_items=[ItemData(str(uuid4()))]) for _ in range(count)
            ]

        few, many = some(15), some(30)
        cost = queries(lambda: self.open(talks, *few))
        # SQLite takes so many values in one statement: some more for thirty more items, not thirty.
        assert queries(lambda: self.open(talks, *many)) <= cost + 6

    def test_they_are_numbered_in_order_with_their_history(self, talks):
        made = self.open(talks, ItemData("A", sub_items=[ItemData("B")]), ItemData("C"))
        assert [(i.number, i.title, i.place, i.sub_place) for i in made] == [
            (1, "A", 1, 0),
            (2, "B", 1, 1),
            (3, "C", 2, 0),
        ]
        assert made[1].parent == made[0]
        assert [i.history.get().history_user for i in made] == [talks.head] * 3

    def test_an_item_goes_below_one_that_is_there(self, talks):
        parent = factories.make_issue(talks.negotiation, "Banking")
        self.open(talks, ItemData("Transfers", parent=parent))
        (made,) = self.open(talks, ItemData("Accounts", parent=parent, heading="Money"))
        assert (made.place, made.sub_place, made.heading) == (parent.place, 2, "")

    def test_who_raised_it_and_what_it_is_about_are_kept(self, talks):
        russia = talks.negotiation.parties.get(code="RU")
        (made,) = self.open(talks, ItemData("A", description="On banks.", raised_by=[russia]))
        assert (made.description, made.raised_by.get()) == ("On banks.", russia)

    @pytest.mark.parametrize(
        ("items", "sentence"),
        [
            ([ItemData("A"), ItemData("a")], "“a”: This is there already, as number 1."),
            ([ItemData("A" * 201)], ANY),
            ([ItemData("A", sub_items=[ItemData("B", sub_items=[ItemData("C")])])], ANY),
        ],
    )
    def test_one_that_cannot_be_opened_keeps_all_closed(self, talks, items, sentence):
        with pytest.raises(ValidationError) as refusal:
            self.open(talks, *items)
        assert refusal.value.messages == [sentence]
        assert not Issue.objects.exists()
