"""A second factor: set up, asked for, required by a negotiation or of staff; how sign-ins end."""

import re

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

from negotiations.models import SharedCount
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


def sign_in(user, client=None):
    client = client or Client()
    answer = client.post("/login/", {"login": user.username, "password": PASSWORD})
    return client, answer


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def give_app(user):
    return TOTP.activate(user, "JBSWY3DPEHPK3PXP")


@pytest.fixture
def person():
    return factories.make_user()


def test_an_app_is_set_up_after_the_password_and_asked_for_at_sign_in(person):
    client, _answer = sign_in(person)
    page = client.get("/account/app/", follow=True)
    assert page.redirect_chain[0][0].startswith("/account/confirm/")
    page = client.post(
        "/account/confirm/?next=/account/app/",
        {"password": PASSWORD, "next": "/account/app/"},
        follow=True,
    )
    secret = re.search(r'id="secret" readonly value="(\w+)"', page.content.decode())[1]
    assert '<path d="M' in page.content.decode()
    assert client.post("/account/app/", {"code": "000000"}).status_code == 422
    page = client.post("/account/app/", {"code": code_of(secret)}, follow=True)
    codes = re.findall(r"<code>(\d+)</code>", page.content.decode())
    assert len(codes) == 10

    other, answer = sign_in(person)
    assert answer["Location"] == "/account/code/"
    assert other.get("/").status_code == 302
    assert other.post("/account/code/", {"code": "12"}).status_code == 422
    assert other.post("/account/code/", {"code": codes[0]})["Location"] == "/"
    assert other.get("/").status_code == 200


def test_a_code_signs_in_once(person):
    give_app(person)
    code = code_of("JBSWY3DPEHPK3PXP")
    for expected in (302, 422):
        client, _answer = sign_in(person)
        assert client.post("/account/code/", {"code": code}).status_code == expected


@pytest.fixture
def talks():
    talks = factories.make_talks()
    talks.negotiation.second_factor = True
    talks.negotiation.save()
    return talks


def browser_of(user):
    client = Client()
    client.force_login(user)
    return client


def test_a_negotiation_that_asks_for_it_opens_only_with_it(talks):
    client, address = browser_of(talks.reader), f"/negotiations/{talks.slug}/"
    for at in ("", "issues/", "files/entries.csv", "members/"):
        assert client.get(address + at)["Location"] == "/account/"
    assert talks.negotiation.title in client.get("/account/").content.decode()
    fragment = client.get(address, headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (403, "/account/")
    give_app(talks.reader)
    assert client.get(address).status_code == 200


def test_home_and_search_show_nothing_of_it_before(talks):
    factories.make_issue(talks.negotiation, title="Landing rights")
    client = browser_of(talks.reader)
    home = client.get("/").content.decode()
    assert "is open to people with a second factor" in home
    assert "home-card" not in home
    assert "Landing rights</" not in client.get("/search/?q=Landing").content.decode()
    give_app(talks.reader)
    assert "home-card" in client.get("/").content.decode()


def test_a_stranger_does_not_learn_that_it_asks(talks):
    assert browser_of(talks.stranger).get(f"/negotiations/{talks.slug}/").status_code == 404


def test_the_admin_asks_for_it_when_a_negotiation_does(talks):
    admin = factories.make_user(is_staff=True, is_superuser=True)
    client = browser_of(admin)
    assert client.get("/admin/negotiations/negotiation/")["Location"] == "/account/"
    give_app(admin)
    assert client.get("/admin/negotiations/negotiation/").status_code == 200


def test_staff_need_one_where_the_site_says_so(settings, person):
    settings.PARLEY_STAFF_2FA = True
    person.is_staff = person.is_superuser = True
    person.save()
    client, _answer = sign_in(person)
    for address in ("/", "/admin/", "/admin/negotiations/user/"):
        assert client.get(address)["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert "/login/" in Client().get("/admin/login/")["Location"]
    give_app(person)
    assert client.get("/admin/").status_code == 200
    assert sign_in(person)[1]["Location"] == "/account/code/"


def test_the_head_switches_it_on(client):
    negotiation = factories.make_negotiation()
    client.force_login(factories.head_of(negotiation))
    address = f"/negotiations/{negotiation.slug}/edit/"
    form = client.get(address).context["form"]
    client.post(address, form.initial | {"second_factor": "on"})
    negotiation.refresh_from_db()
    assert negotiation.second_factor
    assert client.get(address)["Location"] == "/account/"


# --- How long a sign-in lasts -------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "step"), [(121, 121), (12 * 60 + 1, 60)])
def test_a_sign_in_ends_when_idle_and_when_old(person, minutes, step):
    with time_machine.travel("2026-01-05 08:00Z", tick=False) as clock:
        client, _answer = sign_in(person)
        for _each in range(minutes // step):
            assert client.get("/account/").status_code == 200 or step == minutes
            clock.shift(step * 60)
        clock.shift(60)
        answer = client.get("/account/")
    assert answer["Location"].startswith("/login/")


def test_one_ends_ones_own_sign_ins_and_nobody_elses(person):
    first, second, third = (sign_in(person)[0] for _each in range(3))
    other, _answer = sign_in(factories.make_user())
    rows = first.get("/account/sign-ins/").context["rows"]
    assert [row.here for row in rows] == [True, False, False]
    keys = {row.session.session_key: row.session.pk for row in rows}
    first.post("/account/sign-ins/", {"session": keys[second.session.session_key]})
    assert [c.get("/account/").status_code for c in (first, second, third)] == [200, 302, 200]
    foreign = other.get("/account/sign-ins/").context["rows"][0].session.pk
    first.post("/account/sign-ins/", {"session": foreign})
    first.post("/account/sign-ins/")
    assert [c.get("/account/").status_code for c in (first, third, other)] == [200, 302, 200]


def test_changing_the_password_ends_every_other_sign_in(person):
    here, there = sign_in(person)[0], sign_in(person)[0]
    typed = {
        "oldpassword": PASSWORD,
        "password1": "plum orchard 77",
        "password2": "plum orchard 77",
    }
    here.post("/password/", typed)
    assert [c.get("/account/").status_code for c in (here, there)] == [200, 302]


def test_tries_are_counted_in_the_database(settings, person):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,3/5m/key"}
    wrong = {"login": person.username, "password": "wrong"}
    for number in range(3):
        Client().post("/login/", wrong, REMOTE_ADDR=f"10.0.0.{number}")
    answer = Client().post("/login/", {**wrong, "password": PASSWORD}, REMOTE_ADDR="10.0.0.9")
    assert "Wait five minutes" in answer.content.decode()
    assert SharedCount.objects.exists()
