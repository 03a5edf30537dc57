"""Text, status, category and who says so: what fits, in pages, however it is read."""

import random
from itertools import product

import pytest
from django.core.exceptions import BadRequest
from django.urls import reverse

from issues import services
from issues.filters import BADGES, IssueFilter
from issues.models import Issue
from issues.papers.state import StatePaper
from issues.reads.agenda import names_of
from issues.reads.clock import clock_from
from issues.reads.frame import FrameView
from issues.reads.narrowed import FIELDS
from issues.reads.paging import page_at
from issues.reads.standings import NOTHING, StandingReader
from tests.factories import entry_data, viewer

SAYS = ["Raised", "Under discussion", "Agreed", "Blocked", "Withdrawn"]
TEXTS = ["100% of it", "100 of it", "a_b", "aXb", "back\\slash", "Größe", "GRÖSSE", "Plain annex"]


@pytest.fixture(scope="module")
def made(module_delegations):
    """Items of all kinds of text and standing; of some only one delegation knows how they stand."""
    talks, dice = module_delegations, random.Random(11)
    data = [services.ItemData(f"{n}: {TEXTS[n % 8]}", heading="In parts") for n in range(120)]
    issues = services.open_issues(talks.negotiation, data, by=None)
    for who in ("ru", "us"):
        pairs = [
            (issue, entry_data(talks.negotiation, who.upper(), dice.choice(SAYS), day, **kept))
            for issue in dice.sample(issues, 70)
            for day, kept in (("1 Feb 2025", {}), ("1 Mar 2025", _kept(talks, who, dice)))
        ]
        services.record_many(pairs, viewer=viewer(talks.negotiation, getattr(talks, who)))
    return talks


def _kept(talks, who, dice):
    if dice.random() < 0.5:
        return {}
    party = talks.negotiation.parties.get(code=who.upper())
    return {"audience": "delegation", "audience_party": party}


def frame_of(talks, who, clock=""):
    query = {"as_of": clock} if clock else {}
    return FrameView(viewer(talks.negotiation, getattr(talks, who)), clock_from(query))


def found(frame, **asked):
    return IssueFilter(asked, frame=frame).found(StandingReader(frame))


def seen_by(frame):
    issues = list(Issue.objects.visible_to(frame.viewer).in_agenda_order())
    return issues, StandingReader(frame).on([issue.pk for issue in issues])


def expected(frame, q="", status="", category="", says="", seen=None):
    """Of every item that is seen, looked at one by one."""
    issues, views = seen or seen_by(frame)
    wanted = {"further": ("settled", "done"), "none": ("",)}.get(category, (category,))

    def fits(issue):
        view = views.get(issue.pk, NOTHING)
        return (
            any(q.lower() in getattr(issue, name).lower() for name in FIELDS)
            and (not status or (view.headline is not None and view.headline.label == status))
            and (not category or view.category in wanted)
            and (not says or view.badge in BADGES[says])
        )

    return [issue.pk for issue in issues if fits(issue)]


@pytest.mark.parametrize("who", ["ru", "us", "reader"])
@pytest.mark.parametrize("clock", ["", "2025-02-10"])
def test_it_is_what_one_finds_item_by_item(made, who, clock):
    frame, wrong = frame_of(made, who, clock), []
    categories, badges = ("", "held", "further", "none", "engaged"), ("", "both", "one", "differ")
    seen = seen_by(frame)
    for asked in product(("", "annex"), ("", "Agreed"), categories, badges):
        asked = dict(zip(("q", "status", "category", "says"), asked, strict=True))
        fitting = expected(frame, **asked, seen=seen)
        narrowed = found(frame, **asked)
        page = page_at(narrowed, "", 50)
        said = (list(page), page.paginator.count, len(narrowed), list(narrowed))
        if said != (fitting[:50], len(fitting), len(fitting), fitting):
            wrong.append(asked)
    assert not wrong


@pytest.mark.parametrize("typed", ["%", "_", "a_b", "\\", "0% O", "größe", "GRÖ", "nNe", "?", "'"])
def test_signs_mean_themselves_and_capitals_nothing(made, typed):
    frame = frame_of(made, "reader")
    assert list(found(frame, q=typed)) == expected(frame, q=typed)


class TestCountedNoFurther:
    @pytest.fixture(autouse=True)
    def many(self, monkeypatch):
        """As if the items were too many to read the text of all."""
        monkeypatch.setattr("issues.reads.narrowed.MOST_TEXTS", 100)

    def get(self, client, made, query, name="issue_list"):
        client.force_login(made.reader)
        return client.get(f"{reverse(f'issues:{name}', args=[made.slug])}?{query}")

    @pytest.mark.parametrize("name", ["issue_list", "state_of_play"])
    def test_pages_lead_to_the_last_one(self, client, made, name):
        fitting = expected(frame_of(made, "reader"), q="parts")
        shown, said = [], []
        for page in ("1", "2", "3"):
            answer = self.get(client, made, f"q=parts&page={page}", name)
            shown += [row.issue.pk for row in answer.context["rows"]]
            said.append(answer.content.decode())
            assert ('rel="next"' in said[-1]) == (page != "3")
        assert shown == fitting
        assert "1–50 of more than 50<" in said[0]
        assert "51–100 of more than 100<" in said[1]
        assert "101–120 of 120<" in said[2]

    def test_the_list_says_that_there_are_more(self, client, made):
        assert ">More than 50 items" in self.get(client, made, "q=parts").content.decode()
        assert ">120 items" in self.get(client, made, "q=parts&page=3").content.decode()
        assert ">15 items" in self.get(client, made, "q=annex").content.decode()

    def test_the_number_of_its_own_is_exact_where_few_can_fit(self, made):
        frame = frame_of(made, "reader")
        page = page_at(found(frame, q="parts", category="none"), "", 10)
        assert page.paginator.count == len(expected(frame, q="parts", category="none"))
        assert not page.paginator.is_open
        assert page_at(found(frame, q="parts"), "", 10).paginator.is_open

    def test_a_page_that_is_just_full_is_the_last(self, made):
        page = page_at(found(frame_of(made, "reader"), q="parts"), "2", 60)
        assert (page.paginator.count, page.paginator.is_open) == (120, False)
        assert not page.has_next()

    @pytest.mark.parametrize("typed", ["4", "0", "-1", "x", "9" * 12])
    def test_what_is_no_page_is_refused_with_their_number(self, made, typed):
        with pytest.raises(BadRequest, match="there are 3"):
            page_at(found(frame_of(made, "reader"), q="parts"), typed, 50)

    def test_a_paper_holds_and_counts_all(self, made):
        frame = frame_of(made, "reader")
        assert len(found(frame, q="parts")) == 120
        assert len(list(found(frame, q="parts"))) == 120
        paper = StatePaper(frame, {"q": "parts"})
        rows = names_of(*[paper.filter.found(paper.reader)] * 2)
        assert [row.pk for row in rows] == expected(frame, q="parts")

    def test_a_page_is_read_once(self, made, django_assert_num_queries):
        frame = frame_of(made, "reader")
        page_at(found(frame, q="parts"), "", 50)  # statuses, and what is counted
        narrowed = found(frame, q="parts")
        with django_assert_num_queries(1):
            names_of(narrowed, page_at(narrowed, "", 50))
