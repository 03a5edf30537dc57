"""A negotiation as one JSON file: out, in, out again; and what is refused, with its place."""

import copy
import datetime as dt
import json
from copy import deepcopy

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from issues import services
from issues.documents import Unreadable, broken_rules, read_document
from issues.models import ChainLink, Entry, Issue, Redaction
from negotiations import services as frame
from negotiations.models import Membership, Negotiation, User
from negotiations.services.rounds import Account, Person
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer
from tests.issues.exported import document, prepared, signed_in

NOW = dt.datetime(2026, 3, 20, 12, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.VAR_DIR = settings.MEDIA_ROOT = tmp_path


@pytest.fixture(scope="module")
def made(module_db):
    """Something of everything that a file can hold."""
    with time_machine.travel(NOW, tick=False):
        talks = factories.make_delegations(description="About\nthe bridge")
        negotiation, person = talks.negotiation, viewer(talks.negotiation)
        ru, us = negotiation.parties.all()
        frame.update_party(us, by=None, code="US", name="United States", since=dt.date(2025, 1, 5))
        round_ = factories.make_round(
            negotiation,
            "Round 1",
            "10 Apr 2025",
            number=0,
            host=ru,
            delegations={ru: [Person("Ivan", "Head", True), Person("Olga")], us: [Person("Ann")]},
            readouts={us: Account("Frank talks.", "Readout", "https://example.org/r")},
        )
        factories.make_round(negotiation, "Round 2", expected="in spring")
        first = factories.make_issue(negotiation, "First", heading="Roads", raised_by=[ru, us])
        second = factories.make_issue(negotiation, "Second", parent=first, reference="1.1")
        services.mark_in_error(second, version=second.version, by=None, reason="Slip")
        third = factories.make_issue(negotiation, "Third", parent=first, description="«Ж»")
        services.set_agenda_line(round_, first, by=None, planned=True, outcome="discussed")
        file = SimpleUploadedFile("note.txt", b"a note")
        source = frame.add_source(negotiation, by=talks.head, title="Note", file=file)
        asked = {"waits_for": "party", "waits_party": us, "waits_why": "wording"}
        step = {
            "next_step_state": "done",
            "next_step": "Write",
            "next_step_party": ru,
            "next_step_by": dt.date(2027, 1, 1),
        }
        said = dt.time(14, 30)
        one = record(first, "RU", "Agreed", "2025", sources=[source], said_time=said, **asked)
        services.add_source(one, services.NewSource(title="Second"), viewer=person)
        two = record(first, "RU US", "Raised", "Feb 2025", by=talks.recorder, round=round_, **step)
        correction = entry_data(negotiation, "RU US", "Blocked", "27 Feb 2025")
        (three,) = services.correct(two, correction, viewer=person, reason="Slip").entries
        services.retract(three, viewer=person, reason="It was right")
        services.redact(record(third, "third", by=talks.us), reason="Secret", by="admin")
        undone = record(third, "own", "Closed")
        services.undo([undone], viewer=person)
        own = own_audience(viewer(negotiation, talks.ru))
        record(third, "RU", "Closed", "1 May 2025", by=talks.ru, text="ours alone", **own)
        _kept(talks, round_, first)
        return talks


@pytest.fixture
def talks(made, db):
    with time_machine.travel(NOW, tick=False):
        yield deepcopy(made)


def _kept(talks, round_, common):
    """What the Russian delegation keeps: items, on the agenda, of the round, on paper."""
    negotiation, russia = talks.negotiation, viewer(talks.negotiation, talks.ru)
    shown = russia.written_for()
    hidden = factories.make_issue(negotiation, "Ours", by=talks.ru, heading="Roads", **shown)
    below = factories.make_issue(negotiation, "Below", by=talks.ru, parent=common, **shown)
    paper = services.NewSource(title="Paper")
    own = own_audience(russia)
    record(hidden, "RU", "Raised", "1 May 2025", by=talks.ru, sources=[paper], **own)
    factories.put_at(round_, hidden, says="Our word on it.", **shown)
    factories.put_at(round_, common, **shown)
    services.set_agenda_line(round_, below, by=talks.ru, planned=True, **shown)


def erased(talks):
    services.erase_negotiation(talks.negotiation, reason="For the test", by="test")


@pytest.fixture
def newcomer(db):
    return factories.make_user("newcomer")


ADDRESS = "/negotiations/new/from-file/"


def send(client, content, **more):
    file = SimpleUploadedFile("talks.json", content, "application/json")
    return client.post(ADDRESS, {"file": file, **more})


class TestThereAndBack:
    @pytest.mark.parametrize("name", ["head", "ru"])
    def test_a_second_export_has_the_same_bytes(self, talks, newcomer, name):
        before = prepared(signed_in(getattr(talks, name)), talks.slug, "json")
        assert (b"ours alone" in before) == (name == "ru")
        erased(talks)
        client = signed_in(newcomer)
        answer = send(client, before)
        assert answer.status_code == 302, answer.context["form"].problems
        assert answer["Location"] == f"/negotiations/{talks.slug}/"
        assert prepared(client, talks.slug, "json") == before
        assert (b'"RU-1"' in before) == (name == "ru")
        membership = Membership.objects.get(user=newcomer)
        assert membership.role == "head"
        assert (membership.party and membership.party.code) == (None if name == "head" else "RU")

    def test_an_imported_history_is_chained_after_the_heads_of_its_file(self, talks, newcomer):
        content = prepared(signed_in(talks.ru), talks.slug, "json")
        erased(talks)
        made = services.load_negotiation(read_document(content), by=newcomer)
        assert services.verify_history(made).faults == []
        heads = json.loads(content)["heads"]
        noted = ChainLink.objects.filter(kind="import", place=1)
        assert set(noted.values_list("note", flat=True)) == set(heads.values())
        assert len(heads) == 2

    def test_what_is_added_after_an_import_gives_the_file_a_head_of_its_own(self, talks, newcomer):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        erased(talks)
        made = services.load_negotiation(read_document(content), by=newcomer)
        with time_machine.travel(NOW + dt.timedelta(2), tick=False):
            record(made.issues.first(), by=newcomer, text="New here.", audience="members")
            after = json.loads(prepared(signed_in(newcomer), talks.slug, "json"))["heads"]
        assert after["members"] != json.loads(content)["heads"]["members"]

    def test_standings_are_as_the_entries_make_them(self, talks, newcomer):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        client = signed_in(talks.head)
        page = client.get(f"/negotiations/{talks.slug}/changes/?from=2025-01-01&to=now").content
        erased(talks)
        made = services.load_negotiation(read_document(content), by=newcomer)
        assert services.differences(made) == []
        assert services.search_differences(made) == []
        issue = Issue.objects.get(negotiation=made, series="", number=1)
        standing = issue.standings.get(scope="members", until=None)
        assert standing.headline.label == "Raised"
        assert b"Raised" in page

    def test_recorded_times_uuids_and_blanks_are_kept(self, talks, newcomer):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        kept = ("uuid", "recorded_at", "said_first", "said_last", "counts_from", "text")
        rows = Entry.objects.in_scope(viewer(talks.negotiation).scope)
        undone = rows.filter(kind="undo").values("corrects")
        rows = rows.exclude(kind="undo").exclude(pk__in=undone)
        before = list(rows.order_by("pk").values(*kept))
        erased(talks)
        services.load_negotiation(read_document(content), by=newcomer)
        assert list(Entry.objects.order_by("pk").values(*kept)) == before
        assert Redaction.objects.get().reason == "Secret"

    def test_authors_become_accounts_without_a_way_in(self, talks, newcomer):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        erased(talks)
        services.load_negotiation(read_document(content), by=newcomer)
        people = User.objects.filter(first_name="Person").order_by("pk")
        assert [str(one) for one in people] == ["Person 1", "Person 2", "Person 3"]
        assert {(one.is_active, one.has_usable_password()) for one in people} == {(False, False)}

    def test_what_is_appended_later_counts(self, talks, newcomer):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        erased(talks)
        made = services.load_negotiation(read_document(content), by=newcomer)
        issue = factories.make_issue(made, "Fourth")
        assert issue.number == 4
        record(issue, "RU US", "Closed", by=newcomer)
        assert services.differences(made) == []

    def test_as_known_on_a_day_holds_no_later_entry(self, talks):
        with time_machine.travel(NOW + dt.timedelta(2), tick=False):
            record(talks.negotiation.issues.get(series="", number=1), "RU", "Closed", text="later")
            found = document(signed_in(talks.head), talks.slug, known="2026-03-20")
        assert "later" not in {entry.get("text") for entry in found["entries"]}
        assert broken_rules(found, NOW) == []


class TestWhatIsHereAlready:
    def test_its_entries_are_refused_and_nothing_changes(self, talks, newcomer):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        answer = send(signed_in(newcomer), content, slug="another")
        assert answer.status_code == 422
        assert b"on this server already" in answer.content
        assert Negotiation.objects.count() == 1

    def test_a_taken_address_asks_for_another(self, talks, newcomer):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        erased(talks)
        factories.make_negotiation(slug=talks.slug)
        answer = send(signed_in(newcomer), content)
        assert answer.status_code == 422
        assert "slug" in answer.context["form"].errors
        answer = send(signed_in(newcomer), content, slug="another")
        assert answer["Location"] == "/negotiations/another/"

    @pytest.mark.parametrize("slug", ["new", "Ж", "a b"])
    def test_an_address_that_cannot_be_one_is_refused(self, talks, newcomer, slug):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        answer = send(signed_in(newcomer), content, slug=slug)
        assert "slug" in answer.context["form"].errors


LATER = "2099-01-01T00:00:00Z"
UUID = "00000000-0000-4000-8000-000000000000"
BROKEN = [
    ("$.version", lambda d: d.update(version=2)),
    ("$.format", lambda d: d.update(format="other")),
    ("$.entries[0].said", lambda d: d["entries"][0].update(said="2025-02-30")),
    ("$.entries[0].said", lambda d: d["entries"][0].update(said="soon")),
    ("$.entries[0].said", lambda d: d["entries"][0].update(said="2027", counts_from="2027-12-31")),
    ("$.entries[0].counts_from", lambda d: d["entries"][0].update(counts_from="2024-01-01")),
    (
        "$.entries[0].recorded_at",
        lambda d: d["entries"][0].update(recorded_at="2099-01-01T00:00:00Z"),
    ),
    ("$.entries[0].said_time", lambda d: d["entries"][0].update(said_time="25:00:00")),
    ("$.entries[0].status", lambda d: d["entries"][0].update(status="Perhaps")),
    ("$.entries[0].item", lambda d: d["entries"][0].update(item=99)),
    ("$.entries[0].round", lambda d: d["entries"][0].update(round=99)),
    ("$.entries[0].party", lambda d: d["entries"][0].pop("party")),
    ("$.entries[0].waits_party", lambda d: d["entries"][0].pop("waits_party")),
    ("$.entries[0].sources[0].source", lambda d: d["entries"][0]["sources"][0].update(source=UUID)),
    ("$.entries[0].kind", lambda d: d["entries"][0].update(kind="undo")),
    ("$.entries[0]", lambda d: d["entries"][0].update(pk=1)),
    ("$.entries[1].joint_parties", lambda d: d["entries"][1].update(joint_parties=["RU"])),
    ("$.entries[1].next_step_state", lambda d: d["entries"][1].pop("next_step")),
    ("$.entries[1].uuid", lambda d: d["entries"][1].update(uuid=d["entries"][0]["uuid"])),
    ("$.entries[2].corrects", lambda d: d["entries"][2].update(corrects=UUID)),
    ("$.entries[2].corrects", lambda d: d["entries"][2].pop("corrects")),
    ("$.entries[2].item", lambda d: d["entries"][2].update(item=3)),
    ("$.entries[2].audience", lambda d: d["entries"][2].update(audience="public")),
    ("$.entries[3]", lambda d: d["entries"][3].update(status="Agreed")),
    (
        "$.entries[0].audience",
        lambda d: d["entries"][0].update(audience="delegation", audience_party="RU"),
    ),
    ("$.scope.party", lambda d: d["scope"].update(party="RU")),
    ("$.parties", lambda d: d.update(parties=d["parties"][:1])),
    ("$.parties[1].code", lambda d: d["parties"][1].update(code="ru")),
    ("$.statuses[0].rung", lambda d: d["statuses"][0].pop("rung")),
    ("$.statuses[1].label", lambda d: d["statuses"][1].update(label="Raised")),
    ("$.statuses[0].category", lambda d: d["statuses"][0].update(category="maybe")),
    ("$.sources[0].url", lambda d: d["sources"][0].update(url="javascript:alert(1)")),
    ("$.rounds[0].host", lambda d: d["rounds"][0].update(host="XX")),
    ("$.rounds[0].last_day", lambda d: d["rounds"][0].update(last_day="2025-04-01")),
    ("$.rounds[1].first_day", lambda d: d["rounds"][1].update(state="held")),
    ("$.rounds[0].readouts[0].source", lambda d: d["rounds"][0]["readouts"][0].update(source=UUID)),
    ("$.items[1].parent", lambda d: d["items"][1].update(parent=99)),
    ("$.items[0].title", lambda d: d["items"][0].update(title="x" * 201)),
    ("$.agenda[0].item", lambda d: d["agenda"][0].update(item=99)),
    ("$.agenda[1]", lambda d: d["agenda"].append(d["agenda"][0])),
    ("$.negotiation.freshness_months", lambda d: d["negotiation"].update(freshness_months="6")),
    ("$", lambda d: d.pop("entries")),
]


class TestWhatIsWrong:
    def found(self, document):
        try:
            problems = broken_rules(read_document(json.dumps(document).encode()), NOW)
        except Unreadable as error:
            problems = error.problems
        return [problem.path for problem in problems]

    def test_each_mistake_is_told_with_its_place(self, talks, subtests):
        good = document(signed_in(talks.head), talks.slug)
        assert self.found(good) == []
        for path, spoil in BROKEN:
            bad = copy.deepcopy(good)
            spoil(bad)
            with subtests.test(path):
                assert path in self.found(bad)

    @pytest.mark.parametrize(
        "content",
        [
            *(b"", b"{", b"[]", b'"text"', b"\xff\xfe{}", b'{"format": 1.5}', b'{"a": NaN}'),
            *(b'{"format": "\\u0000"}', b'{"format": "\\ud800"}', b"[" * 100_000),
        ],
    )
    def test_what_is_no_document_is_refused(self, content):
        with pytest.raises(Unreadable):
            read_document(content)

    def test_the_page_lists_them_and_keeps_the_address(self, talks, newcomer):
        bad = document(signed_in(talks.head), talks.slug)
        bad["entries"][0]["said"] = "2025-02-30"
        answer = send(signed_in(newcomer), json.dumps(bad).encode(), slug="elsewhere")
        assert answer.status_code == 422
        assert "<code>$.entries[0].said</code>" in answer.content.decode()
        assert 'value="elsewhere"' in answer.content.decode()
        assert Negotiation.objects.count() == 1

    def test_a_file_that_is_too_large_names_the_command(self, newcomer, monkeypatch):
        monkeypatch.setattr("issues.forms.document.LARGEST", 10)
        answer = send(signed_in(newcomer), b"x" * 11)
        assert b"manage.py import_json" in answer.content

    def test_nothing_is_left_of_a_load_that_fails(self, talks, newcomer, monkeypatch):
        content = prepared(signed_in(talks.head), talks.slug, "json")
        erased(talks)
        people = User.objects.count()

        def fail(_negotiation):
            raise RuntimeError

        monkeypatch.setattr("issues.services.loading.rebuild_negotiation", fail)
        with pytest.raises(RuntimeError):
            services.load_negotiation(read_document(content), by=newcomer)
        assert (Negotiation.objects.count(), Entry.objects.count()) == (0, 0)
        assert User.objects.count() == people


class TestWhoMay:
    def test_only_staff_where_the_server_says_so(self, newcomer, settings):
        settings.PARLEY_CREATE = "staff"
        assert signed_in(newcomer).get(ADDRESS).status_code == 403
        assert send(signed_in(newcomer), b"{}").status_code == 403

    def test_the_page_of_a_new_negotiation_leads_to_it(self, newcomer):
        page = signed_in(newcomer).get(reverse("negotiations:negotiation_new")).content.decode()
        assert f'href="{ADDRESS}"' in page


class TestCommand:
    def file(self, talks, tmp_path):
        path = tmp_path / "talks.json"
        path.write_bytes(prepared(signed_in(talks.head), talks.slug, "json"))
        return path

    def test_it_imports_for_a_head(self, talks, newcomer, tmp_path, capsys):
        path = self.file(talks, tmp_path)
        erased(talks)
        call_command("import_json", path, head="newcomer", slug="again", dry_run=True)
        assert not Negotiation.objects.exists()
        call_command("import_json", path, head="newcomer", slug="again")
        assert "/negotiations/again/ with 2 items and 5 entries" in capsys.readouterr().out
        assert Membership.objects.get(negotiation__slug="again").user == newcomer

    def test_it_says_what_is_wrong(self, talks, newcomer, tmp_path):
        path = self.file(talks, tmp_path)
        with pytest.raises(CommandError, match="on this server already"):
            call_command("import_json", path, head="newcomer")
        with pytest.raises(CommandError, match="nobody with the user name"):
            call_command("import_json", path, head="somebody")
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_json", tmp_path / "none.json", head="newcomer")
        path.write_text(path.read_text().replace('"said": "2025"', '"said": "2025-02-30"'))
        with pytest.raises(CommandError, match=r"\$\.entries\[0\]\.said: "):
            call_command("import_json", path, head="newcomer")
