"""The way of a table into the record: upload, columns, words, check, write, retract."""

import re
from copy import deepcopy

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from issues import services
from issues.models import Entry, Import, Issue, Upload
from negotiations.models import Round
from tests import factories
from tests.issues.importing import (
    HEADER,
    ROWS,
    address,
    bring_in,
    check,
    csv_bytes,
    run,
    send,
    upload,
    xlsx_bytes,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


@pytest.fixture
def recorder(client, talks):
    client.force_login(talks.recorder)
    return client


@pytest.fixture
def head(client, talks):
    client.force_login(talks.head)
    return client


class TestTheWholeWay:
    @pytest.mark.parametrize("make", [csv_bytes, xlsx_bytes])
    def test_a_table_becomes_entries(self, recorder, talks, make):
        answer = bring_in(recorder, talks, make())
        made = Import.objects.get()
        assert answer["Location"] == address(talks, "detail", made.uuid)
        entries = Entry.objects.order_by("batch_place")
        assert [(str(e.issue), e.when, e.voice) for e in entries] == [
            ("Banking", "10 Apr 2025", "party"),
            ("Banking", "Apr 2025", "party"),
            ("Flights", "12 May 2025", "joint"),
        ]
        assert {entry.batch for entry in entries} == {made.batch}
        assert (made.by, made.entry_count, len(made.made_items)) == (talks.recorder, 3, 2)
        assert services.differences(talks.negotiation) == []

    def test_what_was_uploaded_is_gone_afterwards(
        self, recorder, talks, tmp_path, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            bring_in(recorder, talks)
        assert not Upload.objects.exists()
        assert list(tmp_path.rglob("*.*")) == []

    def test_items_come_with_their_sub_items(self, recorder, talks):
        header = ["No.", "Title", "Section", "Part of", "Raised by", "Description"]
        rows = [
            ["1.1", "Transfers", "", "Banking", "", ""],
            ["1", "Banking", "Money", "", "RU, US", "Accounts of the missions"],
        ]
        bring_in(recorder, talks, csv_bytes(header, rows), "items")
        below = Issue.objects.get(title="Transfers")
        assert (str(below.parent), below.reference) == ("Banking", "1.1")
        assert below.parent.raised_by.count() == 2

    def test_rounds_are_held_or_planned_by_their_dates(self, head, talks):
        header = ["number", "title", "start", "end", "city"]
        rows = [["1", "", "27.02.2025", "28.02.2025", "Istanbul"], ["2", "Next", "2099-05", "", ""]]
        bring_in(head, talks, csv_bytes(header, rows), "rounds")
        assert list(Round.objects.values_list("title", "state", "city", "number")) == [
            ("Round 1", "held", "Istanbul", 1),
            ("Next", "planned", "", 2),
        ]

    def test_sent_twice_it_is_imported_once(self, recorder, talks):
        upload(recorder, talks, csv_bytes())
        send(recorder, address(talks, "columns"))
        send(recorder, address(talks, "words"))
        check(recorder, talks)
        waiting, viewer = Upload.objects.get(), factories.viewer(talks.negotiation, talks.recorder)
        first = services.importing.run_import(waiting, viewer)
        assert services.importing.run_import(waiting, viewer) == first
        assert Entry.objects.count() == 3

    def test_a_second_press_of_the_button_leads_to_the_same_import(self, recorder, talks):
        upload(recorder, talks, csv_bytes())
        token = str(Upload.objects.get().token)
        send(recorder, address(talks, "columns"))
        send(recorder, address(talks, "words"))
        check(recorder, talks)
        again = [recorder.post(address(talks, "run"), {"token": token}) for _ in range(2)]
        assert again[0]["Location"] == again[1]["Location"]
        assert Import.objects.count() == 1

    def test_the_next_file_of_the_kind_remembers_columns_and_words(self, recorder, talks):
        rows = [["Banking", "10.04.2025", "Moscow", "ok", "Yes.", ""]]
        header = ["Matter X", *HEADER[1:]]
        upload(recorder, talks, csv_bytes(header, rows))
        send(recorder, address(talks, "columns"), column_0="item")
        send(recorder, address(talks, "words"), status_0="Agreed", speaker_0="RU")
        check(recorder, talks)
        run(recorder, talks)
        upload(recorder, talks, csv_bytes(header, rows))
        assert recorder.get(address(talks, "columns")).context["form"]["column_0"].value() == "item"
        send(recorder, address(talks, "columns"))
        form = recorder.get(address(talks, "words")).context["form"]
        assert (form["status_0"].value(), form["speaker_0"].value()) == ("Agreed", "RU")


class TestWhatIsRefused:
    def test_every_row_is_shown_with_its_errors_beside_it(self, recorder, talks):
        rows = [
            ROWS[0],
            ["Banking", "soon", "RU", "Agreed", "", ""],
            ["", "2025", "US", "", "", ""],
        ]
        upload(recorder, talks, csv_bytes(rows=rows))
        send(recorder, address(talks, "columns"))
        send(recorder, address(talks, "words"))
        page = check(recorder, talks)
        assert [row.number for row in page.context["preview"].rows] == [3, 4]
        page = recorder.get(address(talks, "check"), {"rows": "all"})
        shown = [
            [cell.error for cell in row.cells if cell.error] for row in page.context["preview"].rows
        ]
        assert shown[0] == []
        assert shown[1][0].startswith("“soon” is no date.")
        assert shown[2] == [
            "Say which item this is about.",
            "Say what was said, or choose a status.",
        ]
        assert b"2 rows cannot be imported" in page.content

    def test_with_an_error_nothing_is_written_even_if_asked(self, recorder, talks):
        rows = [*ROWS, ["Banking", "2099", "RU", "Agreed", "", ""]]
        answer = bring_in(recorder, talks, csv_bytes(rows=rows))
        assert answer.status_code == 422
        assert "Row 5: This lies in the future." in answer.content.decode()
        assert not Issue.objects.exists()
        assert not Import.objects.exists()

    def test_columns_that_do_not_suffice_are_said(self, recorder, talks):
        upload(recorder, talks, csv_bytes())
        answer = send(
            recorder, address(talks, "columns"), column_0="", column_4="text", column_5="text"
        )
        assert answer.status_code == 422
        errors = answer.context["form"].errors
        assert errors["__all__"] == ["Choose the column for “Item”."]
        assert {"column_4", "column_5"} < errors.keys()

    def test_a_word_nobody_explained_is_asked_for(self, recorder, talks):
        rows = [["Banking", "2025", "Atlantis", "sort of", "", ""]]
        upload(recorder, talks, csv_bytes(rows=rows))
        send(recorder, address(talks, "columns"))
        answer = send(recorder, address(talks, "words"))
        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {"status_0", "speaker_0"}

    def test_a_form_made_for_another_file_does_nothing(self, recorder, talks):
        upload(recorder, talks, csv_bytes())
        send(recorder, address(talks, "columns"))
        send(recorder, address(talks, "words"))
        check(recorder, talks)
        old = str(Upload.objects.get().token)
        upload(recorder, talks, csv_bytes(rows=ROWS[:1]))
        answer = recorder.post(address(talks, "run"), {"token": old})
        assert answer["Location"] == address(talks, "start")
        assert not Entry.objects.exists()

    def test_a_recorder_is_not_offered_rounds(self, recorder, talks):
        assert upload(recorder, talks, csv_bytes(), "rounds").status_code == 422

    def test_reading_again_in_a_wrong_encoding_says_so(self, recorder, talks):
        rows = [["Перевод средств", "2025", "RU", "Agreed", "", ""]]
        upload(recorder, talks, csv_bytes(rows=rows, encoding="cp1251"))
        answer = send(recorder, address(talks, "columns"), encoding="utf-8-sig", again="yes")
        assert answer.status_code == 422
        assert "is not UTF-8" in answer.content.decode()
        send(recorder, address(talks, "columns"), delimiter=";", again="yes")
        assert Upload.objects.get().options["encoding"] == "cp1251"

    def test_without_a_file_every_step_leads_to_the_beginning(self, recorder, talks):
        for step in ("columns", "words", "check"):
            assert recorder.get(address(talks, step))["Location"] == address(talks, "start")


class TestStatusesOfItsOwn:
    rows = [
        ["Banking", "2025", "RU", "Bracketed", "", ""],
        ["Banking", "2025", "US", "Clean", "", ""],
    ]

    def test_the_head_makes_a_scheme_of_the_words(self, client):
        """While nobody belongs to a delegation, who might use one of those that go."""
        talks = factories.make_talks()
        client.force_login(talks.head)
        answers = {"status_0": "new:engaged", "status_1": "new:settled", "make_scheme": "on"}
        bring_in(client, talks, csv_bytes(rows=self.rows), **answers)
        statuses = talks.negotiation.scheme.statuses.values_list("label", "category", "rung")
        assert list(statuses) == [("Bracketed", "engaged", 1), ("Clean", "settled", 2)]
        assert services.differences(talks.negotiation) == []

    def test_or_adds_to_the_one_there_is(self, head, talks):
        factories.record(factories.make_issue(talks.negotiation), "RU", "Agreed")
        bring_in(
            head, talks, csv_bytes(rows=self.rows), status_0="new:held", status_1="new:settled"
        )
        added = talks.negotiation.scheme.statuses.filter(label__in=["Bracketed", "Clean"])
        assert [(s.category, s.rung) for s in added] == [("held", None), ("settled", 5)]

    def test_a_recorder_maps_onto_what_is_there(self, recorder, talks):
        upload(recorder, talks, csv_bytes(rows=self.rows))
        send(recorder, address(talks, "columns"))
        answer = send(recorder, address(talks, "words"), status_0="new:held", status_1="-")
        assert "status_0" in answer.context["form"].errors
        assert "make_scheme" not in answer.context["form"].fields


class TestOneDelegation:
    def test_its_import_changes_no_byte_for_anybody_else(self, client, talks):
        factories.make_issue(talks.negotiation, "Banking")
        pages = [address(talks, "start"), f"/negotiations/{talks.slug}/issues/1/"]

        def seen(user):
            browser = Client()
            browser.force_login(user)
            return [TOKEN.sub(b"", browser.get(page).content) for page in pages]

        before = {user: seen(user) for user in (talks.us, talks.recorder)}
        client.force_login(talks.ru)
        answer = bring_in(
            client, talks, csv_bytes(rows=ROWS[:1]), audience="delegation", open_items=""
        )
        made = Import.objects.get()
        assert answer["Location"] == address(talks, "detail", made.uuid)
        for user, pages_before in before.items():
            client.force_login(user)
            assert seen(user) == pages_before
            assert client.get(address(talks, "detail", made.uuid)).status_code == 404
            assert client.post(address(talks, "retract", made.uuid)).status_code == 404
            assert (
                services.importing.remembered(factories.viewer(talks.negotiation, user), "entries")
                == {}
            )

    def test_the_items_it_opens_are_its_own(self, client, talks):
        client.force_login(talks.ru)
        bring_in(client, talks, csv_bytes(), audience="delegation")
        opened = list(Issue.objects.all())
        assert {issue.series for issue in opened} == {"RU"}
        assert not Issue.objects.visible_to(factories.viewer(talks.negotiation, talks.us)).exists()


TOKEN = re.compile(rb'(?:csrfmiddlewaretoken|token)" value="[\w-]+"')


class TestRetracting:
    def retract(self, client, made, talks, reason="Wrong file"):
        return client.post(address(talks, "retract", made.uuid), {"reason": reason})

    def test_all_of_it_is_taken_back(self, recorder, talks):
        bring_in(recorder, talks)
        made = Import.objects.get()
        self.retract(recorder, made, talks)
        made.refresh_from_db()
        assert (made.retracted_by, made.reason, made.left) == (talks.recorder, "Wrong file", "")
        assert Entry.objects.filter(kind="retraction").count() == 3
        assert not Issue.objects.filter(entered_in_error=False).exists()
        assert b"Wrong file" in recorder.get(address(talks, "detail", made.uuid)).content

    def test_what_others_built_on_stays_and_is_named(self, recorder, talks):
        bring_in(recorder, talks)
        factories.record(Issue.objects.get(title="Banking"), "US", by=talks.us)
        self.retract(recorder, Import.objects.get(), talks)
        assert [i.title for i in Issue.objects.filter(entered_in_error=False)] == ["Banking"]
        assert "others recorded on it" in Import.objects.get().left

    ROUNDS = (["number", "start"], [["1", "2025"], ["2", "2025"]])

    def test_rounds_in_use_stay(self, client):
        talks = factories.make_talks()
        client.force_login(talks.head)
        bring_in(client, talks, csv_bytes(*self.ROUNDS), "rounds")
        issue = factories.make_issue(talks.negotiation)
        factories.record(issue, "RU", round=Round.objects.get(number=1))
        self.retract(client, Import.objects.get(), talks)
        assert [round_.number for round_ in Round.objects.all()] == [1]

    def test_where_delegations_keep_their_own_all_rounds_stay(self, head, talks):
        """What went would tell that no hidden entry names it."""
        bring_in(head, talks, csv_bytes(*self.ROUNDS), "rounds")
        factories.make_issue(talks.negotiation)
        self.retract(head, Import.objects.get(), talks)
        assert Round.objects.count() == 2
        assert Import.objects.get().left.count("stays on record") == 2

    def test_it_needs_a_reason(self, recorder, talks):
        bring_in(recorder, talks)
        assert self.retract(recorder, Import.objects.get(), talks, " ").status_code == 422
        assert not Entry.objects.filter(kind="retraction").exists()

    def test_a_second_time_is_refused(self, recorder, talks):
        bring_in(recorder, talks)
        self.retract(recorder, Import.objects.get(), talks)
        assert self.retract(recorder, Import.objects.get(), talks).status_code == 422

    def test_only_its_author_or_a_head_may(self, client, recorder, talks):
        bring_in(recorder, talks)
        other = factories.add_member(talks.negotiation, "recorder")
        client.force_login(other)
        assert self.retract(client, Import.objects.get(), talks).status_code == 422
        client.force_login(talks.head)
        assert self.retract(client, Import.objects.get(), talks).status_code == 302

    def test_after_it_the_same_file_can_be_imported_again(self, recorder, talks):
        for _ in range(2):
            bring_in(recorder, talks)
            self.retract(recorder, Import.objects.filter(retracted_at=None).get(), talks)
        assert Import.objects.count() == 2


class TestFragments:
    def ready(self, client, talks):
        upload(client, talks, csv_bytes())
        send(client, address(talks, "columns"))
        send(client, address(talks, "words"))

    def test_checking_goes_on_by_itself_in_pieces(self, recorder, talks, monkeypatch):
        monkeypatch.setattr("issues.services.importing.checking.ROWS", 2)
        self.ready(recorder, talks)
        token = str(Upload.objects.get().token)
        headers = {"HX-Request": "true", "HX-Target": "import-check"}
        piece = recorder.post(address(talks, "check"), {"token": token}, headers=headers)
        assert b"Checked 2 of 3 rows" in piece.content
        assert b"<html" not in piece.content
        piece = recorder.post(address(talks, "check"), {"token": token}, headers=headers)
        assert b"All 3 rows are in order" in piece.content
        assert b"It opens 2 new items, for all members to see: Banking, Flights." in piece.content

    def test_after_writing_htmx_is_led_on(self, recorder, talks):
        self.ready(recorder, talks)
        check(recorder, talks)
        answer = run(recorder, talks, headers={"HX-Request": "true"})
        assert answer["HX-Redirect"] == address(talks, "detail", Import.objects.get().uuid)

    def test_progress_is_told_while_it_writes_and_ends(self, recorder, talks):
        self.ready(recorder, talks)
        services.importing.staging.tell_progress(Upload.objects.get(), "Writing entries", 3, 9)
        page = recorder.get(address(talks, "progress")).content.decode()
        assert "Writing entries: 3 of 9" in page
        assert "load delay" in page
        recorder.post(address(talks, "discard"), {"token": str(Upload.objects.get().token)})
        assert "load delay" not in recorder.get(address(talks, "progress")).content.decode()


class TestCost:
    def queries(self, client, page):
        client.get(page)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page).status_code == 200
        return len(caught)

    def test_more_rows_and_more_imports_ask_no_more(self, recorder, talks):
        pages = [address(talks, name) for name in ("start", "columns", "words", "check")]
        found = []
        for count in (8, 16):
            rows = [
                ["Banking", f"{n + 1} Feb 2025", "RU", "Agreed", f"{n}", ""] for n in range(count)
            ]
            for _ in range(count // 4):
                bring_in(recorder, talks, csv_bytes(rows=rows))
            upload(recorder, talks, csv_bytes(rows=rows))
            send(recorder, address(talks, "columns"))
            send(recorder, address(talks, "words"))
            check(recorder, talks)
            found.append([self.queries(recorder, page) for page in pages])
        assert found[0] == found[1]
