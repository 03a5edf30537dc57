"""Recording: what one call writes, what it refuses, and that it writes all or nothing."""

from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from issues import services
from issues.models import Entry, EntrySource, Standing
from issues.services import entries as entries_module
from negotiations.models import Source
from negotiations.scopes import MEMBERS, PUBLIC, Scope
from negotiations.services import archive_negotiation
from tests import factories
from tests.factories import entry_data, own_audience, record
from tests.threads import at_once


@pytest.fixture
def talks(db):
    return factories.make_delegations()


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation, "Banking")


def now(issue, scope=MEMBERS):
    """Headline and badge as that scope sees them."""
    standing = Standing.objects.get(issue=issue, scope=scope, until=None)
    return (str(standing.headline) if standing.headline else "", standing.badge)


def party_scope(user):
    return Scope.of_party(user.memberships.get().party_id).key


def refused(issue, *data, by=None):
    """The errors by field, after making sure that nothing was written."""
    before = Entry.objects.count(), Source.objects.count()
    with pytest.raises(ValidationError) as caught:
        services.record(issue, *data, viewer=factories.viewer(issue.negotiation, by))
    assert (Entry.objects.count(), Source.objects.count()) == before
    error = caught.value
    return error.message_dict if hasattr(error, "error_dict") else {"": error.messages}


class TestWhatIsWritten:
    def test_speaker_and_typist_are_different_columns(self, talks, issue):
        entry = record(issue, "US", "Agreed", by=talks.ru, speaker="A. Smith")
        assert (entry.party.code, entry.speaker) == ("US", "A. Smith")
        assert (entry.recorded_by, entry.recorded_party.code) == (talks.ru, "RU")

    def test_recorded_time_is_the_servers(self, issue):
        with time_machine.travel("2026-03-02 10:00Z", tick=False):
            entry = record(issue, "RU", said="10 Feb 2026")
            assert entry.recorded_at == timezone.now()

    def test_standings_follow_in_every_scope(self, talks, issue):
        record(issue, "RU", "Agreed", audience="public")
        record(issue, "US", "Agreed", audience="members")
        record(issue, "US", "Blocked", "2 Feb 2025", by=talks.us, **own_audience(talks_us(talks)))
        assert now(issue, PUBLIC) == ("Agreed", "only")
        assert now(issue, MEMBERS) == ("Agreed", "separate")
        assert now(issue, party_scope(talks.ru)) == ("Agreed", "separate")
        assert now(issue, party_scope(talks.us)) == ("Blocked", "differ")

    def test_issue_row_stays_untouched(self, issue):
        record(issue, "RU", "Agreed")
        version = issue.version
        issue.refresh_from_db()
        assert issue.version == version
        assert issue.history.count() == 1

    def test_new_source_is_written_with_its_entry(self, talks, issue):
        new = services.NewSource(title="A readout", url="https://example.org/a")
        entry = record(issue, "RU", sources=[new], by=talks.recorder)
        (source,) = entry.sources.all()
        assert (source.title, source.created_by) == ("A readout", talks.recorder)
        assert entry.source_links.get().recorded_at == entry.recorded_at

    def test_two_entries_of_one_form_share_one_new_source(self, talks, issue):
        new = services.NewSource(title="A readout")
        both = [entry_data(talks.negotiation, who, sources=[new]) for who in ("RU", "US")]
        made = services.record(issue, *both, viewer=factories.viewer(talks.negotiation))
        assert Source.objects.count() == 1
        assert {e.batch for e in made.entries} == {made.entries[0].batch}
        assert [e.party.code for e in made.entries] == ["RU", "US"]

    def test_source_named_twice_is_linked_once(self, talks, issue):
        source = factories.record(
            issue, "RU", sources=[services.NewSource(title="A")]
        ).sources.get()
        assert record(issue, "RU", sources=[source, source]).source_links.count() == 1

    def test_joint_text_is_everybodys_word(self, issue):
        entry = record(issue, "RU US", "Agreed")
        assert entry.party is None
        assert {party.code for party in entry.joint_parties.all()} == {"RU", "US"}
        assert now(issue) == ("Agreed", "joint")

    @pytest.mark.parametrize(("voice", "badge"), [("third", "press"), ("own", "ours")])
    def test_others_words_stand_beside_the_parties(self, issue, voice, badge):
        record(issue, voice, "Agreed")
        assert now(issue) == ("Agreed", badge)
        record(issue, "RU", "Raised")
        assert now(issue) == ("Raised", "only")

    def test_entry_counts_from_its_last_day_or_its_recording(self, issue):
        with time_machine.travel("2026-06-12 10:00Z"):
            whole = record(issue, "RU", said="May 2026")
            running = record(issue, "RU", said="Jun 2026")
        assert str(whole.counts_from) == "2026-05-31"
        assert str(running.counts_from) == "2026-06-12"

    def test_many_items_are_one_batch(self, talks, issue):
        other = factories.make_issue(talks.negotiation)
        said = entry_data(talks.negotiation, "RU", "Agreed")
        made = services.record_many(
            [(issue, said), (other, said)], viewer=factories.viewer(talks.negotiation)
        )
        assert len({entry.batch for entry in made.entries}) == 1
        assert now(issue) == now(other) == ("Agreed", "only")


def talks_us(talks):
    return factories.viewer(talks.negotiation, talks.us)


class TestWhatIsRefused:
    def test_future(self, talks, issue):
        with time_machine.travel("2026-03-02 10:00Z"):
            errors = refused(issue, entry_data(talks.negotiation, "RU", said="3 Mar 2026"))
            assert "future" in errors["said"][0]
            record(issue, "RU", said="2 Mar 2026")
            record(issue, "RU", said="Mar 2026")  # has begun
            assert "said" in refused(issue, entry_data(talks.negotiation, "RU", said="Apr 2026"))

    def test_nothing_said(self, talks, issue):
        assert "text" in refused(issue, entry_data(talks.negotiation, "RU", text=""))

    @pytest.mark.parametrize(
        "content",
        [{"position": "No."}, {"waits_for": "both"}, {"next_step": "Draft"}, {"text": "Yes."}],
    )
    def test_any_content_is_enough(self, issue, content):
        assert record(issue, "RU", **({"text": ""} | content)).pk

    def test_party_voice_without_a_party(self, talks, issue):
        data = services.EntryData(voice="party", said=factories.parse_date("2025"), text="So.")
        assert "voice" in refused(issue, data)

    def test_joint_text_of_one(self, talks, issue):
        russia = talks.negotiation.parties.get(code="RU")
        data = services.EntryData(
            voice="joint",
            said=factories.parse_date("2025"),
            joint_parties=[russia, russia],
            text="So.",
        )
        assert "joint_parties" in refused(issue, data)

    def test_retired_status(self, talks, issue):
        data = entry_data(talks.negotiation, "RU", "Agreed")
        data.status.retired = True
        assert "Agreed" in refused(issue, data)["status"][0]

    def test_other_delegations_audience(self, talks, issue):
        us = own_audience(talks_us(talks))
        for by in (talks.ru, talks.recorder, talks.head):
            assert "audience" in refused(issue, entry_data(talks.negotiation, "RU", **us), by=by)
        assert record(issue, "RU", by=talks.us, **us).audience_party.code == "US"

    def test_delegation_audience_of_nobody(self, talks, issue):
        data = entry_data(talks.negotiation, "RU", audience="delegation")
        assert "audience" in refused(issue, data, by=talks.ru)
        assert "audience" in refused(issue, data, by=talks.head)

    def test_item_of_another_negotiation(self, talks):
        foreign = factories.make_issue(factories.make_negotiation())
        with pytest.raises(ValidationError, match="another negotiation"):
            services.record(
                foreign,
                entry_data(talks.negotiation, "RU"),
                viewer=factories.viewer(talks.negotiation),
            )
        assert not Entry.objects.exists()

    def test_things_of_another_negotiation(self, talks, issue):
        foreign = foreign_things()
        cases = {
            "voice": {"party": foreign["party"]},
            "waits_party": {"waits_for": "party", "waits_party": foreign["party"]},
            "next_step_party": {"next_step": "Go", "next_step_party": foreign["party"]},
            "round": {"round": foreign["round"]},
            "status": {"status": foreign["status"]},
            "source": {"sources": [foreign["source"]]},
        }
        own = {"voice": "party", "party": talks.negotiation.parties.first(), "text": "So."}
        for field, wrong in cases.items():
            data = services.EntryData(**(own | wrong), said=factories.parse_date("2025"))
            assert set(refused(issue, data)) == {field}

    def test_joint_text_with_a_foreign_party(self, talks, issue):
        parties = [talks.negotiation.parties.first(), foreign_things()["party"]]
        data = services.EntryData(
            voice="joint", joint_parties=parties, text="So.", said=factories.parse_date("2025")
        )
        assert "voice" in refused(issue, data)

    def test_viewer(self, talks, issue):
        assert refused(issue, entry_data(talks.negotiation, "RU"), by=talks.reader)

    def test_archived_negotiation(self, talks, issue):
        data = entry_data(talks.negotiation, "RU")
        archive_negotiation(talks.negotiation, by=talks.head)
        assert refused(issue, data)


def foreign_things():
    other = factories.make_negotiation()
    source = Source.objects.create(negotiation=other, title="Theirs")
    return {
        "party": other.parties.first(),
        "round": factories.make_round(other),
        "status": factories.status(other, "Agreed"),
        "source": source,
    }


class TestAllOrNothing:
    def test_failing_standings_roll_everything_back(self, issue, monkeypatch):
        monkeypatch.setattr(entries_module, "follow_added", broken)
        with pytest.raises(RuntimeError):
            record(issue, "RU", "Agreed", sources=[services.NewSource(title="A")])
        assert not Entry.objects.exists()
        assert not Source.objects.exists()
        assert now(issue) == ("", "")

    def test_failing_source_rolls_the_entry_back(self, issue, monkeypatch):
        monkeypatch.setattr(entries_module, "write_sources", broken)
        with pytest.raises(RuntimeError):
            record(issue, "RU", sources=[services.NewSource(title="A")])
        assert not Entry.objects.exists()

    def test_second_entry_refused_takes_the_first_with_it(self, talks, issue):
        good = entry_data(talks.negotiation, "RU", "Agreed")
        assert "text" in refused(issue, good, entry_data(talks.negotiation, "US", text=""))
        assert now(issue) == ("", "")


def broken(*_args, **_kwargs):
    raise RuntimeError("the disk is full")


class TestSentTwice:
    def test_same_form_records_once(self, talks, issue):
        token, viewer = uuid4(), factories.viewer(talks.negotiation)
        both = [entry_data(talks.negotiation, who, "Agreed") for who in ("RU", "US")]
        first = services.record(issue, *both, viewer=viewer, batch=token)
        again = services.record(issue, *both, viewer=viewer, batch=token)
        assert (first.again, again.again) == (False, True)
        assert [e.pk for e in again.entries] == [e.pk for e in first.entries]
        assert Entry.objects.count() == 2

    def test_somebody_elses_form_is_refused(self, talks, issue):
        token, data = uuid4(), entry_data(talks.negotiation, "RU")
        services.record(issue, data, viewer=factories.viewer(talks.negotiation), batch=token)
        other = factories.viewer(talks.negotiation, talks.recorder)
        with pytest.raises(ValidationError, match="somebody else"):
            services.record(issue, data, viewer=other, batch=token)
        assert Entry.objects.count() == 1

    def test_correction_sent_twice_is_one(self, talks, issue):
        target, token = record(issue, "RU", "Agreed"), uuid4()
        send = {"viewer": factories.viewer(talks.negotiation), "reason": "Slip", "batch": token}
        data = entry_data(talks.negotiation, "RU", "Raised")
        assert not services.correct(target, data, **send).again
        assert services.correct(target, data, **send).again
        assert Entry.objects.count() == 2


class TestSources:
    def test_second_source_needs_no_correction(self, talks, issue):
        viewer = factories.viewer(talks.negotiation, talks.recorder)
        entry = record(issue, "RU", sources=[services.NewSource(title="A")])
        link = services.add_source(entry, services.NewSource(title="B"), viewer=viewer)
        assert [str(source) for source in entry.sources.all()] == ["A", "B"]
        assert link.recorded_by == talks.recorder
        assert link.recorded_at > entry.recorded_at
        assert Entry.objects.count() == 1

    def test_same_source_twice_is_one_link(self, talks, issue):
        viewer = factories.viewer(talks.negotiation)
        entry = record(issue, "RU", sources=[services.NewSource(title="A")])
        services.add_source(entry, entry.sources.get(), viewer=viewer)
        assert EntrySource.objects.count() == 1

    def test_foreign_source_is_refused(self, talks, issue):
        entry = record(issue, "RU")
        with pytest.raises(ValidationError, match="another negotiation"):
            services.add_source(
                entry, foreign_things()["source"], viewer=factories.viewer(talks.negotiation)
            )
        assert not EntrySource.objects.exists()

    def test_viewer_adds_none(self, talks, issue):
        reader = factories.viewer(talks.negotiation, talks.reader)
        with pytest.raises(ValidationError):
            services.add_source(record(issue, "RU"), services.NewSource(title="A"), viewer=reader)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_one_form_from_two_threads_is_recorded_once(self):
        talks = factories.make_talks()
        issue, token = factories.make_issue(talks.negotiation), uuid4()
        viewer = factories.viewer(talks.negotiation)
        data = entry_data(talks.negotiation, "RU", "Agreed")

        def send():
            return services.record(issue, data, viewer=viewer, batch=token).again

        done = at_once(send, send)
        assert sorted(done) == [False, True]
        assert Entry.objects.count() == 1

    def test_two_forms_from_two_threads_both_count(self):
        talks = factories.make_talks()
        issue = factories.make_issue(talks.negotiation)
        viewer = factories.viewer(talks.negotiation)
        data = entry_data(talks.negotiation, "RU US", "Agreed")

        def send():
            return services.record(issue, data, viewer=viewer).again

        done = at_once(send, send)
        assert done == [False, False]
        assert Standing.objects.get(issue=issue, scope=MEMBERS, until=None).entry_count == 2
        assert services.differences(talks.negotiation) == []
