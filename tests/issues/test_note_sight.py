"""Who may see a note, changed: who may, what it does and shows, and what is told of it to whom."""

from copy import deepcopy

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from issues import services
from issues.models import ChainLink, Note, NotePerson, SightChange, SightPerson
from issues.reads.notes import history_of
from issues.services import verify_history
from negotiations import services as frame
from negotiations.models import Membership, SecurityEvent
from tests import factories
from tests.factories import add_member, add_note, viewer
from tests.leaks.crawl import decoded, plain

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


def who_sees(talks, note):
    everybody = ("ru", "peer", "ru_head", "us", "us_head", "head", "recorder")
    return {
        name
        for name in everybody
        if note in Note.objects.visible_to(viewer(talks.negotiation, getattr(talks, name)))
    }


def change(talks, note, by, audience, people=(), reason="So it is."):
    named = talks.negotiation.memberships.filter(user__in=people)
    return services.change_note_sight(
        note, audience=audience, people=named, reason=reason, viewer=viewer(talks.negotiation, by)
    )


def refusal(*args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        change(*args, **kwargs)
    return " ".join(caught.value.messages)


def page(talks, note, rest="audience/"):
    return f"{note.get_absolute_url()}{rest}"


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def send(client, address, audience, **more):
    return client.post(address, {"audience": audience, "reason": "So it is."} | more)


# --- What it does ---------------------------------------------------------------------------------


def test_from_people_by_name_to_the_delegation_to_all_and_back(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "named", [talks.peer])
    assert who_sees(talks, note) == {"ru", "peer"}
    change(talks, note, talks.ru, "delegation")
    assert who_sees(talks, note) == {"ru", "peer", "ru_head"}
    assert not NotePerson.objects.exists()
    change(talks, note, talks.ru, "members")
    assert len(who_sees(talks, note)) == 7
    change(talks, note, talks.ru, "named", [talks.ru_head])
    assert who_sees(talks, note) == {"ru", "ru_head"}


def test_other_people_are_named_by_an_event_that_keeps_who_was(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "named", [talks.peer])
    change(talks, note, talks.ru, "named", [talks.ru_head])
    assert who_sees(talks, note) == {"ru", "ru_head"}
    kept = {flag: set() for flag in (False, True)}
    for row in SightPerson.objects.all():
        kept[row.is_since].add(row.user)
    assert kept == {False: {talks.ru, talks.peer}, True: {talks.ru, talks.ru_head}}


def test_its_author_is_always_among_the_named(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    change(talks, note, talks.ru_head, "named", [talks.peer])
    assert who_sees(talks, note) == {"ru", "peer", "ru_head"}


def test_its_words_stay_and_so_does_what_it_said(talks):
    note = add_note(talks.issue, talks.ru, "First", "delegation")
    services.update_note(note, version=1, text="Second", viewer=viewer(talks.negotiation, talks.ru))
    change(talks, note, talks.ru, "members")
    note.refresh_from_db()
    assert note.text == "Second"
    steps = history_of(viewer(talks.negotiation, talks.us), note)
    assert [step.what for step in steps] == ["changed", "written"]


def test_a_page_open_since_before_finds_a_conflict(talks):
    note = add_note(talks.issue, talks.ru, "First", "delegation")
    change(talks, note, talks.ru, "members")
    note.refresh_from_db()
    assert note.version == 2


# --- Who may --------------------------------------------------------------------------------------


def test_who_may(talks):
    ours = add_note(talks.issue, talks.ru, "Ours", "members")
    common = add_note(talks.issue, talks.recorder, "Common", "members")
    cases = [
        (ours, talks.ru, True),
        (ours, talks.ru_head, True),
        (ours, talks.head, True),
        (ours, talks.peer, False),
        (ours, talks.us_head, False),
        (common, talks.ru_head, False),
        (common, talks.recorder, True),
    ]
    found = [
        services.may_change_note_sight(note, viewer(talks.negotiation, person))[0]
        for note, person, _may in cases
    ]
    assert found == [may for _note, _person, may in cases]


def test_a_note_of_somebody_who_left_is_changed_by_no_other_side(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "members")
    frame.remove_member(Membership.objects.get(user=talks.ru))
    assert not services.may_change_note_sight(note, viewer(talks.negotiation, talks.us_head))[0]
    assert services.may_change_note_sight(note, viewer(talks.negotiation, talks.head))[0]


@pytest.mark.parametrize(
    ("audience", "reason", "field"),
    [("members", " ", "reason"), ("delegation", "Why", "audience")],
)
def test_needs_a_reason_and_another_audience(talks, audience, reason, field):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    with pytest.raises(ValidationError) as caught:
        change(talks, note, talks.ru, audience, reason=reason)
    assert list(caught.value.message_dict) == [field]


def test_the_same_people_again_are_no_change(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "named", [talks.peer])
    assert "already" in refusal(talks, note, talks.ru, "named", [talks.peer])


def test_only_people_of_the_own_side_are_named(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    assert "own side" in refusal(talks, note, talks.ru, "named", [talks.us])


def test_who_lost_sight_meanwhile_changes_nothing(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "members")
    stale = Note.objects.get(pk=note.pk)
    change(talks, note, talks.ru, "delegation")
    assert "not for you any more" in refusal(talks, stale, talks.head, "named")


def on_own_item(talks, *note):
    russia = viewer(talks.negotiation, talks.ru)
    shown = russia.written_for()
    issue = factories.make_issue(talks.negotiation, "Secret", by=talks.ru, **shown)
    return add_note(issue, talks.ru, "Ours", *note)


def test_on_an_item_of_a_delegation_it_never_shows_further(talks):
    said = refusal(talks, on_own_item(talks, "named"), talks.ru, "members")
    assert said == "The item is for the delegation of Russia only: widen that first."


def test_on_an_item_of_a_delegation_nothing_is_told_to_others(talks):
    """There a note for all members is one for that delegation."""
    note = on_own_item(talks, "members")
    assert "already" in refusal(talks, note, talks.ru, "delegation")
    before = log_page(talks, talks.head)
    change(talks, note, talks.ru, "named", [talks.peer])
    change(talks, note, talks.ru, "delegation")
    assert log_page(talks, talks.head) == before
    assert not ChainLink.objects.filter(chain__in=["members", "public"]).exists()
    assert verify_history(talks.negotiation).faults == []


# --- The page -------------------------------------------------------------------------------------


def test_says_who_gains_and_who_loses_and_does_nothing_yet(talks):
    note = add_note(talks.issue, talks.ru, "First", "named", [talks.peer])
    services.update_note(note, version=1, text="Second", viewer=viewer(talks.negotiation, talks.ru))
    client = browser(talks.ru)
    assert f"only {talks.ru}, {talks.peer}" in client.get(page(talks, note)).content.decode()
    preview = send(client, page(talks, note), "named", people=talks.ru_head.username)
    preview = preview.context["preview"]
    assert preview.gain == [f"{talks.ru_head} (RU)"]
    assert preview.lose == [f"{talks.peer} (RU)"]
    assert preview.notes == ["What it said before shows with it: 1 earlier version."]
    assert not SightChange.objects.exists()


@pytest.mark.parametrize(("audience", "named"), [("members", ()), ("named", ("ru_head", "peer"))])
def test_widening_asks_for_the_password_and_loses_nothing_typed(talks, audience, named):
    note = add_note(talks.issue, talks.ru, "Ours", "named", [talks.peer])
    client = browser(talks.ru)
    names = [getattr(talks, name).username for name in named]
    sure = {"people": names, "seen": " ".join([audience, *sorted(names)]), "confirm": "1"}
    asked = send(client, page(talks, note), audience, **sure)
    assert asked.url.startswith("/account/confirm/")
    assert not SightChange.objects.exists()
    done = client.post(asked.url, {"password": "a long password", "next": page(talks, note)})
    assert done.url == note.get_absolute_url()
    assert "ru_head" in who_sees(talks, note)


def test_narrowing_needs_no_password(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "members")
    answer = send(browser(talks.ru), page(talks, note), "delegation", seen="delegation", confirm=1)
    assert answer.url == note.get_absolute_url()
    assert who_sees(talks, note) == {"ru", "peer", "ru_head"}


def test_other_people_than_those_shown_are_shown_first(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    sure = {"people": talks.peer.username, "seen": "named", "confirm": "1"}
    answer = send(browser(talks.ru), page(talks, note), "named", **sure)
    assert answer.status_code == 200
    assert not SightChange.objects.exists()


def test_people_ticked_for_another_audience_are_not_named(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "named", [talks.peer])
    sure = {"people": talks.peer.username, "seen": "delegation", "confirm": "1"}
    client = browser(talks.ru)
    factories.confirm(client)
    send(client, page(talks, note), "delegation", **sure)
    assert who_sees(talks, note) == {"ru", "peer", "ru_head"}


def test_others_find_nothing_there_and_who_may_not_hears_why(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    for person in (talks.us, talks.head, talks.stranger):
        for address in (page(talks, note), page(talks, note).replace(str(note.uuid), NOWHERE)):
            assert browser(person).get(address).status_code == 404
    answer = browser(talks.peer).get(page(talks, note))
    assert answer.status_code == 403
    assert "Only its author or a head" in answer.content.decode()


NOWHERE = "00000000-0000-0000-0000-000000000001"


def test_somebody_who_cannot_be_named_is_refused_beside_the_field(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    answer = send(browser(talks.ru), page(talks, note), "named", people=talks.us.username)
    assert answer.status_code == 422
    assert "people" in answer.context["form"].errors


def test_the_way_there_stands_on_its_page(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    address = reverse(
        "issues:note_audience", args=[talks.slug, talks.issue.address, note.uuid]
    ).encode()
    for rest in ("", "edit/"):
        assert address in browser(talks.ru).get(page(talks, note, rest)).content
    assert address not in browser(talks.peer).get(page(talks, note, "")).content


# --- What is told of it ---------------------------------------------------------------------------


def test_told_with_its_reason_to_who_saw_it_before_and_since(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "named", [talks.peer])
    change(talks, note, talks.ru, "delegation", reason="All of us")
    change(talks, note, talks.ru, "members", reason="Everybody")
    told = {}
    for name in ("peer", "ru_head", "us"):
        text = browser(getattr(talks, name)).get(page(talks, note, "")).content.decode()
        told[name] = {reason for reason in ("All of us", "Everybody") if reason in text}
    assert told == {"peer": {"All of us", "Everybody"}, "ru_head": {"Everybody"}, "us": set()}


def log_page(talks, person):
    answer = browser(person).get(f"/negotiations/{talks.slug}/security/")
    return plain(decoded(answer))


def test_the_log_tells_each_head_what_their_side_was_shown(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "named")
    before = [log_page(talks, person) for person in (talks.head, talks.us_head, talks.ru_head)]
    change(talks, note, talks.ru, "named", [talks.peer])
    heads = (talks.head, talks.us_head, talks.ru_head)
    assert [log_page(talks, person) for person in heads] == before
    change(talks, note, talks.ru, "delegation")
    assert [log_page(talks, person) for person in heads[:2]] == before[:2]
    assert "note: → delegation" in log_page(talks, talks.ru_head)
    change(talks, note, talks.ru, "members")
    assert [log_page(talks, person) for person in heads[:2]] == before[:2]
    assert "note: delegation → members" in log_page(talks, talks.ru_head)
    lines = SecurityEvent.objects.filter(kind="audience").count()
    change(talks, note, talks.ru, "named")
    assert SecurityEvent.objects.filter(kind="audience").count() == lines


def test_is_chained_each_end_in_its_own_chain(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "named", [talks.peer])
    change(talks, note, talks.ru, "delegation")
    change(talks, note, talks.ru, "members")
    side = talks.negotiation.parties.get(code="RU").pk
    links = ChainLink.objects.order_by("pk").values_list("chain", "kind")
    assert list(links) == [
        (f"named-{side}", "hidden"),
        (f"party-{side}", "shown"),
        (f"party-{side}", "hidden"),
        ("members", "shown"),
    ]
    assert verify_history(talks.negotiation).faults == []


@pytest.mark.parametrize("how", ["audience", "people"])
def test_a_silent_change_is_found(talks, how):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    change(talks, note, talks.ru, "named", [talks.peer])
    if how == "audience":
        Note.objects.filter(pk=note.pk).update(audience="delegation")
    else:
        NotePerson.objects.filter(user=talks.peer).delete()
    (fault,) = verify_history(talks.negotiation).faults
    assert "of who may see a note was not the last" in fault


def test_whom_it_named_is_part_of_the_chain(talks):
    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    change(talks, note, talks.ru, "named", [talks.peer])
    SightPerson.objects.create(
        change=SightChange.objects.get(),
        user=talks.us,
        membership=Membership.objects.get(user=talks.us).pk,
        is_since=True,
    )
    NotePerson.objects.create(
        note=note, user=talks.us, membership=Membership.objects.get(user=talks.us).pk
    )
    (fault,) = verify_history(talks.negotiation).faults
    assert "who may see a note is not what was recorded" in fault


def test_a_note_that_changes_hands_withdraws_no_file_that_is_being_made(talks):
    """Files hold no notes: one that broke off would tell that there was one."""
    from issues.exports import snapshot

    note = add_note(talks.issue, talks.ru, "Ours", "delegation")
    taken = snapshot.take(viewer(talks.negotiation, talks.us))
    change(talks, note, talks.ru, "members")
    taken.confirm()
