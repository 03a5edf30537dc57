"""A redaction may blank the sources too that nothing else cites, with their files."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from issues import services
from issues.models import SearchRow
from negotiations.models import Source
from negotiations.services import add_source, update_source
from tests import factories
from tests.factories import make_file, record, viewer

CANARY = {
    "title": "canary title",
    "publisher": "canary publisher",
    "reference": "canary reference",
    "language": "canary",
    "url": "https://canary.example.org/",
    "archive_url": "https://archive.example.org/canary",
}


@pytest.fixture
def talks(db):
    return factories.make_talks()


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation)


@pytest.fixture
def source(talks):
    file = make_file("canary.pdf", b"%PDF-1.7 canary")
    source = add_source(talks.negotiation, by=talks.head, file=file, **CANARY)
    update_source(source, by=talks.head, title="canary, second try")
    return source


def redact(entry):
    return services.redact(entry, reason="A name.", by="admin", with_sources=True)


def test_nothing_it_said_is_left_anywhere(talks, issue, source, django_capture_on_commit_callbacks):
    kind = ContentType.objects.get_for_model(Source)
    LogEntry.objects.create(
        user=talks.head,
        content_type=kind,
        object_id=str(source.pk),
        object_repr=str(source),
        action_flag=CHANGE,
    )
    path = Path(settings.MEDIA_ROOT) / source.file.name
    entry = record(issue, "RU", "Agreed", sources=[source])
    with django_capture_on_commit_callbacks(execute=True):
        redact(entry)
    for rows in (Source.objects, source.history, LogEntry.objects, SearchRow.objects):
        assert "canary" not in str(list(rows.values()))
    assert not path.exists()
    assert services.search_differences(talks.negotiation) == []
    assert entry.sources.get().title == "[redacted]"


def test_only_where_it_is_asked_for(issue, source):
    entry = record(issue, "RU", sources=[source])
    services.redact(entry, reason="A name.", by="admin")
    assert entry.sources.get().title == "canary, second try"


@pytest.mark.parametrize("other", ["entry", "round", "readout"])
def test_source_that_something_else_cites_stays(talks, issue, source, other):
    entry = record(issue, "RU", sources=[source])
    round_ = factories.make_round(talks.negotiation)
    if other == "entry":
        record(issue, "US", sources=[source])
    elif other == "round":
        round_.sources.add(source)
    else:
        party = talks.negotiation.parties.get(code="RU")
        round_.readouts.create(party=party, text="We met.", source=source)
    redact(entry)
    assert "canary" in entry.sources.get().title


def test_what_is_redacted_itself_cites_nothing_any_more(talks, issue, source):
    entry = record(issue, "RU", sources=[source])
    data = factories.entry_data(talks.negotiation, "RU", sources=[source])
    made = services.correct(entry, data, viewer=viewer(talks.negotiation), reason="Misheard.")
    redact(entry)
    assert "canary" in entry.sources.get().title
    redact(made.entries[0])
    assert entry.sources.get().title == "[redacted]"


def test_hash_covers_what_the_sources_said(talks, issue, source):
    other = add_source(talks.negotiation, by=None, title="Another")
    hashes = {
        redact(record(issue, "RU", "Agreed", sources=sources)).sha256
        for sources in ([source], [other], [])
    }
    assert len(hashes) == 3


def test_command_says_what_it_left(talks, issue, source):
    entry = record(issue, "RU", sources=[source])
    out = StringIO()
    call_command("redact_entry", str(entry.uuid), reason="A name.", by="admin", stdout=out)
    assert "still say" in out.getvalue()
    assert "--with-sources blanks them" in out.getvalue()
    entry, out = record(issue, "US", sources=[source]), StringIO()
    options = {"reason": "A name.", "by": "admin", "with_sources": True, "stdout": out}
    call_command("redact_entry", str(entry.uuid), **options)
    assert "still say" not in out.getvalue()
    assert entry.sources.get().title == "[redacted]"
