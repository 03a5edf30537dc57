"""Members: who is let in, by whom, and who may be handed a set-password link."""

import pytest
from django.urls import reverse

from negotiations import services
from negotiations.models import User
from tests import factories

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"negotiations:{name}", args=args)


@pytest.fixture
def head(client, talks):
    client.force_login(talks.head)
    return client


def member(talks, user):
    return talks.negotiation.memberships.filter(user=user).first()


def test_members_read_who_is_in_and_change_nothing(client, talks):
    client.force_login(talks.reader)
    page = client.get(url("members", talks.slug)).content.decode()
    assert talks.recorder.username in page
    assert "Add member" not in page
    assert url("person_add", talks.slug) not in page


def test_the_head_lets_somebody_in_by_user_name(head, talks):
    fields = {"username": talks.stranger.username.upper(), "role": "recorder", "party": "RU"}
    assert head.post(url("members", talks.slug), fields).status_code == 302
    made = member(talks, talks.stranger)
    assert (made.role, made.party.code) == ("recorder", "RU")
    assert made.history.get().history_user == talks.head


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "nobody"}, "username"),
        ({"username": ""}, "username"),
        ({"role": "king"}, "role"),
        ({"party": "XX"}, "party"),
    ],
)
def test_a_refused_member_keeps_what_was_typed(head, talks, changes, field):
    fields = {"username": talks.stranger.username, "role": "viewer", "party": ""} | changes
    answer = head.post(url("members", talks.slug), fields)
    assert answer.status_code == 422
    assert field in answer.context["add_form"].errors
    assert answer.context["add_form"]["username"].value() == fields["username"]
    assert member(talks, talks.stranger) is None


def test_somebody_who_is_in_already_is_refused_beside_the_name(head, talks):
    fields = {"username": talks.reader.username, "role": "head", "party": ""}
    answer = head.post(url("members", talks.slug), fields)
    assert "already" in str(answer.context["add_form"].errors["username"])
    assert member(talks, talks.reader).role == "viewer"


def test_a_closed_account_is_not_let_in(head, talks):
    talks.stranger.is_active = False
    talks.stranger.save()
    fields = {"username": talks.stranger.username, "role": "viewer", "party": ""}
    assert head.post(url("members", talks.slug), fields).status_code == 422


def test_role_and_delegation_change(head, talks):
    address = url("member_edit", talks.slug, talks.reader.username)
    assert head.post(address, {"role": "recorder", "party": "US"}).status_code == 302
    changed = member(talks, talks.reader)
    assert (changed.role, changed.party.code) == ("recorder", "US")


def test_the_last_head_stays_and_the_row_says_why(head, talks):
    address = url("member_edit", talks.slug, talks.head.username)
    answer = head.post(address, {"role": "viewer", "party": ""})
    assert answer.status_code == 422
    assert "at least one head" in str(answer.context["form"].errors["role"])
    answer = head.post(url("member_remove", talks.slug, talks.head.username), follow=True)
    assert "at least one head" in answer.content.decode()
    assert member(talks, talks.head).role == "head"


def test_a_removed_member_is_a_stranger_at_once(head, talks, client):
    head.post(url("member_remove", talks.slug, talks.reader.username))
    client.force_login(talks.reader)
    assert client.get(url("members", talks.slug)).status_code == 404


def test_who_leaves_lands_where_they_may_be(head, talks):
    factories.add_member(talks.negotiation, "head")
    answer = head.post(url("member_remove", talks.slug, talks.head.username))
    assert answer["Location"] == reverse("issues:home")


# --- Links --------------------------------------------------------------------------------------


def new_person(head, talks, **changes):
    fields = {"username": "anna", "full_name": "Anna Berg", "role": "recorder", "party": ""}
    return head.post(url("person_add", talks.slug), fields | changes)


def link_in(answer):
    return answer.context["link"]


def test_a_new_person_gets_a_link_that_works_once(head, talks, client):
    answer = new_person(head, talks)
    address = link_in(answer).removeprefix("http://testserver")
    assert address in answer.content.decode()
    client.logout()
    form = client.get(address, follow=True)
    words = {"new_password1": "correct horse 9", "new_password2": "correct horse 9"}
    client.post(form.redirect_chain[-1][0], words)
    assert User.objects.get(username="anna").check_password("correct horse 9")
    again = client.get(address, follow=True)
    assert "new_password1" not in again.content.decode()


def test_the_link_stands_on_no_other_page(head, talks):
    link = link_in(new_person(head, talks))
    page = head.get(url("members", talks.slug)).content.decode()
    assert link not in page
    assert "Anna Berg" in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"username": "two words"}, "username"), ({"full_name": ""}, "full_name")],
)
def test_a_refused_person_keeps_what_was_typed_and_is_not_made(head, talks, changes, field):
    answer = new_person(head, talks, **changes)
    assert answer.status_code == 422
    assert field in answer.context["person_form"].errors
    assert not User.objects.filter(first_name="Anna").exists()


def test_a_new_link_is_given_until_the_person_has_a_password(head, talks):
    new_person(head, talks)
    address = url("member_link", talks.slug, "anna")
    assert link_in(head.post(address))
    anna = User.objects.get(username="anna")
    anna.set_password("correct horse 9")
    anna.save()
    assert head.post(address).status_code == 403


def test_no_head_takes_over_an_account_made_elsewhere(client, talks, head):
    """Anybody may open a negotiation and add any account: that must not open the account."""
    new_person(head, talks)
    intruder = factories.make_user()
    own = factories.make_negotiation(head=intruder)
    services.add_member(own, user=User.objects.get(username="anna"))
    client.force_login(intruder)
    assert client.post(url("member_link", own.slug, "anna")).status_code == 403


def test_a_superuser_gives_a_new_link_to_anybody(client, talks):
    client.force_login(factories.make_user(is_superuser=True))
    answer = client.post(url("member_link", talks.slug, talks.reader.username))
    assert answer.status_code == 200


# --- Delegations --------------------------------------------------------------------------------


@pytest.fixture
def delegations(talks):
    """A head of each side beside the one tied to nobody."""
    talks.ru = factories.add_member(talks.negotiation, "head", party="RU")
    talks.us = factories.add_member(talks.negotiation, "head", party="US")
    return talks


def test_a_head_of_one_side_decides_about_nobody_of_the_other(client, delegations):
    talks = delegations
    client.force_login(talks.ru)
    fields = {"role": "viewer", "party": "US"}
    assert client.post(url("member_edit", talks.slug, talks.us.username), fields).status_code == 403
    for name in ("member_remove", "member_link"):
        assert client.post(url(name, talks.slug, talks.us.username)).status_code == 403
    page = client.get(url("members", talks.slug)).content.decode()
    assert url("member_edit", talks.slug, talks.us.username) not in page
    assert url("member_edit", talks.slug, talks.reader.username) in page


def test_a_head_of_one_side_gets_no_link_for_the_other(client, delegations):
    talks = delegations
    party = talks.negotiation.parties.get(code="US")
    services.add_person(talks.negotiation, username="anna", full_name="Anna Berg", party=party)
    for user, status in ((talks.ru, 403), (talks.us, 200)):
        client.force_login(user)
        assert client.post(url("member_link", talks.slug, "anna")).status_code == status


@pytest.mark.parametrize("who", ["reader", "ru"])
def test_a_head_of_one_side_lets_nobody_into_the_other(client, delegations, who):
    talks = delegations
    user = getattr(talks, who)
    client.force_login(talks.ru)
    answer = client.post(
        url("member_edit", talks.slug, user.username), {"role": "head", "party": "US"}
    )
    assert answer.status_code == 422
    assert "own head" in str(answer.context["form"].errors["party"])


def test_nobody_makes_themselves_an_account_on_the_other_side(client, delegations):
    client.force_login(delegations.ru)
    assert new_person(client, delegations, party="US").status_code == 422


def test_a_head_of_no_side_does_not_join_a_delegation_that_has_people(client, delegations):
    talks = delegations
    client.force_login(talks.head)
    address = url("member_edit", talks.slug, talks.head.username)
    answer = client.post(address, {"role": "head", "party": "RU"})
    assert "one of its heads" in str(answer.context["form"].errors["party"])


def test_the_first_of_a_delegation_may_be_oneself(head, talks):
    address = url("member_edit", talks.slug, talks.head.username)
    assert head.post(address, {"role": "head", "party": "RU"}).status_code == 302
