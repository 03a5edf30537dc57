"""The page of one item: where it stands in words, whose word it is, its history and the form."""

import re
from copy import deepcopy

import pytest
import time_machine
from django.urls import reverse

from issues import services
from issues.models import Issue
from issues.reads import detail
from negotiations.services import archive_negotiation
from tests import factories
from tests.factories import entry_data, record, viewer

from .reading import words
from .test_fixture_case import BANKING, PROPERTY, ROAD_MAP, CaseTest

APRIL = "2025-04-30 10:00Z"


@pytest.fixture
def talks(module_talks, db):
    return deepcopy(module_talks)


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation, "Banking")


def get(client, talks, issue, query="", user=None, **options):
    client.force_login(user or talks.reader)
    return client.get(f"{issue.get_absolute_url()}?{query}", **options)


def html(client, talks, issue, query="", user=None):
    answer = get(client, talks, issue, query, user)
    assert answer.status_code == 200
    return answer.content.decode()


def standing(client, talks, issue, query=""):
    """The block on top, in words, as read in April 2025."""
    with time_machine.travel(APRIL):
        page = html(client, talks, issue, query)
    block = page.split('class="card standing">')[1].split("<h2>")[0]
    return words(block)


class TestWhereItStands:
    def test_top_line_in_words(self, client, talks, issue):
        record(issue, "RU", "Under discussion", "1 Mar 2025")
        record(issue, "RU", "Blocked", "10 Apr 2025")
        told = standing(client, talks, issue)
        assert told.startswith(
            "Blocked only Russia says so · fell from Under discussion, 10 Apr 2025"
        )

    def test_each_partys_status_date_and_position(self, client, talks, issue):
        record(issue, "RU", "Agreed", "1 Mar 2025", position="Sign now.")
        record(issue, "US", "", "Apr 2025", position="Not before summer.")
        told = standing(client, talks, issue)
        assert "RU Agreed 1 Mar 2025 Position: Sign now." in told
        assert "US spoke Apr 2025, gave no status Position: Not before summer." in told

    def test_latest_position_is_shown_until_another_is_taken(self, client, talks, issue):
        record(issue, "RU", "", "1 Mar 2025", position="First.")
        record(issue, "RU", "Agreed", "2 Mar 2025")
        assert "Position: First." in standing(client, talks, issue)
        record(issue, "RU", "", "3 Mar 2025", position="Second.")
        assert "Position: Second." in standing(client, talks, issue)

    def test_accounts_that_differ_and_claims_not_answered(self, client, talks, issue):
        record(issue, "US", "Raised", "1 Mar 2025")
        record(issue, "RU", "Agreed", "2 Mar 2025")
        told = standing(client, talks, issue)
        assert "Raised Russia claims more, United States has not answered" in told
        record(issue, "US", "Under discussion", "3 Mar 2025")
        assert "Under discussion accounts differ" in standing(client, talks, issue)

    def test_press_and_own_assessment_stand_beside(self, client, talks, issue):
        record(issue, "third", "Agreed", "1 Mar 2025")
        assert "Agreed press report" in standing(client, talks, issue)
        record(issue, "own", "Raised", "2 Mar 2025")
        record(issue, "RU", "Under discussion", "3 Mar 2025")
        told = standing(client, talks, issue)
        assert told.startswith("Under discussion only Russia says so")
        assert "Press report: Agreed, 1 Mar 2025" in told
        assert "Our assessment: Raised, 2 Mar 2025" in told

    def test_waits_and_next_step(self, client, talks, issue):
        america = talks.negotiation.parties.get(code="US")
        record(
            issue,
            "RU",
            waits_for="party",
            waits_party=america,
            waits_text="an answer",
            next_step="Send a draft",
            next_step_party=america,
            next_step_who="the embassy",
            next_step_by=factories.parse_date("1 Jun 2025").first,
        )
        told = standing(client, talks, issue)
        assert "Waits for US: an answer" in told
        expected = "Next step Send a draft · United States · the embassy · by 1 Jun 2025"
        assert expected in told
        record(issue, "RU", said="2 Feb 2025", waits_for="nobody")
        assert "Waits for" not in standing(client, talks, issue)

    def test_new_item_claims_nothing(self, client, talks, issue):
        told = standing(client, talks, issue)
        assert told.startswith("No status yet Nobody has given a status.")
        assert "RU nothing on record US nothing on record" in told
        assert "Nothing is on record yet." in html(client, talks, issue)


class TestHistory:
    def test_line_says_who_what_when_on_which_source(self, client, talks, issue):
        record(issue, "RU", "Raised", "1 Mar 2025")
        source = services.NewSource(
            title="A briefing",
            publisher="The ministry",
            url="https://example.org/briefing",
            dated=factories.parse_date("11 Apr 2025"),
        )
        record(
            issue,
            "RU",
            "Agreed",
            "10 Apr 2025",
            speaker="A. Ivanova",
            speaker_function="spokeswoman",
            text="Banking is settled.",
            original_text="Вопрос решён.",
            original_language="Russian",
            reliability="high",
            sources=[source],
        )
        page = html(client, talks, issue)
        told = words(page)
        assert "10 Apr 2025" in told
        assert "Raised → Agreed A. Ivanova, spokeswoman" in told
        assert "Banking is settled." in told
        assert "Вопрос решён. (Russian)" in told
        assert "The ministry, 11 Apr 2025" in told
        assert "reliability high" in told
        assert f"typed by {talks.head}" in told
        assert '<a href="https://example.org/briefing" rel="noreferrer noopener external">' in page

    def test_no_source_is_said(self, client, talks, issue):
        record(issue, "RU", "Agreed")
        assert "no source" in words(html(client, talks, issue))

    def test_both_dates_where_they_differ_by_more_than_a_week(self, client, talks, issue):
        with time_machine.travel("2025-06-10 10:00Z"):
            record(issue, "RU", "Agreed", "10 Mar 2025")
        assert "entered 10 Jun 2025" in words(html(client, talks, issue))

    def test_corrected_and_retracted_are_struck_with_the_reason(self, client, talks, issue):
        person = viewer(talks.negotiation)
        first = record(issue, "RU", "Agreed", "1 Mar 2025")
        data = entry_data(talks.negotiation, "RU", "Raised", "1 Mar 2025")
        services.correct(first, data, viewer=person, reason="Misheard")
        services.retract(record(issue, "US", "Closed"), viewer=person, reason="Wrong item")
        page = html(client, talks, issue)
        assert page.count('class="struck"') == 2
        told = words(page)
        assert "Corrects the entry of 1 Mar 2025 : Misheard" in told
        assert "Taken back: the entry of 1 Feb 2025" in told
        assert "Wrong item" in told

    def test_links_within_the_page_lead_somewhere(self, client, talks, issue):
        person = viewer(talks.negotiation)
        once = services.retract(record(issue, "RU", "Agreed"), viewer=person, reason="Slip")
        services.retract(once.entries[0], viewer=person, reason="Slip")
        page = html(client, talks, issue, user=talks.recorder)
        links = set(re.findall(r'href="#([^"]+)"', page))
        assert len(links) > 2
        assert links <= set(re.findall(r' id="([^"]+)"', page))

    def test_written_text_is_text_and_nothing_else(self, client, talks, issue):
        hostile = '<img src=x onerror="x()"> {{ 7|add:"7" }} <script>x()</script>'
        record(
            issue,
            "RU",
            text=hostile,
            position=hostile,
            speaker=hostile,
            waits_for="both",
            waits_text=hostile,
            next_step=hostile,
            sources=[services.NewSource(title=hostile)],
        )
        services.update_issue(
            issue, version=1, by=None, title=hostile, description=hostile, reference="<b>"
        )
        for name, args in (
            ("issue_detail", [issue.number]),
            ("issue_list", []),
            ("state_of_play", []),
            ("entries", [issue.number]),
        ):
            client.force_login(talks.recorder)
            page = client.get(reverse(f"issues:{name}", args=[talks.slug, *args]))
            body = page.content.decode()
            assert "<img src=x" not in body
            assert "<script>x()" not in body
            assert "<b>" not in body.split("<h1>")[1].split("</h1>")[0]

    def test_older_entries_are_on_the_next_page(self, client, talks, issue, monkeypatch):
        monkeypatch.setattr("issues.reads.history.PAGE", 2)
        for day in range(1, 4):
            record(
                issue, "RU", "Raised" if day % 2 else "Agreed", f"{day} Feb 2025", text=f"t{day}"
            )
        page = html(client, talks, issue)
        assert "t3" in page
        assert "t1" not in page
        link = page.split('href="?after=')[1].split('"')[0]
        older = html(client, talks, issue, f"after={link}")
        assert "t1" in older
        assert "t3" not in older
        assert "3 entries on record" in words(older)
        assert get(client, talks, issue, "after=junk").status_code == 400


class TestAround:
    def test_sub_items_parent_agenda_and_who_raised_it(self, client, talks, issue):
        services.update_issue(
            issue,
            version=1,
            by=None,
            raised_by=talks.negotiation.parties.all(),
            owner=talks.recorder,
            description="About accounts.",
        )
        child = factories.make_issue(talks.negotiation, "Transfers", parent=issue)
        record(child, "RU", "Agreed", "1 Feb 2025")
        round_ = factories.make_round(talks.negotiation, "Second round", "10 Apr 2025")
        services.set_agenda_line(round_, issue, by=None, planned=True, outcome="not_reached")
        told = words(html(client, talks, issue))
        assert "Raised by Russia and United States" in told
        assert f"owner {talks.recorder}" in told
        assert "1 sub-item: 1 agreed" in told
        assert "About accounts." in told
        assert "2 Transfers Agreed Only RU says so" in told
        assert "Second round , 10 Apr 2025: planned, not reached" in told
        assert issue.get_absolute_url() in html(client, talks, child)

    def test_item_entered_in_error_is_not_there(self, client, talks, issue):
        services.mark_in_error(issue, version=1, by=talks.head, reason="Twice")
        for user in (talks.reader, talks.head):
            assert get(client, talks, issue, user=user).status_code == 404

    @pytest.mark.parametrize("shown", [100, 3])
    def test_counts_its_sub_items_as_the_list_does(self, client, talks, issue, monkeypatch, shown):
        """Told by those on the page, and asked for where there may be more of them."""
        monkeypatch.setattr(detail, "MOST_SUB_ITEMS", shown)
        for title, says in (("A", "Blocked"), ("B", "Blocked"), ("C", "")):
            record(factories.make_issue(talks.negotiation, title, parent=issue), "RU", says)
        theirs = talks.negotiation.parties.get(code="US")
        kept = {"audience": "delegation", "audience_party": theirs, "recorded_party": theirs}
        factories.make_issue(talks.negotiation, "Kept", parent=issue, **kept)
        client.force_login(talks.reader)
        listed = client.get(reverse("issues:issue_list", args=[talks.negotiation.slug]))
        told = "3 sub-items: 2 blocked, 1 no status yet"
        assert told in listed.content.decode()
        assert told in html(client, talks, issue)


class TestWhoMayWrite:
    def test_form_for_recorders_only(self, client, talks, issue):
        assert "form" not in get(client, talks, issue).context
        for user in (talks.recorder, talks.head):
            assert 'id="entry-form"' in html(client, talks, issue, user=user)

    def test_nothing_to_write_in_an_archived_negotiation(self, client, talks, issue):
        entry = record(issue, "RU", "Agreed", by=talks.recorder)
        link = f"/entries/{entry.uuid}/correct/"
        assert link in html(client, talks, issue, user=talks.recorder)
        archive_negotiation(talks.negotiation, by=talks.head)
        for user in (talks.recorder, talks.head):
            page = html(client, talks, issue, user=user)
            assert 'id="entry-form"' not in page
            assert link not in page
            assert "Edit item" not in page

    def test_acts_on_an_entry_are_for_whoever_may(self, client, talks, issue):
        entry = record(issue, "RU", "Agreed", by=talks.recorder)
        others = record(issue, "RU", "Agreed", "2 Feb 2025")
        page = html(client, talks, issue, user=talks.recorder)
        for act, mine, theirs in (
            ("undo", True, False),
            ("correct", True, False),
            ("retract", True, False),
        ):
            assert (f"/entries/{entry.uuid}/{act}/" in page) is mine
            assert (f"/entries/{others.uuid}/{act}/" in page) is theirs
        assert "/correct/" not in html(client, talks, issue)

    def test_fragment_is_the_item_without_the_form(self, client, talks, issue):
        htmx = {"HX-Request": "true", "HX-Target": "item"}
        part = get(client, talks, issue, user=talks.recorder, headers=htmx).content.decode()
        assert part.lstrip().startswith('<div id="item"')
        assert "<html" not in part
        assert 'id="entry-form"' not in part
        restore = htmx | {"HX-History-Restore-Request": "true"}
        page = get(client, talks, issue, headers=restore).content.decode()
        assert page.count("<html") == page.count('id="item"') == 1


class RealCase(CaseTest):
    """Items of the Russia–US case, in words."""

    def told(self, title):
        with time_machine.travel("2026-12-01 12:00Z"):
            self.client.force_login(factories.make_user(is_superuser=True))
            answer = self.client.get(Issue.objects.get(title=title).get_absolute_url())
        return words(answer.content.decode().split('class="card standing">')[1].split("<h2>")[0])

    def test_banking_both_say_so(self):
        assert self.told(BANKING).startswith("Agreed both say so, separately")

    def test_property_is_blocked_on_russias_word(self):
        assert self.told(PROPERTY).startswith("Blocked only Russia says so · fell from")

    def test_road_map_fell_and_waits(self):
        told = self.told(ROAD_MAP)
        assert "only Russia says so · fell from Under discussion, 19 Nov 2025" in told
        assert "Waits for US: Answer on the road map" in told
