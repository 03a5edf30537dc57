"""The state of play: rows, figures that link to what they count, filters, cells, folds."""

import re
from copy import deepcopy
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues import services
from issues.models import Issue
from negotiations.models import Membership, Negotiation, User
from negotiations.services import archive_negotiation
from tests import factories
from tests.factories import own_audience, record, viewer

from .reading import row_of, words
from .test_fixture_case import BANKING, FLIGHTS, PROPERTY, STAFFING, TRANSFERS, UN_DUES, CaseTest

LATER = "2026-12-01 12:00Z"
CLOCKS = ("", "as_of=2025-04-30", "as_of=2026-01-31", "known=2026-11-30&as_of=2026-01-31")


def state_url(slug):
    return reverse("issues:state_of_play", args=[slug])


def shown(answer):
    return [row.issue.title for row in answer.context["rows"]]


def item_of(row):
    return Issue.objects.get(pk=row.issue.pk)


class RealCase(CaseTest):
    """What the product opens with, read in December 2026."""

    @classmethod
    def setUpTestData(cls):
        cls.negotiation = Negotiation.objects.get()
        cls.people = {
            "viewer": cls.join("viewer"),
            "head": cls.join("head"),
            "of Russia": cls.join("recorder", "RU"),
        }
        # A party and a word on record that only some may see.
        issue = cls.negotiation.issues.get(title=STAFFING)
        russia = cls.people["of Russia"]
        own = own_audience(viewer(cls.negotiation, russia))
        record(issue, "RU", "Agreed", "1 Oct 2025", by=russia, **own)
        record(issue, "RU", "Under discussion", "1 Nov 2025", waits_for="both")

    @classmethod
    def join(cls, role, party=None):
        user = User.objects.create(username=f"{role}{party}")
        tied = cls.negotiation.parties.get(code=party) if party else None
        Membership.objects.create(negotiation=cls.negotiation, user=user, role=role, party=tied)
        services.rebuild_negotiation(cls.negotiation)
        return user

    def setUp(self):
        traveller = time_machine.travel(LATER)
        traveller.start()
        self.addCleanup(traveller.stop)
        self.url = state_url(self.negotiation.slug)

    def get(self, query="", person="viewer"):
        self.client.force_login(self.people[person])
        return self.ask(query)

    def ask(self, query=""):
        answer = self.client.get(f"{self.url}?{query}")
        assert answer.status_code == 200, query
        return answer

    def test_known_outcome_reads_in_words(self):
        page = self.get("empty=1").content.decode()
        expected = {
            BANKING: "Agreed Both say so, separately RU",
            TRANSFERS: "Only RU says so",
            UN_DUES: "Only RU says so",
            PROPERTY: "Blocked Only RU says so",
            FLIGHTS: "Blocked Only RU says so",
            STAFFING: "Raised",
        }
        for title, told in expected.items():
            assert told in row_of(page, title), row_of(page, title)

    def test_every_figure_is_the_number_of_rows_it_links_to(self):
        looks = [(person, "") for person in self.people]
        looks += [("of Russia", clock) for clock in CLOCKS[1:]]
        for person, clock in looks:
            figures = self.figures(self.get(clock, person))
            assert len(figures) == 8
            for address, number in figures:
                found = self.client.get(address)
                assert found.context["page"].paginator.count == number, (person, address)

    def figures(self, answer):
        part = answer.content.decode().split('id="figures"')[1].split("</dl>")[0]
        links = re.findall(r'<a href="([^"]+)">(\d+)</a>', part)
        return [(unescape(address), int(number)) for address, number in links]

    def test_figures_tell_the_known_outcome(self):
        figures = self.get().context["figures"]
        assert (figures.total, figures.both) == (27, 1)
        assert figures.blocked >= 2
        assert figures.total == 27

    def test_state_of_play_takes_at_most_fifteen_queries(self):
        self.client.force_login(self.people["of Russia"])
        for query in ("", "rounds=all&empty=1", "says=only&moved=up"):
            with CaptureQueriesContext(connection) as queries:
                self.ask(query)
            assert len(queries) <= 15, query

    def test_filters_find_what_they_say(self):
        """Every choice of every filter, held against a plain look at all rows."""
        self.client.force_login(self.people["of Russia"])
        for clock in CLOCKS[2:]:
            everything = self.ask(f"empty=1&rounds=all&{clock}")
            rows, form = everything.context["rows"], everything.context["filter"].form
            for name, holds in self.rules(clock).items():
                for value, _label in form.fields[name].choices:
                    if value:
                        query = f"{name}={value}&{clock}"
                        expected = [row.issue.title for row in rows if holds(row, value)]
                        assert shown(self.ask(query)) == expected, query

    def rules(self, clock):
        """For each filter: whether a row is to be found by a value."""
        parties = {party.code: party for party in self.negotiation.parties.all()}
        badges = {
            "both": ("joint", "separate"),
            "jointly": ("joint",),
            "one": ("only",),
            "unanswered": ("more",),
            "differ": ("differ",),
            "aside": ("press", "ours"),
        }
        waits = {"both": "all parties", "outside": "somebody outside"}
        return {
            "status": lambda row, value: str(row.view.headline) == value,
            "category": lambda row, value: (
                row.view.category
                in {"further": ("settled", "done"), "none": ("",)}.get(value, (value,))
            ),
            "says": lambda row, value: row.view.badge in badges[value],
            "said_by": lambda row, value: parties[value].pk in row.view.own_statuses,
            "raised_by": lambda row, value: parties[value] in item_of(row).raised_by.all(),
            "waits": lambda row, value: row.waits.split(":")[0] == waits.get(value, value),
            "moved": lambda row, value: row.moved.direction == value,
            "round": lambda row, place: self.is_touched(item_of(row), place, clock),
        }

    def is_touched(self, issue, place, clock):
        """An entry that names the round and was there by then, or a mark on its agenda."""
        day = re.search(r"as_of=([\d-]+)", clock)
        said = issue.entries.filter(round__place=place)
        if day:
            said = said.filter(counts_from__lte=day[1])
        discussed = issue.agenda_lines.filter(round__place=place, outcome="discussed")
        return said.exists() or discussed.exists()

    def test_text_is_found_in_any_case(self):
        assert shown(self.get("q=direct FLIGHTS")) == [FLIGHTS]
        assert shown(self.get("q=no such words")) == []
        assert shown(self.get("q=.*")) == []

    def test_filters_narrow_each_other(self):
        both = set(shown(self.get("category=held&said_by=RU")))
        assert both == set(shown(self.get("category=held"))) & set(shown(self.get("said_by=RU")))
        assert both

    def test_delegation_reads_its_own_word_and_nobody_else_does(self):
        def row(person):
            return row_of(self.get("empty=1", person).content.decode(), STAFFING)

        assert "all parties" in row("viewer")
        assert row("viewer") == row("head").replace("+ ", "", 1)
        assert self.get("says=differ", "of Russia").context["page"].paginator.count >= 1


# --- Made-up talks ------------------------------------------------------------------------------


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


def get(client, talks, query="", user=None, **options):
    client.force_login(user or talks.reader)
    return client.get(f"{state_url(talks.slug)}?{query}", **options)


def html(client, talks, query="", user=None):
    answer = get(client, talks, query, user)
    assert answer.status_code == 200
    return answer.content.decode()


class TestRows:
    def test_row_says_where_it_stands_who_says_so_what_moved_and_waits(self, client, talks):
        factories.make_round(talks.negotiation, "First", "10 Feb 2025", number=1)
        issue = factories.make_issue(talks.negotiation, "Banking")
        record(issue, "US", "Raised", "5 Feb 2025", waits_for="both", waits_why="wording")
        record(issue, "RU", "Agreed", "12 Feb 2025")
        record(issue, "US", "Agreed in principle", "20 Feb 2025")
        with time_machine.travel("2025-03-01 12:00Z"):
            row = row_of(html(client, talks), "Banking")
        told = "Agreed in principle Accounts differ RU Agreed 12 Feb 2025 · US 20 Feb 2025"
        assert told in row
        assert "▲ from Raised, now disputed" in row
        assert "all parties: wording" in row

    def test_old_words_read_last_said(self, client, talks):
        issue = factories.make_issue(talks.negotiation, "Banking")
        record(issue, "RU", "Agreed", "1 Feb 2025")
        with time_machine.travel("2025-08-01 12:00Z"):
            assert "RU 1 Feb 2025 · US nothing on record" in row_of(html(client, talks), "Banking")
        with time_machine.travel("2025-08-02 12:00Z"):
            assert "RU last said 1 Feb 2025" in row_of(html(client, talks), "Banking")

    def test_items_without_status_fold_and_unfold(self, client, talks):
        agreed, _silent, parent = (
            factories.make_issue(talks.negotiation, title) for title in ("Agreed", "Silent", "Top")
        )
        child = factories.make_issue(talks.negotiation, "Child", parent=parent)
        for issue in (agreed, child):
            record(issue, "RU", "Agreed")
        answer = get(client, talks)
        assert shown(answer) == ["Agreed", "Top", "Child"]
        assert answer.context["folded"] == 1
        assert shown(get(client, talks, "empty=1")) == ["Agreed", "Silent", "Top", "Child"]
        assert shown(get(client, talks, "category=none")) == ["Silent", "Top"]

    def test_nothing_folds_where_nothing_has_a_status(self, client, talks):
        factories.make_issue(talks.negotiation, "Silent")
        assert shown(get(client, talks)) == ["Silent"]

    def test_parent_says_what_its_sub_items_do(self, client, talks):
        parent = factories.make_issue(talks.negotiation, "Top")
        for title, says in (("A", "Blocked"), ("B", "Blocked"), ("C", "Agreed"), ("D", "")):
            record(factories.make_issue(talks.negotiation, title, parent=parent), "RU", says)
        factories.make_issue(talks.negotiation, "Other")
        gone = factories.make_issue(talks.negotiation, "Wrong", parent=parent)
        services.mark_in_error(gone, version=1, by=talks.head, reason="Twice")
        row = row_of(html(client, talks), "Top")
        assert "4 sub-items: 2 blocked, 1 agreed, 1 no status yet" in row

    def test_headings_stand_where_they_begin(self, client, talks):
        for title, heading in (("A", "Money"), ("B", "Money"), ("C", "Flights")):
            factories.make_issue(talks.negotiation, title, heading=heading)
        rows = get(client, talks).context["rows"]
        assert [row.new_heading for row in rows] == ["Money", "", "Flights"]

    def test_sub_item_alone_names_its_parent_under_its_heading(self, client, talks):
        factories.make_issue(talks.negotiation, "First", heading="Flights")
        parent = factories.make_issue(talks.negotiation, "Top", heading="Money")
        child = factories.make_issue(talks.negotiation, "Child", parent=parent)
        record(child, "RU", "Agreed")
        record(factories.make_issue(talks.negotiation, "Last", heading="Money"), "RU", "Agreed")
        rows = get(client, talks, "category=settled").context["rows"]
        assert [row.new_heading for row in rows] == ["Money", ""]
        assert (rows[0].parent_title, rows[0].is_child) == ("Top", False)

    def test_items_entered_in_error_are_neither_shown_nor_counted(self, client, talks):
        issue = factories.make_issue(talks.negotiation, "Wrong")
        record(issue, "RU", "Agreed")
        services.mark_in_error(issue, version=1, by=talks.head, reason="Twice")
        answer = get(client, talks, "empty=1")
        assert shown(answer) == []
        assert answer.context["figures"].total == 0

    def test_fifty_rows_a_page(self, client, talks):
        services.open_issues(
            talks.negotiation, [services.ItemData(f"Item {n:02}") for n in range(51)], by=None
        )
        assert len(shown(get(client, talks))) == 50
        assert shown(get(client, talks, "page=2")) == ["Item 50"]

    def test_empty_negotiation_invites_whoever_may_open_items(self, client, talks):
        assert "nothing on the agenda yet" in html(client, talks)
        assert "Open the first item" not in html(client, talks)
        assert "Open the first item" in html(client, talks, user=talks.recorder)

    def test_archived_negotiation_says_so_and_offers_nothing(self, client, talks):
        factories.make_issue(talks.negotiation, "Banking")
        assert "entries/?back=" in html(client, talks, user=talks.recorder)
        archive_negotiation(talks.negotiation, by=talks.head)
        page = html(client, talks, user=talks.head)
        assert "archived" in page
        assert "entries/?back=" not in page

    def test_reader_is_offered_no_entry(self, client, talks):
        factories.make_issue(talks.negotiation, "Banking")
        assert "entries/?back=" not in html(client, talks)


def cells(answer):
    """Each row's cells, in words."""
    return [
        [words(f"<{cell}") for cell in row.cells.split("<td")[1:]] for row in answer.context["rows"]
    ]


def test_each_way_of_saying_so_is_found_by_its_name(client, talks):
    """One item for each badge there is, so that no two are found under one name."""
    histories = {
        "jointly": [("RU US", "Agreed")],
        "separately": [("RU", "Agreed"), ("US", "Agreed")],
        "one": [("RU", "Agreed")],
        "unanswered": [("US", "Raised"), ("RU", "Agreed")],
        "differ": [("RU", "Agreed"), ("US", "Raised")],
        "press": [("third", "Agreed")],
        "ours": [("own", "Agreed")],
    }
    for title, history in histories.items():
        issue = factories.make_issue(talks.negotiation, title)
        for day, (who, says) in enumerate(history, start=1):
            record(issue, who, says, f"{day} Feb 2025")
    found = {
        "both": ["jointly", "separately"],
        "jointly": ["jointly"],
        "one": ["one"],
        "unanswered": ["unanswered"],
        "differ": ["differ"],
        "aside": ["press", "ours"],
    }
    for says, titles in found.items():
        assert shown(get(client, talks, f"says={says}")) == titles
    figures = get(client, talks).context["figures"]
    assert (figures.both, figures.jointly, figures.one_side) == (2, 1, 1)
    assert (figures.unanswered, figures.differ, figures.without_status) == (1, 1, 0)


class TestRounds:
    @pytest.fixture
    def issue(self, talks):
        for number, day in ((1, "10 Feb 2025"), (2, "10 Mar 2025"), (3, "10 Apr 2025")):
            factories.make_round(talks.negotiation, f"Round {number}", day, number=number)
        return factories.make_issue(talks.negotiation, "Banking")

    def test_cell_is_where_it_stood_at_the_end_and_what_moved_when(self, client, talks, issue):
        record(issue, "RU", "Under discussion", "10 Feb 2025")
        record(issue, "RU", "Agreed", "20 Feb 2025")
        record(issue, "RU", "Blocked", "10 Apr 2025")
        assert cells(get(client, talks)) == [["Talks ▲", "Agreed △", "Blocked ▼"]]

    def test_day_before_and_day_after_are_not_at_the_round(self, client, talks, issue):
        record(issue, "RU", "Raised", "9 Feb 2025")
        record(issue, "RU", "Agreed", "11 Mar 2025")
        assert cells(get(client, talks)) == [["Raised △", "Raised", "Agreed △"]]

    def test_nothing_on_record_is_a_dot(self, client, talks, issue):
        record(issue, "RU", "Raised", "1 Apr 2025")
        assert cells(get(client, talks)) == [["·", "·", "Raised △"]]

    def test_round_that_was_not_held_says_its_state_and_no_standing(self, client, talks, issue):
        factories.make_round(talks.negotiation, "Fourth", state="cancelled")
        record(issue, "RU", "Raised", "1 Feb 2025")
        answer = get(client, talks)
        assert cells(answer)[0][-1] == "not held"
        assert answer.context["columns"][-1].state == "cancelled"
        assert "<i>cancelled</i>" in answer.content.decode()

    def test_side_meetings_fold_and_rounds_are_chosen(self, client, talks, issue):
        factories.make_round(talks.negotiation, "Side", "1 May 2025", is_side_meeting=True)

        def columns(query=""):
            return [column.name for column in get(client, talks, query).context["columns"]]

        assert columns() == ["R1", "R2", "R3"]
        assert columns("rounds=all") == ["R1", "R2", "R3", "Side"]
        assert columns("rounds=3,1") == ["R3", "R1"]
        assert columns("rounds=2,2,2") == ["R2"]

    def test_movement_is_counted_from_the_chosen_round(self, client, talks, issue):
        record(issue, "RU", "Raised", "1 Feb 2025")
        record(issue, "RU", "Agreed", "1 Mar 2025")
        record(issue, "RU", "Blocked", "1 Apr 2025")
        for since, expected in ((1, "back"), (2, "back"), (3, "unchanged")):
            (row,) = get(client, talks, f"since={since}").context["rows"]
            assert row.moved.kind == expected
        assert get(client, talks).context["since"].number == 3

    def test_without_held_rounds_there_is_no_since(self, client, talks):
        factories.make_issue(talks.negotiation, "Banking")
        answer = get(client, talks)
        assert answer.context["since"] is None
        assert "Since" not in words(
            answer.content.decode().split("<thead>")[1].split("</thead>")[0]
        )


class TestAddresses:
    @pytest.fixture(autouse=True)
    def rounds(self, talks):
        factories.make_round(talks.negotiation, "First", "10 Feb 2025")
        factories.make_round(talks.negotiation, "Planned")
        record(factories.make_issue(talks.negotiation, "Banking"), "RU", "Agreed")

    INVALID = (
        *("q=" + "x" * 101, "q=a%00b", "status=Nonsense", "category=x", "says=x", "said_by=XX"),
        *("raised_by=XX", "waits=XX", "round=99", "round=x", "moved=x", "sort=x"),
    )
    REFUSED = (
        *("page=0", "page=2", "page=x", "page=-1", "page=99999999999999999999"),
        *("rounds=9", "rounds=x", "rounds=1,,2", "since=9", "since=x", "since=2"),
        *("as_of=2025-02-30", "as_of=soon", "as_of=2999-01-01", "known=10.4.2025"),
    )

    @pytest.mark.parametrize("page", ["state_of_play", "issue_list"])
    def test_invalid_filter_shows_an_error_and_no_rows(self, client, talks, page, subtests):
        client.force_login(talks.reader)
        for query in self.INVALID:
            if page == "issue_list" and query.startswith("moved"):
                continue  # the list has no such filter
            with subtests.test(query):
                answer = client.get(f"{reverse(f'issues:{page}', args=[talks.slug])}?{query}")
                assert answer.status_code == 200
                assert answer.context["rows"] == []
                assert "This filter cannot be used" in answer.content.decode()

    def test_wrong_number_or_date_is_answered_with_a_sentence(self, client, talks, subtests):
        for query in self.REFUSED:
            with subtests.test(query):
                answer = get(client, talks, query)
                assert answer.status_code == 400
                told = words(answer.content.decode().split("<h1>")[1])
                assert "This address does not work" in told
                assert re.search(r"no date|no page|no round|future|not been held", told)

    def test_fragment_only_for_its_own_element(self, client, talks):
        def asked(**headers):
            return get(client, talks, headers={"HX-Request": "true"} | headers).content.decode()

        part = asked(**{"HX-Target": "state"})
        assert part.lstrip().startswith('<div id="state"')
        assert "<html" not in part
        assert 'id="figures" hx-swap-oob="true"' in part
        for headers in (
            {},
            {"HX-Target": "elsewhere"},
            {"HX-Target": "state", "HX-History-Restore-Request": "true"},
        ):
            page = asked(**headers)
            assert page.count("<html") == page.count("<h1") == page.count('id="state"') == 1
            assert page.count('id="figures"') == 1
            assert "hx-swap-oob" not in page.split('id="figures"')[1].split("</dl>")[0]

    def test_page_and_fragment_say_how_they_differ(self, client, talks):
        for headers in ({}, {"HX-Request": "true", "HX-Target": "state"}):
            answer = get(client, talks, headers=headers)
            assert {"HX-Request", "HX-Target"} <= set(answer["Vary"].split(", "))
