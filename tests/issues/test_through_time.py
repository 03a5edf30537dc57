"""Show as it was on, on every page about standings; steps from round to round; late facts."""

import datetime as dt
from copy import deepcopy

import pytest
import time_machine
from django.urls import reverse

from issues.reads.clock import NOW, Clock
from issues.reads.stepping import Step, steps_between
from negotiations.models import Round
from tests import factories
from tests.factories import make_issue, make_round, own_audience, record, viewer

from .reading import page, read, row_of

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 20)
PAGES = {
    "state_of_play": [],
    "issue_list": [],
    "issue_detail": [1],
    "issue_chart": [1],
    "round_list": [],
    "round_detail": [1],
    "changes": [],
    "silence": [],
    "unanswered": [],
    "next_steps": [],
    "pictures": [],
}


@pytest.fixture(scope="module")
def made(module_db):
    """Two held rounds; one item is recorded before, one after June 2025."""
    with time_machine.travel("2025-04-12T12:00:00Z", tick=False):
        talks = factories.make_delegations()
        negotiation = talks.negotiation
        make_round(negotiation, "One", "27 Feb 2025", number=1)
        second = make_round(negotiation, "Two", "10 Apr 2025", number=2)
        talks.money = make_issue(negotiation, "Money")
        record(talks.money, "RU", "Raised", "27 Feb 2025")
        record(talks.money, "RU", "Under discussion", "10 Apr 2025", round=second)
    with time_machine.travel("2026-03-20T12:00:00Z", tick=False):
        talks.visas = make_issue(negotiation, "Visas")
        record(talks.visas, "US", "Agreed", "10 Apr 2025")
        return talks


@pytest.fixture
def talks(made, db):
    with time_machine.travel("2026-03-20T12:00:00Z", tick=False):
        yield deepcopy(made)


def address(talks, name, *args):
    return reverse(f"issues:{name}", args=[talks.slug, *args])


class TestSteps:
    ROUNDS = [
        Round(last_day=dt.date(2025, month, 10), number=n, place=n)
        for n, month in enumerate((2, 4, 6), start=1)
    ]

    def steps(self, **clock):
        return steps_between(self.ROUNDS, Clock(**clock) if clock else NOW, TODAY)

    def test_from_today_only_back(self):
        steps = steps_between(self.ROUNDS, Clock(TODAY), TODAY)
        assert (steps.previous.text, steps.next) == ("end of R3", Step("today"))
        assert steps_between(self.ROUNDS, NOW, TODAY).next is None

    def test_between_two_rounds_to_either(self):
        steps = self.steps(as_of=dt.date(2025, 4, 10))
        assert steps.previous == Step("end of R1", "2025-02-10")
        assert steps.next == Step("end of R3", "2025-06-10")

    def test_after_the_last_round_comes_today(self):
        assert self.steps(as_of=dt.date(2025, 6, 10)).next == Step("today")

    def test_before_the_first_there_is_nothing(self):
        assert self.steps(as_of=dt.date(2025, 2, 10)).previous is None

    def test_what_was_known_goes_along(self):
        day = dt.date(2025, 4, 10)
        assert self.steps(as_of=day, known=day).previous.known == "2025-02-10"
        assert self.steps(as_of=day, known=day).next.known == "2025-06-10"


@pytest.mark.parametrize("name", PAGES)
class TestEveryPage:
    def test_has_the_control_and_steps(self, client, talks, name):
        html = page(client, address(talks, name, *PAGES[name]), talks.reader)
        assert "Show as it was on" in html
        assert "as_of=2025-04-10" in html
        assert 'id="clock-banner"' not in html

    def test_of_then_has_the_banner_and_nothing_to_change(self, client, talks, name):
        query = {"as_of": "2025-04-10"}
        html = page(client, address(talks, name, *PAGES[name]), talks.head, **query)
        assert "As it was on 10 Apr 2025" in html
        assert "as_of=2025-02-27" in html
        main = html.split("<main")[1]
        assert 'method="post"' not in main.split("<dialog")[0]

    def test_takes_both_clocks_and_refuses_what_is_no_day(self, client, talks, name):
        path = address(talks, name, *PAGES[name])
        query = {"as_of": "2025-04-10", "known": "2025-04-30"}
        assert "only what was recorded by 30 Apr 2025" in page(client, path, talks.reader, **query)
        for wrong in ("as_of=soon", "known=2099-01-01"):
            assert client.get(f"{path}?{wrong}").status_code == 400


class TestRoundList:
    def rows(self, client, talks, **query):
        html = page(client, address(talks, "round_list"), talks.reader, **query)
        return row_of(html, "One"), row_of(html, "Two")

    def test_shows_what_moved_and_was_said_by_then(self, client, talks):
        first, second = self.rows(client, talks, as_of="2025-03-01")
        assert "▲ 1" in first
        assert "later" in second
        assert "▲" not in second
        assert second.endswith("0 entries")

    def test_by_what_was_known(self, client, talks):
        assert "▲ 2" in self.rows(client, talks)[1]
        assert "▲ 1" in self.rows(client, talks, known="2025-04-30")[1]
        assert self.rows(client, talks, known=TODAY.isoformat()) == self.rows(client, talks)

    def test_links_stay_in_the_same_time(self, client, talks):
        html = page(client, address(talks, "round_list"), talks.reader, as_of="2025-03-01")
        assert f"{address(talks, 'round_detail', 1)}?as_of=2025-03-01" in html


class TestWhatMoved:
    def test_ends_on_the_day_of_the_page(self, client, talks):
        text = read(
            client, address(talks, "changes"), talks.reader, as_of="2025-03-01", **{"to": "now"}
        )
        assert "to the end of 1 Mar 2025" in text
        assert "Visas" not in text

    def test_by_what_was_known_leaves_out_what_came_later(self, client, talks):
        path, query = address(talks, "changes"), {"from": "round-1", "to": "round-2"}
        assert "2 items moved" in read(client, path, talks.reader, **query)
        known = read(client, path, talks.reader, known="2025-04-30", **query)
        assert "1 item moved" in known
        assert "only what was recorded by 30 Apr 2025" in known

    @pytest.mark.parametrize("query", ["to=round-2", "to=2025-04-01", "from=read"])
    def test_refuses_what_came_after_the_day_of_the_page(self, client, talks, query):
        client.force_login(talks.reader)
        answer = client.get(f"{address(talks, 'changes')}?as_of=2025-03-01&{query}")
        assert answer.status_code == 400

    def test_answers_with_the_comparison_alone(self, client, talks):
        client.force_login(talks.reader)
        headers = {"HX-Request": "true", "HX-Target": "changes"}
        answer = client.get(address(talks, "changes"), headers=headers).content.decode()
        assert answer.strip().startswith('<div id="changes"')
        assert "2 items moved." in answer.split("</div>")[0]

    def test_a_chosen_day_keeps_the_clocks(self, client, talks):
        client.force_login(talks.reader)
        query = "from_day=2025-02-01&to=now&as_of=2025-04-10&known=2025-04-30"
        answer = client.get(f"{address(talks, 'changes')}?{query}")
        assert "as_of=2025-04-10&known=2025-04-30" in answer["Location"]

    def test_marking_is_that_of_what_was_known(self, client, talks):
        own = own_audience(viewer(talks.negotiation, talks.ru))
        record(talks.money, "RU", "Blocked", "11 Apr 2025", by=talks.ru, **own)
        path = address(talks, "changes")
        for known, told in (("2025-04-30", "members of this"), (str(TODAY), "only the Russia")):
            text = read(client, path, talks.ru, known=known, **{"from": "round-1", "to": "now"})
            assert f"Contains entries {told}" in text or f"Contains entries for {told}" in text


class TestNotYetRecorded:
    @pytest.mark.parametrize("name", ["issue_detail", "issue_chart"])
    def test_says_when_it_was_recorded_and_leads_on(self, client, talks, name):
        client.force_login(talks.reader)
        path = address(talks, name, talks.visas.number)
        answer = client.get(f"{path}?known=2025-04-30")
        assert answer.status_code == 404
        assert "was recorded on 20 Mar 2026" in answer.content.decode()
        assert f'href="{path}"' in answer.content.decode() or name == "issue_chart"
        assert client.get(f"{path}?as_of=2025-04-30").status_code == 200

    def test_a_stranger_learns_nothing(self, client, talks):
        client.force_login(talks.stranger)
        path = address(talks, "issue_detail", talks.visas.number)
        assert "recorded" not in client.get(f"{path}?known=2025-04-30").content.decode()


class TestLateFacts:
    def test_are_marked_where_they_are_shown(self, client, talks):
        round_page = read(client, address(talks, "round_detail", 2), talks.reader)
        assert "10 Apr 2025, entered 20 Mar 2026" in round_page
        assert round_page.count("entered") == 1
        query = {"from": "round-1", "to": "round-2"}
        moved = read(client, address(talks, "changes"), talks.reader, **query)
        assert "10 Apr 2025, entered 20 Mar 2026" in moved
        history = read(client, talks.visas.get_absolute_url(), talks.reader)
        assert "10 Apr 2025 entered 20 Mar 2026" in history

    def test_are_told_once_where_all_are(self, client, talks):
        query = {"from": "2025-03-01", "to": "now"}
        record(talks.money, "RU", "Agreed", "11 Apr 2025")
        text = read(client, address(talks, "changes"), talks.reader, **query)
        assert "was entered on 20 Mar 2026, more than a week after it was said" in text
        assert ", entered" not in text

    def test_are_counted_on_the_first_page(self, client, talks):
        member = talks.negotiation.memberships.get(user=talks.reader)
        member.read_until = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
        member.save()
        record(talks.money, "RU", "", "19 Mar 2026")
        text = read(client, reverse("issues:home"), talks.reader)
        assert "2 new entries" in text
        assert "1 late: said more than a week before" in text
