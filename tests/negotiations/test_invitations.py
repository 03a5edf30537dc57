"""Invitations: who makes them, who uses them, when they die; a new password by mail."""

import datetime as dt
import re
from smtplib import SMTPAuthenticationError, SMTPDataError, SMTPRecipientsRefused

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from negotiations.mail import send_waiting
from negotiations.models import Invitation, Mail, SecurityEvent, User
from negotiations.services import (
    archive_negotiation,
    blank_person,
    claim_mail,
    invite,
    remove_member,
    sweep_mails,
)
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
    """What is sent when the queue is looked through."""
    send_waiting()
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


# --- Mails that wait ------------------------------------------------------------------------------


class Server:
    """In place of a mail server: raises `error` while there is one."""

    def __init__(self, monkeypatch, error=None):
        self.error, self.tried = error, 0
        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", self)

    def __call__(self, letters):
        self.tried += 1
        if self.error:
            raise self.error
        mail.outbox.extend(letters)


def invite_by_mail(talks, address="ann@example.org"):
    typed = {"email": address, "role": "recorder"}
    answer = browser_of(talks.head).post(f"/negotiations/{talks.slug}/members/invite/", typed)
    assert answer.status_code == 200
    return re.search(r"/invitation/([\w-]+)/", answer.content.decode())[1]


def members_page(talks):
    return browser_of(talks.head).get(f"/negotiations/{talks.slug}/members/").content.decode()


def test_a_page_leaves_the_mail_and_asks_no_server(talks, monkeypatch):
    server = Server(monkeypatch)
    invite_by_mail(talks)
    Client().post("/forgotten/", {"email": "bob@example.org"})
    assert (server.tried, Mail.objects.count()) == (0, 2)


def test_a_mail_that_waits_holds_no_secret(talks):
    factories.make_user(email="bob@example.org")
    token = invite_by_mail(talks)
    Client().post("/forgotten/", {"email": "bob@example.org"})
    waiting = str(list(Mail.objects.values()))
    assert token not in waiting
    assert "/welcome/" not in waiting
    assert token in outbox()[0].body
    assert not Mail.objects.exists()


def test_a_refused_invitation_leaves_no_mail(talks):
    answer = browser_of(talks.head).post(
        f"/negotiations/{talks.slug}/members/invite/", {"email": "ann@example.org", "role": "king"}
    )
    assert answer.status_code == 422
    assert not Mail.objects.exists()


def test_asking_for_a_password_does_the_same_for_any_address():
    factories.make_user(email="ann@example.org")
    counts = []
    for address in ("ann@example.org", "bob@example.org"):
        with CaptureQueriesContext(connection) as asked:
            Client().post("/forgotten/", {"email": address})
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("no route"), "the mail server cannot be reached"),
        (TimeoutError(), "the mail server cannot be reached"),
        (SMTPAuthenticationError(535, b"bad"), "the mail server refuses it"),
        (SMTPDataError(451, b"later"), "the mail server refuses it"),
        (SMTPRecipientsRefused({"x": (450, b"busy")}), "does not take this address"),
    ],
)
def test_a_mail_is_tried_again_until_the_server_takes_it(talks, monkeypatch, caplog, error, said):
    server = Server(monkeypatch, error)
    with time_machine.travel("2026-01-05 08:00Z", tick=False) as clock:
        invite_by_mail(talks)
        assert outbox() == []
        assert "The mail is not sent yet" in members_page(talks)
        assert said in members_page(talks)
        assert "ann@example.org" not in caplog.text
        send_waiting()
        assert server.tried == 1
        server.error = None
        clock.shift(dt.timedelta(minutes=3))
        assert len(outbox()) == 1
    assert "The mail is not sent yet" not in members_page(talks)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SMTPDataError(554, b"spam"), "the mail server refuses it"),
        (SMTPRecipientsRefused({"x": (550, b"who")}), "does not take this address"),
        (ValueError("a bug"), "it could not be written"),
    ],
)
def test_a_mail_that_is_refused_for_good_is_given_up_and_said(talks, monkeypatch, error, said):
    server = Server(monkeypatch, error)
    invite_by_mail(talks)
    assert outbox() == []
    assert "The mail was not sent" in members_page(talks)
    assert said in members_page(talks)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=5)):
        send_waiting()
    assert server.tried == 1


def test_after_a_day_a_mail_is_given_up_and_later_forgotten(talks, monkeypatch):
    server = Server(monkeypatch, OSError())
    with time_machine.travel("2026-01-05 08:00Z", tick=False) as clock:
        invite_by_mail(talks)
        for _hour in range(30):
            send_waiting()
            clock.shift(dt.timedelta(hours=1))
        assert 20 < server.tried < 30
        assert "The mail was not sent" in members_page(talks)
        assert sweep_mails() == 0
        clock.shift(dt.timedelta(days=7))
        assert sweep_mails() == 1


def test_a_mail_in_hand_is_taken_by_nobody_else_until_its_sender_is_given_up(talks):
    invite_by_mail(talks)
    assert claim_mail()
    assert claim_mail() is None
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=3, seconds=1)):
        assert claim_mail()


def test_of_two_who_take_the_same_mail_one_gets_it(talks, monkeypatch):
    invite_by_mail(talks)
    (waiting,) = Mail.objects.all()
    Mail.objects.update(due_at=timezone.now() - dt.timedelta(seconds=5))
    stale = [Mail(pk=waiting.pk, due_at=waiting.due_at, made_at=waiting.made_at)]
    monkeypatch.setattr(Mail.objects, "filter", lambda **asked: Stale(stale, asked))
    assert claim_mail() is None


class Stale:
    """What somebody read before another took it."""

    def __init__(self, rows, asked):
        self.rows, self.asked = rows, asked

    def select_related(self, *_names):
        return self.rows

    def update(self, **values):
        return Mail._base_manager.filter(**self.asked).update(**values)


@pytest.mark.parametrize("end", [withdraw, lose_the_head, archive, close_the_account])
def test_an_invitation_that_is_dead_by_then_is_not_mailed(talks, end):
    invite_by_mail(talks)
    end(talks, Invitation.objects.get())
    assert outbox() == []
    assert not Mail.objects.exists()


def test_with_another_secret_key_no_dead_link_is_mailed(talks, settings):
    token = invite_by_mail(talks)
    settings.SECRET_KEY = "another" * 10
    assert outbox() == []
    assert "the secret key has changed" in members_page(talks)
    assert "Join" in Client().get(f"/invitation/{token}/").content.decode()


def test_without_a_mail_server_what_waits_goes_on_waiting(talks, settings):
    invite_by_mail(talks)
    settings.PARLEY_MAIL = ""
    assert outbox() == []
    assert "no mail server is set" in members_page(talks)


def test_an_erased_person_has_no_mail_waiting():
    person = factories.make_user(email="ann@example.org")
    Client().post("/forgotten/", {"email": "ANN@example.org"})
    blank_person(person, name="erased-1")
    assert not Mail.objects.exists()


def test_waiting_mails_cost_the_members_page_one_query(talks):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            members_page(talks)
        return len(queries)

    invite_by_mail(talks)
    before = asked()
    for name in "bcd":
        invite_by_mail(talks, f"{name}@example.org")
    assert asked() == before
