"""Invitations: who makes them, who uses them, when they die; a new password by mail."""

import datetime as dt
import re
import threading

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from negotiations.models import Invitation, SecurityEvent, User
from negotiations.services import archive_negotiation, invite, remove_member
from tests import factories

pytestmark = pytest.mark.django_db
ACCOUNT = {
    "full_name": "Ann Other",
    "username": "ann",
    "password": "plum orchard 7",
    "again": "plum orchard 7",
}


def browser_of(user):
    client = Client()
    client.force_login(user)
    return client


def outbox():
    for thread in threading.enumerate():
        if thread.name == "mail":
            thread.join()
    return mail.outbox


@pytest.fixture
def talks():
    return factories.make_talks()


def make(talks, **fields):
    party = talks.negotiation.parties.get(code=fields.pop("party")) if "party" in fields else None
    given = {"by": talks.head, "role": "recorder", "party": party} | fields
    invitation, token = invite(talks.negotiation, **given)
    return invitation, f"/invitation/{token}/"


def membership(talks, username):
    return talks.negotiation.memberships.filter(user__username=username).first()


def test_the_head_invites_by_mail_and_the_link_is_shown_once(talks):
    client, here = browser_of(talks.head), f"/negotiations/{talks.slug}/members/"
    typed = {"email": "ann@example.org", "role": "recorder", "party": "RU"}
    page = client.post(f"{here}invite/", typed).content.decode()
    path = re.search(r"http://testserver(/invitation/[\w-]+/)", page)[1]
    (letter,) = outbox()
    assert letter.to == ["ann@example.org"]
    assert path in letter.body
    assert talks.negotiation.title not in letter.body + letter.subject
    assert path not in client.get(here).content.decode()
    assert path.split("/")[2] not in str(Invitation.objects.values().get())
    visitor = Client()
    assert visitor.post(path, ACCOUNT)["Location"].startswith("/login/?next=/negotiations/")
    made = membership(talks, "ann")
    assert (made.role, made.party.code, made.user.email) == ("recorder", "RU", "ann@example.org")
    assert visitor.login(username="ann", password="plum orchard 7")
    found = SecurityEvent.objects.filter(negotiation=talks.negotiation)
    assert {"invited", "invitation-used", "joined"} <= set(found.values_list("kind", flat=True))


def test_somebody_with_an_account_joins_as_who_they_are(talks):
    _invitation, address = make(talks)
    client = browser_of(talks.stranger)
    assert "Join as" in client.get(address).content.decode()
    assert client.post(address)["Location"] == f"/negotiations/{talks.slug}/"
    assert membership(talks, talks.stranger.username).role == "recorder"


def test_an_invitation_works_once(talks):
    _invitation, address = make(talks)
    Client().post(address, ACCOUNT)
    again = Client().post(address, ACCOUNT | {"username": "bob"})
    assert "no longer works" in again.content.decode()
    assert not User.objects.filter(username="bob").exists()


def test_a_member_uses_no_invitation_up(talks):
    invitation, address = make(talks)
    browser_of(talks.reader).post(address)
    invitation.refresh_from_db()
    assert invitation.used_at is None
    assert membership(talks, talks.reader.username).role == "viewer"


def withdraw(talks, invitation):
    here = f"/negotiations/{talks.slug}/members/invitations/{invitation.uuid}/withdraw/"
    browser_of(talks.head).post(here)


def lose_the_head(talks, _invitation):
    factories.add_member(talks.negotiation, "head")
    remove_member(talks.negotiation.memberships.get(user=talks.head))


def archive(talks, _invitation):
    archive_negotiation(talks.negotiation, by=talks.head)


def close_the_account(talks, _invitation):
    User.objects.filter(pk=talks.head.pk).update(is_active=False)


@pytest.mark.parametrize("end", [withdraw, lose_the_head, archive, close_the_account])
def test_an_invitation_dies_with_what_it_rests_on(talks, end):
    invitation, address = make(talks)
    end(talks, invitation)
    answer = Client().post(address, ACCOUNT)
    assert "no longer works" in answer.content.decode()
    assert not User.objects.filter(username="ann").exists()


def test_an_invitation_runs_out_after_a_week(talks):
    _invitation, address = make(talks)
    with time_machine.travel(timezone.now() + dt.timedelta(days=7, minutes=1)):
        assert "no longer works" in Client().get(address).content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"password": "password"}, "password"),
        ({"password": "short", "again": "short"}, "password"),
        ({"again": "another one"}, "again"),
        ({"full_name": "x" * 151}, "full_name"),
    ],
)
def test_a_refused_account_keeps_the_invitation(talks, changes, field):
    invitation, address = make(talks)
    answer = Client().post(address, ACCOUNT | changes)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    invitation.refresh_from_db()
    assert invitation.is_open


def test_a_taken_name_is_told_beside_its_field(talks):
    _invitation, address = make(talks)
    answer = Client().post(address, ACCOUNT | {"username": talks.reader.username.upper()})
    assert "taken" in str(answer.context["form"].errors["username"])


def test_one_delegation_invites_nobody_for_another(talks):
    ru = factories.add_member(talks.negotiation, "head", "RU")
    factories.add_member(talks.negotiation, "head", "US")
    client, here = browser_of(ru), f"/negotiations/{talks.slug}/members/"
    answer = client.post(f"{here}invite/", {"role": "viewer", "party": "US"})
    assert answer.status_code == 422
    assert "party" in answer.context["invite_form"].errors
    theirs, _address = make(talks, party="US")
    assert str(theirs.uuid) not in client.get(here).content.decode()
    assert client.post(f"{here}invitations/{theirs.uuid}/withdraw/").status_code == 404


@pytest.mark.parametrize("token", ["x", "%00", "ÿ" * 300, "../../admin"])
def test_a_made_up_link_is_dead(db, token):
    assert Client().get(f"/invitation/{token}/").status_code in (200, 404)


def test_who_is_removed_is_out_with_the_next_request(talks):
    client, address = browser_of(talks.reader), f"/negotiations/{talks.slug}/"
    assert client.get(address).status_code == 200
    remove_member(talks.negotiation.memberships.get(user=talks.reader), by=talks.head)
    for at in ("", "issues/", "files/entries.csv", "members/"):
        assert client.get(address + at).status_code == 404


def test_the_head_reads_when_members_were_last_seen(talks):
    here = f"/negotiations/{talks.slug}/members/"
    assert "Last seen" in browser_of(talks.head).get(here).content.decode()
    assert "Last seen" not in browser_of(talks.reader).get(here).content.decode()


def test_being_here_is_noted_every_few_minutes():
    person = factories.make_user()
    with time_machine.travel("2026-01-05 08:00Z", tick=False) as clock:
        client = browser_of(person)
        client.get("/account/")
        person.refresh_from_db()
        assert person.last_seen is None
        clock.shift(600)
        client.get("/account/")
        person.refresh_from_db()
        assert person.seen_at == timezone.now()


# --- A new password by mail -----------------------------------------------------------------------


def test_a_new_password_comes_by_mail_and_ends_every_sign_in():
    person = factories.make_user("ann", email="ann@example.org")
    signed_in = browser_of(person)
    Client().post("/forgotten/", {"email": "ANN@example.org"})
    (letter,) = outbox()
    assert letter.to == ["ann@example.org"]
    path = re.search(r"http://testserver(/welcome/\S+)", letter.body)[1]
    visitor = Client()
    form = visitor.get(path, follow=True).redirect_chain[-1][0]
    new = {"new_password1": "plum orchard 7", "new_password2": "plum orchard 7"}
    assert visitor.post(form, new).status_code == 302
    assert signed_in.get("/account/").status_code == 302
    assert Client().login(username="ann", password="plum orchard 7")
    assert "no longer works" in Client().get(path, follow=True).content.decode()


def test_known_and_unknown_addresses_read_the_same():
    factories.make_user(email="ann@example.org")
    told = set()
    for address in ("ann@example.org", "bob@example.org"):
        page = Client().post("/forgotten/", {"email": address}).content.decode()
        told.add(page.replace(address, ""))
    assert len(outbox()) == len(told) == 1


def test_asking_again_and_again_is_stopped():
    answers = [Client().post("/forgotten/", {"email": "ann@example.org"}) for _each in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]


def test_without_a_mail_server_no_page_offers_it(settings):
    settings.PARLEY_MAIL = ""
    assert "/forgotten/" not in Client().get("/login/").content.decode()
    assert Client().get("/forgotten/").status_code == 404
