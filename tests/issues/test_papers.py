"""What the three papers say, and how they answer; their files are read in test_paper_files."""

import datetime as dt
from copy import deepcopy

import pytest
import time_machine
from django.test import Client

from issues import services
from tests import factories
from tests.factories import own_audience, record, viewer
from tests.issues.paper_talks import CYRILLIC, make_paper_talks, page_text, paper_address, sign_in

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2025, 6, 20, 12, 30, tzinfo=dt.UTC)
PAPERS = ["paper_state", "paper_moved", "paper_brief"]
PUBLIC, MEMBERS = "Made from public entries only", "members of this negotiation only"


@pytest.fixture(scope="module")
def made(module_db):
    with time_machine.travel(NOW, tick=False):
        return make_paper_talks()


@pytest.fixture
def talks(made, db):
    with time_machine.travel(NOW, tick=False):
        yield deepcopy(made)


def text_of(talks, name, user=None, **query):
    answer = sign_in(user or talks.reader).get(paper_address(talks, name, **query))
    assert answer.status_code == 200
    return page_text(answer)


class TestWhatTheySay:
    def test_the_title_block_says_which_talks_when_by_whom_and_for_whom(self, talks):
        for name in PAPERS:
            text = text_of(talks, name)
            assert talks.negotiation.title in text
            assert "Russia (RU), United States (US)" in text
            assert f"Made by {talks.reader}, 20 Jun 2025, 12:30 UTC" in text
            assert MEMBERS in text

    def test_state_of_play_has_every_item_with_who_says_so(self, talks):
        text = text_of(talks, "paper_state", empty=1)
        for words in (
            "Visas",
            "Flights",
            "Fees",
            "‖ Blocked",
            "Only RU says so",
            "RU 1 Mar 2025 · US nothing on record",
            "Travel",
            "Since R2",
            "▼ contested: somebody else said less, from Agreed",
            "US: an answer from the capital",
            "Send the draft; United States",
        ):
            assert words in text

    def test_each_line_names_party_day_status_speaker_text_source_and_audience(self, talks):
        text = text_of(talks, "paper_state")
        petrov = "10 Apr 2025 RU · ◕ Agreed · Ivan Petrov, Deputy Minister: " + CYRILLIC + " [1]"
        assert petrov in text
        assert "(what it waits for, next step): Not yet settled. [2] [members]" in text

    def test_sources_are_numbered_once_and_listed_in_full(self, talks):
        factories.record(
            talks.issues[1],
            "RU",
            "Blocked",
            "2 Mar 2025",
            sources=list(talks.issues[0].entries.earliest("pk").sources.all()),
        )
        text = text_of(talks, "paper_state")
        listed = text.rpartition("Sources")[2]
        readout = "[1] Ministry · Readout https://example.org/readout?a=1&amp;b=2"
        assert listed.strip() == f"{readout} [2] State · Briefing"
        assert text.count("[1]") == 3

    def test_what_moved_has_from_to_and_the_entries_that_did_it(self, talks):
        text = text_of(talks, "paper_moved", **{"from": "round-2", "to": "now"})
        assert "From the end of R2 (10 Apr 2025)" in text
        assert "▼ ◔ Under discussion" in text
        assert "11 Apr 2025 US · ◔ Under discussion: Not yet settled. [1]" in text
        assert "Waits for United States" in text

    def test_all_that_moved_is_on_one_paper(self, talks):
        for number in range(30):
            issue = factories.make_issue(talks.negotiation, f"Matter {number}")
            record(issue, "RU", "Raised", "1 May 2025")
        text = text_of(talks, "paper_moved", **{"from": "round-2"})
        assert "31 items moved" in text
        assert all(f"Matter {number}" in text for number in range(30))

    def test_the_brief_has_words_positions_sub_items_and_history_newest_first(self, talks):
        text = text_of(talks, "paper_brief")
        assert "Fewer papers for everybody" in text
        assert "Transit visas" in text
        assert text.index("Not yet settled.") < text.index(CYRILLIC)
        assert "Next step Send the draft; United States" in text
        assert (
            "[1] [members] Position: Fewer papers for everybody "
            "Waits for United States: an answer from the capital. Next step: Send the draft"
        ) in text

    def test_the_brief_leaves_out_what_was_taken_back(self, talks):
        entry = record(talks.issues[0], "RU", "Closed", "2 May 2025", text="Too early")
        services.retract(entry, viewer=viewer(talks.negotiation), reason="Slip")
        text = text_of(talks, "paper_brief")
        assert "Too early" not in text
        assert "corrected or taken back are left out" in text

    def test_the_brief_has_the_original_wording_and_marks_what_was_entered_late(self, talks):
        original = {"original_text": "Согласовано", "original_language": "Russian"}
        entry = record(talks.issues[0], "RU", "", "2 May 2025", **original)
        text = text_of(talks, "paper_brief")
        assert "Original (Russian): “Согласовано” Entered 20 Jun 2025." in text
        services.redact(entry, reason="Slip", by="admin")
        text = text_of(talks, "paper_brief")
        assert "Согласовано" not in text
        assert "Redacted 20 Jun 2025." in text

    def test_the_brief_does_not_tell_what_was_undone(self, talks):
        person = viewer(talks.negotiation)
        entry = record(talks.issues[0], "RU", "Closed", "2 May 2025", text="Too early")
        services.undo([entry], viewer=person)
        text = text_of(talks, "paper_brief", talks.head)
        assert "Too early" not in text
        assert "left out" not in text

    def test_a_step_that_is_done_is_no_longer_on_it(self, talks):
        record(talks.issues[0], "US", "", "12 Apr 2025", next_step="Sent", next_step_state="done")
        text = text_of(talks, "paper_state")
        assert "Sent" not in text
        assert "Send the draft" not in text
        text = text_of(talks, "paper_brief")
        assert "Next step Se" not in text
        assert "Next step done: Sent" in text

    def test_a_paper_has_an_end(self, talks, monkeypatch):
        for module in ("state", "moved"):
            monkeypatch.setattr(f"issues.papers.{module}.MOST_ITEMS", 1)
        text = text_of(talks, "paper_state")
        assert "Only the first 1 of 2 items: choose with a filter." in text
        text = text_of(talks, "paper_moved", **{"from": "2025-01-01"})
        assert "1 more item moved" in text

    def test_what_was_typed_goes_out_as_text(self, talks):
        record(talks.issues[1], "RU", "Blocked", "2 Mar 2025", text="<b>bold</b> & {{ x }}")
        page = sign_in(talks.reader).get(paper_address(talks, "paper_state")).content.decode()
        assert "&lt;b&gt;bold&lt;/b&gt; &amp; {{ x }}" in page


class TestMarking:
    def test_public_entries_only(self, talks):
        text = text_of(talks, "paper_state", status="Blocked")
        assert PUBLIC in text
        assert MEMBERS not in text

    def test_one_delegations_entry_marks_its_own_papers(self, talks):
        issue, russia = talks.issues[0], viewer(talks.negotiation, talks.ru)
        record(issue, "RU", "Closed", "1 May 2025", by=talks.ru, **own_audience(russia))
        for name in PAPERS:
            query = {"from": "round-2"} if name == "paper_moved" else {}
            assert "only the Russia delegation may see" in text_of(talks, name, talks.ru, **query)
            assert "only the Russia" not in text_of(talks, name, talks.us, **query)

    def test_what_a_delegation_took_out_for_itself_marks_its_paper_too(self, talks):
        """Nothing of it is printed, but the standing shows it."""
        known = record(talks.issues[1], "RU", "Agreed", "1 May 2025", by=talks.ru)
        russia = viewer(talks.negotiation, talks.ru)
        said = factories.entry_data(talks.negotiation, said="1 May 2025", **own_audience(russia))
        services.correct(known, said, viewer=russia, reason="Slip")
        text = text_of(talks, "paper_state", talks.ru, status="Blocked")
        assert "only the Russia delegation may see" in text


class TestForAllMembers:
    """A delegation's paper to hand on: as somebody tied to no delegation would make it."""

    @pytest.fixture(autouse=True)
    def secret(self, talks):
        own = own_audience(viewer(talks.negotiation, talks.ru))
        record(talks.issues[0], "RU", "Closed", "1 May 2025", by=talks.ru, text="canary", **own)

    @pytest.mark.parametrize("name", PAPERS)
    def test_what_only_the_delegation_may_see_is_not_in_it(self, talks, name):
        query = {"from": "round-2", "to": "now"} if name == "paper_moved" else {}
        own = text_of(talks, name, talks.ru, **query)
        handed = text_of(talks, name, talks.ru, audience="members", **query)
        assert "canary" in own
        assert "canary" not in handed
        assert "only the Russia" not in handed
        assert MEMBERS in handed

    def test_only_who_is_tied_to_a_delegation_is_offered_it(self, talks):
        assert "Without what only RU may see" in text_of(talks, "paper_state", talks.ru)
        assert "Without what" not in text_of(talks, "paper_state", talks.reader)

    def test_another_audience_is_refused(self, talks):
        address = paper_address(talks, "paper_state", audience="party-1")
        assert sign_in(talks.ru).get(address).status_code == 400


class TestAddress:
    def test_both_clocks(self, talks):
        text = text_of(talks, "paper_state", as_of="2025-03-05", empty=1)
        assert "5 Mar 2025, using all that is on record today" in text
        assert "Not yet settled." not in text
        assert "‖ Blocked" in text
        with time_machine.travel(NOW + dt.timedelta(9)):
            text = text_of(talks, "paper_brief", known="2025-06-19")
        assert "using only what was recorded by 19 Jun 2025" in text
        assert CYRILLIC not in text

    def test_filters_narrow_it_and_stand_in_the_title_block(self, talks):
        text = text_of(talks, "paper_state", status="Blocked")
        assert "Shown Status: Blocked" in text
        assert "Flights" in text
        assert "Visas" not in text

    def test_items_without_status_are_left_out_and_counted(self, talks):
        text = text_of(talks, "paper_state")
        assert "Fees" not in text
        assert "Not listed: 2 items without a status." in text

    @pytest.mark.parametrize(
        "query",
        [
            {"as_of": "soon"},
            {"status": "No such"},
            {"since": "9"},
            {"paper": "a3"},
            {"format": "exe"},
        ],
    )
    def test_bad_input_is_answered_with_a_sentence(self, talks, query):
        answer = sign_in(talks.reader).get(paper_address(talks, "paper_state", **query))
        assert answer.status_code == 400
        assert answer.content.decode().count(".") > 0

    def test_nothing_to_compare_is_said(self):
        talks = factories.make_talks()
        talks.issues = []
        answer = sign_in(talks.reader).get(paper_address(talks, "paper_moved"))
        assert answer.status_code == 400
        assert b"nothing to compare" in answer.content

    def test_an_empty_negotiation_has_an_empty_paper(self):
        talks = factories.make_talks()
        text = text_of(talks, "paper_state")
        assert "No item is on this paper." in text

    @pytest.mark.parametrize("name", PAPERS)
    def test_who_may(self, talks, name):
        address = paper_address(talks, name)
        assert sign_in(talks.stranger).get(address).status_code == 404
        assert Client().get(address).status_code == 302
        assert sign_in(talks.head).post(address).status_code == 405

    def test_paper_is_remembered_for_the_negotiation_and_chosen_in_the_address(self, talks):
        client = sign_in(talks.reader)
        sizes = []
        for set_up in (None, "letter"):
            if set_up:
                factories.set_letterhead(talks.negotiation, paper=set_up)
            for asked in ({}, {"paper": "a4"}):
                answer = client.get(paper_address(talks, "paper_state", **asked))
                sizes.append(answer.context["paper"].size)
        assert sizes == ["a4", "a4", "letter", "a4"]

    def test_the_letterhead_stands_on_every_paper(self, talks):
        factories.set_letterhead(talks.negotiation)
        for name in PAPERS:
            answer = sign_in(talks.reader).get(paper_address(talks, name))
            assert "Ministry" in page_text(answer)
            assert "Room 5" in page_text(answer)
            assert b"letterhead/logo/" in answer.content

    @pytest.mark.parametrize(
        ("page", "paper"), [("", "papers/state/"), ("changes/", "papers/moved/")]
    )
    def test_pages_lead_to_their_paper_and_keep_the_query(self, talks, page, paper):
        base = f"/negotiations/{talks.slug}/"
        query = "?from=round-1&to=round-2" if page else "?as_of=2025-05-01&status=Blocked"
        html = sign_in(talks.reader).get(f"{base}{page}{query}").content.decode()
        assert f'href="{base}{paper}{query}"'.replace("&", "&amp;") in html

    def test_item_leads_to_its_brief_at_the_same_time(self, talks):
        base = f"/negotiations/{talks.slug}/issues/1/"
        html = sign_in(talks.reader).get(f"{base}?as_of=2025-05-01").content.decode()
        assert f'href="{base}brief/?as_of=2025-05-01"' in html


def test_queries_do_not_grow_with_the_items(talks, django_assert_max_num_queries):
    def count(name):
        with django_assert_max_num_queries(60) as queries:
            sign_in(talks.reader).get(paper_address(talks, name, **{"from": "2025-01-01"}))
        return len(queries)

    record(talks.issues[1], "RU US", "Agreed", "2 Mar 2025")
    # The very first paper also begins the chain of what was taken away.
    count(PAPERS[0])
    before = [count(name) for name in PAPERS[:2]]
    source = services.NewSource(title="Another")
    for number in range(6):
        issue = factories.make_issue(talks.negotiation, f"More {number}")
        record(issue, "RU US", "Agreed", waits_for="both", next_step="On", sources=[source])
    assert [count(name) for name in PAPERS[:2]] == before
