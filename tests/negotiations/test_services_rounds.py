"""Rounds: their place, their dates, who was there and what each side said."""

import pytest
import time_machine
from django.core.exceptions import ValidationError

from negotiations import services
from negotiations.exceptions import Conflict
from negotiations.services.rounds import Account, Person
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(talks):
    return factories.make_round(talks.negotiation, "First", "27 Feb 2025")


def party(round_, code="RU"):
    return round_.negotiation.parties.get(code=code)


def order(negotiation):
    return [(round_.place, round_.title) for round_ in negotiation.rounds.all()]


def test_rounds_follow_each_other_and_move(talks, first):
    factories.make_round(talks.negotiation, "Second")
    third = factories.make_round(talks.negotiation, "Third")
    services.move_round(third, by=talks.head, step=-2)
    assert order(talks.negotiation) == [(1, "Third"), (2, "First"), (3, "Second")]
    services.move_round(third, by=talks.head, step=-1)
    assert order(talks.negotiation)[0] == (1, "Third")
    assert third.history.first().history_user == talks.head


def test_a_gap_left_by_a_removed_round_stays(talks, first):
    second = factories.make_round(talks.negotiation, "Second")
    factories.make_round(talks.negotiation, "Third")
    services.remove_round(second, by=None)
    services.move_round(first, by=None, step=1)
    assert order(talks.negotiation) == [(1, "Third"), (3, "First")]


def test_a_title_is_used_once(talks, first):
    with pytest.raises(ValidationError, match="already"):
        factories.make_round(talks.negotiation, "first")


@time_machine.travel("2025-06-01 12:00Z", tick=False)
@pytest.mark.parametrize(
    ("day", "state", "sentence"),
    [
        (None, "held", "has a date"),
        (None, "under_way", "has a date"),
        ("2 Jun 2025", "held", "lies in the future"),
    ],
)
def test_what_took_place_has_a_date_in_the_past(talks, day, state, sentence):
    with pytest.raises(ValidationError, match=sentence):
        factories.make_round(talks.negotiation, day=day, state=state)


@time_machine.travel("2025-06-01 12:00Z", tick=False)
def test_a_planned_round_may_lie_in_the_future(talks):
    made = factories.make_round(talks.negotiation, day="2 Jun 2025", state="planned")
    assert made.when == "2 Jun 2025"
    with pytest.raises(ValidationError, match="lies in the future"):
        services.set_round_state(made, state="held", by=None)


def test_a_round_cannot_end_before_it_begins(talks, first):
    with pytest.raises(ValidationError, match="end before"):
        services.update_round(first, version=1, by=None, last_day=first.first_day.replace(month=1))


def test_a_host_is_a_party_of_this_negotiation(talks, first):
    stranger = factories.make_negotiation().parties.first()
    with pytest.raises(ValidationError, match="another negotiation"):
        services.update_round(first, version=1, by=None, host=stranger)


def test_a_late_edit_is_a_conflict(talks, first):
    services.update_round(first, version=1, by=talks.head, city="Istanbul")
    with pytest.raises(Conflict) as conflict:
        services.update_round(first, version=1, by=talks.head, city="Riyadh")
    assert conflict.value.current.city == "Istanbul"


def test_a_delegation_alone_counts_as_an_edit(talks, first):
    people = {party(first): [Person("Anna Berg", "ambassador", True)]}
    saved = services.update_round(first, version=1, by=talks.head, delegations=people)
    assert saved.version == 2
    assert saved.history.first().history_user == talks.head
    again = services.update_round(saved, version=2, by=talks.head, delegations=people)
    assert again.version == 2


def test_a_delegation_is_replaced_as_a_whole(first):
    russia = party(first)
    services.set_delegates(first, party=russia, people=[Person("A"), Person("B")], by=None)
    services.set_delegates(first, party=russia, people=[Person("C", is_head=True)], by=None)
    assert [(d.name, d.is_head) for d in first.delegates.all()] == [("C", True)]


def test_two_delegates_of_one_name_are_refused(first):
    with pytest.raises(ValidationError, match="same name"):
        services.set_delegates(
            first, party=party(first), people=[Person("A"), Person("A")], by=None
        )


def test_a_readout_makes_its_source_and_keeps_it(first):
    russia = party(first)
    account = Account("All went well.", "Readout", "https://example.org/readout")
    assert services.set_readout(first, party=russia, account=account, by=None)
    source = first.readouts.get().source
    assert (source.title, source.url) == ("Readout", "https://example.org/readout")
    assert not services.set_readout(first, party=russia, account=account, by=None)
    services.set_readout(first, party=russia, account=account._replace(text="Better."), by=None)
    assert first.readouts.get().source == source
    assert first.negotiation.sources.count() == 1


def test_an_empty_readout_is_no_readout(first):
    russia = party(first)
    services.set_readout(first, party=russia, account=Account("Text."), by=None)
    assert services.set_readout(first, party=russia, account=Account("  "), by=None)
    assert not first.readouts.exists()


def test_a_source_without_a_title_is_called_by_its_party(first):
    account = Account("Text.", source_url="https://example.org/")
    services.set_readout(first, party=party(first), account=account, by=None)
    assert first.readouts.get().source.title == "Readout by Russia"


def test_a_round_entries_refer_to_stays(talks, first):
    factories.record(factories.make_issue(talks.negotiation), "RU", "Raised", round=first)
    with pytest.raises(ValidationError, match="is in use"):
        services.remove_round(first, by=None)


def test_a_round_on_whose_agenda_something_stands_stays(talks, first):
    factories.items.set_agenda_line(
        first, factories.make_issue(talks.negotiation), by=None, planned=True
    )
    with pytest.raises(ValidationError, match="is in use"):
        services.remove_round(first, by=None)


def test_a_round_goes_with_its_delegations_and_readouts(talks, first):
    services.set_delegates(first, party=party(first), people=[Person("A")], by=None)
    services.set_readout(first, party=party(first), account=Account("Text."), by=None)
    services.remove_round(first, by=None)
    assert not talks.negotiation.rounds.exists()


def test_a_source_is_a_web_address_or_refused(talks):
    with pytest.raises(ValidationError):
        services.add_source(talks.negotiation, by=None, title="T", url="javascript:alert(1)")
