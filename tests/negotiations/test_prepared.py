"""A prepared query answers as the same queryset would, at every call."""

import datetime as dt

import pytest
from django.utils import timezone

from issues.models import Entry
from negotiations.models import Negotiation, Party, Round
from negotiations.prepared import prepared
from negotiations.scopes import MEMBERS_SCOPE, PUBLIC_SCOPE
from tests import factories

DAYS = [dt.date(2025, 1, day) for day in (1, 5, 9)]
SIDES = ("ru", "us")


@pytest.fixture
def talks(db):
    negotiation = factories.make_negotiation(parties=("RU", "US", "UN"))
    for number, day in enumerate(DAYS, start=1):
        factories.make_round(negotiation, f"R{number}", f"{day.day} Jan 2025", number=number)
    return negotiation


@prepared
def parties(negotiation, codes):
    return Party.objects.filter(negotiation=negotiation, code__in=codes).order_by("code")


@prepared
def until(negotiation, day):
    rounds = Round.objects.filter(negotiation=negotiation).order_by("first_day")
    if day:
        rounds = rounds.filter(first_day__lte=day)
    return rounds.values_list("title", "first_day")


@prepared
def made_before(moment):
    return Negotiation.objects.filter(created_at__lte=moment).values_list("pk", flat=True)


def test_it_yields_what_the_queryset_yields(talks):
    found = parties(talks.pk, ["RU", "US"])
    assert found == list(talks.parties.filter(code__in=["RU", "US"]).order_by("code"))
    assert [party.name for party in found] == ["Russia", "United States"]
    assert found[0].negotiation == talks


def test_the_second_call_gets_its_own_values(talks):
    assert [p.code for p in parties(talks.pk, ["RU"])] == ["RU"]
    assert [p.code for p in parties(talks.pk, ["US"])] == ["US"]
    assert parties(factories.make_negotiation().pk, ["UN"]) == []


@pytest.mark.parametrize("part", [(0, 1), (1, 3), (2, 9), (3, 4), (1, None), (2, 2), (2, 1)])
def test_a_part_of_the_rows_is_a_slice_of_them(talks, part):
    codes = ["RU", "UN", "US"]
    assert parties.between(*part, talks.pk, codes) == parties(talks.pk, codes)[slice(*part)]


def test_parts_share_a_statement(talks):
    parties.between(0, 1, talks.pk, ["RU"])
    made = len(parties.plans)
    assert [p.code for p in parties.between(1, 2, talks.pk, ["US", "RU"])] == ["US"]
    assert parties.between(1, 2, talks.pk, ["UN"]) == []
    assert len(parties.plans) <= made + 1


@pytest.mark.parametrize("codes", [["RU"], ["RU", "UN"], ["RU", "UN", "US"], ["RU"] * 5, []])
def test_a_list_may_have_any_length(talks, codes):
    assert {p.code for p in parties(talks.pk, codes)} == set(codes)


def test_lists_of_like_length_share_a_statement(talks):
    parties.plans.clear()
    for length in (1, 5, 6, 7, 8):
        parties(talks.pk, ["RU"] * length)
    assert len(parties.plans) == 2


def test_an_empty_list_asks_nothing(talks, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert parties(talks.pk, []) == []


def test_days_are_compared_and_read_as_days(talks):
    assert until(talks.pk, DAYS[1]) == [("R1", DAYS[0]), ("R2", DAYS[1])]
    assert until(talks.pk, DAYS[0]) == [("R1", DAYS[0])]


def test_none_may_decide_what_is_asked(talks):
    assert len(until(talks.pk, None)) == 3


def test_moments_are_compared_in_their_zone(talks):
    now = timezone.now()
    assert made_before(now) == [talks.pk]
    assert made_before(now.astimezone(dt.timezone(dt.timedelta(hours=9)))) == [talks.pk]
    assert made_before(now - dt.timedelta(hours=1)) == []


def test_an_argument_that_is_not_used_as_it_is_is_refused(talks):
    derived = prepared(lambda day: Round.objects.filter(first_day=day + dt.timedelta(1)))
    with pytest.raises(ValueError, match="just as it is"):
        derived(DAYS[0])


def test_what_is_no_plain_value_is_refused(talks):
    with pytest.raises(TypeError, match="Negotiation"):
        parties(talks, ["RU"])


@prepared
def with_uuid(uuid):
    return Entry.objects.filter(uuid=uuid).values("text", "counts_from", "recorded_at", "uuid")


def test_rows_of_columns_are_what_the_queryset_yields(talks):
    issue = factories.make_issue(talks)
    for text in ("One.", "Two."):
        entry = factories.record(issue, "RU", text=text)
        assert with_uuid(entry.uuid) == [
            {
                "text": text,
                "counts_from": entry.counts_from,
                "recorded_at": entry.recorded_at,
                "uuid": entry.uuid,
            }
        ]


@prepared
def hosted(negotiation):
    rounds = Round.objects.filter(negotiation=negotiation).select_related("negotiation", "host")
    return rounds.defer("note").order_by("place")


def test_what_is_joined_comes_along_once(talks, django_assert_num_queries):
    factories.make_round(talks, "R4", "11 Jan 2025", number=4, host=talks.parties.first())
    with django_assert_num_queries(1):
        found = hosted(talks.pk)
        assert [round_.host and round_.host.code for round_ in found] == [None, None, None, "RU"]
        assert {id(round_.negotiation) for round_ in found} == {id(found[0].negotiation)}
    with django_assert_num_queries(1):
        assert found[0].note == ""  # was left out
    found[0].title = "Renamed"
    found[0].save()
    assert talks.rounds.get(place=1).title == "Renamed"


# --- Scopes -------------------------------------------------------------------------------------


@prepared
def seen(scope):
    return Entry.objects.in_scope(scope).values_list("text", flat=True).order_by("pk")


def test_each_scope_sees_its_own(db):
    talks = factories.make_delegations()
    issue = factories.make_issue(talks.negotiation)
    people = {code: factories.viewer(talks.negotiation, getattr(talks, code)) for code in SIDES}
    for code, person in people.items():
        own = factories.own_audience(person)
        factories.record(issue, code.upper(), by=person.user, text=f"Only {code}.", **own)
    factories.record(issue, "RU", text="All members.", audience="members")
    assert seen(PUBLIC_SCOPE) == []
    assert seen(MEMBERS_SCOPE) == ["All members."]
    assert seen(people["ru"].scope) == ["Only ru.", "All members."]
    assert seen(people["us"].scope) == ["Only us.", "All members."]
