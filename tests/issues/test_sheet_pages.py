"""The pages of a sheet: typed, sent by the script, released, undone; and by whom not."""

import datetime as dt
import re
from copy import deepcopy
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from issues.models import Entry, Sheet, SheetRow
from tests import factories
from tests.factories import add_member, make_sheet, viewer

NOW = dt.datetime(2026, 3, 20, 14, 5, tzinfo=dt.UTC)
TOP = {"said": "20 Mar 2026", "source": "table", "audience": "members"}
SCRIPT = {"HX-Request": "true", "HX-Target": "sheet-answer"}


@pytest.fixture(scope="module")
def made(module_db):
    with time_machine.travel(NOW, tick=False):
        talks = factories.make_delegations()
        talks.ru_head = add_member(talks.negotiation, "head", "RU")
        talks.us_head = add_member(talks.negotiation, "head", "US")
        talks.round = factories.make_round(talks.negotiation, "R1", "20 Mar 2026", number=1)
        talks.issues = [factories.make_issue(talks.negotiation, title) for title in "ABC"]
        talks.address = reverse("issues:round_sheet", args=[talks.slug, talks.round.place])
        return talks


@pytest.fixture
def talks(made, db):
    with time_machine.travel(NOW, tick=False):
        yield deepcopy(made)


def line(number=1, uuid=None, **words):
    """What a browser sends of one line."""
    uuid = uuid or uuid4()
    words = {"item": number, "version": 0, "who": "party:RU", "status": "Agreed"} | words
    return {"row": [str(uuid)], **{f"{uuid}-{name}": value for name, value in words.items()}}


def sent(*lines, **more):
    found = {**TOP, "row": []} | more
    for one in lines:
        found["row"] += one["row"]
        found |= {name: value for name, value in one.items() if name != "row"}
    return found


def post(client, talks, *lines, by=None, query="", script=False, **more):
    client.force_login(by or talks.recorder)
    headers = SCRIPT if script else {}
    return client.post(talks.address + query, sent(*lines, **more), headers=headers)


def get(client, talks, by=None, query=""):
    client.force_login(by or talks.recorder)
    return client.get(talks.address + query)


def row(**words):
    return SheetRow.objects.get(**words)


class TestTyping:
    def test_every_item_has_a_line_and_those_on_the_agenda_come_first(self, client, talks):
        from issues.services import set_agenda_line

        set_agenda_line(talks.round, talks.issues[2], by=None, planned=True)
        shown = get(client, talks).context["shown"]
        groups = [(title, [one.issue.title for one in items]) for title, items in shown.groups]
        assert groups == [("On the agenda", ["C"]), ("Not on the agenda", ["A", "B"])]

    def test_looking_makes_nothing(self, client, talks):
        get(client, talks)
        assert not Sheet.objects.exists()

    def test_plain_form_saves_what_was_typed_and_leaves_blank_lines_out(self, client, talks):
        blank = line(2, who="", status="")
        answer = post(client, talks, line(1, text="Da."), blank, act="save")
        assert answer.status_code == 302
        assert (row().text, row().issue) == ("Da.", talks.issues[0])
        assert "Da." in get(client, talks).content.decode()

    def test_row_typed_on_the_day_has_its_time_of_day(self, client, talks):
        post(client, talks, line(1))
        assert row().time == dt.time(14, 5)

    def test_row_of_another_day_has_none(self, client, talks):
        post(client, talks, line(1), said="10 Mar 2026")
        assert row().time is None

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ({"text": "x" * 1001}, "at most 1000"),
            ({"time": "25:00"}, "Write the time like 14:05."),
            ({"item": 99}, "There is no such item"),
            ({"item": "one"}, "is no number of an item"),
        ],
    )
    @pytest.mark.parametrize("script", [True, False])
    def test_what_cannot_be_kept_is_said_and_stays(self, client, talks, words, sentence, script):
        answer = post(client, talks, line(1, **{"text": "Kept."} | words), script=script)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not SheetRow.objects.exists()

    def test_broken_page_is_a_bad_request(self, client, talks):
        assert post(client, talks, {"row": ["x"]}).status_code == 400
        assert post(client, talks, page="x").status_code == 400

    def test_script_gets_the_state_of_each_row_alone(self, client, talks):
        one = line(1)
        text = post(client, talks, one, script=True).content.decode()
        assert text.strip().startswith('<div id="sheet-answer"')
        assert f'id="sheet-state-{one["row"][0]}"' in text
        assert 'data-version="1" data-state="saved"' in text

    def test_second_page_gets_both_texts(self, client, talks):
        uuid = uuid4()
        post(client, talks, line(1, uuid, text="Da."), page=str(uuid4()))
        post(client, talks, line(1, uuid, text="Nyet.", version=1), page=str(uuid4()))
        late = line(1, uuid, text="Perhaps.", version=1)
        for script in (True, False):
            answer = post(client, talks, late, script=script, page=str(uuid4()))
            assert answer.status_code == 409
            assert "Nyet." in answer.content.decode()
        assert "Perhaps." in answer.content.decode()
        assert row().text == "Nyet."

    def test_plain_form_sent_again_puts_ones_own_in_its_place(self, client, talks):
        uuid = uuid4()
        post(client, talks, line(1, uuid, text="Da."))
        post(client, talks, line(1, uuid, text="Nyet.", version=1))
        late = post(client, talks, line(1, uuid, text="Perhaps.", version=1))
        version = re.search(rf'name="{uuid}-version" value="(\d)"', late.content.decode())[1]
        assert (
            post(client, talks, line(1, uuid, text="Perhaps.", version=version)).status_code == 302
        )
        assert row().text == "Perhaps."

    def test_top_is_kept_as_typed_and_wrong(self, client, talks):
        post(client, talks, said="soon")
        assert 'value="soon"' in get(client, talks).content.decode()


class TestRelease:
    def test_all_rows_are_recorded_and_what_moved_is_shown(self, client, talks):
        lines = [line(n, text="Da.") for n in (1, 2)] + [line(1, who="party:US")]
        answer = post(client, talks, *lines, act="release")
        page = client.get(answer["Location"])
        assert Entry.objects.count() == 3
        assert page.context["released"].moved == 2
        assert "Released: 3 entries recorded." in page.content.decode()
        assert "Both say so, separately" in page.content.decode()

    def test_row_that_fails_releases_nothing_and_says_which_and_why(self, client, talks):
        bad = line(2, who="", text="Who said this?")
        answer = post(client, talks, line(1), bad, act="release")
        assert answer.status_code == 422
        text = answer.content.decode()
        assert "Nothing was released." in text
        assert "Choose who says so." in text
        assert [str(one.number) for one in answer.context["shown"].refused] == ["2"]
        assert not Entry.objects.exists()
        assert SheetRow.objects.count() == 2

    @pytest.mark.parametrize("said", ["", "soon", "1 Jan 2030"])
    def test_wrong_date_on_top_releases_nothing(self, client, talks, said):
        answer = post(client, talks, line(1), act="release", said=said)
        assert answer.status_code == 422
        assert "said" in answer.context["form"].errors
        assert not Entry.objects.exists()

    def test_empty_sheet_is_not_released(self, client, talks):
        answer = post(client, talks, act="release")
        assert answer.status_code == 422
        assert "nothing to release" in answer.content.decode()

    def test_released_twice_is_recorded_once(self, client, talks):
        one = line(1)
        post(client, talks, one, act="release")
        assert post(client, talks, one, act="release").status_code == 422
        assert Entry.objects.count() == 1

    def test_undo_makes_drafts_of_them_again(self, client, talks):
        address = post(client, talks, line(1), act="release")["Location"]
        assert "Undo the release" in client.get(address).content.decode()
        answer = client.post(f"{address}undo/", follow=True)
        assert "The rows are drafts again" in answer.content.decode()
        assert answer.context["shown"].count == 1
        assert answer.request["PATH_INFO"] == talks.address

    def test_only_whoever_released_is_offered_to_undo(self, client, talks):
        address = post(client, talks, line(1), act="release")["Location"]
        client.force_login(talks.head)
        assert "Undo the release" not in client.get(address).content.decode()
        client.post(f"{address}undo/")
        assert not Entry.objects.filter(kind="undo").exists()


class TestFromSource:
    @pytest.fixture
    def source(self, talks):
        from negotiations.dates import parse_date
        from negotiations.services import add_source

        return add_source(
            talks.negotiation, by=talks.recorder, title="Readout", dated=parse_date("20 Mar 2026")
        )

    def test_one_readout_over_many_items(self, client, talks, source):
        address = reverse("issues:source_sheet", args=[talks.slug, source.uuid])
        client.force_login(talks.recorder)
        assert 'value="20 Mar 2026"' in client.get(address).content.decode()
        lines = [line(n) for n in (1, 2, 3)]
        typed = sent(*lines, act="release", round="1", source="table")
        client.post(address, typed)
        for entry in Entry.objects.all():
            assert [*entry.sources.all()] == [source]
            assert (entry.round, entry.when) == (talks.round, "20 Mar 2026")
        assert Entry.objects.count() == 3

    def test_source_one_may_not_see_is_missing(self, client, talks, source):
        client.force_login(talks.us)
        address = reverse("issues:source_sheet", args=[talks.slug, source.uuid])
        assert client.get(address).status_code == 404


class TestTwoPeople:
    def test_head_sees_and_changes_the_sheet_of_the_note_taker(self, client, talks):
        sheet = make_sheet(talks.issues[0], talks.round, by=talks.recorder)
        page = get(client, talks, by=talks.head)
        assert [one.sheet for one in page.context["others"]] == [sheet]
        client.get(page.context["others"][0].url, follow=True)
        query = f"?of={talks.recorder.username}"
        mine = line(1, row().uuid, version=1, text="Changed by the head.")
        assert post(client, talks, mine, by=talks.head, query=query).status_code == 302
        changed = get(client, talks, by=talks.recorder).content.decode()
        assert f"changed by {talks.head}" in changed
        assert (row().text, row().changed_by) == ("Changed by the head.", talks.head)

    def test_others_sheet_is_missing_for_whoever_may_not_see_it(self, client, talks):
        make_sheet(talks.issues[0], talks.round, by=talks.ru)
        query = f"?of={talks.ru.username}"
        for user in (talks.us_head, talks.head, talks.us, talks.recorder):
            assert get(client, talks, by=user, query=query).status_code == 404
            assert post(client, talks, line(1), by=user, query=query).status_code == 404
        assert get(client, talks, by=talks.ru_head, query=query).status_code == 200

    def test_rows_for_a_sheet_released_meanwhile_stay_on_the_page(self, client, talks):
        make_sheet(talks.issues[0], talks.round, by=talks.recorder)
        one = line(1, row().uuid, version=1, text="Late.")
        post(client, talks, act="release", by=talks.recorder)
        answer = post(client, talks, one, line(2, text="New."), script=True)
        assert answer.status_code == 422
        assert "correct the entry" in answer.content.decode()
        assert row(text="New.").sheet.released_at is None


# --- Whose business it is -----------------------------------------------------------------------

NOISE = re.compile(
    r'name="(?:csrfmiddlewaretoken|token|until)" value="[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}'
)


def pages(client, talks, user):
    client.force_login(user)
    names = ["state_of_play", "issue_list", "round_list", "changes", "files"]
    addresses = [reverse(f"issues:{name}", args=[talks.slug]) for name in names]
    addresses += [talks.address, talks.round.get_absolute_url(), "/"]
    addresses.append(reverse("issues:file_table", args=[talks.slug, "entries"]))
    addresses.append(reverse("issues:search") + "?q=canary")
    addresses += [f"{talks.address}?of={talks.ru.username}"]
    for issue in talks.issues:
        addresses += [issue.get_absolute_url(), f"{issue.get_absolute_url()}entries/"]
    for name in ("members", "parties", "scheme"):
        addresses.append(reverse(f"negotiations:{name}", args=[talks.slug]))
    return {one: NOISE.sub("", b"".join(client.get(one)).decode()) for one in addresses}


def test_drafts_of_a_delegation_change_no_byte_for_anybody_else(client, talks):
    others = [talks.us_head, talks.us, talks.head, talks.recorder, talks.reader]
    for user in others:  # from now on the members page says of each when they were last here
        client.force_login(user)
        client.get("/")
    before = {user: pages(client, talks, user) for user in others}
    for number in range(3):
        make_sheet(talks.issues[number], talks.round, by=talks.ru, text="canary")
    for user in others:
        assert pages(client, talks, user) == before[user]
    assert "canary" in get(client, talks, by=talks.ru).content.decode()


def test_drafts_show_on_no_page_but_the_sheet_even_to_their_author(client, talks):
    before = pages(client, talks, talks.ru)
    make_sheet(talks.issues[0], talks.round, by=talks.ru, text="canary")
    after = pages(client, talks, talks.ru)
    changed = {address for address in before if before[address] != after[address]}
    assert changed == {talks.address, f"{talks.address}?of={talks.ru.username}"}


def test_sheet_asks_the_same_of_twice_as_much(
    client, talks, django_assert_max_num_queries, django_assert_num_queries
):
    make_sheet(talks.issues[0], talks.round, by=talks.recorder)
    get(client, talks)
    with django_assert_max_num_queries(20) as first:
        client.get(talks.address)
    for title in "DEF":
        issue = factories.make_issue(talks.negotiation, title)
        make_sheet(issue, talks.round, by=talks.recorder)
        factories.record(issue, "RU", "Agreed")
    with django_assert_num_queries(len(first)):
        client.get(talks.address)


def test_viewer_tied_to_a_party_restricts_to_it_at_first(client, talks):
    assert get(client, talks, by=talks.ru).context["form"].initial["audience"] == "delegation"
    post(client, talks, line(1), by=talks.ru, act="release", audience="delegation")
    entry = Entry.objects.get()
    assert (entry.audience, entry.audience_party) == (
        "delegation",
        viewer(talks.negotiation, talks.ru).party,
    )


def test_a_device_that_has_seen_it_all_gets_nothing(client, talks):
    make_sheet(talks.issues[0], talks.round, by=talks.recorder)
    stamp = get(client, talks).context["stamp"]
    assert get(client, talks, query=f"?seen={stamp}").status_code == 204
    post(client, talks, line(1, row().uuid, version=1, text="Nyet."))
    assert get(client, talks, query=f"?seen={stamp}").status_code == 200


def test_item_on_another_page_of_a_long_agenda_is_found(client, talks, monkeypatch):
    monkeypatch.setattr("issues.reads.sheets.ITEMS_PER_PAGE", 2)
    shown = get(client, talks, query="?find=3").context["shown"]
    assert [one.issue.title for _title, items in shown.groups for one in items] == ["C"]
    assert get(client, talks, query="?find=99").context["shown"].page.number == 1
