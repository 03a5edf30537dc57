"""The exceptions to append-only: redaction and audience changes, each with its mark."""

import hashlib
import json
from copy import deepcopy
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import QuerySet
from django.db.utils import DatabaseError
from django.urls import reverse

from issues import services
from issues.models import AudienceChange, Entry, Redaction, Standing
from negotiations.scopes import MEMBERS, PUBLIC
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation)


def redact(entry, reason="A name that should not be here.", by="the data officer"):
    return services.redact(entry, reason=reason, by=by)


def headline(issue, scope=MEMBERS):
    standing = Standing.objects.get(issue=issue, scope=scope, until=None)
    return str(standing.headline) if standing.headline else ""


class TestRedaction:
    SAID = {
        "text": "canary text",
        "position": "canary position",
        "speaker": "canary speaker",
        "speaker_function": "canary function",
        "waits_for": "both",
        "waits_text": "canary waits",
        "waits_why": "wording",
        "next_step": "canary step",
        "next_step_who": "canary who",
        "original_text": "canary original",
        "original_language": "canary language",
        "holds_since": "canary since",
    }

    def test_everything_said_is_gone(self, issue):
        entry = record(issue, "RU", "Agreed", **self.SAID)
        redact(entry)
        row = Entry.objects.filter(pk=entry.pk).values().get()
        assert row["text"] == "[redacted]"
        assert row["status_id"] is None
        assert not [name for name, value in row.items() if "canary" in str(value)]

    def test_date_author_and_whose_words_they_were_stay(self, talks, issue):
        entry = record(issue, "RU", "Agreed", "3 Feb 2025", by=talks.recorder, **self.SAID)
        kept = (entry.uuid, entry.when, entry.recorded_at, entry.recorded_by, entry.party)
        redact(entry)
        found = Entry.objects.get(pk=entry.pk)
        assert kept == (found.uuid, found.when, found.recorded_at, found.recorded_by, found.party)

    def test_tombstone_keeps_the_hash_of_what_stood_there(self, issue):
        entry = record(issue, "RU", "Agreed", **self.SAID)
        other = record(issue, "RU", "Agreed", **self.SAID | {"position": "Another."})
        stone = redact(entry)
        assert (stone.reason, stone.redacted_by) == (
            "A name that should not be here.",
            "the data officer",
        )
        said = dict.fromkeys(("reason", "next_step_by", "next_step_party_id"), "")
        said |= self.SAID | {"status_id": other.status_id, "waits_party_id": None}
        said |= {"next_step_by": None, "next_step_party_id": None, "next_step_state": ""}
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        assert stone.sha256 == hashlib.sha256(text.encode()).hexdigest()
        assert redact(other).sha256 != stone.sha256

    def test_standing_follows(self, issue):
        record(issue, "RU", "Raised", "1 Feb 2025")
        redact(record(issue, "RU", "Agreed", "2 Feb 2025"))
        assert headline(issue) == "Raised"

    def test_reason_is_needed_and_once_is_enough(self, issue):
        entry = record(issue, "RU", "Agreed")
        with pytest.raises(ValidationError, match="reason"):
            redact(entry, reason=" ")
        assert headline(issue) == "Agreed"
        redact(entry)
        with pytest.raises(ValidationError, match="already"):
            redact(entry)
        assert Redaction.objects.count() == 1

    def test_correction_loses_its_reason_too_and_still_replaces(self, talks, issue):
        target = record(issue, "RU", "Agreed")
        data = entry_data(talks.negotiation, "RU", "Blocked")
        made = services.correct(target, data, viewer=viewer(talks.negotiation), reason="canary")
        redact(made.entries[0])
        assert Entry.objects.get(pk=made.entries[0].pk).reason == ""
        assert headline(issue) == ""

    def test_words_are_blanked_and_never_replaced_by_others(self, issue):
        entry = record(issue, "RU", "Agreed")
        redact(entry)
        with pytest.raises(DatabaseError), transaction.atomic():
            QuerySet(Entry).filter(pk=entry.pk).update(text="They said no.")

    def test_page_says_so_and_shows_nothing(self, client, talks, issue):
        entry = record(issue, "RU", "Agreed", **self.SAID)
        redact(entry)
        client.force_login(talks.reader)
        page = client.get(issue.get_absolute_url()).content.decode()
        assert "A name that should not be here." in page
        assert "canary" not in page

    def test_command(self, issue):
        entry, out = record(issue, "RU", "Agreed"), StringIO()
        options = {"reason": "Slip", "by": "admin", "stdout": out}
        call_command("redact_entry", str(entry.uuid), **options)
        assert entry.redaction.sha256 in out.getvalue()
        with pytest.raises(CommandError, match="already"):
            call_command("redact_entry", str(entry.uuid), **options)
        with pytest.raises(CommandError, match="no entry"):
            call_command("redact_entry", "00000000-0000-0000-0000-000000000000", **options)


def change(entry, audience, by=None, reason="They published it."):
    person = viewer(entry.issue.negotiation, by)
    party = person.party if audience == "delegation" else None
    return services.change_audience(
        entry, audience=audience, party=party, reason=reason, viewer=person
    )


class TestAudience:
    def test_change_is_an_event_of_its_own(self, talks, issue):
        entry = record(issue, "RU", "Agreed")
        made = change(entry, "public")
        assert (made.old_audience, made.new_audience) == ("members", "public")
        assert (made.reason, made.changed_by) == ("They published it.", talks.head)
        assert entry.audience == "public"
        assert Entry.objects.count() == 1

    def test_standings_of_all_scopes_follow(self, talks, issue):
        entry = record(issue, "RU", "Agreed", by=talks.ru)
        change(entry, "public", by=talks.ru)
        assert headline(issue, PUBLIC) == headline(issue, MEMBERS) == "Agreed"
        change(entry, "delegation", by=talks.ru)
        russia = talks.ru.memberships.get().party
        assert headline(issue, PUBLIC) == headline(issue, MEMBERS) == ""
        assert headline(issue, f"party-{russia.pk}") == "Agreed"

    def test_whoever_may_not_correct_may_not_publish(self, talks, issue):
        own = own_audience(viewer(talks.negotiation, talks.ru))
        entry = record(issue, "RU", "Agreed", by=talks.ru, **own)
        for person in (talks.head, talks.us, talks.reader):
            with pytest.raises(ValidationError):
                change(entry, "members", by=person)
        assert not AudienceChange.objects.exists()

    def test_other_delegation_no_reason_and_no_change_are_refused(self, talks, issue):
        entry = record(issue, "RU", "Agreed")
        america = talks.us.memberships.get().party
        cases = [("delegation", america, "So."), ("public", None, " "), ("members", None, "So.")]
        for audience, party, reason in cases:
            with pytest.raises(ValidationError):
                services.change_audience(
                    entry,
                    audience=audience,
                    party=party,
                    reason=reason,
                    viewer=viewer(talks.negotiation),
                )
        assert not AudienceChange.objects.exists()

    def test_correction_is_never_seen_by_more_than_its_target(self, talks, issue):
        target = record(issue, "RU", "Agreed", by=talks.ru)
        data = entry_data(talks.negotiation, "RU", "Blocked")
        made = services.correct(
            target, data, viewer=viewer(talks.negotiation, talks.ru), reason="Slip"
        ).entries[0]
        for entry, audience in ((made, "public"), (target, "delegation")):
            with pytest.raises(ValidationError):
                change(entry, audience, by=talks.ru)
        change(target, "public", by=talks.ru)
        change(made, "public", by=talks.ru)

    def test_present_audience_governs_the_past(self, client, talks, issue):
        entry = record(issue, "RU", "Agreed", by=talks.ru, text="canary")
        change(entry, "delegation", by=talks.ru)
        client.force_login(talks.reader)
        today = entry.recorded_at.date().isoformat()
        for query in ("", f"?as_of={today}", f"?as_of={today}&known={today}"):
            for name in ("state_of_play", "issue_list"):
                page = client.get(reverse(f"issues:{name}", args=[talks.slug]) + query)
                assert b"Agreed</span>" not in page.content
            assert b"canary" not in client.get(issue.get_absolute_url() + query).content
