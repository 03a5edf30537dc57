"""A source's file: sent with a form, kept apart, fetched only by who may see the source."""

from copy import deepcopy
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from issues import services
from issues.models import Entry
from issues.views.sources import OF_A_FILE
from negotiations.models import Source
from negotiations.services import add_source, update_source
from tests import factories
from tests.admin_pages import browser, make_superuser, typed, url
from tests.factories import make_file, own_audience, record, viewer

from .reading import page, words

PDF = b"%PDF-1.7 minutes"
SAID = {"who": "party:RU", "said": "1 Feb 2025", "text": "They said so.", "audience": "members"}


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation, "Banking")


@pytest.fixture
def source(talks):
    return add_source(talks.negotiation, by=None, title="Minutes", file=make_file("Minutes 1.pdf"))


def stored(source):
    return Path(settings.MEDIA_ROOT) / source.file.name


def fetch(client, user, source):
    client.force_login(user)
    return client.get(f"{source.get_absolute_url()}file/")


class TestFetching:
    def test_comes_as_it_was_under_its_own_name(self, client, talks, issue, source):
        record(issue, "RU", sources=[source])
        answer = fetch(client, talks.reader, source)
        assert b"".join(answer.streaming_content) == PDF
        assert answer["Content-Disposition"] == 'attachment; filename="Minutes 1.pdf"'
        assert answer["Content-Type"] == "application/pdf"

    def test_is_never_shown_as_a_page_nor_stored(self, client, talks, issue, source):
        record(issue, "RU", sources=[source])
        answer = fetch(client, talks.reader, source)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == OF_A_FILE
        assert answer["Cache-Control"] == "no-store"

    def test_is_missing_for_who_may_not_see_the_source(self, client, talks, issue, source):
        ru = viewer(talks.negotiation, talks.ru)
        record(issue, "RU", by=talks.ru, sources=[source], **own_audience(ru))
        assert fetch(client, talks.us, source).status_code == 404
        assert fetch(client, talks.head, source).status_code == 404
        assert fetch(client, talks.stranger, source).status_code == 404
        assert fetch(client, talks.ru, source).status_code == 200

    def test_source_without_a_file_has_none(self, client, talks, issue):
        bare = record(issue, "RU", sources=[services.NewSource(title="A")]).sources.get()
        assert fetch(client, talks.reader, bare).status_code == 404

    def test_file_that_is_gone_from_the_disk_is_missing(self, client, talks, issue, source):
        record(issue, "RU", sources=[source])
        stored(source).unlink()
        assert fetch(client, talks.reader, source).status_code == 404


class TestKeeping:
    def test_lies_under_a_name_that_tells_nothing(self, source):
        assert "Minutes" not in source.file.name
        assert stored(source).read_bytes() == PDF
        assert stored(source).stat().st_mode & 0o077 == 0
        assert (source.file_name, source.file_text) == ("Minutes 1.pdf", "file, 16 bytes")

    def test_service_refuses_what_is_not_kept(self, talks):
        with pytest.raises(Exception, match="Only documents"):
            add_source(talks.negotiation, by=None, title="A", file=make_file("a.exe"))
        assert not Source.objects.exists()

    def test_new_file_takes_the_old_ones_place(self, source, django_capture_on_commit_callbacks):
        old = stored(source)
        with django_capture_on_commit_callbacks(execute=True):
            update_source(source, by=None, file=make_file("b.txt", b"second"))
        assert not old.exists()
        assert (stored(source).read_bytes(), source.file_name) == (b"second", "b.txt")

    def test_rolled_back_the_old_file_stays(self, source, django_capture_on_commit_callbacks):
        old = stored(source)
        with django_capture_on_commit_callbacks():
            update_source(source, by=None, without_file=True)
        assert (source.file_text, source.file_url) == ("", "")
        assert old.exists()

    def test_erased_with_its_negotiation(self, talks, source, django_capture_on_commit_callbacks):
        path = stored(source)
        with django_capture_on_commit_callbacks(execute=True):
            services.erase_negotiation(talks.negotiation, reason="Over.", by="admin")
        assert not path.exists()


def post(client, talks, issue, files, user=None, **fields):
    client.force_login(user or talks.recorder)
    address = reverse("issues:entries", args=[talks.slug, issue.number])
    return client.post(address, SAID | {"source": "new"} | fields | files)


class TestForms:
    def test_entry_with_a_new_source_and_its_file(self, client, talks, issue):
        answer = post(client, talks, issue, {"source_file": make_file("Readout.pdf")})
        assert answer.status_code == 302
        (source,) = Entry.objects.get().sources.all()
        assert (source.title, source.kind) == ("Readout.pdf", "document")
        assert source.created_by == talks.recorder
        assert stored(source).read_bytes() == PDF

    def test_two_entries_of_one_form_share_it(self, client, talks, issue):
        post(client, talks, issue, {"source_file": make_file()}, same="on")
        assert (Entry.objects.count(), Source.objects.count()) == (2, 1)

    def test_refused_file_is_told_beside_its_field(self, client, talks, issue):
        answer = post(client, talks, issue, {"source_file": make_file("a.exe")})
        assert answer.status_code == 422
        assert "Only documents" in answer.content.decode().split('id="entry-source_file_error"')[1]
        assert not Entry.objects.exists()

    def test_refused_form_says_that_the_file_must_be_chosen_anew(self, client, talks, issue):
        sent = {"source_file": make_file("Readout.pdf")}
        answer = post(client, talks, issue, sent, said="soon", source_title="Typed")
        html = answer.content.decode()
        assert "“Readout.pdf” was not kept. Choose the file again." in html
        assert 'value="Typed"' in html
        assert '<details class="more" open><summary>A new source</summary>' in html
        assert not Source.objects.exists()

    def test_file_beside_a_known_source_is_not_dropped(self, client, talks, issue):
        answer = post(client, talks, issue, {"source_file": make_file()}, source="")
        assert answer.status_code == 302
        answer = post(client, talks, issue, {"source_file": make_file()}, source="last")
        assert answer.status_code == 422
        assert "A file makes a new source" in answer.content.decode()

    def test_correction_with_a_file(self, client, talks, issue):
        entry = record(issue, "RU", by=talks.recorder)
        address = reverse("issues:entry_correct", args=[talks.slug, 1, entry.uuid])
        client.force_login(talks.recorder)
        sent = SAID | {"reason": "Misheard.", "source": "new", "source_file": make_file()}
        assert client.post(address, sent).status_code == 302
        assert entry.corrections.get().sources.get().file_name == "minutes.pdf"

    def test_second_source_with_a_file(self, client, talks, issue):
        entry = record(issue, "RU", by=talks.recorder)
        address = reverse("issues:entry_source", args=[talks.slug, 1, entry.uuid])
        client.force_login(talks.recorder)
        assert client.post(address, {"file": make_file("a.exe")}).status_code == 422
        assert client.post(address, {"file": make_file("b.pdf")}).status_code == 302
        assert entry.sources.get().title == "b.pdf"
        known = str(entry.sources.get().uuid)
        answer = client.post(address, {"file": make_file("c.pdf"), "source": known})
        assert answer.status_code == 422
        assert "“c.pdf” was not kept" in answer.content.decode()

    def test_nothing_is_wrong_with_a_form_that_nobody_sent(self, client, talks, issue):
        entry = record(issue, "RU", by=talks.recorder)
        client.force_login(talks.recorder)
        for name in ("entry_correct", "entry_source", "entry_retract"):
            address = reverse(f"issues:{name}", args=[talks.slug, 1, entry.uuid])
            answer = client.get(address)
            assert answer.status_code == 200
            assert 'class="error"' not in answer.content.decode()

    def test_forms_are_sent_whole_with_and_without_script(self, client, talks, issue):
        html = page(client, issue.get_absolute_url(), talks.recorder)
        form = html.split('id="entry-form"')[1].split(">", 5)
        assert any(
            'enctype="multipart/form-data" hx-encoding="multipart/form-data"' in t for t in form
        )


def test_lines_tell_of_the_file(client, talks, issue, source):
    round_ = factories.make_round(talks.negotiation, "First", "10 Apr 2025")
    record(issue, "RU", said="10 Apr 2025", sources=[source], round=round_)
    for address in (issue.get_absolute_url(), round_.get_absolute_url(), source.get_absolute_url()):
        html = page(client, address, talks.reader)
        assert f'<a href="{source.file_url}">' in html
        assert "file, 16 bytes" in words(html)


class TestAdmin:
    @pytest.fixture
    def client(self, db):
        return browser(make_superuser())

    def send(self, client, source, **fields):
        address = url(Source, "change", source.pk)
        shown = {k: v for k, v in typed(client.get(address)).items() if v is not None}
        return client.post(address, shown | fields)

    def test_source_with_a_file_is_added(self, client, talks):
        address = f"{url(Source, 'add')}?negotiation={talks.negotiation.pk}"
        sent = {"kind": "document", "title": "A", "document": make_file("A.pdf")}
        assert client.post(address, sent).status_code == 302
        assert Source.objects.get().file_name == "A.pdf"

    def test_file_is_replaced_and_taken_away(self, client, source):
        assert "Minutes 1.pdf" in client.get(url(Source, "change", source.pk)).content.decode()
        assert self.send(client, source, document=make_file("B.pdf")).status_code == 302
        assert Source.objects.get().file_name == "B.pdf"
        assert self.send(client, source, title="Other").status_code == 302
        assert Source.objects.get().file_name == "B.pdf"
        assert self.send(client, source, without_file="on").status_code == 302
        assert not Source.objects.get().file

    def test_refused_file_changes_nothing(self, client, source):
        answer = self.send(client, source, title="Other", document=make_file("a.exe"))
        assert "Only documents" in answer.content.decode()
        assert Source.objects.get().title == "Minutes"

    def test_entry_form_takes_a_file(self, client, issue):
        address = f"{url(Entry, 'add')}?issue={issue.pk}"
        assert 'enctype="multipart/form-data"' in client.get(address).content.decode()
        assert client.post(address, SAID | {"source_file": make_file()}).status_code == 302
        assert Source.objects.get().file_name == "minutes.pdf"
