"""A correction starts from what it replaces, sources included."""

import pytest
from django.urls import reverse

from issues.models import Entry
from issues.services import NewSource
from tests import factories

SENT = {
    "who": "party:RU",
    "said": "1 Feb 2025",
    "text": "The same, better put.",
    "audience": "members",
    "reason": "A slip of the pen.",
}


@pytest.fixture
def entry(db):
    talks = factories.make_negotiation()
    issue = factories.make_issue(talks)
    return factories.record(
        issue, "RU", text="As first typed.", sources=[NewSource(title="Communiqué")]
    )


def correct(client, entry, **more):
    client.force_login(entry.recorded_by)
    address = reverse(
        "issues:entry_correct",
        args=[entry.issue.negotiation.slug, entry.issue.number, entry.uuid],
    )
    answer = client.post(address, SENT | more)
    assert answer.status_code == 302
    return Entry.objects.get(corrects=entry)


def test_a_correction_keeps_the_sources_of_what_it_replaces(client, entry):
    made = correct(client, entry)
    assert list(made.sources.all()) == list(entry.sources.all())


def test_a_source_given_with_a_correction_takes_their_place(client, entry):
    made = correct(client, entry, source_title="Second reading")
    assert [source.title for source in made.sources.all()] == ["Second reading"]
