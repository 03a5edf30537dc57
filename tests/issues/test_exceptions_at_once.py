"""Audience changes and redactions by two people at the same moment."""

from itertools import pairwise
from threading import Event

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from issues import services
from issues.models import Entry, Redaction
from tests import factories
from tests.factories import entry_data, record, viewer
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def talks():
    return factories.make_delegations()


@pytest.fixture
def entry(talks):
    """For all members, written by the Russian delegation's note-taker."""
    issue = factories.make_issue(talks.negotiation)
    return record(issue, "RU", "Agreed", by=talks.ru, text="canary")


def as_read_by(entry):
    """The entry as somebody's page read it a moment ago."""
    return Entry.objects.select_related("issue__negotiation").get(pk=entry.pk)


def narrow(entry, talks):
    person = viewer(talks.negotiation, talks.ru)
    return services.change_audience(
        entry, audience="delegation", party=person.party, reason="A slip.", viewer=person
    )


def publish(entry, talks):
    return services.change_audience(
        entry, audience="public", party=None, reason="So.", viewer=viewer(talks.negotiation)
    )


def correct(entry, talks):
    data = entry_data(talks.negotiation, "RU", "Blocked", audience="members")
    return services.correct(entry, data, viewer=viewer(talks.negotiation), reason="Misheard.")


def audiences(entry):
    return list(entry.audience_changes.order_by("pk"))


def assert_one_story(entry):
    """Each change starts from what the one before left, and the entry has what the last says."""
    found = audiences(entry)
    assert all(after.old_audience == before.new_audience for before, after in pairwise(found))
    assert as_read_by(entry).audience == found[-1].new_audience
    assert services.differences(entry.issue.negotiation) == []


class TestAnOldPage:
    """The page was read before somebody else narrowed the audience; what is now decides."""

    def test_publishes_nothing_that_was_narrowed_meanwhile(self, talks, entry):
        old = as_read_by(entry)
        narrow(as_read_by(entry), talks)
        with pytest.raises(ValidationError, match="own people"):
            publish(old, talks)
        assert as_read_by(entry).audience == "delegation"

    def test_corrects_and_takes_back_for_nobody_else(self, talks, entry):
        old = [as_read_by(entry) for _ in range(2)]
        narrow(as_read_by(entry), talks)
        with pytest.raises(ValidationError):
            correct(old[0], talks)
        with pytest.raises(ValidationError):
            services.retract(old[1], viewer=viewer(talks.negotiation), reason="Misheard.")
        assert Entry.objects.count() == 1

    def test_retraction_by_its_own_people_is_theirs_alone(self, talks, entry):
        old = as_read_by(entry)
        narrow(as_read_by(entry), talks)
        person = viewer(talks.negotiation, talks.ru)
        made = services.retract(old, viewer=person, reason="Misheard.").entries[0]
        assert (made.audience, made.audience_party) == ("delegation", person.party)

    def test_redaction_comes_once(self, talks, entry):
        old = as_read_by(entry)
        services.redact(as_read_by(entry), reason="A name.", by="admin")
        with pytest.raises(ValidationError, match="already"):
            services.redact(old, reason="A name.", by="admin")


class TestAtTheSameMoment:
    def test_narrowed_and_published(self, talks, entry):
        one, other = as_read_by(entry), as_read_by(entry)
        done = at_once(lambda: narrow(one, talks), lambda: publish(other, talks))
        refused = [one for one in done if isinstance(one, Exception)]
        assert all(isinstance(one, ValidationError) for one in refused)
        assert len(audiences(entry)) + len(refused) == 2
        # Whichever came first: who narrows it has the last word.
        assert as_read_by(entry).audience == "delegation"
        assert_one_story(entry)

    def test_narrowed_and_corrected(self, talks, entry):
        one, other = as_read_by(entry), as_read_by(entry)
        done = at_once(lambda: narrow(one, talks), lambda: correct(other, talks))
        assert sum(isinstance(one, ValidationError) for one in done) == 1
        wide = Entry.objects.filter(corrects=entry, audience="members").exists()
        assert wide == (as_read_by(entry).audience == "members")
        assert services.differences(talks.negotiation) == []

    def test_redacted_twice(self, talks, entry):
        copies = [as_read_by(entry) for _ in range(2)]

        def act(copy):
            return lambda: services.redact(copy, reason="A name.", by="admin", with_sources=True)

        done = at_once(*map(act, copies))
        assert sorted(type(one).__name__ for one in done) == ["Redaction", "ValidationError"]
        assert Redaction.objects.count() == 1
        assert "canary" not in as_read_by(entry).text
        assert services.differences(talks.negotiation) == []

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
    def test_recorded_at_a_round_while_somebody_marks_its_agenda(self, talks, entry):
        """Neither waits for the other: each might hold what the other needs next."""
        round_ = factories.make_round(talks.negotiation, "Round", "10 Apr 2025")
        other = factories.make_issue(talks.negotiation)
        marked, recorded = Event(), Event()

        def mark():
            with transaction.atomic():
                services.set_agenda_line(round_, other, by=talks.head, planned=True)
                marked.set()
                assert recorded.wait(10)

        def write():
            assert marked.wait(10)
            try:
                with transaction.atomic():
                    connection.cursor().execute("SET LOCAL lock_timeout = '1s'")
                    return record(entry.issue, "US", "Agreed", round=round_)
            finally:
                recorded.set()

        found = at_once(mark, write)
        assert found[0] is None
        assert found[1].round == round_

    def test_redacted_and_published(self, talks, entry):
        one, other = as_read_by(entry), as_read_by(entry)
        done = at_once(
            lambda: services.redact(one, reason="A name.", by="admin"),
            lambda: publish(other, talks),
        )
        assert not [one for one in done if isinstance(one, Exception)]
        found = as_read_by(entry)
        assert (found.text, found.audience) == ("[redacted]", "public")
        assert services.differences(talks.negotiation) == []
