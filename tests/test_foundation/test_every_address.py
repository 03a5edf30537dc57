"""What holds at every address there is, the administrator's too: headers, cookies, tokens, reading.

The addresses are those of the permission table, which has all of the URLconf.
"""

from http.cookies import SimpleCookie

import pytest
from django.apps import apps
from django.test import Client

from issues.views.sources import OF_A_FILE
from tests.leaks import admin
from tests.statements import noted_writes
from tests.test_permissions import (
    ANYBODY,
    HEAD,
    PERSON,
    SENT,
    TABLE,
    address_of,
    clients,  # noqa: F401 - a fixture
    send,
    talks,  # noqa: F401 - a fixture
    undone,
)

from .test_headers import POLICY, assert_guarded

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true", "HX-Target": "item"}
# Whoever takes something away is noted: reading these adds a line to the security log.
NOTED = {"issues:file_table", "issues:file_download", "issues:source_file"}
# An opened share link counts itself, for the head who made it.
NOTED |= {route.name for route in TABLE if route.name.startswith("issues:shared_")}


def asked(talks, clients, role, **options):  # noqa: F811
    """Every address of the table as this role, each without a trace."""
    for route in TABLE:
        client = clients[role]
        kept = client.cookies.copy()
        with undone():
            yield route, send(client, route.method, address_of(route.name, talks), **options)
        client.cookies = kept


@pytest.mark.parametrize("role", [ANYBODY, PERSON, HEAD])
def test_every_answer_is_guarded(talks, clients, subtests, role):  # noqa: F811
    """Pages and files, refusals and what is missing, and where one is sent."""
    for route, answer in asked(talks, clients, role):
        with subtests.test(f"{role}: {route}"):
            assert_safe(answer, policy_of(route, answer), referrer_of(route))


def test_every_fragment_is_guarded(talks, clients, subtests):  # noqa: F811
    for route, answer in asked(talks, clients, HEAD, headers=FRAGMENT):
        with subtests.test(str(route)):
            assert_safe(answer, policy_of(route, answer), referrer_of(route))


def policy_of(route, answer):
    """What somebody sent in is under a stricter one than pages."""
    is_file = route.name == "issues:source_file" and answer.status_code == 200
    return set(OF_A_FILE.split("; ")) if is_file else POLICY


def referrer_of(route):
    """The address of a share link is its secret: no other page may hear of it."""
    return "no-referrer" if route.name.startswith("issues:shared_") else "same-origin"


def test_every_page_of_the_admin_is_guarded(talks, clients, subtests):  # noqa: F811
    for address in admin.addresses():
        with subtests.test(address):
            assert_safe(clients["superuser"].get(address))


def assert_safe(answer, policy=POLICY, referrer="same-origin"):
    """Headers and cookies, and that no cache keeps it."""
    assert answer.status_code < 500
    assert_guarded(answer, policy, referrer)
    assert answer["Cache-Control"] == "no-store"
    assert {"HX-Request", "HX-Target"} <= set(answer["Vary"].split(", "))
    assert "Server" not in answer.headers
    assert_cookies_bound(answer.cookies)


def assert_cookies_bound(cookies: SimpleCookie):
    for name, cookie in cookies.items():
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        # A script takes the token from the page's form; the sign-in is no script's matter.
        assert cookie["httponly"] or name == "csrftoken"


def test_nothing_is_sent_without_the_token(talks, clients, subtests):  # noqa: F811
    """Nor with one of another sign-in: refused before the view is asked."""
    for role in (ANYBODY, HEAD):
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = clients[role].cookies
        before = rows()
        for route in TABLE:
            if route.method == "POST":
                address = address_of(route.name, talks)
                for typed in (SENT, SENT | {"csrfmiddlewaretoken": "x" * 64}):
                    with subtests.test(f"{role}: {route}"):
                        assert strict.post(address, typed).status_code == 403
        assert rows() == before


def test_a_sign_in_that_ended_is_told_to_every_fragment(talks, clients, subtests):  # noqa: F811
    """No form to sign in lands inside a page; what was typed stays where it is."""
    for route, answer in asked(talks, clients, ANYBODY, headers=FRAGMENT):
        if route.minimum != ANYBODY:
            with subtests.test(str(route)):
                assert answer.status_code == 401
                assert b"<form" not in answer.content
                way = "HX-Redirect" if route.method == "GET" else "X-Parley-Login"
                assert answer[way] == "/login/?next=%2F"


@pytest.mark.parametrize(
    "probe",
    [
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
def test_no_other_site_gets_an_answer(talks, clients, subtests, probe):  # noqa: F811
    """Not even one that differs by what is there: all are the same refusal."""
    told = set()
    headers = probe | {"Sec-Fetch-Site": "cross-site"}
    for _route, answer in asked(talks, clients, HEAD, headers=headers):
        told.add((answer.status_code, answer.content))
    assert {status for status, _text in told} == {403}
    assert len(told) == 1


def test_reading_writes_nothing(talks, clients):  # noqa: F811
    """Every address that can be looked at, the administrator's too, a quarter of an hour later."""
    before = rows()
    for role in (HEAD, "superuser"):
        for route in TABLE:
            if route.method == "GET" and route.name not in NOTED:
                with noted_writes() as sent:
                    clients[role].get(address_of(route.name, talks))
                assert not sent or rows() == before, route
    for address in admin.addresses():
        clients["superuser"].get(address)
    assert rows() == before


def test_what_is_taken_away_adds_one_line_to_the_log_and_nothing_else(talks, clients):  # noqa: F811
    before = rows()
    clients[HEAD].get(address_of("issues:file_table", talks))
    after = rows()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"negotiations.SecurityEvent", "negotiations.SecurityHead"}
    assert len(after["negotiations.SecurityEvent"]) == len(before["negotiations.SecurityEvent"]) + 1


def rows():
    """Every row of every table but those that say who is signed in where."""
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=str)
        for model in apps.get_models()
        if model._meta.app_label not in ("sessions", "usersessions", "contenttypes")
    }
