"""Correcting and retracting: who may, what it does to the standing, and who comes second."""

from copy import deepcopy

import pytest
import time_machine
from django.core.exceptions import ValidationError

from issues import services
from issues.models import Entry, Standing
from negotiations.exceptions import Conflict
from negotiations.scopes import MEMBERS
from negotiations.services import archive_negotiation, update_member
from tests import factories
from tests.factories import add_member, entry_data, own_audience, record, viewer

KEPT = {"reason": "A slip of the pen."}


@pytest.fixture(scope="module")
def made(module_db):
    talks = factories.make_delegations()
    talks.ru_head = add_member(talks.negotiation, "head", "RU")
    talks.ru_colleague = add_member(talks.negotiation, "recorder", "RU")
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation)


def correct(target, by=None, who="RU", says="Raised", **fields):
    """The head, unless somebody else, puts other words in the entry's place."""
    negotiation = target.issue.negotiation
    data = entry_data(negotiation, who, says, **fields)
    return services.correct(target, data, viewer=viewer(negotiation, by), **KEPT).entries[0]


def retract(target, by=None):
    person = viewer(target.issue.negotiation, by)
    return services.retract(target, viewer=person, **KEPT).entries[0]


def headline(issue, scope=MEMBERS):
    standing = Standing.objects.get(issue=issue, scope=scope, until=None)
    return str(standing.headline) if standing.headline else ""


class TestWhatItDoes:
    def test_correction_takes_the_targets_place(self, issue):
        target = record(issue, "RU", "Agreed")
        made = correct(target)
        assert (made.kind, made.corrects, made.reason) == ("correction", target, KEPT["reason"])
        assert headline(issue) == "Raised"

    def test_target_stays_as_it_was(self, issue):
        target = record(issue, "RU", "Agreed")
        before = Entry.objects.filter(pk=target.pk).values().get()
        correct(target)
        assert Entry.objects.filter(pk=target.pk).values().get() == before

    def test_corrected_correction_keeps_the_first_out(self, issue):
        first = record(issue, "RU", "Agreed")
        correct(correct(first), says="Blocked")
        assert headline(issue) == "Blocked"

    def test_retraction_carries_nothing(self, issue):
        made = retract(record(issue, "RU", "Agreed", position="Yes.", next_step="Sign"))
        assert (made.status, made.text, made.position, made.next_step) == (None, "", "", "")
        assert headline(issue) == ""

    def test_retracted_correction_lets_its_target_count_again(self, issue):
        target = record(issue, "RU", "Agreed")
        retract(correct(target))
        assert headline(issue) == "Agreed"
        assert headline_after(correct(target, says="Blocked")) == "Blocked"

    def test_retraction_of_a_retraction_brings_back(self, issue):
        once = retract(record(issue, "RU", "Agreed"))
        twice = retract(once)
        assert headline(issue) == "Agreed"
        retract(twice)
        assert headline(issue) == ""

    def test_correction_in_ones_own_delegation_changes_nothing_outside(self, talks, issue):
        target = record(issue, "RU", "Agreed", by=talks.ru)
        own = own_audience(viewer(talks.negotiation, talks.ru))
        correct(target, by=talks.ru, **own)
        russia = talks.ru.memberships.get().party
        assert headline(issue) == "Agreed"
        assert headline(issue, f"party-{russia.pk}") == "Raised"

    def test_status_retired_since_may_stay_and_may_not_come_back(self, talks, issue):
        target = record(issue, "RU", "Agreed")
        status = target.status
        status.retired = True
        status.save()
        assert headline_after(correct(target, says="Agreed", text="Better words.")) == "Agreed"
        with pytest.raises(ValidationError, match="no longer used"):
            correct(record(issue, "RU", "Raised"), says="Agreed")


def headline_after(entry):
    return headline(entry.issue)


class TestWhatIsRefused:
    def test_correction_without_a_reason(self, talks, issue):
        target = record(issue, "RU", "Agreed")
        person, data = viewer(talks.negotiation), entry_data(talks.negotiation, "RU", "Raised")
        with pytest.raises(ValidationError) as caught:
            services.correct(target, data, viewer=person, reason="  ")
        assert "reason" in caught.value.message_dict
        with pytest.raises(ValidationError):
            services.retract(target, viewer=person, reason="")
        assert Entry.objects.count() == 1

    def test_wider_audience(self, talks, issue):
        secret = record(
            issue, "RU", by=talks.ru, **own_audience(viewer(talks.negotiation, talks.ru))
        )
        internal = record(issue, "RU", by=talks.ru)
        for target, wider in ((secret, "members"), (secret, "public"), (internal, "public")):
            with pytest.raises(ValidationError) as caught:
                correct(target, by=talks.ru, audience=wider)
            assert "wider" in caught.value.message_dict["audience"][0]
        assert correct(internal, by=talks.ru, audience="members").pk

    def test_second_correction_meets_the_first(self, issue):
        target = record(issue, "RU", "Agreed")
        first = correct(target)
        with pytest.raises(Conflict) as caught:
            correct(target, says="Blocked")
        assert caught.value.current == first
        with pytest.raises(Conflict) as caught:
            retract(target)
        assert caught.value.current == first
        assert headline(issue) == "Raised"

    def test_correction_after_a_retraction(self, issue):
        target = record(issue, "RU", "Agreed")
        gone = retract(target)
        with pytest.raises(Conflict) as caught:
            correct(target)
        assert caught.value.current == gone

    def test_hidden_correction_is_no_conflict_outside(self, talks, issue):
        target = record(issue, "RU", "Agreed", by=talks.ru)
        hidden = correct(target, by=talks.ru, **own_audience(viewer(talks.negotiation, talks.ru)))
        assert correct(target, by=talks.head, says="Blocked").pk
        with pytest.raises(Conflict) as caught:
            correct(target, by=talks.ru, **own_audience(viewer(talks.negotiation, talks.ru)))
        assert caught.value.current == hidden

    def test_correction_of_a_retraction(self, issue):
        with pytest.raises(ValidationError, match="only be retracted"):
            correct(retract(record(issue, "RU", "Agreed")))

    def test_foreign_status(self, issue):
        foreign = factories.status(factories.make_negotiation(), "Agreed")
        target = record(issue, "RU", "Agreed")
        data = services.EntryData(
            voice="own", said=factories.parse_date("2025"), status=foreign, text="So."
        )
        with pytest.raises(ValidationError) as caught:
            services.correct(target, data, viewer=viewer(issue.negotiation), **KEPT)
        assert "status" in caught.value.message_dict

    def test_future(self, issue):
        with time_machine.travel("2026-03-02 10:00Z"):
            target = record(issue, "RU", "Agreed")
            with pytest.raises(ValidationError) as caught:
                correct(target, said="3 Mar 2026")
            assert "said" in caught.value.message_dict

    def test_archived_negotiation(self, talks, issue):
        target = record(issue, "RU", "Agreed")
        archive_negotiation(talks.negotiation, by=talks.head)
        for act in (correct, retract):
            with pytest.raises(ValidationError, match="archived"):
                act(target)


# Who recorded it, for whom; who of the others may correct it.
RIGHTS = [
    ("recorder", "members", {"recorder", "head"}),
    ("recorder", "public", {"recorder", "head"}),
    ("head", "members", {"head"}),
    ("ru", "members", {"ru", "ru_head", "head"}),
    ("ru", "public", {"ru", "ru_head", "head"}),
    ("ru", "delegation", {"ru", "ru_head"}),
    ("ru_head", "members", {"ru_head", "head"}),
    ("ru_head", "delegation", {"ru_head"}),
    ("us", "members", {"us", "head"}),
    ("us", "delegation", {"us"}),
]
PEOPLE = ("head", "recorder", "reader", "ru", "ru_colleague", "ru_head", "us")


@pytest.mark.parametrize(("author", "audience", "allowed"), RIGHTS)
def test_who_may_correct(talks, issue, author, audience, allowed):
    author = getattr(talks, author)
    person = viewer(talks.negotiation, author)
    fields = own_audience(person) if audience == "delegation" else {"audience": audience}
    target = record(issue, "RU", "Agreed", by=author, **fields)
    for name in PEOPLE:
        may, why_not = services.may_correct(target, viewer(talks.negotiation, getattr(talks, name)))
        assert may is (name in allowed), name
        assert bool(why_not) is not may
    for name in set(PEOPLE) - allowed:
        with pytest.raises(ValidationError):
            retract(target, by=getattr(talks, name))
    assert Entry.objects.count() == 1


def test_what_was_recorded_before_joining_a_delegation_is_not_its_own(talks, issue):
    target = record(issue, "RU", "Agreed", by=talks.recorder)
    member = talks.recorder.memberships.get()
    update_member(
        member, role="recorder", party=talks.negotiation.parties.get(code="US"), by=talks.head
    )
    assert not services.may_correct(target, viewer(talks.negotiation, talks.recorder))[0]


def test_who_left_a_delegation_corrects_nothing_it_keeps_to_itself(talks, issue):
    own = own_audience(viewer(talks.negotiation, talks.ru))
    target = record(issue, "RU", "Agreed", by=talks.ru, **own)
    update_member(talks.ru.memberships.get(), role="recorder", party=None, by=talks.head)
    assert not services.may_correct(target, viewer(talks.negotiation, talks.ru))[0]
