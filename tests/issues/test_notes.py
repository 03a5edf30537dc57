"""Notes: who may see, write, change and remove them, and where they never come up."""

from copy import deepcopy

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues import services
from issues.markdown import rendered
from issues.models import Note
from negotiations import services as frame
from negotiations.exceptions import Conflict
from negotiations.models import Membership
from tests import factories
from tests.factories import add_member, add_note, viewer

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(module_db):
    talks = factories.make_delegations()
    talks.peer = add_member(talks.negotiation, "recorder", "RU")
    talks.issue = factories.make_issue(talks.negotiation, "Banking")
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def sees(talks, user):
    rows = Note.objects.visible_to(viewer(talks.negotiation, user))
    return {note.text for note in rows}


def address(talks, rest=""):
    return f"/negotiations/{talks.slug}/issues/1/notes/{rest}"


# --- Who sees it ----------------------------------------------------------------------------------


def test_members_and_delegations(talks):
    add_note(talks.issue, talks.recorder, "all")
    add_note(talks.issue, talks.ru, "russia", "delegation")
    assert sees(talks, talks.us) == sees(talks, talks.head) == {"all"}
    assert sees(talks, talks.peer) == {"all", "russia"}


def test_named_people_and_always_its_author(talks):
    add_note(talks.issue, talks.recorder, "named", "named", [talks.us])
    assert sees(talks, talks.us) == sees(talks, talks.recorder) == {"named"}
    assert sees(talks, talks.head) == sees(talks, talks.ru) == set()


def test_who_is_tied_names_only_their_own_side(talks):
    add_note(talks.issue, talks.ru, "named", "named", [talks.peer])
    assert sees(talks, talks.peer) == {"named"}
    with pytest.raises(ValidationError) as refusal:
        add_note(talks.issue, talks.ru, "x", "named", [talks.us])
    assert "people" in refusal.value.message_dict


def test_only_people_in_the_negotiation_can_be_named(talks, client):
    client.force_login(talks.head)
    typed = {"text": "x", "audience": "named", "people": talks.stranger.username}
    answer = client.post(address(talks), typed)
    assert answer.status_code == 422
    assert "people" in answer.context["note_form"].errors
    assert not Note.objects.exists()


def test_who_left_and_came_back_was_not_named(talks):
    add_note(talks.issue, talks.ru, "named", "named", [talks.peer])
    frame.remove_member(Membership.objects.get(user=talks.peer))
    add_member(talks.negotiation, "recorder", "RU", user=talks.peer)
    assert sees(talks, talks.peer) == set()


def test_who_went_over_to_the_other_side_sees_none_of_it(talks):
    add_note(talks.issue, talks.ru, "named", "named", [talks.peer])
    us = talks.negotiation.parties.get(code="US")
    frame.update_member(Membership.objects.get(user=talks.peer), role="recorder", party=us)
    assert sees(talks, talks.peer) == set()


def test_a_superuser_is_named_nowhere(talks, client):
    add_note(talks.issue, talks.head, "secretly", "named")
    add_note(talks.issue, talks.ru, "secretly", "delegation")
    client.force_login(factories.make_user(is_superuser=True))
    assert b"secretly" not in client.get(address(talks)).content
    assert client.post(address(talks), {"text": "x", "audience": "named"}).status_code == 422


def test_a_note_is_hidden_with_its_item(talks):
    russia = viewer(talks.negotiation, talks.ru)
    own = factories.own_audience(russia)
    hidden = factories.make_issue(talks.negotiation, "Ours", recorded_party=russia.party, **own)
    add_note(hidden, talks.ru, "for all who see the item", "members")
    assert sees(talks, talks.peer) == {"for all who see the item"}
    assert sees(talks, talks.us) == sees(talks, talks.head) == set()


def test_hidden_note_answers_as_one_that_is_not_there(talks, client):
    note = add_note(talks.issue, talks.ru, "named", "named")
    client.force_login(talks.peer)
    for rest in ("", "edit/"):
        assert client.get(address(talks, f"{note.uuid}/{rest}")).status_code == 404
    for rest in ("edit/", "remove/", "restore/"):
        assert client.post(address(talks, f"{note.uuid}/{rest}")).status_code == 404


# --- Writing --------------------------------------------------------------------------------------


def test_added_on_a_page_or_as_a_fragment(talks, client):
    client.force_login(talks.ru)
    answer = client.post(address(talks), {"text": "One *two*", "audience": "delegation"})
    assert answer["Location"] == f"{talks.issue.get_absolute_url()}#notes"
    headers = {"HX-Request": "true", "HX-Target": "notes"}
    typed = {"text": "Three", "audience": "members"}
    page = client.post(address(talks), typed, headers=headers).content.decode()
    assert page.lstrip().startswith("<section")
    assert "<em>two</em>" in page
    assert "Note added." in page
    assert "only Russia" in page
    assert "all members" in page


def test_the_narrowest_audience_is_chosen_already(talks, client):
    for user, chosen in ((talks.ru, "delegation"), (talks.head, "named")):
        client.force_login(user)
        form = client.get(address(talks)).context["note_form"]
        assert form["audience"].value() == chosen


def test_sent_twice_it_is_written_once(talks, client):
    client.force_login(talks.head)
    token = client.get(address(talks)).context["note_form"]["token"].value()
    for _time in range(2):
        client.post(address(talks), {"text": "x", "audience": "members", "token": token})
    assert Note.objects.count() == 1


def test_what_was_typed_stays_when_it_is_refused(talks, client):
    client.force_login(talks.head)
    answer = client.post(address(talks), {"text": "Keep me", "audience": "delegation"})
    assert answer.status_code == 422
    assert b"Keep me" in answer.content


def test_named_people_beside_another_audience_are_refused(talks, client):
    client.force_login(talks.head)
    typed = {"text": "x", "audience": "members", "people": talks.us.username}
    assert client.post(address(talks), typed).status_code == 422


def test_who_only_reads_writes_none(talks):
    with pytest.raises(ValidationError):
        add_note(talks.issue, talks.reader)


def test_it_never_touches_the_item(talks):
    before = talks.issue.version
    add_note(talks.issue)
    talks.issue.refresh_from_db()
    assert talks.issue.version == before
    assert talks.issue.history.count() == 1


# --- Changing -------------------------------------------------------------------------------------


def test_the_second_editor_gets_both_versions(talks, client):
    note = add_note(talks.issue, talks.ru, "First", "delegation")
    services.update_note(note, version=1, text="Theirs", viewer=viewer(talks.negotiation, talks.ru))
    client.force_login(talks.peer)
    typed = {"text": "Mine", "version": 1}
    answer = client.post(address(talks, f"{note.uuid}/edit/"), typed)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Theirs" in page
    assert "Mine" in page
    typed["version"] = answer.context["form"].data["version"]
    assert client.post(address(talks, f"{note.uuid}/edit/"), typed).status_code == 302
    note.refresh_from_db()
    assert note.text == "Mine"


def test_what_it_said_before_is_read_by_who_sees_it(talks, client):
    note = add_note(talks.issue, talks.ru, "First words", "delegation")
    russia = viewer(talks.negotiation, talks.ru)
    services.update_note(note, version=1, text="Second words", viewer=russia)
    client.force_login(talks.peer)
    page = client.get(address(talks, f"{note.uuid}/")).content.decode()
    assert "First words" in page
    assert "Second words" in page


def test_removed_and_brought_back(talks, client):
    note = add_note(talks.issue, talks.ru, "Gone", "delegation")
    client.force_login(talks.ru)
    page = client.post(address(talks, f"{note.uuid}/remove/"), follow=True).content.decode()
    assert "Gone" not in page
    assert f"{note.uuid}/restore/" in page
    assert "Gone" in client.get(address(talks)).content.decode()
    page = client.post(address(talks, f"{note.uuid}/restore/"), follow=True).content.decode()
    assert "Gone" in page


def test_only_its_author_or_a_head_removes_it(talks):
    note = add_note(talks.issue, talks.recorder)
    with pytest.raises(ValidationError):
        services.remove_note(note, viewer=viewer(talks.negotiation, talks.us))
    assert services.remove_note(note, viewer=viewer(talks.negotiation, talks.head)).removed


def test_a_removed_note_is_no_longer_what_the_editor_opened(talks):
    note = add_note(talks.issue, talks.recorder)
    person = viewer(talks.negotiation, talks.recorder)
    services.remove_note(note, viewer=person)
    with pytest.raises(Conflict):
        services.update_note(note, version=1, text="x", viewer=person)


# --- Markdown -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://example.org/x.png)",
        '<b hx-get="/logout/" onclick="x">x</b>',
        "[x](data:text/html,x)",
    ],
)
def test_nothing_harmful_is_left(typed):
    html = str(rendered(typed))
    for word in ("<script", "<img", "<b", 'href="javascript', 'href="data'):
        assert word not in html


def test_headings_stand_below_those_of_the_page():
    assert rendered("# Title") == "<h3>Title</h3>\n"


def test_links_tell_nobody_where_they_were_followed():
    assert 'rel="noreferrer noopener nofollow external"' in rendered("[x](https://example.org)")


# --- Nowhere else ---------------------------------------------------------------------------------


def test_search_and_files_and_papers_know_none(talks, client):
    add_note(talks.issue, talks.head, "zebrafinch")
    client.force_login(talks.head)
    base = f"/negotiations/{talks.slug}"
    pages = ("/issues/1/brief/", "/issues/?q=zebra", "/files/entries.csv", "/", "/changes/")
    for address_ in (*(f"{base}{page}" for page in pages), "/search/?q=zebra", "/"):
        answer = client.get(address_)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code == 200
        assert b"zebrafinch" not in content


def test_a_page_of_the_past_has_none(talks, client):
    add_note(talks.issue, talks.head, "zebrafinch")
    client.force_login(talks.head)
    page = talks.issue.get_absolute_url()
    assert b"zebrafinch" in client.get(page).content
    assert b"zebrafinch" not in client.get(f"{page}?as_of=2026-01-01").content


def test_queries_do_not_grow_with_notes(talks, client):
    client.force_login(talks.ru)
    counts = []
    for _time in range(2):
        for _note in range(2):
            add_note(talks.issue, talks.ru, "x", "named", [talks.peer])
        with CaptureQueriesContext(connection) as captured:
            client.get(talks.issue.get_absolute_url())
        counts.append(len(captured))
    assert counts[0] == counts[1]
