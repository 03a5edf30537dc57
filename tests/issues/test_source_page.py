"""The page of one source: what it is, and who rests on it as far as the reader may see."""

from copy import deepcopy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues import services
from negotiations.dates import parse_date
from negotiations.services import add_source
from tests import factories
from tests.factories import own_audience, record, viewer

from .reading import bare, page, read, words


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


@pytest.fixture
def source(talks):
    """A readout dated 11 Apr 2025, written down by nobody in particular."""
    return add_source(
        talks.negotiation,
        by=None,
        title="Readout of the second meeting",
        publisher="Interfax",
        url="https://example.org/readout",
        archive_url="https://archive.example.org/readout",
        reference="No. 12",
        language="Russian",
        dated=parse_date("11 Apr 2025"),
        audience="public",
    )


@pytest.fixture
def banking(talks):
    return factories.make_issue(talks.negotiation, "Banking")


def told(client, talks, source, user=None, **query):
    return read(client, source.get_absolute_url(), user or talks.reader, **query)


def status_of(client, source, user):
    client.force_login(user)
    return client.get(source.get_absolute_url()).status_code


class TestWhatItSays:
    def test_title_publisher_dates_and_addresses(self, client, talks, source, banking):
        record(banking, "RU", sources=[source])
        html = page(client, source.get_absolute_url(), talks.reader)
        line = "Web page · Interfax · 11 Apr 2025 · No. 12 · Russian"
        assert f"Readout of the second meeting {line}" in words(html)
        assert 'href="https://example.org/readout" rel="noreferrer noopener external"' in html
        assert 'href="https://archive.example.org/readout"' in html

    def test_entries_item_by_item_in_the_order_of_the_agenda(self, client, talks, source, banking):
        property_ = factories.make_issue(talks.negotiation, "Property")
        record(property_, "US", "Raised", "3 Feb 2025", text="Said last.", sources=[source])
        record(banking, "RU", "Agreed", "1 Feb 2025", text="Said first.", sources=[source])
        record(banking, "US", text="From elsewhere.")
        text = told(client, talks, source)
        assert "2 entries on 2 items rest on it" in text
        assert text.index("1 Banking 1 Feb 2025") < text.index("2 Property 3 Feb 2025")
        assert "From elsewhere." not in text

    def test_rounds_and_readouts_that_name_it(self, client, talks, source):
        round_ = factories.make_round(talks.negotiation, "Istanbul", "10 Apr 2025")
        round_.sources.add(source)
        party = talks.negotiation.parties.get(code="RU")
        round_.readouts.create(party=party, text="We met.", source=source)
        text = told(client, talks, source)
        assert "Istanbul , 10 Apr 2025 RU readout of Istanbul , 10 Apr 2025" in text
        assert "No entry that counts rests on it." in text

    def test_what_no_longer_counts_does_not_rest_on_it(self, client, talks, source, banking):
        entry = record(banking, "RU", "Agreed", text="Misheard.", sources=[source])
        services.retract(entry, viewer=viewer(talks.negotiation), reason="Slip")
        text = told(client, talks, source)
        assert "Misheard." not in text
        assert "what did was corrected or taken back" in text

    def test_only_the_latest_of_many_on_one_item(self, client, talks, source, banking):
        for day in range(1, 15):
            record(banking, "RU", said=f"{day} Feb 2025", sources=[source])
        text = told(client, talks, source)
        assert "3 Feb 2025" in text
        assert "2 Feb 2025" not in text.replace("12 Feb 2025", "")
        assert "and 2 more entries" in text

    def test_page_that_is_none(self, client, talks, source, banking):
        record(banking, "RU", sources=[source])
        client.force_login(talks.reader)
        assert client.get(source.get_absolute_url(), {"page": "2"}).status_code == 400


class TestWhoSees:
    def test_source_of_hidden_entries_only_is_missing(self, client, talks, source, banking):
        ru = viewer(talks.negotiation, talks.ru)
        record(banking, "RU", by=talks.ru, sources=[source], **own_audience(ru))
        assert status_of(client, source, talks.us) == 404
        assert status_of(client, source, talks.ru) == 200

    def test_hidden_entry_changes_no_byte(self, client, talks, source, banking):
        record(banking, "RU", sources=[source])
        address = source.get_absolute_url()
        before = bare(client, address, talks.us)
        ru = viewer(talks.negotiation, talks.ru)
        record(banking, "RU", "Agreed", by=talks.ru, sources=[source], **own_audience(ru))
        assert bare(client, address, talks.us) == before
        assert "2 entries" in told(client, talks, source, talks.ru)

    def test_what_was_undone_leaves_its_source_to_its_author(self, client, talks, source, banking):
        entry = record(banking, "RU", by=talks.recorder, sources=[source])
        services.undo([entry], viewer=viewer(talks.negotiation, talks.recorder))
        assert status_of(client, source, talks.reader) == 404
        assert status_of(client, source, talks.recorder) == 200

    def test_item_entered_in_error_is_not_named(self, client, talks, source, banking):
        record(banking, "RU", sources=[source])
        services.mark_in_error(banking, version=banking.version, by=talks.head, reason="Twice")
        assert "Banking" not in told(client, talks, source, talks.head)


def test_lines_lead_to_the_page(client, talks, source, banking):
    own = add_source(talks.negotiation, by=None, title="Minutes")
    record(banking, "RU", sources=[source, own])
    html = page(client, banking.get_absolute_url(), talks.reader)
    assert f'href="{source.get_absolute_url()}">more<' in html
    assert f'href="{own.get_absolute_url()}">Minutes</a>' in html


def test_twice_as_much_asks_the_same(client, talks, source):
    client.force_login(talks.reader)

    def grow():
        for _ in range(3):
            issue = factories.make_issue(talks.negotiation)
            record(issue, "RU", sources=[source])
            record(issue, "RU US", sources=[source])
            round_ = factories.make_round(talks.negotiation, day="10 Apr 2025")
            round_.sources.add(source)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(source.get_absolute_url()).status_code == 200
        return len(queries)

    grow()
    before = count()
    grow()
    assert count() == before
