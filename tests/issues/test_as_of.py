"""Pages as they were: on any day, by all we know today or only by what was recorded by then."""

import datetime as dt
from copy import deepcopy
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.urls import reverse

from issues import services
from issues.reads.clock import Clock
from tests import factories
from tests.factories import entry_data, record, viewer

from .reading import row_of, words

BANNER = "Nothing can be changed here."


@pytest.fixture(scope="module")
def made(module_db):
    """The design's own case: a joint text of 10 March 2025, recorded only in June."""
    with time_machine.travel("2025-03-01 10:00Z"):
        talks = factories.make_talks()
        talks.issue = factories.make_issue(talks.negotiation, "Banking")
        factories.make_round(talks.negotiation, "First", "27 Feb 2025", number=1)
        record(talks.issue, "RU", "Raised", "20 Feb 2025", by=talks.recorder)
    with time_machine.travel("2025-06-10 10:00Z"):
        record(talks.issue, "RU US", "Agreed", "10 Mar 2025", by=talks.recorder)
        talks.later = factories.make_issue(talks.negotiation, "Flights", by=talks.head)
        record(talks.later, "US", "Blocked", "1 Mar 2025")
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


@pytest.fixture(autouse=True)
def december():
    with time_machine.travel("2025-12-01 10:00Z"):
        yield


def address(talks, page):
    names = {
        "state": ("state_of_play", []),
        "list": ("issue_list", []),
        "item": ("issue_detail", [talks.issue.number]),
        "round": ("round_detail", [1]),
    }
    name, args = names[page]
    return reverse(f"issues:{name}", args=[talks.slug, *args])


def get(client, talks, page, query="", user=None):
    client.force_login(user or talks.recorder)
    return client.get(f"{address(talks, page)}?{query}")


def html(client, talks, page, query="", user=None):
    answer = get(client, talks, page, query, user)
    assert answer.status_code == 200
    return answer.content.decode()


class TestTwoClocks:
    STANDS = (
        ("", "Agreed Confirmed jointly"),
        ("as_of=2025-04-30", "Agreed Confirmed jointly"),
        ("as_of=2025-03-10", "Agreed Confirmed jointly"),
        ("as_of=2025-03-09", "Raised Only RU says so"),
        ("as_of=2025-02-19", "No status yet"),
        ("as_of=2025-04-30&known=2025-05-31", "Raised Only RU says so"),
        ("as_of=2025-04-30&known=2025-07-01", "Agreed Confirmed jointly"),
        ("known=2025-05-31", "Raised Only RU says so"),
        ("known=2025-06-10", "Agreed Confirmed jointly"),
    )

    @pytest.mark.parametrize("page", ["state", "list"])
    def test_row(self, client, talks, page, subtests):
        for query, expected in self.STANDS:
            with subtests.test(query):
                assert expected in row_of(html(client, talks, page, f"{query}&empty=1"), "Banking")

    def test_item(self, client, talks):
        def told(query):
            return words(html(client, talks, "item", query))

        assert "Agreed confirmed jointly" in told("as_of=2025-04-30")
        assert "2 entries on record" in told("as_of=2025-04-30")
        assert "Raised only Russia says so" in told("as_of=2025-04-30&known=2025-05-31")
        assert "1 entry on record" in told("as_of=2025-04-30&known=2025-05-31")
        assert "Nobody has given a status." in told("as_of=2025-01-01")

    def test_figures_and_latest_entry(self, client, talks):
        def figures(query):
            return get(client, talks, "state", query).context["figures"]

        assert (figures("").total, figures("").blocked) == (2, 1)
        known = figures("known=2025-05-31")
        assert (known.total, known.blocked, known.in_talks) == (1, 0, 1)
        assert known.latest_text == "20 Feb 2025"
        assert figures("as_of=2025-02-28").latest_text == "20 Feb 2025"

    def test_cells_show_what_was_known(self, client, talks):
        def cells(query):
            answer = get(client, talks, "state", f"{query}&empty=1")
            return {row.issue.title: words(f"<{row.cells}") for row in answer.context["rows"]}

        with time_machine.travel("2025-11-01 10:00Z"):
            record(talks.issue, "RU", "Blocked", "26 Feb 2025")
        assert "Blocked" in cells("as_of=2025-03-01")["Banking"]
        assert "Raised" in cells("as_of=2025-03-01&known=2025-05-31")["Banking"]


class TestWhatWasNotThereYet:
    @pytest.mark.parametrize("page", ["state", "list", "round"])
    def test_items_recorded_later_are_absent(self, client, talks, page):
        round_ = talks.negotiation.rounds.get()
        services.set_agenda_line(round_, talks.later, by=talks.head, planned=True)
        assert "Flights" in html(client, talks, page, "empty=1&as_of=2025-05-31")
        assert "Flights" not in html(client, talks, page, "empty=1&known=2025-05-31")

    def test_sub_items_recorded_later_are_absent(self, client, talks):
        factories.make_issue(talks.negotiation, "Transfers", parent=talks.issue)
        assert "Transfers" in html(client, talks, "item")
        assert "Transfers" not in html(client, talks, "item", "known=2025-05-31")
        assert "sub-item" not in html(client, talks, "state", "known=2025-05-31")

    def test_before_recording_began_it_says_so(self, client, talks):
        page = html(client, talks, "state", "known=2025-02-28")
        assert "Recording began on 1 Mar 2025, so nothing had been recorded." in page
        assert "nothing on the agenda by then" in page
        assert "Recording began" not in html(client, talks, "state", "known=2025-03-01")

    def test_correction_made_later_does_not_count_by_then(self, client, talks):
        data = entry_data(talks.negotiation, "RU US", "Withdrawn", "10 Mar 2025")
        target = talks.issue.entries.get(voice="joint")
        services.correct(target, data, viewer=viewer(talks.negotiation), reason="Slip")
        assert "Withdrawn" in row_of(html(client, talks, "list"), "Banking")
        assert "Withdrawn" in row_of(html(client, talks, "list", "as_of=2025-04-30"), "Banking")
        assert "Agreed" in row_of(html(client, talks, "list", "known=2025-11-30"), "Banking")


class TestOrderAndFolds:
    """What counts today neither sorts, folds nor filters a page about what was known then."""

    @pytest.fixture(autouse=True)
    def turned_over(self, talks):
        """Known in March: A agreed, B raised, C nothing. Today: A nothing, B closed, C raised."""
        with time_machine.travel("2025-03-01 12:00Z"):
            a, b, c = (factories.make_issue(talks.negotiation, title) for title in "ABC")
            first = record(a, "RU", "Agreed", "3 Feb 2025")
            record(b, "RU", "Raised", "2 Feb 2025")
        with time_machine.travel("2025-06-01 12:00Z"):
            person = viewer(talks.negotiation)
            services.retract(first, viewer=person, reason="Slip")
            record(b, "RU", "Closed", "5 Feb 2025")
            record(c, "RU", "Raised", "4 Feb 2025")

    def titles(self, client, talks, page, query):
        rows = get(client, talks, page, query).context["rows"]
        return [row.issue.title for row in rows if len(row.issue.title) == 1]

    def test_fold(self, client, talks):
        assert self.titles(client, talks, "state", "") == ["B", "C"]
        answer = get(client, talks, "state", "known=2025-03-31")
        assert [row.issue.title for row in answer.context["rows"]] == ["Banking", "A", "B"]
        assert answer.context["folded"] == 1

    SORTS = (
        ("status", "CBA", "BAC"),
        ("-status", "BCA", "ABC"),
        ("said", "CBA", "BAC"),
        ("-said", "BCA", "ABC"),
        ("title", "ABC", "ABC"),
        ("-title", "CBA", "CBA"),
        ("-number", "CBA", "CBA"),
    )

    def test_sort(self, client, talks, subtests):
        for sort, now, then in self.SORTS:
            with subtests.test(sort):
                assert self.titles(client, talks, "list", f"sort={sort}") == list(now)
                past = f"sort={sort}&known=2025-03-31"
                assert self.titles(client, talks, "list", past) == list(then)

    def test_filter(self, client, talks):
        known = "known=2025-03-31"
        assert self.titles(client, talks, "list", "category=settled") == []
        assert self.titles(client, talks, "list", f"category=settled&{known}") == ["A"]
        assert self.titles(client, talks, "list", f"status=Closed&{known}") == []
        assert self.titles(client, talks, "list", f"said_by=RU&{known}") == ["A", "B"]

    def test_touched_in_a_round(self, client, talks):
        round_ = talks.negotiation.rounds.get()
        with time_machine.travel("2025-06-01 12:00Z"):
            record(talks.negotiation.issues.get(title="C"), "US", "", "27 Feb 2025", round=round_)
        assert self.titles(client, talks, "list", "round=1") == ["C"]
        assert self.titles(client, talks, "list", "round=1&as_of=2025-02-26") == []
        assert self.titles(client, talks, "list", "round=1&known=2025-03-31") == []


class TestReadOnly:
    @pytest.mark.parametrize("page", ["state", "list", "item", "round"])
    def test_banner_and_nothing_to_change(self, client, talks, page):
        for user in (talks.recorder, talks.head):
            assert BANNER not in html(client, talks, page, "", user)
            for query in ("as_of=2025-04-30", "known=2025-07-01"):
                then = html(client, talks, page, query, user)
                assert BANNER in then
                assert "Back to today" in then
                changeable = then.split("<main")[1].split("</main>")[0]
                assert 'method="post"' not in changeable
                assert "/entries/" not in changeable

    @pytest.mark.parametrize("page", ["state", "list", "item"])
    def test_links_stay_in_the_same_time(self, client, talks, page):
        factories.make_issue(talks.negotiation, "Transfers", parent=talks.issue)
        query = "as_of=2025-06-30&known=2025-12-01"
        body = (
            html(client, talks, page, f"{query}&empty=1").split("<tbody>")[1].split("</tbody>")[0]
        )
        assert body.count("?as_of=2025-06-30&amp;known=2025-12-01") == body.count("<tr data-row")

    REFUSED = (
        ("as_of=2025-02-30", "is no date"),
        ("known=yesterday", "is no date"),
        ("as_of=2025-12-02", "2 Dec 2025 lies in the future"),
        ("as_of=0024-01-01&known=2999-01-01", "lies in the future"),
    )

    @pytest.mark.parametrize("page", ["state", "list", "item", "round"])
    def test_wrong_day_is_answered_with_a_sentence(self, client, talks, page, subtests):
        for query, sentence in self.REFUSED:
            with subtests.test(query):
                answer = get(client, talks, page, query)
                assert answer.status_code == 400
                assert sentence in answer.content.decode()


class TestControl:
    def show(self, client, talks, **typed):
        client.force_login(talks.reader)
        typed = {"using": "all", "path": address(talks, "list")} | typed
        return client.get(reverse("issues:show_as_of", args=[talks.slug]), typed)

    def leads_to(self, client, talks, **typed):
        answer = self.show(client, talks, **typed)
        assert answer.status_code == 302
        found = urlsplit(answer["Location"])
        return found.path, {name: days[0] for name, days in parse_qs(found.query).items()}

    def test_a_typed_day(self, client, talks):
        here = address(talks, "list")
        assert self.leads_to(client, talks, day="10 Apr 2025") == (here, {"as_of": "2025-04-10"})
        then = {"as_of": "2025-04-10", "known": "2025-04-10"}
        assert self.leads_to(client, talks, day="10.4.2025", using="then") == (here, then)

    def test_the_end_of_a_round(self, client, talks):
        assert self.leads_to(client, talks, round="1")[1] == {"as_of": "2025-02-27"}

    def test_it_works_from_every_page_and_comes_back(self, client, talks):
        for page in ("state", "list", "item", "round"):
            there = address(talks, page)
            answer = self.show(client, talks, day="10 Apr 2025", path=there)
            assert client.get(answer["Location"]).status_code == 200
            assert f'<input type="hidden" name="path" value="{there}">' in html(client, talks, page)

    @pytest.mark.parametrize(
        "path", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:x", ""]
    )
    def test_it_leads_nowhere_else(self, client, talks, path):
        assert self.leads_to(client, talks, day="10 Apr 2025", path=path)[0] == address(
            talks, "state"
        )

    @pytest.mark.parametrize(
        ("typed", "problem"),
        [
            ({"day": "soon"}, "no date"),
            ({"day": "Apr 2025"}, "Write the day"),
            ({"day": "2 Dec 2025"}, "future"),
            ({}, "Choose a day or a round"),
            ({"round": "9"}, "Select a valid choice"),
            ({"day": "10 Apr 2025", "using": "magic"}, "Select a valid choice"),
        ],
    )
    def test_what_cannot_be_read_is_said_beside_what_was_typed(self, client, talks, typed, problem):
        answer = self.show(client, talks, **typed)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert problem in page
        assert f'value="{typed.get("day", "")}"' in page or not typed.get("day")


def test_clock_knows_its_day_and_its_links():
    today = dt.date.today()
    assert (Clock().day, Clock().query, Clock().is_now) == (today, "", True)
    past = Clock(dt.date(2025, 4, 10), dt.date(2025, 5, 1))
    assert (str(past.day), past.query) == ("2025-04-10", "?as_of=2025-04-10&known=2025-05-01")
    assert Clock(known=dt.date(2025, 5, 1)).day == dt.date(2025, 5, 1)
    assert past.known_moment.date() == dt.date(2025, 5, 1)
