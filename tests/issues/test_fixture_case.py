"""The Russia–US case: loads anywhere, is complete, and comes to the known outcome."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.management import call_command
from django.test import TestCase

from issues.models import AgendaLine, Entry, EntrySource, Issue, SearchRow, Standing
from negotiations.models import Category, Delegate, Readout, Round, Source, Status, StatusScheme
from negotiations.scopes import PUBLIC_SCOPE

COUNTS = {
    Entry: 165,
    EntrySource: 165,
    Issue: 27,
    Round: 12,
    Readout: 18,
    Delegate: 18,
    AgendaLine: 26,
    Source: 121,
    StatusScheme: 6,
}

BANKING = "Banking and financing of the diplomatic missions"
TRANSFERS = "Guarantees of financial transactions between the two capitals"
UN_DUES = "Russian contributions to the UN and other international organisations"
PROPERTY = "Return of Russian diplomatic property in the US"
ROAD_MAP = "Road map for the return of the six premises"
FLIGHTS = "Direct flights between Russia and the United States"
STAFFING = "Staffing levels of the US Embassy in Moscow"


def load():
    call_command("loaddata", "schemes", "russia_us", verbosity=0)


@pytest.mark.case
class CaseTest(TestCase):
    """Tests of the case."""


def now(title):
    """Where the item with this title stands, as the public sees it."""
    return Standing.objects.as_of(PUBLIC_SCOPE).get(issue__title=title)


def words(standing):
    return {
        row.party.code: row.status.label if row.status else ("spoke" if row.spoke_first else "")
        for row in standing.party_rows.select_related("party", "status")
    }


class LoadingTest(CaseTest):
    def test_fixture_loads_twice(self):
        before = list(Entry.objects.order_by("pk").values())
        standings = Standing.objects.count()
        load()
        assert {model: model.objects.count() for model in COUNTS} == COUNTS
        assert list(Entry.objects.order_by("pk").values()) == before
        assert Standing.objects.count() == standings
        call_command("rebuild_search", "--check", verbosity=0)
        assert SearchRow.objects.filter(kind=SearchRow.Kind.ENTRY).count() == COUNTS[Entry]

    def test_loading_leaves_standings_clean(self):
        call_command("check_standings", verbosity=0)
        assert Standing.objects.as_of(PUBLIC_SCOPE).count() == 27


class CompletenessTest(CaseTest):
    def test_every_entry_is_public_recorded_by_nobody_and_has_one_source(self):
        for entry in Entry.objects.prefetch_related("sources"):
            assert entry.text
            assert entry.reliability
            assert entry.audience == "public"
            assert entry.recorded_by is None
            assert f"{entry.recorded_at:%d %b %Y}" == "23 Nov 2026"
            assert len(entry.sources.all()) == 1

    def test_whose_words_the_entries_are(self):
        by = Counter(
            (entry.voice, entry.party.code if entry.party else "")
            for entry in Entry.objects.select_related("party")
        )
        assert by == {("party", "RU"): 126, ("party", "US"): 30, ("third", ""): 8, ("joint", ""): 1}
        joint = Entry.objects.get(voice="joint")
        assert sorted(party.code for party in joint.joint_parties.all()) == ["RU", "US"]

    def test_dates_keep_the_precision_of_the_source(self):
        precisions = Counter(Entry.objects.values_list("precision", flat=True))
        assert precisions == {"day": 147, "month": 14, "year": 4}

    def test_every_entry_has_its_speaker_except_where_the_source_names_none(self):
        silent = Entry.objects.filter(speaker="")
        assert Counter(silent.values_list("voice", flat=True)) == {"third": 7, "party": 1}
        assert Entry.objects.filter(speaker="Slavkin / Antonov").count() == 1

    def test_items_stand_in_their_hierarchy_under_headings(self):
        order = list(Issue.objects.in_agenda_order().values_list("number", flat=True))
        assert order == list(range(1, 28))
        assert not Issue.objects.filter(heading="").exists()
        assert Issue.objects.filter(parent=None).count() == 11
        for sub in Issue.objects.filter(parent__isnull=False).select_related("parent"):
            assert (sub.place, sub.heading) == (sub.parent.place, sub.parent.heading)

    def test_every_item_says_who_raised_it(self):
        raisers = Counter(
            "+".join(party.code for party in issue.raised_by.all()) for issue in Issue.objects.all()
        )
        assert raisers == {"RU": 21, "US": 4, "RU+US": 2}

    def test_rounds_are_in_the_order_of_time_with_their_states(self):
        states = [(r.city or r.expected, r.state) for r in Round.objects.all()]
        assert states == [
            ("Riyadh", "held"),
            ("Istanbul", "held"),
            ("Istanbul", "held"),
            ("Moscow", "cancelled"),
            ("Kuala Lumpur", "held"),
            ("Anchorage", "held"),
            ("New York", "held"),
            ("before the end of autumn 2025", "postponed"),
            ("Washington", "held"),
            ("early spring 2026", "planned"),
            ("", "held"),
            ("before the end of summer 2026", "planned"),
        ]

    def test_both_istanbul_rounds_have_heads_and_accounts_of_both_sides(self):
        for number in (1, 2):
            meeting = Round.objects.get(number=number)
            heads = meeting.delegates.filter(is_head=True).values_list("name", flat=True)
            assert sorted(heads) == ["Alexander Darchiev", "Sonata Coulter"]
            assert sorted(r.party.code for r in meeting.readouts.all()) == ["RU", "US"]

    def test_no_readout_stands_for_none_found(self):
        assert not Readout.objects.filter(text__icontains="no us readout").exists()
        assert not Readout.objects.filter(text__istartswith="no confirmation").exists()

    def test_five_schemes_are_offered(self):
        templates = StatusScheme.objects.filter(negotiation=None)
        assert templates.count() == 5
        for scheme in templates:
            rungs = list(scheme.statuses.exclude(rung=None).values_list("rung", flat=True))
            assert rungs == sorted(rungs)
            assert scheme.statuses.filter(category=Category.HELD).exists()
        assert not Status.objects.filter(test="").exists()

    def test_the_case_uses_a_copy_of_the_default_scheme(self):
        fields = ("label", "short", "test", "category", "rung", "order")
        own, template = (
            list(Status.objects.filter(**scheme).values_list(*fields))
            for scheme in (
                {"scheme__negotiation__slug": "russia-us"},
                {"scheme__slug": "diplomatic-consultations", "scheme__negotiation": None},
            )
        )
        assert own == template
        assert len(own) == 8


class KnownOutcomeTest(CaseTest):
    def test_banking_of_the_missions_is_agreed_and_both_sides_say_so(self):
        standing = now(BANKING)
        assert standing.headline.label == "Agreed"
        assert standing.badge == Standing.Badge.SEPARATE

    def assert_only_russia_says(self, title, headline):
        standing = now(title)
        assert standing.headline.label == headline
        assert standing.badge == Standing.Badge.ONLY
        assert words(standing)["RU"] == headline
        assert words(standing)["US"] in ("", "spoke")

    def test_transfers_rest_on_the_word_of_russia(self):
        self.assert_only_russia_says(TRANSFERS, "Agreed")

    def test_un_contributions_rest_on_the_word_of_russia(self):
        self.assert_only_russia_says(UN_DUES, "Being implemented")

    def test_property_and_flights_are_blocked_on_the_word_of_russia(self):
        for title in (PROPERTY, FLIGHTS):
            self.assert_only_russia_says(title, "Blocked")

    def test_property_and_flights_fell_from_under_discussion_in_november_2025(self):
        for title in (PROPERTY, FLIGHTS):
            standing = now(title)
            assert standing.fell_from.label == "Under discussion"
            assert f"{standing.fell_on:%d %b %Y}" == "19 Nov 2025"

    def test_staffing_is_raised_by_the_us(self):
        standing = now(STAFFING)
        assert standing.headline.label == "Raised"
        assert words(standing) == {"RU": "Being implemented", "US": "Raised"}
        assert standing.badge == Standing.Badge.CLAIMS_MORE

    def test_the_doubt_about_flights_is_no_status_of_the_us(self):
        standing = now(FLIGHTS)
        assert words(standing)["US"] == "spoke"

    def test_the_road_map_was_agreed_and_not_the_return(self):
        day = Round.objects.get(number=2).last_day
        then = Standing.objects.as_of(PUBLIC_SCOPE, day)
        road_map = then.get(issue__title=ROAD_MAP)
        property_return = then.get(issue__title=PROPERTY)
        assert road_map.headline.label == "Agreed"
        assert property_return.headline.label == "Under discussion"

    def test_the_other_half_of_the_un_interview_is_a_note(self):
        said = Entry.objects.filter(speaker="Anna Evstigneeva").select_related("status")
        labels = [entry.status.label if entry.status else "" for entry in said]
        assert sorted(labels) == ["", "Being implemented"]

    def test_the_moscow_round_is_cancelled(self):
        assert Round.objects.get(city="Moscow").state == Round.State.CANCELLED

    def test_the_december_round_has_a_russian_account_only(self):
        december = Round.objects.get(city="Washington")
        assert december.when == "Dec 2025"
        assert [readout.party.code for readout in december.readouts.all()] == ["RU"]
