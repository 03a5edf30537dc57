"""Pictures: what they count, that they say it in words too, and who sees what."""

import datetime as dt
import re
from copy import deepcopy

import pytest
import time_machine
from django.urls import reverse

from issues.reads.clock import Clock
from issues.reads.frame import FrameView
from issues.reads.pictures.histories import read_histories
from issues.reads.pictures.item import ItemPictureReader
from issues.reads.pictures.progress import read_progress
from issues.reads.pictures.timeline import Axis, TimelineReader
from issues.reads.pictures.turns import latest_turns, turns
from tests import factories
from tests.factories import make_issue, make_round, own_audience, record, viewer

from .reading import page, read

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 20)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel("2026-03-20T12:00:00Z", tick=False):
        yield


@pytest.fixture(scope="module")
def made(module_db):
    """Two held rounds, one planned and one cancelled; two items that move at them."""
    with time_machine.travel("2026-03-20T12:00:00Z", tick=False):
        talks = factories.make_delegations()
        negotiation = talks.negotiation
        make_round(negotiation, "One", "27 Feb 2025", number=1)
        make_round(negotiation, "Two", "10 Apr 2025", number=2)
        make_round(negotiation, "Off", state="cancelled", expected_by=dt.date(2025, 6, 30))
        make_round(negotiation, "Soon", state="planned", expected_by=dt.date(2026, 6, 30))
        talks.money, talks.visas = (
            make_issue(negotiation, "Money"),
            make_issue(negotiation, "Visas"),
        )
        record(talks.money, "RU", "Agreed in principle", "27 Feb 2025")
        record(talks.money, "US", "Under discussion", "27 Feb 2025")
        record(talks.money, "RU US", "Agreed", "10 Apr 2025")
        record(talks.visas, "RU", "Blocked", "1 May 2025")
        return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def frame_of(talks, user=None, **clock):
    return FrameView(viewer(talks.negotiation, user), Clock(**clock))


def progress_of(frame):
    return read_progress(frame, read_histories(frame))


def counted(progress):
    """By column: how many in each category, all saying so and not."""
    found = {}
    for place, column in enumerate(progress.columns):
        rows = {row.category: row.cells[place] for row in progress.rows}
        found[column.name] = {name: cells for name, cells in rows.items() if any(cells)}
    return found


CLOCKS = [{}, {"known": TODAY}]


class TestProgress:
    @pytest.mark.parametrize("clock", CLOCKS, ids=["stored", "computed"])
    def test_counts_by_category_and_by_who_says_so(self, talks, clock):
        found = counted(progress_of(frame_of(talks, **clock)))
        assert list(found.values()) == [
            {"engaged": (0, 1), "": (0, 1)},
            {"settled": (1, 0), "": (0, 1)},
            {"settled": (1, 0), "held": (0, 1)},
        ]
        assert list(found)[:2] == ["R1", "R2"]

    def test_as_it_was_ends_on_that_day(self, talks):
        found = counted(progress_of(frame_of(talks, as_of=dt.date(2025, 3, 1))))
        assert found == {
            "R1": {"engaged": (0, 1), "": (0, 1)},
            "As of": {"engaged": (0, 1), "": (0, 1)},
        }

    def test_columns_are_as_high_as_what_they_count(self, talks):
        for column in progress_of(frame_of(talks)).columns:
            heights = sum(segment.height for segment in column.segments)
            assert sum(segment.count for segment in column.segments) == column.total == 2
            assert heights == pytest.approx(340, abs=1)

    def test_says_it_in_words(self, talks):
        text = progress_of(frame_of(talks)).text
        assert text == (
            "R1: 1 in talks (0 said by all), 1 no status yet. "
            "Today: 1 agreed (1 said by all), 1 blocked (0 said by all)."
        )


class TestTimeline:
    def read(self, talks, user=None, **clock):
        frame = frame_of(talks, user, **clock)
        return TimelineReader(frame, turns(read_histories(frame))).read()

    @pytest.mark.parametrize("clock", CLOCKS, ids=["stored", "computed"])
    def test_counts_entries_by_who_says_so(self, talks, clock):
        lanes = {lane.name: lane.total for lane in self.read(talks, **clock).lanes}
        assert lanes == {"RU": 2, "US": 1, "Jointly": 1, "Turning points": 3}

    def test_what_was_corrected_is_not_counted(self, talks):
        from issues import services

        entry = record(talks.visas, "US", "Raised", "2 May 2025")
        services.retract(entry, viewer=viewer(talks.negotiation), reason="Slip")
        assert {lane.name: lane.total for lane in self.read(talks).lanes}["US"] == 1

    def test_rounds_stand_in_order_with_their_state(self, talks):
        marks = self.read(talks).rounds
        assert [(m.label, m.state) for m in marks] == [
            ("R1", "held"),
            ("R2", "held"),
            ("Off", "cancelled"),
            ("Soon", "planned"),
        ]
        assert [m.x for m in marks] == sorted(m.x for m in marks)

    def test_as_it_was_shows_nothing_later(self, talks):
        line = self.read(talks, as_of=dt.date(2025, 3, 1))
        assert [mark.label for mark in line.rounds] == ["R1"]
        assert line.entry_count == 2
        assert line.turn_count == 1

    def test_labels_never_lie_over_each_other(self, talks):
        for day in range(11, 15):
            make_round(talks.negotiation, f"Meeting {day}", f"{day} Apr 2025")
        marks = [mark for mark in self.read(talks).rounds if mark.label]
        assert len(marks) == 7
        for one in marks:
            for other in marks:
                if one is not other and one.y == other.y:
                    assert abs(one.x - other.x) > 24

    def test_turning_points_say_who_says_so(self, talks):
        frame = frame_of(talks)
        rows = latest_turns(frame, turns(read_histories(frame)))
        assert [(r.when, r.issue.title, r.way, r.badge) for r in rows] == [
            ("1 May 2025", "Visas", "", "only RU says so"),
            ("10 Apr 2025", "Money", "up", "confirmed jointly"),
            ("27 Feb 2025", "Money", "up", "accounts differ"),
        ]

    @pytest.mark.parametrize(
        ("years", "name"), [(1, "Jan 2020"), (5, "Jan 2020 and two months after"), (30, "2020")]
    )
    def test_a_longer_time_is_cut_into_longer_pieces(self, years, name):
        axis = Axis(dt.date(2020, 1, 15), dt.date(2020 + years, 1, 15))
        assert axis.name(0) == name
        assert len(axis.starts) <= 44
        days = [dt.date(2020, 1, 15) + dt.timedelta(n) for n in range(0, 365 * years, 50)]
        places = [axis.x(day) for day in days]
        assert places == sorted(places)


class TestItem:
    @pytest.mark.parametrize("clock", CLOCKS, ids=["stored", "computed"])
    def test_lines_part_where_accounts_differ(self, talks, clock):
        picture = ItemPictureReader(frame_of(talks, **clock), talks.money).read()
        russia, america = picture.lines
        assert [p.title for p in russia.points] == [
            "Agreed in principle since 27 Feb 2025",
            "Agreed since 10 Apr 2025",
        ]
        assert russia.points[0].y < america.points[0].y - 20
        assert abs(russia.points[1].y - america.points[1].y) < 20
        assert (russia.dash, russia.shape) != (america.dash, america.shape)
        assert [stretch.title for stretch in picture.apart] == ["accounts differ"]

    def test_who_gave_no_status_is_named(self, talks):
        picture = ItemPictureReader(frame_of(talks), talks.visas).read()
        assert [party.code for party in picture.silent] == ["US"]
        assert "United States: no status" in picture.text

    def test_without_a_status_there_is_nothing_to_draw(self, talks):
        frame = frame_of(talks, as_of=dt.date(2025, 4, 30))
        assert ItemPictureReader(frame, talks.visas).read() is None


class TestPages:
    def test_every_picture_has_a_name_words_and_a_table(self, client, talks):
        for address in addresses(talks):
            html = page(client, address, talks.reader)
            pictures = re.findall(r'<svg class="pic" role="img" aria-labelledby="(.*?)"', html)
            assert pictures
            for ids in pictures:
                assert all(f'id="{one}"' in html for one in ids.split())
            assert html.count("The same as") == len(pictures)
            assert "style=" not in html

    def test_answers_with_the_picture_alone(self, client, talks):
        client.force_login(talks.reader)
        for address, target in zip(addresses(talks), ("pictures", "issue-chart"), strict=True):
            headers = {"HX-Request": "true", "HX-Target": target}
            answer = client.get(address, headers=headers).content.decode()
            assert answer.strip().startswith(f'<div id="{target}"')

    def test_empty_talks_say_what_to_do(self, client):
        talks = factories.make_talks()
        address = reverse("issues:pictures", args=[talks.slug])
        assert "nothing to draw yet" in read(client, address, talks.reader)
        make_issue(talks.negotiation)
        assert "No headline has changed yet" in read(client, address, talks.reader)

    def test_what_one_delegation_keeps_is_in_its_pictures_only(self, client, talks):
        own = own_audience(viewer(talks.negotiation, talks.ru))
        before = {a: page(client, a, talks.us) for a in addresses(talks)}
        inside = {a: page(client, a, talks.ru) for a in addresses(talks)}
        record(talks.money, "RU", "Blocked", "1 Jun 2025", by=talks.ru, **own)
        for address in addresses(talks):
            assert bare(page(client, address, talks.us)) == bare(before[address])
            assert bare(page(client, address, talks.ru)) != bare(inside[address])


def addresses(talks):
    return [
        reverse("issues:pictures", args=[talks.slug]),
        reverse("issues:issue_chart", args=[talks.slug, talks.money.number]),
    ]


def bare(html):
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", html)
