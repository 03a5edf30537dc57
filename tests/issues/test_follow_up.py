"""Silence, claims nobody answered, next steps: who is listed, and what is done about a row."""

from copy import deepcopy

import pytest
import time_machine
from django.urls import reverse

from issues.models import Entry
from tests import factories
from tests.factories import make_issue, make_round, own_audience, record, viewer

from .reading import page, read, row_of

pytestmark = pytest.mark.django_db
TODAY = "2026-03-20T12:00:00Z"
FRAGMENT = {"HX-Request": "true", "HX-Target": "follow-up"}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture(scope="module")
def made(module_db):
    """Rounds in February, April and June 2025; four items, spoken of until each of them."""
    with time_machine.travel(TODAY, tick=False):
        talks = factories.make_delegations()
        negotiation = talks.negotiation
        for place, day in enumerate(["27 Feb 2025", "10 Apr 2025", "12 Jun 2025"], start=1):
            make_round(negotiation, f"R{place}", day, number=place)
        talks.old, talks.new, talks.never, talks.closed = (
            make_issue(negotiation, title) for title in ("Old", "New", "Never", "Closed")
        )
        record(talks.old, "RU", "Agreed", "27 Feb 2025", by=talks.ru)
        record(talks.new, "RU", "Raised", "1 Mar 2025")
        record(talks.new, "US", "Raised", "12 Jun 2025")
        record(talks.closed, "RU US", "Closed", "27 Feb 2025")
        return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def address(talks, name, *args):
    return reverse(f"issues:{name}", args=[talks.slug, *args])


def listed(client, talks, name, user=None, **query):
    """The titles of the rows, in order."""
    html = page(client, address(talks, name), user or talks.reader, **query)
    titles = ("Old", "New", "Never", "Closed")
    rows = html.split("<tr data-row")[1:]
    return [next((t for t in titles if f" {t}</a>" in row), None) for row in rows]


class TestSilence:
    def test_lists_what_nobody_spoke_of_at_the_last_rounds(self, client, talks):
        assert listed(client, talks, "silence") == ["Old", "Never"]
        assert listed(client, talks, "silence", rounds=3) == ["Never"]
        assert listed(client, talks, "silence", rounds=9) == ["Never"]

    def test_counts_days_instead(self, client, talks):
        assert listed(client, talks, "silence", days=300) == ["Old", "Never"]
        assert listed(client, talks, "silence", days=100) == ["Old", "New", "Never"]

    def test_tells_what_one_party_is_silent_of(self, client, talks):
        assert listed(client, talks, "silence", party="RU", rounds=2) == ["Old", "New", "Never"]

    def test_says_who_last_spoke_and_how_many_rounds_ago(self, client, talks):
        html = page(client, address(talks, "silence"), talks.reader)
        row = row_of(html, "Old")
        assert "2 rounds" in row
        assert "RU 27 Feb 2025 US nothing on record" in row

    def test_what_was_discussed_at_a_round_was_spoken_of(self, client, talks):
        from issues import services

        round_ = talks.negotiation.rounds.get(number=3)
        services.set_agenda_line(round_, talks.old, by=None, planned=True, outcome="discussed")
        assert listed(client, talks, "silence") == ["Never"]

    def test_our_own_note_is_no_mention(self, client, talks):
        record(talks.old, "own", "", "1 Mar 2026")
        assert "Old" in listed(client, talks, "silence")

    def test_as_it_was(self, client, talks):
        assert listed(client, talks, "silence", rounds=1, as_of="2025-04-11") == [
            "Old",
            "New",
            "Never",
        ]
        before = {"as_of": "2025-04-11", "known": "2026-03-20"}
        assert listed(client, talks, "silence", rounds=1, **before) == ["Old", "New", "Never"]
        html = page(client, address(talks, "silence"), talks.recorder, as_of="2025-04-11")
        assert "Still so" not in html

    @pytest.mark.parametrize(
        "query", ["rounds=x", "rounds=0", "days=-1", "days=99999", "party=XX", "page=9"]
    )
    def test_what_is_no_number_or_party_is_an_error(self, client, talks, query):
        client.force_login(talks.reader)
        assert client.get(f"{address(talks, 'silence')}?{query}").status_code == 400

    def test_empty_and_filtered_pages_say_what_to_do(self, client, talks):
        for issue in (talks.never, talks.old):
            record(issue, "US", "", "20 Mar 2026")
        assert "Every item was mentioned" in read(client, address(talks, "silence"), talks.reader)


class TestUnanswered:
    def test_lists_claims_with_the_longest_wait_first(self, client, talks):
        record(talks.never, "US", "Raised", "1 Jan 2025")
        assert listed(client, talks, "unanswered") == ["Never", "Old"]
        assert listed(client, talks, "unanswered", party="US") == ["Old"]

    def test_the_wait_begins_with_the_claim_not_with_its_repetition(self, client, talks):
        record(talks.old, "RU", "Agreed", "1 Mar 2026")
        for query in ({}, {"known": "2026-03-20"}):
            html = page(client, address(talks, "unanswered"), talks.reader, **query)
            assert "27 Feb 2025 1 year ago" in row_of(html, "Old")

    def test_what_is_answered_is_not_listed(self, client, talks):
        record(talks.old, "US", "Agreed", "1 Mar 2026")
        text = read(client, address(talks, "unanswered"), talks.reader)
        assert "No claim stands alone" in text
        assert listed(client, talks, "unanswered", as_of="2026-02-28") == ["Old"]

    def test_another_claim_begins_another_wait(self, client, talks):
        record(talks.old, "US", "Raised", "1 Mar 2025")
        record(talks.old, "RU", "Agreed", "1 May 2025")
        html = page(client, address(talks, "unanswered"), talks.reader)
        assert "US United States 1 May 2025" in row_of(html, "Old")


@pytest.fixture
def steps(talks):
    """Ours overdue, theirs due later, and one without a date."""
    russia, america = talks.negotiation.parties.order_by("code")
    due = {"next_step_party": russia, "next_step_by": _day("2026-03-10")}
    talks.ours = record(talks.old, "RU", "", "1 Mar 2026", next_step="Send the list", **due)
    due = {"next_step_party": america, "next_step_by": _day("2026-04-01")}
    record(talks.new, "US", "", "1 Mar 2026", next_step="Answer", **due)
    record(talks.never, "own", "", "1 Mar 2026", next_step="Think")
    return talks


def _day(text):
    import datetime as dt

    return dt.date.fromisoformat(text)


class TestNextSteps:
    def test_ours_first_then_theirs_then_nobodys(self, client, steps):
        assert listed(client, steps, "next_steps", steps.ru) == ["Old", "New", "Never"]
        assert listed(client, steps, "next_steps", steps.us) == ["New", "Old", "Never"]
        text = read(client, address(steps, "next_steps"), steps.us)
        assert "We owe: United States" in text
        assert "They owe: Russia" in text

    def test_says_what_is_overdue(self, client, steps):
        html = page(client, address(steps, "next_steps"), steps.reader)
        assert "1 overdue" in html
        assert "overdue, 1 week ago" in row_of(html, "Old")
        assert "in 12 days" in row_of(html, "New")

    def test_is_chosen_by_party_and_by_date(self, client, steps):
        assert listed(client, steps, "next_steps", party="US") == ["New"]
        for due, titles in {"overdue": ["Old"], "soon": ["New"], "undated": ["Never"]}.items():
            assert listed(client, steps, "next_steps", due=due) == titles
        client.force_login(steps.reader)
        assert client.get(f"{address(steps, 'next_steps')}?due=never").status_code == 400

    def test_nothing_is_overdue_before_its_day(self, client, steps):
        html = page(client, address(steps, "next_steps"), steps.reader, as_of="2026-03-09")
        assert "overdue" not in row_of(html, "Old")

    def test_answers_with_the_list_alone(self, client, steps):
        client.force_login(steps.reader)
        for name in ("next_steps", "silence", "unanswered"):
            answer = client.get(address(steps, name), headers=FRAGMENT)
            assert answer.content.strip().startswith(b'<div id="follow-up"')


def done(client, talks, entry, **typed):
    typed = {"next_step_state": "done", "who": "own", "said": "20 Mar 2026"} | typed
    return client.post(address(talks, "step_done", entry.issue.number, entry.uuid), typed)


class TestDone:
    def test_a_later_entry_clears_the_step_and_keeps_it_on_record(self, client, steps):
        client.force_login(steps.recorder)
        assert done(client, steps, steps.ours, text="Sent by courier").status_code == 302
        assert listed(client, steps, "next_steps") == ["New", "Never"]
        assert listed(client, steps, "next_steps", as_of="2026-03-19") == ["Old", "New", "Never"]
        item = read(client, steps.old.get_absolute_url(), steps.reader)
        assert "Next step done: Send the list" in item

    def test_no_longer_needed_clears_it_too_and_a_new_step_opens_it(self, client, steps):
        client.force_login(steps.recorder)
        done(client, steps, steps.ours, next_step_state="dropped")
        assert "Old" not in listed(client, steps, "next_steps")
        record(steps.old, "RU", "", "20 Mar 2026", next_step="Send it again")
        assert "Old" in listed(client, steps, "next_steps")

    def test_taken_back_the_step_is_open_again(self, client, steps):
        from issues import services

        client.force_login(steps.recorder)
        done(client, steps, steps.ours)
        services.undo(
            [Entry.objects.latest("pk")], viewer=viewer(steps.negotiation, steps.recorder)
        )
        assert "Old" in listed(client, steps, "next_steps")

    def test_of_two_at_once_the_second_gets_a_conflict(self, client, steps):
        client.force_login(steps.recorder)
        done(client, steps, steps.ours)
        answer = done(client, steps, steps.ours, text="Me too")
        assert answer.status_code == 409
        assert "Somebody was faster" in answer.content.decode()
        assert "Me too" in answer.content.decode()

    def test_sent_twice_it_is_recorded_once(self, client, steps):
        client.force_login(steps.recorder)
        token = "7b1c1a60-0000-4000-8000-000000000001"
        for _ in range(2):
            assert done(client, steps, steps.ours, token=token).status_code == 302
        assert Entry.objects.filter(next_step_state="done").count() == 1

    def test_an_entry_without_a_step_has_none_to_end(self, client, steps):
        bare = record(steps.old, "RU", "Raised", "2 Mar 2026")
        client.force_login(steps.recorder)
        answer = done(client, steps, bare)
        assert answer.status_code == 422
        assert "Say which step." in answer.content.decode()

    def test_a_day_before_the_step_is_refused_beside_the_field(self, client, steps):
        client.force_login(steps.recorder)
        answer = done(client, steps, steps.ours, said="28 Feb 2026", text="Kept")
        assert answer.status_code == 422
        assert "said" in answer.context["form"].errors
        assert "Kept" in answer.content.decode()

    def test_only_whoever_sees_the_step_sees_its_end(self, client, steps):
        russia = viewer(steps.negotiation, steps.ru)
        hidden = record(
            steps.new, "RU", "", "2 Mar 2026", steps.ru, next_step="Hide", **own_audience(russia)
        )
        before = page(client, address(steps, "next_steps"), steps.us)
        client.force_login(steps.ru)
        done(client, steps, hidden)
        ending = Entry.objects.latest("pk")
        assert (ending.audience, ending.audience_party) == ("delegation", russia.party)
        assert page(client, address(steps, "next_steps"), steps.us).count("Answer") == before.count(
            "Answer"
        )

    def test_an_ending_names_its_step(self, client, steps):
        client.force_login(steps.recorder)
        typed = {"who": "own", "said": "1 Mar 2026", "next_step_state": "done", "text": "So"}
        answer = client.post(address(steps, "entries", 1), typed | {"audience": "members"})
        assert answer.status_code == 422
        assert "next_step" in answer.context["form"].errors


class TestStillSo:
    def send(self, client, talks, **typed):
        typed = {
            "who": "party:RU:Agreed",
            "said": "20 Mar 2026",
            "text": "Nothing new",
            "audience": "members",
        } | typed
        return client.post(address(talks, "still_so", talks.old.number), typed)

    def test_records_the_same_status_on_a_later_day(self, client, talks):
        client.force_login(talks.recorder)
        assert self.send(client, talks).status_code == 302
        entry = Entry.objects.latest("pk")
        assert (entry.status.label, entry.party.code) == ("Agreed", "RU")
        assert "Old" not in listed(client, talks, "silence")

    def test_offers_only_what_somebody_said(self, client, talks):
        client.force_login(talks.recorder)
        html = client.get(address(talks, "still_so", talks.old.number)).content.decode()
        assert "Russia: Agreed" in html
        assert "United States:" not in html
        nothing = client.get(address(talks, "still_so", talks.never.number)).content.decode()
        assert "Nobody has given a status" in nothing

    def test_what_changed_meanwhile_is_not_repeated(self, client, talks):
        record(talks.old, "RU", "Blocked", "1 Mar 2026")
        client.force_login(talks.recorder)
        answer = self.send(client, talks)
        assert answer.status_code == 422
        assert "changed meanwhile" in answer.content.decode()
        assert "Nothing new" in answer.content.decode()

    def test_a_future_day_is_refused(self, client, talks):
        client.force_login(talks.recorder)
        answer = self.send(client, talks, said="21 Mar 2026")
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["said"])


class TestAsk:
    def test_becomes_a_next_step_of_ours(self, client, talks):
        client.force_login(talks.ru)
        typed = {
            "whom": "United States",
            "about": "the list",
            "next_step_by": "1 Apr 2026",
            "next_step_party": "RU",
            "audience": "delegation",
        }
        path = address(talks, "ask", talks.old.number)
        assert client.get(f"{path}?whom=US").status_code == 200
        assert client.post(path, typed).status_code == 302
        html = page(client, address(talks, "next_steps"), talks.ru)
        assert "We owe: Russia" in html
        assert "Ask United States about the list" in row_of(html, "Old")
        assert "Ask United States" not in page(client, address(talks, "next_steps"), talks.us)

    def test_a_day_that_has_passed_is_refused(self, client, talks):
        client.force_login(talks.recorder)
        typed = {"whom": "US", "about": "it", "next_step_by": "1 Mar 2026", "audience": "members"}
        answer = client.post(address(talks, "ask", 1), typed)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["next_step_by"])

    def test_says_which_step_it_replaces(self, client, steps):
        client.force_login(steps.recorder)
        html = client.get(address(steps, "ask", steps.old.number)).content.decode()
        assert "takes the place of" in html
        assert "Send the list" in html
