"""Sheets: drafts that are kept once, seen by few, and released all together or not at all."""

import datetime as dt
from copy import deepcopy
from types import SimpleNamespace
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.http import Http404

from issues import services
from issues.access import open_sheet_of, sheet_of
from issues.forms.sheet import SheetTopForm
from issues.models import Entry, Sheet, SheetRow, Standing
from issues.reads.frame import FrameView
from issues.reads.sheets import SheetReader, read_release, status_keys, waits_keys, who_keys
from issues.services import RowData
from negotiations.access import Viewer
from negotiations.exceptions import Conflict
from negotiations.models import Source
from tests import factories
from tests.factories import add_member, entry_data, make_sheet, viewer

NOW = dt.datetime(2026, 3, 20, 14, 5, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def made(module_db):
    """Three items, a round, people on both sides and heads of each."""
    with time_machine.travel(NOW, tick=False):
        talks = factories.make_delegations()
        talks.ru_head = add_member(talks.negotiation, "head", "RU")
        talks.us_head = add_member(talks.negotiation, "head", "US")
        talks.round = factories.make_round(talks.negotiation, "R1", "20 Mar 2026", number=1)
        talks.issues = [factories.make_issue(talks.negotiation, title) for title in "ABC"]
        return talks


@pytest.fixture
def talks(made, db):
    with time_machine.travel(NOW, tick=False):
        yield deepcopy(made)


def sheet_by(talks, user):
    return open_sheet_of(viewer(talks.negotiation, user), "", talks.round, None)


def save(talks, *rows, by=None, sheet=None, **options):
    by = by or talks.recorder
    sheet = sheet or sheet_by(talks, by)
    results, kept = services.save_sheet(
        sheet, rows, viewer=viewer(talks.negotiation, by), **options
    )
    return SimpleNamespace(
        sheet=sheet, results=results, kept=kept, states=[r.state for r in results]
    )


def row(talks, number=1, **words):
    words = {"who": "party:RU", "status": "Agreed", "text": "Da."} | words
    return RowData(words.pop("uuid", None) or uuid4(), talks.issues[number - 1], **words)


def release(talks, sheet, by=None, **top):
    person = viewer(talks.negotiation, by or talks.recorder)
    words = {"said": "20 Mar 2026", "source": "table", "audience": "members"} | top
    frame = FrameView(person)
    form = SheetTopForm(words, sheet=sheet, checked=True, frame=frame, members=frame.member_count)
    assert form.is_valid(), form.errors
    said = [(one, form.entry_of(one)) for one in SheetReader(frame, sheet).rows]
    return services.release_sheet(sheet, said, viewer=person).entries


def headline(issue):
    standing = Standing.objects.get(issue=issue, scope="members", until=None)
    return str(standing.headline) if standing.headline else ""


class TestSaving:
    def test_row_sent_twice_is_one_row(self, talks):
        one = row(talks)
        assert save(talks, one).states == save(talks, one).states == ["saved"]
        assert SheetRow.objects.get().version == 1

    def test_all_rows_of_a_person_at_a_round_are_on_one_sheet(self, talks):
        save(talks, row(talks))
        save(talks, row(talks), row(talks, 2))
        assert Sheet.objects.get().rows.count() == 3

    def test_second_of_two_pages_gets_a_conflict_with_what_stands(self, talks):
        first = row(talks)
        save(talks, first, page=uuid4())
        save(talks, row(talks, uuid=first.uuid, version=1, text="Nyet."), page=uuid4())
        late = save(talks, row(talks, uuid=first.uuid, version=1, text="Perhaps."), page=uuid4())
        assert late.states == ["conflict"]
        assert late.results[0].row.text == SheetRow.objects.get().text == "Nyet."

    def test_page_never_conflicts_with_itself_when_an_answer_was_lost(self, talks):
        page, uuid = uuid4(), uuid4()
        save(talks, row(talks, uuid=uuid), page=page)
        assert save(talks, row(talks, uuid=uuid, text="Da, da."), page=page).states == ["saved"]
        assert SheetRow.objects.get().text == "Da, da."

    def test_emptied_row_is_gone_and_does_not_come_back(self, talks):
        one = row(talks)
        sheet = save(talks, one).sheet
        save(talks, RowData(one.uuid, one.issue, version=1))
        assert SheetReader(FrameView(viewer(talks.negotiation, talks.recorder)), sheet).rows == []
        assert save(talks, one).states == ["conflict"]

    def test_top_has_a_version_too(self, talks):
        words = {"said": "20 Mar 2026"}
        sheet = save(talks, top=services.TopData(words)).sheet
        other = services.TopData({"said": "2026"}, version=0)
        assert not save(talks, top=other).kept
        assert save(talks, top=services.TopData({"said": "2026"}, version=1)).kept
        sheet.refresh_from_db()
        assert sheet.top == {"said": "2026"}

    def test_one_who_only_reads_saves_nothing(self, talks):
        with pytest.raises(ValidationError, match="recorder"):
            save(talks, row(talks), by=talks.reader)
        assert not Sheet.objects.exists()

    def test_row_of_another_sheet_is_not_touched(self, talks):
        theirs = row(talks)
        save(talks, theirs, by=talks.ru)
        mine = save(talks, row(talks, uuid=theirs.uuid, version=1, text="Mine"), by=talks.us)
        assert mine.states == ["refused"]
        assert SheetRow.objects.get().text == "Da."

    def test_draft_holds_nothing_in_place_that_it_names(self, talks):
        """A refusal to remove a round or a party would tell that somebody types about it."""
        from negotiations.services.rows import is_referenced

        spare = factories.make_round(talks.negotiation, "Spare")
        sheet = make_sheet(talks.issues[0], spare, by=talks.ru)
        assert not is_referenced(spare)
        spare.delete()
        assert sheet_of(viewer(talks.negotiation, talks.ru), sheet.uuid).round is None


class TestWhoSeesThem:
    def seen_by(self, talks, user, sheet):
        try:
            return sheet_of(viewer(talks.negotiation, user), sheet.uuid) == sheet
        except Http404:
            return False

    def test_author_and_heads_of_the_same_side(self, talks):
        by_ru = make_sheet(talks.issues[0], talks.round, by=talks.ru)
        untied = make_sheet(talks.issues[0], talks.round, by=talks.recorder)
        people = ["ru", "ru_head", "us", "us_head", "head", "recorder", "reader"]
        seen = {
            name: (
                self.seen_by(talks, getattr(talks, name), by_ru),
                self.seen_by(talks, getattr(talks, name), untied),
            )
            for name in people
        }
        assert [name for name in people if seen[name][0]] == ["ru", "ru_head"]
        assert [name for name in people if seen[name][1]] == ["head", "recorder"]

    def test_superuser_who_is_no_member_sees_nobodys(self, talks):
        sheet = make_sheet(talks.issues[0], talks.round, by=talks.recorder)
        admin = Viewer(
            factories.make_user(is_superuser=True), talks.negotiation, None, "head", None
        )
        with pytest.raises(Http404):
            sheet_of(admin, sheet.uuid)

    def test_author_who_changed_sides_leaves_it_behind(self, talks):
        sheet = make_sheet(talks.issues[0], talks.round, by=talks.ru)
        member = talks.ru.memberships.get()
        member.party = talks.negotiation.parties.get(code="US")
        member.save()
        assert not self.seen_by(talks, talks.ru, sheet)
        assert self.seen_by(talks, talks.ru_head, sheet)
        assert not self.seen_by(talks, talks.us_head, sheet)
        assert save(talks, row(talks), by=talks.ru).states == ["saved"]
        assert Sheet.objects.count() == 2


class TestRelease:
    def test_every_row_becomes_an_entry_of_one_batch(self, talks):
        sheet = save(
            talks,
            row(talks, 1, time=dt.time(9, 10)),
            row(talks, 1, who="joint", status="Raised", waits="US", time=dt.time(9, 40)),
            row(talks, 2, who="third", status="", text="So they say."),
        ).sheet
        first, joint, press = release(talks, sheet)
        assert (first.party.code, str(first.status), first.said_time) == (
            "RU",
            "Agreed",
            dt.time(9, 10),
        )
        assert joint.joint_parties.count() == 2
        assert (joint.waits_for, joint.waits_party.code) == ("party", "US")
        assert (press.voice, press.status) == ("third", None)
        assert {e.round for e in (first, joint, press)} == {talks.round}
        assert {e.batch for e in (first, joint, press)} == {sheet.batch}
        assert Source.objects.get().title == "Said at the table, R1"
        assert headline(talks.issues[0]) == "Raised"

    def test_row_that_fails_releases_nothing_and_is_named(self, talks):
        bad = row(talks, 2, status="", text="", waits="")
        sheet = save(talks, row(talks, 1), bad).sheet
        with pytest.raises(services.RowsRefused) as caught:
            release(talks, sheet)
        assert list(caught.value.errors) == [bad.uuid]
        assert not Entry.objects.exists()
        sheet.refresh_from_db()
        assert sheet.released_at is None

    @pytest.mark.parametrize("words", [{"who": ""}, {"status": "Gone"}, {"waits": "XX"}])
    def test_row_that_names_nothing_here_is_refused(self, talks, words):
        sheet = save(talks, row(talks, **words)).sheet
        with pytest.raises(ValidationError):
            release(talks, sheet)

    def test_item_marked_in_error_meanwhile_is_refused(self, talks):
        sheet = save(talks, row(talks)).sheet
        services.mark_in_error(
            talks.issues[0], by=talks.head, reason="Twice", version=talks.issues[0].version
        )
        with pytest.raises(services.RowsRefused):
            release(talks, sheet)

    def test_row_changed_after_it_was_read_stops_it(self, talks):
        sheet = save(talks, row(talks)).sheet
        person = viewer(talks.negotiation, talks.recorder)
        old = sheet.rows.select_related("issue").get()
        save(talks, row(talks, uuid=old.uuid, version=1, text="Nyet."))
        with pytest.raises(Conflict):
            services.release_sheet(
                sheet, [(old, entry_data(talks.negotiation, "RU", "Agreed"))], viewer=person
            )
        assert not Entry.objects.exists()

    def test_second_release_writes_nothing(self, talks):
        sheet = save(talks, row(talks)).sheet
        release(talks, sheet)
        with pytest.raises(Conflict):
            release(talks, sheet)
        assert Entry.objects.count() == 1

    def test_released_row_is_not_changed_any_more(self, talks):
        one = row(talks)
        release(talks, save(talks, one).sheet)
        late = save(talks, row(talks, uuid=one.uuid, version=1, text="Nyet."))
        assert late.states == ["refused"]
        assert "released" in late.results[0].reason

    def test_head_releases_and_is_who_recorded_it(self, talks):
        sheet = save(talks, row(talks)).sheet
        (entry,) = release(talks, sheet, by=talks.head)
        assert entry.recorded_by == talks.head

    def test_what_it_moved_is_told_and_stays_told(self, talks):
        factories.record(talks.issues[0], "RU", "Raised", "1 Feb 2026")
        with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
            sheet = save(talks, row(talks)).sheet
            release(talks, sheet)
        with time_machine.travel(NOW + dt.timedelta(minutes=5), tick=False):
            factories.record(talks.issues[0], "RU", "Blocked", "20 Mar 2026")
            person = viewer(talks.negotiation, talks.recorder)
            told = read_release(FrameView(person), sheet)
        (moved,) = told.rows
        assert (str(moved.before.headline), str(moved.after.headline)) == ("Raised", "Agreed")
        assert (told.entries, told.moved) == (1, 1)


class TestUndo:
    def test_rows_are_drafts_again_and_can_be_released_again(self, talks):
        sheet = save(talks, row(talks)).sheet
        release(talks, sheet)
        person = viewer(talks.negotiation, talks.recorder)
        assert services.undo_sheet(sheet, viewer=person) == sheet
        assert headline(talks.issues[0]) == ""
        release(talks, sheet_by(talks, talks.recorder))
        assert headline(talks.issues[0]) == "Agreed"

    def test_they_join_the_sheet_begun_meanwhile(self, talks):
        sheet = save(talks, row(talks)).sheet
        release(talks, sheet)
        later = save(talks, row(talks, 2)).sheet
        assert services.undo_sheet(sheet, viewer=viewer(talks.negotiation, talks.recorder)) == later
        assert later.rows.count() == 2

    def test_only_whoever_released_it_and_within_ten_minutes(self, talks):
        sheet = save(talks, row(talks)).sheet
        release(talks, sheet, by=talks.head)
        with pytest.raises(ValidationError, match="author"):
            services.undo_sheet(sheet, viewer=viewer(talks.negotiation, talks.recorder))
        with (
            time_machine.travel(NOW + dt.timedelta(minutes=11)),
            pytest.raises(ValidationError, match="ten minutes"),
        ):
            services.undo_sheet(sheet, viewer=viewer(talks.negotiation))
        assert Entry.objects.count() == 1


class TestKeys:
    def keys(self, choices):
        return {one.label: one.key for one in choices}

    def test_parties_by_first_letters_that_tell_them_apart(self, db):
        talks = factories.make_negotiation(("RU", "RO", "JP"))
        frame = FrameView(viewer(talks))
        expected = {"RU": "1", "RO": "2", "JP": "3", "jointly": "j", "press": "p", "ours": "o"}
        assert self.keys(who_keys(frame)) == expected
        assert who_keys(frame)[0].keys == "ru|1"

    def test_letters_where_one_is_enough(self, talks):
        frame = FrameView(viewer(talks.negotiation))
        assert list(self.keys(who_keys(frame)).values()) == ["r", "u", "j", "p", "o"]
        assert list(self.keys(waits_keys(frame)).values()) == ["r", "u", "a", "o", "n"]
        assert list(self.keys(status_keys(frame)).values()) == [str(n) for n in range(1, 9)]
