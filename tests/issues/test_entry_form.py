"""The one entry form: what it offers whom, what it reads, and what it refuses beside the field."""

import datetime as dt
from copy import deepcopy
from urllib.parse import urlencode

import pytest
import time_machine
from django.forms import Form
from django.http import QueryDict

from issues import services
from issues.forms.entry import EntryForm
from issues.forms.replies import CorrectionForm, RetractionForm, SourceForm
from issues.models import Entry
from issues.reads.frame import FrameView
from issues.services import NewSource
from negotiations.models import Source
from negotiations.services import retire_status
from tests import factories
from tests.factories import record, viewer

NOW = "2026-06-25 10:00Z"
GOOD = {"who": "party:RU", "said": "24 Jun 2026", "text": "So.", "audience": "members"}


@pytest.fixture(autouse=True)
def summer():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation)


def frame_of(talks, user=None):
    return FrameView(viewer(talks.negotiation, user))


def fill(talks, user=None, **typed):
    return EntryForm(GOOD | typed, frame=frame_of(talks, user), members=3)


def read(talks, user=None, **typed):
    """The entries that a form so filled comes to."""
    form = fill(talks, user, **typed)
    assert form.is_valid(), form.errors
    return form.entry_data()


def errors(talks, user=None, **typed):
    form = fill(talks, user, **typed)
    assert not form.is_valid()
    return form.errors


def offered(form, name):
    return [value for value, _label in form.fields[name].choices]


class TestWho:
    def test_each_party_jointly_press_or_ourselves(self, talks):
        form = EntryForm(frame=frame_of(talks))
        assert offered(form, "who") == ["party:RU", "party:US", "joint", "third", "own"]

    @pytest.mark.parametrize(
        ("who", "voice", "code"),
        [("party:US", "party", "US"), ("third", "third", None), ("own", "own", None)],
    )
    def test_voice(self, talks, who, voice, code):
        (data,) = read(talks, who=who)
        assert (data.voice, data.party and data.party.code) == (voice, code)
        assert data.joint_parties == ()

    def test_jointly_is_both_where_there_are_two(self, talks):
        (data,) = read(talks, who="joint")
        assert [party.code for party in data.joint_parties] == ["RU", "US"]
        assert data.party is None

    def test_the_other_side_said_the_same_makes_two(self, talks):
        first, second = read(talks, same="on", status="Agreed")
        assert (first.party.code, second.party.code) == ("RU", "US")
        assert first.status == second.status
        assert len(read(talks, who="third", same="on")) == 1

    def test_three_parties_are_named(self, db):
        talks = factories.make_talks(parties=("RU", "US", "UN"))
        assert "same" not in fill(talks).fields
        data = read(talks, also=["UN"])
        assert [one.party.code for one in data] == ["RU", "UN"]
        (joint,) = read(talks, who="joint", joint=["RU", "UN"])
        assert [party.code for party in joint.joint_parties] == ["RU", "UN"]
        assert "joint" in errors(talks, who="joint", joint=["RU"])
        assert "joint" in errors(talks, who="joint")

    def test_own_party_is_chosen_for_whoever_has_one(self, talks):
        assert EntryForm(frame=frame_of(talks, talks.us)).initial["who"] == "party:US"
        assert "who" not in EntryForm(frame=frame_of(talks)).initial

    def test_nobody_and_strangers(self, talks):
        assert "who" in errors(talks, who="")
        assert "who" in errors(talks, who="party:XX")


class TestWhen:
    @pytest.mark.parametrize(
        ("typed", "first", "last", "precision"),
        [
            ("24 Jun 2026", "2026-06-24", "2026-06-24", "day"),
            ("2026-06-24", "2026-06-24", "2026-06-24", "day"),
            ("Jun 2026", "2026-06-01", "2026-06-30", "month"),
            ("2026", "2026-01-01", "2026-12-31", "year"),
            ("25 Jun 2026", "2026-06-25", "2026-06-25", "day"),
        ],
    )
    def test_as_people_write_it(self, talks, typed, first, last, precision):
        (data,) = read(talks, said=typed)
        said = data.said
        assert (str(said.first), str(said.last), said.precision) == (first, last, precision)

    def test_time_of_day_is_optional(self, talks):
        assert read(talks, said="24 Jun 2026, 14:30")[0].said_time == dt.time(14, 30)
        assert read(talks, said="24 Jun 2026 9:05")[0].said_time == dt.time(9, 5)
        assert read(talks)[0].said_time is None
        assert "no such time" in errors(talks, said="24 Jun 2026 25:00")["said"][0]

    @pytest.mark.parametrize("typed", ["26 Jun 2026", "Jul 2026", "2027"])
    def test_future(self, talks, typed):
        assert "future" in errors(talks, said=typed)["said"][0]

    @pytest.mark.parametrize("typed", ["31 Jun 2026", "soon", "", "24/6/26", "Juno 2026"])
    def test_impossible(self, talks, typed):
        assert "said" in errors(talks, said=typed)

    def test_before_the_first_round_is_asked_once(self, talks):
        factories.make_round(talks.negotiation, day="10 Apr 2026")
        assert "tick the box" in errors(talks, said="9 Apr 2026")["said"][0]
        asked = fill(talks, said="9 Apr 2026")
        asked.is_valid()
        assert not asked["early"].is_hidden
        assert read(talks, said="9 Apr 2026", early="on")
        assert read(talks, said="10 Apr 2026")
        assert read(talks, said="Apr 2026")
        assert fill(talks)["early"].is_hidden


class TestWhat:
    def test_everything_that_can_be_said(self, talks):
        round_ = factories.make_round(talks.negotiation, day="24 Jun 2026")
        (data,) = read(
            talks,
            status="Agreed",
            speaker="A. Ivanova",
            speaker_function="spokeswoman",
            round="1",
            position="Yes.",
            waits="US",
            waits_why="wording",
            waits_text="a letter",
            next_step="Sign",
            next_step_party="RU",
            next_step_who="the minister",
            next_step_by="1 Jul 2026",
            holds_since="2014",
            original_text="Да.",
            original_language="Russian",
            reliability="high",
            audience="public",
        )
        assert (data.status.label, data.round, data.text) == ("Agreed", round_, "So.")
        assert (data.waits_for, data.waits_party.code) == ("party", "US")
        assert (data.waits_why, data.waits_text) == ("wording", "a letter")
        assert (data.next_step, data.next_step_party.code) == ("Sign", "RU")
        assert str(data.next_step_by) == "2026-07-01"
        assert (data.holds_since, data.reliability, data.audience) == ("2014", "high", "public")
        assert (
            services.record(
                factories.make_issue(talks.negotiation), data, viewer=viewer(talks.negotiation)
            )
            .entries[0]
            .next_step_who
            == "the minister"
        )

    @pytest.mark.parametrize("waits", ["both", "outside", "nobody"])
    def test_waits_for_no_party(self, talks, waits):
        (data,) = read(talks, waits=waits)
        assert (data.waits_for, data.waits_party) == (waits, None)

    @pytest.mark.parametrize(
        "content",
        [{"status": "Agreed"}, {"position": "No."}, {"waits": "both"}, {"next_step": "X"}],
    )
    def test_something_is_said_one_way_or_another(self, talks, content):
        assert read(talks, text="", **content)
        assert "text" in errors(talks, text="")

    def test_what_it_waits_for_needs_whom(self, talks):
        assert "waits" in errors(talks, waits_text="a letter")
        assert "waits" in errors(talks, waits_why="wording")

    def test_by_when_is_a_day(self, talks):
        assert "next_step_by" in errors(talks, next_step="Sign", next_step_by="Jul 2026")

    def test_retired_status_is_not_offered(self, talks):
        retire_status(factories.status(talks.negotiation, "Agreed"), by=None, retired=True)
        form = EntryForm(frame=frame_of(talks))
        assert "Agreed" not in offered(form, "status")
        assert offered(form, "status")[0] == ""
        assert "status" in errors(talks, status="Agreed")

    @pytest.mark.parametrize(
        "typed",
        [
            *({"text": "x" * 5001}, {"speaker": "x" * 161}, {"position": "x" * 2001}),
            *({"next_step": "x" * 301}, {"waits_text": "x" * 201}, {"holds_since": "x" * 41}),
            *({"source_url": "javascript:x"}, {"source_url": "https://" + "x" * 500}),
            *({"round": "9"}, {"status": "Nonsense"}, {"waits": "XX"}, {"audience": "delegation"}),
        ],
    )
    def test_what_does_not_fit_is_refused(self, talks, typed):
        assert set(errors(talks, **typed)) == set(typed)


class TestSource:
    def test_new_one(self, talks):
        (data,) = read(
            talks,
            source="new",
            source_url="example.org/a",
            source_title="A briefing",
            source_publisher="The ministry",
            source_date="Jun 2026",
        )
        (source,) = data.sources
        assert isinstance(source, NewSource)
        assert (source.url, source.title) == ("https://example.org/a", "A briefing")
        assert (source.publisher, str(source.dated)) == ("The ministry", "Jun 2026")

    def test_link_alone_or_title_alone_is_enough(self, talks):
        (link,) = read(talks, source_url="https://example.org/a")[0].sources
        assert (link.title, link.kind) == ("https://example.org/a", Source.Kind.WEB)
        (title,) = read(talks, source="new", source_title="Minutes")[0].sources
        assert (title.title, title.kind) == ("Minutes", Source.Kind.DOCUMENT)
        assert "source" in errors(talks, source="new")

    def test_known_one_and_the_same_as_last(self, talks, issue):
        known = record(issue, "RU", sources=[NewSource(title="Known")]).sources.get()
        form = EntryForm(frame=frame_of(talks))
        assert {"", "new", "table", "last", str(known.uuid)} == set(offered(form, "source"))
        assert read(talks, source=str(known.uuid))[0].sources == [known]
        assert read(talks, source="last")[0].sources == [known]
        assert "last" not in offered(EntryForm(frame=frame_of(talks, talks.ru)), "source")

    def test_at_the_table_of_a_round(self, talks, issue):
        factories.make_round(talks.negotiation, "Second round", "24 Jun 2026", number=2)
        assert "source" in errors(talks, source="table")
        (data,) = read(talks, source="table", round="1")
        (source,) = data.sources
        assert (source.kind, source.title) == (Source.Kind.TABLE, "Said at the table, R2")
        services.record(issue, data, viewer=viewer(talks.negotiation))
        (again,) = read(talks, source="table", round="1")[0].sources
        assert again == Source.objects.get()
        (others,) = read(talks, talks.ru, source="table", round="1")[0].sources
        assert isinstance(others, NewSource)  # a shared one would tell that it was used

    def test_no_source(self, talks):
        assert read(talks)[0].sources == []


class TestAudience:
    def test_whoever_has_no_party_keeps_nothing_to_a_delegation(self, talks):
        form = EntryForm(frame=frame_of(talks), members=5)
        assert offered(form, "audience") == ["members", "public"]
        assert form.initial["audience"] == "members"
        assert dict(form.fields["audience"].choices)["members"] == (
            "All members (5 people, both delegations)"
        )

    def test_a_delegate_does_by_default(self, talks):
        form = EntryForm(frame=frame_of(talks, talks.ru))
        assert offered(form, "audience") == ["members", "delegation", "public"]
        assert form.initial["audience"] == "delegation"
        (data,) = read(talks, talks.ru, audience="delegation")
        assert data.audience_party.code == "RU"
        assert read(talks, talks.ru)[0].audience_party is None


class TestReplies:
    def test_correction_starts_from_what_stands(self, talks, issue):
        """Sent back untouched but for the reason, it says the same again."""
        round_ = factories.make_round(talks.negotiation, day="20 Jun 2026")
        america = talks.negotiation.parties.get(code="US")
        said = {
            "text": "So.",
            "speaker": "A. Smith",
            "speaker_function": "adviser",
            "said_time": dt.time(9, 5),
            "round": round_,
            "position": "No.",
            "waits_for": "party",
            "waits_party": america,
            "waits_why": "wording",
            "waits_text": "a letter",
            "next_step": "Sign",
            "next_step_party": america,
            "next_step_who": "the minister",
            "next_step_by": dt.date(2026, 7, 1),
            "holds_since": "2014",
            "original_text": "Nein.",
            "original_language": "German",
            "reliability": "low",
            "audience": "public",
            "sources": [NewSource(title="A"), NewSource(title="B")],
        }
        target = record(issue, "US", "Blocked", "20 Jun 2026", **said)
        (data,) = self.sent_back(talks, target)
        for name in services.EntryData.PLAIN:
            assert getattr(data, name) == getattr(target, name), name
        assert (data.said.first, data.said.precision) == (target.said_first, target.precision)
        assert data.sources == list(target.sources.all())

    @pytest.mark.parametrize("who", ["RU US", "third", "own"])
    @pytest.mark.parametrize("said", ["Jun 2026", "2026", "1 Jan 2020"])
    def test_correction_keeps_voice_and_vague_date(self, talks, issue, who, said):
        factories.make_round(talks.negotiation, day="20 Jun 2026")
        target = record(issue, who, "Agreed", said)
        (data,) = self.sent_back(talks, target)
        assert (data.voice, str(data.said)) == (target.voice, said)
        assert len(data.joint_parties) == target.joint_parties.count()

    def test_correction_may_keep_a_status_retired_since(self, talks, issue):
        target = record(issue, "RU", "Agreed")
        retire_status(target.status, by=None, retired=True)
        target = Entry.objects.get(pk=target.pk)
        (data,) = self.sent_back(talks, target)
        assert data.status == target.status
        person = viewer(talks.negotiation)
        assert services.correct(target, data, viewer=person, reason="Slip").entries

    def sent_back(self, talks, target):
        shown = CorrectionForm(target=target, frame=frame_of(talks))
        typed = {
            name: shown[name].value()
            for name in shown.fields
            if shown[name].value() not in (None, "")
        }
        form = CorrectionForm(typed | {"reason": "Slip"}, target=target, frame=frame_of(talks))
        assert form.is_valid(), form.errors
        return form.entry_data()

    def test_correction_is_one_entry_with_a_reason(self, talks, issue):
        target = record(issue, "RU", "Agreed")
        form = CorrectionForm(GOOD | {"same": "on"}, target=target, frame=frame_of(talks))
        assert not form.is_valid()
        assert "reason" in form.errors
        assert "same" not in form.fields

    def test_retraction_needs_a_reason(self):
        assert not RetractionForm({"reason": " "}).is_valid()
        assert RetractionForm({"reason": "Wrong item"}).is_valid()

    def test_second_source(self, talks, issue):
        known = record(issue, "RU", sources=[NewSource(title="Known")]).sources.get()
        frame = frame_of(talks)
        assert "url" in SourceForm({}, frame=frame).errors
        form = SourceForm({"source": str(known.uuid)}, frame=frame)
        assert form.is_valid()
        assert form.source_to_add() == known
        form = SourceForm({"url": "example.org", "dated": "Jun 2026"}, frame=frame)
        assert form.is_valid()
        assert form.source_to_add().url == "https://example.org"


def test_each_form_has_a_token_of_its_own(talks):
    first, second = (EntryForm(frame=frame_of(talks)) for _ in range(2))
    assert first.initial["token"] != second.initial["token"]
    assert fill(talks, token="").is_valid()
    assert "token" in errors(talks, token="x")


class TestWhatIsNotSent:
    """Fields that came empty are not looked at: they come to what their fields make of nothing."""

    # Browsers send no empty tick.
    BLANK = dict.fromkeys(EntryForm.base_fields.keys() - {"joint", "also"}, "")

    @pytest.mark.parametrize("empty", [{}, BLANK])
    def test_it_is_cleaned_as_if_each_were_looked_at(self, talks, empty, monkeypatch):
        sent = QueryDict(urlencode(empty | GOOD))
        sparse = EntryForm(sent, frame=frame_of(talks))
        assert sparse.is_valid(), sparse.errors
        monkeypatch.setattr(EntryForm, "_clean_fields", Form._clean_fields)
        whole = EntryForm(sent, frame=frame_of(talks))
        whole.is_valid()
        assert as_lists(sparse.cleaned_data) == as_lists(whole.cleaned_data)
        assert list(sparse.fields) == list(whole.fields)

    def test_what_has_to_be_there_is_missed(self, talks):
        form = EntryForm(QueryDict("said="), frame=frame_of(talks))
        assert {"who", "said", "audience"} <= form.errors.keys()

    def test_what_is_sent_is_looked_at(self, talks):
        wrong = errors(talks, waits="XX", next_step_by="May", source_url="no link", round="99")
        assert {"waits", "next_step_by", "source_url", "round"} <= wrong.keys()


def as_lists(cleaned):
    return {name: [] if value == () else value for name, value in cleaned.items()}
