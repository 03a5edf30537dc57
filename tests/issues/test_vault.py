"""The vault: for people by name, behind the password, with a line for every opening."""

import datetime as dt
from copy import deepcopy

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from issues import services
from issues.models import Vault, VaultUse, VaultVersion
from negotiations import services as frame
from negotiations.exceptions import Conflict
from negotiations.models import Membership, SecurityEvent
from tests import factories
from tests.factories import add_member, add_vault, viewer
from tests.leaks.crawl import plain

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(module_db):
    talks = factories.make_delegations()
    talks.peer = add_member(talks.negotiation, "recorder", "RU")
    talks.ru_head = add_member(talks.negotiation, "head", "RU")
    talks.us_head = add_member(talks.negotiation, "head", "US")
    talks.issue = factories.make_issue(talks.negotiation, "Banking")
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


@pytest.fixture
def kept(talks):
    """Russia's lines, for one of its people and a colleague."""
    return add_vault(talks.issue, talks.ru, "Not below ten", "RU", [talks.peer])


def browser(user):
    client = Client()
    client.force_login(user)
    factories.confirm(client)
    return client


def address(talks, rest=""):
    return f"/negotiations/{talks.slug}/issues/1/vault/{rest}"


def sees(talks, user):
    return Vault.objects.visible_to(viewer(talks.negotiation, user)).exists()


def page_of(talks, user):
    """The page but for what differs on every answer."""
    return plain(browser(user).get(address(talks)).content.decode())


def change(talks, kept, user, version=1, people=(), **words):
    person = viewer(talks.negotiation, user)
    named = talks.negotiation.memberships.filter(user__in=people)
    words = words or {"red_line": "Changed"}
    return services.change_vault(
        kept,
        version=version,
        words=words,
        people=named,
        viewer=person,
        event=services.open_vault(person),
    )


# --- Who sees it ----------------------------------------------------------------------------------


def test_only_those_who_are_named_see_it_whatever_their_role(talks, kept):
    assert sees(talks, talks.ru)
    assert sees(talks, talks.peer)
    for other in (talks.ru_head, talks.head, talks.us, talks.us_head, talks.reader):
        assert not sees(talks, other)


def test_not_named_and_nothing_there_are_the_same_bytes(talks):
    people = (talks.ru_head, talks.head, talks.us)
    before = [page_of(talks, person) for person in people]
    kept = add_vault(talks.issue, talks.ru, "Not below ten", "RU", [talks.peer])
    assert [page_of(talks, person) for person in people] == before
    for person in people:
        for uuid in (kept.uuid, "00000000-0000-0000-0000-000000000001"):
            assert browser(person).get(address(talks, f"{uuid}/")).status_code == 404


def test_who_is_not_named_finds_no_place_taken(talks, kept):
    typed = {"party": "RU", "red_line": "Mine"}
    assert browser(talks.ru_head).post(address(talks), typed).status_code == 302
    assert Vault.objects.count() == 2
    assert b"Not below ten" not in browser(talks.ru_head).get(address(talks)).content


def test_a_party_that_only_a_vault_names_can_be_removed(talks):
    """A refusal would tell the head that there is one."""
    talks = factories.make_talks()
    issue = factories.make_issue(talks.negotiation)
    added = frame.add_party(talks.negotiation, by=talks.head, code="UN", name="United Nations")
    add_vault(issue, talks.recorder, "Theirs", "UN")
    frame.remove_party(added, by=talks.head)
    page = browser(talks.recorder).get(address(talks))
    assert "a party that was removed since" in page.content.decode()


def test_removed_from_the_negotiation_is_out_with_the_next_request(talks, kept):
    client = browser(talks.peer)
    assert b"Not below ten" in client.get(address(talks)).content
    frame.remove_member(Membership.objects.get(user=talks.peer))
    assert client.get(address(talks)).status_code == 404
    add_member(talks.negotiation, "recorder", "RU", user=talks.peer)
    assert b"Not below ten" not in client.get(address(talks)).content


def test_who_went_over_to_the_other_side_is_out(talks, kept):
    us = talks.negotiation.parties.get(code="US")
    frame.update_member(Membership.objects.get(user=talks.peer), role="recorder", party=us)
    assert not sees(talks, talks.peer)


def test_a_superuser_sees_none_and_keeps_none(talks, kept):
    admin = browser(factories.make_user(is_superuser=True, is_staff=True))
    assert b"Not below ten" not in admin.get(address(talks)).content
    assert admin.post(address(talks), {"party": "RU", "red_line": "x"}).status_code == 422


def test_a_named_reader_reads_and_does_not_write(talks):
    add_vault(talks.issue, talks.recorder, "Not below ten", "RU", [talks.reader])
    page = browser(talks.reader).get(address(talks)).content
    assert b"Not below ten" in page
    assert b"Put into the vault" not in page
    assert b'name="red_line"' not in page


# --- The password ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["", "00000000-0000-0000-0000-000000000001/", "kept"])
def test_it_asks_for_the_password_whatever_there_is(talks, kept, client, rest):
    client.force_login(talks.ru)
    path = address(talks, f"{kept.uuid}/" if rest == "kept" else rest)
    answer = client.get(path)
    assert answer["Location"].startswith("/account/confirm/?next=")
    typed = {"password": "a long password", "next": path}
    assert client.post("/account/confirm/", typed)["Location"] == path


def test_signing_in_is_not_enough(talks, kept, client):
    typed = {"login": talks.ru.username, "password": "a long password"}
    client.post("/login/", typed)
    assert client.get(address(talks)).status_code == 302


def test_after_five_minutes_it_asks_again(talks, kept):
    with time_machine.travel(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC), tick=False) as clock:
        client = browser(talks.ru)
        clock.shift(dt.timedelta(minutes=4, seconds=59))
        assert client.get(address(talks)).status_code == 200
        clock.shift(dt.timedelta(seconds=2))
        assert client.get(address(talks)).status_code == 302


def test_what_was_typed_too_late_is_kept_on_the_page_alone(talks, kept, client):
    client.force_login(talks.ru)
    answer = client.post(address(talks, f"{kept.uuid}/"), {"red_line": "typed & kept"})
    assert answer.status_code == 422
    assert "typed &amp; kept" in answer.content.decode()
    assert "Not below ten" not in answer.content.decode()
    assert "typed" not in str(dict(client.session))
    assert VaultVersion.objects.count() == 1


def test_nothing_of_it_is_stored_by_the_browser(talks, kept):
    assert browser(talks.ru).get(address(talks))["Cache-Control"] == "no-store"


# --- Writing --------------------------------------------------------------------------------------


def test_put_in_changed_and_read_with_what_was_there_before(talks):
    client = browser(talks.ru)
    typed = {"party": "US", "fallback": "First", "people": talks.peer.username}
    assert client.post(address(talks), typed)["Location"] == address(talks)
    kept = Vault.objects.get()
    typed = {"version": 1, "fallback": "Second", "people": talks.ru_head.username}
    assert client.post(address(talks, f"{kept.uuid}/"), typed).status_code == 302
    page = client.get(address(talks)).content.decode()
    assert page.index("Second") < page.index("First")
    assert sees(talks, talks.ru_head)
    assert not sees(talks, talks.peer)


def test_one_with_nothing_in_it_is_refused_and_keeps_who_was_named(talks):
    answer = browser(talks.ru).post(address(talks), {"party": "RU", "people": talks.peer.username})
    assert answer.status_code == 422
    assert "Write at least one of the four." in answer.content.decode()
    assert not Vault.objects.exists()


def test_only_people_of_the_side_are_named(talks):
    with pytest.raises(ValidationError) as refusal:
        add_vault(talks.issue, talks.ru, "x", "RU", [talks.us])
    assert "people" in refusal.value.message_dict


def test_only_who_is_named_changes_who_is_named(talks, kept):
    with pytest.raises(ValidationError):
        change(talks, kept, talks.ru_head, people=[talks.ru_head])
    change(talks, kept, talks.peer, people=[])
    assert not sees(talks, talks.ru)
    with pytest.raises(ValidationError):
        change(talks, kept, talks.ru, version=2)


def test_the_second_editor_gets_both_versions(talks, kept):
    change(talks, kept, talks.ru, people=[talks.peer], red_line="Theirs")
    client = browser(talks.peer)
    typed = {"version": 1, "red_line": "Mine", "people": talks.ru.username}
    answer = client.post(address(talks, f"{kept.uuid}/"), typed)
    assert answer.status_code == 409
    assert "Theirs" in answer.content.decode()
    assert "Mine" in answer.content.decode()
    typed["version"] = answer.context["form"].data["version"]
    assert client.post(address(talks, f"{kept.uuid}/"), typed).status_code == 302


def test_two_at_once_one_is_told(talks, kept):
    change(talks, kept, talks.ru, people=[talks.peer])
    with pytest.raises(Conflict):
        change(talks, kept, talks.peer)


def test_lines_of_one_party_are_changed_and_not_kept_twice(talks, kept):
    with pytest.raises(ValidationError, match="change those"):
        add_vault(talks.issue, talks.peer, "x", "RU")


# --- The log --------------------------------------------------------------------------------------


def lines(talks, user):
    answer = browser(user).get(f"/negotiations/{talks.slug}/security/?kind=vault")
    return [event.by for event in answer.context["page"]]


def test_every_opening_is_one_line_with_or_without_something_in_it(talks, kept):
    for user in (talks.ru, talks.ru_head, talks.us):
        before = SecurityEvent.objects.filter(kind="vault").count()
        client = browser(user)
        client.get(address(talks))
        client.get(address(talks, f"{kept.uuid}/"))
        client.post(address(talks), {"party": "RU"})
        assert SecurityEvent.objects.filter(kind="vault").count() == before + 3
    told = SecurityEvent.objects.filter(kind="vault").values_list("detail", "about")
    assert set(told) == {("", None)}


def test_a_head_reads_who_of_the_own_side_opened_one(talks, kept):
    for user in (talks.ru, talks.us, talks.recorder):
        browser(user).get(address(talks))
    assert set(lines(talks, talks.ru_head)) == {talks.ru}
    assert set(lines(talks, talks.us_head)) == {talks.us}
    assert set(lines(talks, talks.head)) == {talks.recorder}


def test_an_administrator_reads_all_openings_and_of_none_what_was_there(talks, kept):
    browser(talks.us).get(address(talks))
    admin = browser(factories.make_user(is_superuser=True))
    answer = admin.get("/security/?kind=vault")
    assert {event.by for event in answer.context["page"]} == {talks.ru, talks.us}
    assert "Banking" not in answer.content.decode()


def test_those_who_are_named_read_who_was_there(talks, kept):
    browser(talks.peer).get(address(talks))
    assert [use.wrote for use in VaultUse.objects.all()] == [False, True]
    page = browser(talks.ru).get(address(talks)).content.decode()
    assert f"<li>{talks.peer}, " in page


# --- Nowhere else ---------------------------------------------------------------------------------


def test_no_page_file_or_search_of_those_named_holds_a_word(talks):
    add_vault(talks.issue, talks.ru, "zebrafinch", "RU")
    client = browser(talks.ru)
    base = f"/negotiations/{talks.slug}"
    pages = ("/issues/1/", "/issues/1/brief/", "/issues/?q=zebra", "/files/entries.csv", "/")
    for path in (*(f"{base}{page}" for page in pages), "/search/?q=zebra", "/", "/admin/"):
        answer = client.get(path, follow=True)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"zebrafinch" not in content


def test_an_item_with_and_without_a_vault_is_the_same_page(talks):
    client = browser(talks.ru)
    before = plain(client.get("/negotiations/" + talks.slug + "/issues/1/").content.decode())
    add_vault(talks.issue, talks.ru)
    after = plain(client.get("/negotiations/" + talks.slug + "/issues/1/").content.decode())
    assert before == after


def test_queries_do_not_grow_with_what_is_kept(talks):
    client, counts = browser(talks.ru), []
    for party in ("RU", "US"):
        kept = add_vault(talks.issue, talks.ru, "x", party, [talks.peer])
        change(talks, kept, talks.ru)
        with CaptureQueriesContext(connection) as captured:
            client.get(address(talks))
        counts.append(len(captured))
    assert counts[0] == counts[1]
