"""Files to take away: what the tables say, that spreadsheets take them as meant, who gets which."""

import datetime as dt
import json
import re
from copy import deepcopy
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import jsonschema
import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from issues import services
from issues.exports import jobs
from issues.exports.cells import guarded, unguarded
from issues.exports.csv_file import csv_pages
from issues.exports.document import SCHEMA
from issues.exports.snapshot import Withdrawn, take
from issues.exports.tables import TABLES
from issues.models import Entry
from negotiations import services as frame
from negotiations.services.rounds import Account, Person
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer
from tests.issues.exported import document, prepared, rows, signed_in, table, taken, workbook

NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def kept():
    """What lies in the store for somebody to fetch."""
    folder = Path(settings.MEDIA_ROOT) / "exports"
    return list(folder.iterdir()) if folder.exists() else []


@pytest.fixture(scope="module")
def made(module_db):
    """Two items, a round with all that belongs to it, a correction, texts like formulas."""
    with time_machine.travel(NOW, tick=False):
        talks = factories.make_delegations()
        negotiation = talks.negotiation
        ru, us = negotiation.parties.all()
        talks.round = factories.make_round(
            negotiation,
            "Round 1",
            "10 Apr 2025",
            number=1,
            host=ru,
            delegations={ru: [Person("Ivan", "Head of department", True)], us: [Person("Ann")]},
            readouts={us: Account("Frank talks.", "Readout", "https://example.org/r")},
        )
        talks.issue = factories.make_issue(negotiation, "=1+1", raised_by=[ru])
        factories.make_issue(negotiation, "Second", parent=talks.issue)
        source = services.NewSource(title="A paper", url="https://example.org/a", publisher="P")
        first = record(talks.issue, "RU", "Raised", "Feb 2025", text="=HYPERLINK(1)")
        talks.wrong = record(
            talks.issue, "RU", "Agreed", "10 Apr 2025", round=talks.round, sources=[source]
        )
        said = entry_data(negotiation, "RU", "Under discussion", "10 Apr 2025", text="-5 %\nyes")
        (talks.right,) = services.correct(
            talks.wrong, said, viewer=viewer(negotiation), reason="Misheard"
        ).entries
        talks.joint = record(talks.issue, "RU US", "Agreed", "11 Apr 2025", text="\u0416\x01")
        talks.first = first
        return talks


@pytest.fixture
def talks(made, db):
    with time_machine.travel(NOW, tick=False):
        yield deepcopy(made)


class TestTables:
    def test_entry_tells_old_and_new_status_dates_speaker_source_and_correction(self, talks):
        found = {row["UUID"]: row for row in rows(signed_in(talks.reader), talks.slug, "entries")}
        first, wrong, right, joint = (
            found[str(entry.uuid)] for entry in (talks.first, talks.wrong, talks.right, talks.joint)
        )
        assert [first[name] for name in ("Said", "Said from", "Said to", "Precision")] == [
            *("Feb 2025", "2025-02-01", "2025-02-28", "month")
        ]
        assert (first["Old status"], first["New status"]) == ("", "Raised")
        assert (right["Old status"], right["New status"]) == ("Raised", "Under discussion")
        assert (wrong["Stands"], wrong["Corrected by"]) == ("no", str(talks.right.uuid))
        assert (right["Stands"], right["Corrects"]) == ("yes", str(talks.wrong.uuid))
        assert right["Reason"] == "Misheard"
        assert wrong["Sources"] == "P · A paper"
        assert wrong["Source addresses"] == "https://example.org/a"
        assert (wrong["Round"], joint["Parties"]) == ("Round 1", "RU US")
        assert first["Recorded (UTC)"] == "2026-03-20 12:00:00Z"

    def test_item_says_where_it_stands_and_by_whose_word(self, talks):
        first, second = rows(signed_in(talks.reader), talks.slug, "items")
        assert (first["Status"], first["Who says so"]) == ("Agreed", "confirmed jointly")
        assert (first["RU status"], first["RU said"]) == ("Agreed", "2025-04-11")
        assert (second["Sub-item of"], second["Status"]) == ("1", "No status yet")

    def test_round_has_its_delegations_and_readouts(self, talks):
        (row,) = rows(signed_in(talks.reader), talks.slug, "rounds")
        assert row["RU delegation"] == "Ivan, Head of department, head"
        assert row["US readout"] == "Frank talks."
        assert (row["First day"], row["Host"]) == ("2025-04-10", "RU")

    def test_standings_are_told_for_each_round_and_now(self, talks):
        found = rows(signed_in(talks.reader), talks.slug, "standings")
        assert [(r["No."], r["Round"], r["As of"], r["Status"]) for r in found] == [
            ("1", "1", "2025-04-10", "Under discussion"),
            ("1", "", "2026-03-20", "Agreed"),
            ("2", "1", "2025-04-10", "No status yet"),
            ("2", "", "2026-03-20", "No status yet"),
        ]

    def test_both_clocks_are_kept(self, talks):
        client = signed_in(talks.reader)
        assert len(rows(client, talks.slug, "entries", as_of="2025-03-01")) == 1
        (first, _second) = rows(client, talks.slug, "items", as_of="2025-04-10")
        assert first["Status"] == "Under discussion"
        assert rows(client, talks.slug, "entries", known="2026-03-19") == []
        assert rows(client, talks.slug, "items", known="2026-03-19") == []

    def test_what_was_undone_is_in_no_file(self, talks):
        gone = record(talks.issue, "RU", "Closed", text="a slip")
        services.undo([gone], viewer=viewer(talks.negotiation))
        client = signed_in(talks.head)
        assert b"a slip" not in table(client, talks.slug, "entries")
        assert b"a slip" not in prepared(client, talks.slug, "json")

    def test_columns_and_cells_are_as_many(self, talks):
        snapshot = take(viewer(talks.negotiation))
        for one in TABLES.values():
            width = len(one.columns(snapshot))
            found = [row for page in one.pages(snapshot) for row in page]
            assert {len(row) for row in found} == {width}, one.name
            assert len(found) == one.count(snapshot), one.name


class TestFormulas:
    @pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "'x", "＝1"])
    def test_guard_is_put_on_and_taken_off(self, text):
        assert guarded(text) == f"'{text}"
        assert unguarded(guarded(text)) == text

    def test_other_text_stays_as_it_is(self):
        assert guarded("5 - 3 = 2") == unguarded("5 - 3 = 2") == "5 - 3 = 2"

    def test_csv_guards_texts_and_not_dates(self, talks):
        found = rows(signed_in(talks.reader), talks.slug, "entries")
        assert {row["Item title"] for row in found} == {"'=1+1"}
        assert "'-5 %\nyes" in {row["Text"] for row in found}
        assert table(signed_in(talks.reader), talks.slug, "items").startswith(b"\xef\xbb\xbfNo.,")

    def test_workbook_holds_texts_as_texts_dates_as_dates_numbers_as_numbers(self, talks):
        sheet = workbook(signed_in(talks.reader), talks.slug)["Entries"]
        head = [cell.value for cell in sheet[1]]
        cells = {name: sheet[2][place] for place, name in enumerate(head)}
        assert (cells["Text"].value, cells["Text"].data_type) == ("=HYPERLINK(1)", "s")
        assert cells["Text"].quotePrefix
        assert (cells["Item title"].value, cells["Item title"].data_type) == ("=1+1", "s")
        assert cells["Item"].value == 1
        assert cells["Said from"].value == dt.datetime(2025, 2, 1)
        assert cells["Recorded (UTC)"].value == NOW.replace(tzinfo=None)
        texts = [row[head.index("Text")].value for row in sheet.iter_rows(min_row=2)]
        assert "\u0416_x0001_" in texts

    def test_workbook_explains_itself(self, talks):
        book = workbook(signed_in(talks.reader), talks.slug)
        assert book.sheetnames == ["About", "Items", "Entries", "Rounds", "Standings"]
        facts = {row[0].value: row[1].value for row in book["About"].iter_rows() if len(row) > 1}
        assert facts["As known at"] == "20 Mar 2026, 12:00 UTC"
        assert facts["Contains"] == "What all members of this negotiation may see."


class TestPreparing:
    def address(self, talks, name="file_prepare"):
        return reverse(f"issues:{name}", args=[talks.slug])

    def test_how_far_it_is_is_shown_while_it_is_written(self, talks, monkeypatch):
        client, seen = signed_in(talks.reader), []
        kind = jobs.KINDS["xlsx"]

        def write(path, snapshot):
            for written in kind.write(path, snapshot):
                seen.append(client.get(self.address(talks)).content.decode())
                yield written

        monkeypatch.setattr(jobs, "BEAT_SECONDS", 0)
        monkeypatch.setitem(jobs.KINDS, "xlsx", replace(kind, write=write))
        headers = {"HX-Request": "true", "HX-Target": "file-progress"}
        answer = client.post(self.address(talks), {"kind": "xlsx"}, headers=headers)
        assert answer.content.strip().startswith(b'<div id="file-progress"')
        assert b"is ready" in answer.content
        told = [re.search(r"\d+ of \d+ rows", page)[0] for page in seen]
        assert told == ["0 of 11 rows", "2 of 11 rows", "6 of 11 rows", "7 of 11 rows"]

    def test_file_is_gone_after_it_was_downloaded(self, talks):
        client = signed_in(talks.reader)
        prepared(client, talks.slug, "json")
        assert kept() == []
        assert b"was downloaded" in client.get(self.address(talks)).content
        assert client.get(self.address(talks, "file_download")).status_code == 302

    def test_file_is_gone_after_an_hour_and_after_it_was_given_up(self, talks):
        client = signed_in(talks.reader)
        client.post(self.address(talks), {"kind": "json"})
        assert len(kept()) == 1
        client.post(self.address(talks, "file_cancel"))
        assert kept() == []
        client.post(self.address(talks), {"kind": "json"})
        with time_machine.travel(NOW + dt.timedelta(minutes=61), tick=False):
            assert b"No file is being prepared" in client.get(self.address(talks)).content
            assert frame.sweep_jobs() == 1
        assert kept() == []

    @pytest.mark.parametrize("kind", jobs.KINDS)
    def test_the_hour_at_which_it_is_made_leaves_no_trace(self, talks, kind):
        made = set()
        for days in (2, 3):
            with time_machine.travel(NOW + dt.timedelta(days), tick=False):
                # Sign in anew: a session ends after half a day.
                made.add(prepared(signed_in(talks.head), talks.slug, kind, known="2026-03-20"))
        assert len(made) == 1

    def test_another_sign_in_of_the_same_person_does_not_get_it(self, talks):
        signed_in(talks.reader).post(self.address(talks), {"kind": "json"})
        other = signed_in(talks.reader)
        assert other.get(self.address(talks, "file_download")).status_code == 302

    def test_it_is_as_known_when_it_was_begun(self, talks, monkeypatch):
        client = signed_in(talks.reader)
        with monkeypatch.context() as busy:
            busy.setattr(jobs, "wake", lambda: None)
            busy.setattr("issues.views.files.FIRST_STEP", -1)
            answer = client.post(self.address(talks), {"kind": "xlsx"}, follow=True)
        assert b"Waits until another file is written" in answer.content
        with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
            record(talks.issue, "RU US", "Closed", "1 May 2025", text="later")
            client.post(self.address(talks))
            content = taken(client.get(self.address(talks, "file_download")))
        book = load_workbook(BytesIO(content))
        assert "later" not in {c.value for row in book["Entries"].iter_rows() for c in row}
        assert "Closed" not in {c.value for row in book["Standings"].iter_rows() for c in row}

    def test_file_that_vanished_is_said_to_be_gone(self, talks):
        client = signed_in(talks.reader)
        client.post(self.address(talks), {"kind": "json"})
        (file,) = kept()
        file.unlink()
        answer = client.get(self.address(talks, "file_download"), follow=True)
        assert b"The file is not there any more. Prepare the file again." in answer.content

    @pytest.mark.parametrize("kind", ["pdf", ""])
    def test_unknown_kind_is_refused(self, talks, kind):
        assert signed_in(talks.reader).post(self.address(talks), {"kind": kind}).status_code == 400


class TestAccessTakenAway:
    def restrict(self, talks):
        """Russia's entry is kept to Russia from now on."""
        person = viewer(talks.negotiation, talks.ru)
        entry = record(talks.issue, "RU", by=talks.ru)
        with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
            services.change_audience(
                entry,
                audience=Entry.Audience.DELEGATION,
                party=person.party,
                reason="Slip",
                viewer=person,
            )

    def change(self, talks, how):
        if how == "left":
            frame.remove_member(talks.reader.memberships.get())
        elif how == "tied":
            membership = talks.reader.memberships.get()
            party = talks.negotiation.parties.get(code="US")
            frame.update_member(membership, role="viewer", party=party)
        elif how == "inactive":
            type(talks.reader).objects.filter(pk=talks.reader.pk).update(is_active=False)
        else:
            self.restrict(talks)

    @pytest.mark.parametrize("how", ["left", "tied", "inactive", "audience"])
    def test_a_table_breaks_off(self, talks, how):
        pages = csv_pages(TABLES["items"], take(viewer(talks.negotiation, talks.reader)))
        next(pages)
        self.change(talks, how)
        with pytest.raises(Withdrawn):
            next(pages)

    @pytest.mark.parametrize("how", ["left", "tied", "inactive", "audience"])
    def test_a_finished_file_is_not_handed_out(self, talks, how):
        client = signed_in(talks.reader)
        client.post(reverse("issues:file_prepare", args=[talks.slug]), {"kind": "json"})
        self.change(talks, how)
        answer = client.get(reverse("issues:file_download", args=[talks.slug]))
        assert answer.status_code == (404 if how == "left" else 302)

    def test_a_finished_file_goes_once_its_reader_is_of_another_delegation(self, talks):
        client = signed_in(talks.reader)
        address = reverse("issues:file_prepare", args=[talks.slug])
        client.post(address, {"kind": "json"})
        self.change(talks, "tied")
        assert b"What you may see here has changed meanwhile." in client.get(address).content
        assert kept() == []

    def test_what_only_others_may_know_refuses_nothing(self, talks):
        united_states = viewer(talks.negotiation, talks.us)
        kept = record(talks.issue, "US", by=talks.us, **own_audience(united_states))
        pages = csv_pages(TABLES["items"], take(viewer(talks.negotiation, talks.reader)))
        with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
            services.undo([kept], viewer=united_states)
        assert len(list(pages)) == 2


class TestCost:
    """What is asked of the database does not grow with what a page of a file holds."""

    def asked(self, work):
        with CaptureQueriesContext(connection) as queries:
            work()
        return len(queries)

    def costs(self, client, talks):
        page = reverse("issues:files", args=[talks.slug])
        works = {name: lambda name=name: table(client, talks.slug, name) for name in TABLES}
        works |= {kind: lambda kind=kind: prepared(client, talks.slug, kind) for kind in jobs.KINDS}
        works["page"] = lambda: client.get(page)
        return {name: self.asked(work) for name, work in works.items()}

    def test_twice_as_much_asks_no_more(self, talks):
        client, negotiation = signed_in(talks.reader), talks.negotiation
        self.costs(client, talks)
        before = self.costs(client, talks)
        for title in ("Third", "Fourth"):
            issue = factories.make_issue(negotiation, title)
            source = services.NewSource(title=title)
            wrong = record(issue, "RU US", "Agreed", sources=[source], round=talks.round)
            said = entry_data(negotiation, "US", "Raised")
            services.correct(wrong, said, viewer=viewer(negotiation), reason="Slip")
            record(issue, "RU", "Raised", sources=[source])
        assert self.costs(client, talks) == before


class TestDocument:
    def test_it_follows_the_published_schema(self, talks):
        found = document(signed_in(talks.reader), talks.slug)
        jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
        assert len(found["entries"]) == 4

    def test_schema_describes_every_field(self):
        def bare(node, path):
            for name, field in node.get("properties", {}).items():
                if not field.get("description"):
                    yield f"{path}.{name}"
                yield from bare(field, f"{path}.{name}")

        schema = json.loads(SCHEMA.read_text())
        parts = {"$": schema} | schema["$defs"]
        assert [path for name, part in parts.items() for path in bare(part, name)] == []

    def test_authors_are_pseudonyms(self, talks):
        talks.head.first_name = "Carola"
        talks.head.save()
        content = prepared(signed_in(talks.reader), talks.slug, "json").decode()
        assert "Carola" not in content
        assert talks.head.username not in content
        assert '"recorded_by": "person-1"' in content

    def test_schema_can_be_downloaded(self, talks):
        answer = signed_in(talks.stranger).get(reverse("issues:file_schema"))
        assert json.loads(answer.content)["$id"] == "urn:parley:negotiation:1"


class TestScope:
    """What one delegation keeps to itself changes no byte of anybody else's files."""

    CLOCKS = ({}, {"as_of": "2025-05-02"}, {"known": "2026-03-20"})

    def everything(self, client, talks):
        found = {}
        for clock in self.CLOCKS:
            for name in TABLES:
                address = reverse("issues:file_table", args=[talks.slug, name])
                answer = client.get(address, clock)
                found[name, str(clock)] = (answer["Content-Disposition"], taken(answer))
            for kind in jobs.KINDS:
                found[kind, str(clock)] = prepared(client, talks.slug, kind, **clock)
        return found

    def keep(self, talks):
        own = own_audience(viewer(talks.negotiation, talks.ru)) | {"by": talks.ru}
        source = services.NewSource(title="canary source")
        record(talks.issue, "RU", "Blocked", "1 May 2025", text="canary", sources=[source], **own)
        mine = record(talks.issue, "RU", "Raised", "1 Apr 2025", **own)
        own.pop("by")
        services.correct(
            mine,
            entry_data(talks.negotiation, "RU", "Closed", text="canary", **own),
            viewer=viewer(talks.negotiation, talks.ru),
            reason="canary",
        )

    def test_no_byte_changes_outside(self, talks):
        outside = {name: signed_in(getattr(talks, name)) for name in ("head", "us")}
        before = {name: self.everything(client, talks) for name, client in outside.items()}
        self.keep(talks)
        for name, client in outside.items():
            after = self.everything(client, talks)
            assert [key for key in after if after[key] != before[name][key]] == []

    def test_inside_it_shows(self, talks):
        client = signed_in(talks.ru)
        before = self.everything(client, talks)
        self.keep(talks)
        after = self.everything(client, talks)
        same = {name for (name, clock) in after if after[name, clock] == before[name, clock]}
        assert same == {"rounds"}
        assert b"canary" in after["json", "{}"]
