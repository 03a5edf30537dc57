"""Requests that take too long or send too much are stopped, with a sentence."""

import time

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.urls import path

from negotiations import limits, urls

pytestmark = pytest.mark.django_db
# A thousand million rows counted: minutes.
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000000000) "
    "SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def ask_the_endless():
    with connection.cursor() as cursor:
        cursor.execute(ENDLESS[connection.vendor])


def endless(request):
    ask_the_endless()


def failing(request):
    raise OperationalError("disk full")


handler404 = urls.handler404
urlpatterns = [path("endless/", endless), path("failing/", failing), *urls.urlpatterns]


@pytest.fixture
def person(settings, django_user_model):
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    client.force_login(django_user_model.objects.create(username="head"))
    return client


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
def test_a_query_without_end_is_stopped_and_said(person, settings, htmx):
    settings.PARLEY_TIME_LIMIT = 1
    limit_statements_to("300ms")
    begun = time.monotonic()
    answer = person.get("/endless/", headers=htmx)
    assert time.monotonic() - begun < 20
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert "This took too long and was stopped." in answer.content.decode()
    assert ("<html" in answer.content.decode()) is not bool(htmx)
    # The pool hands the connection to later tests: none of them may have this limit.
    limit_statements_to("0")
    assert person.get("/").status_code == 200


def limit_statements_to(limit):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{limit}'")


def test_other_failures_of_the_database_are_not_called_that(person):
    assert person.get("/failing/").status_code == 500


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL stops statements by itself")
def test_only_what_belongs_to_a_request_is_stopped():
    with connection.cursor() as cursor:
        cursor.execute(ENDLESS["sqlite"].replace("000000000", "00000"))
        token = limits._deadline.set(time.monotonic() - 1)
        try:
            with pytest.raises(OperationalError, match="interrupted"):
                cursor.execute(ENDLESS["sqlite"].replace("000000000", "00000"))
        finally:
            limits._deadline.reset(token)


@pytest.mark.parametrize("given", ["", "-c lock_timeout=5s"])
def test_a_serving_process_tells_postgresql_its_limit(given, settings, monkeypatch):
    settings.PARLEY_TIME_LIMIT = 7
    options = {"options": given} if given else {}
    server = type("Server", (), {"vendor": "postgresql", "settings_dict": {"OPTIONS": options}})
    monkeypatch.setattr(limits, "connections", {"default": server})
    limits.limit_statements("default")
    assert options["options"] == f"{given} -c statement_timeout=7000".strip()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="statement_timeout is PostgreSQL's")
def test_postgresql_takes_the_option(settings):
    settings.PARLEY_TIME_LIMIT = 7
    other = connections.create_connection("default")
    other.settings_dict = {**other.settings_dict, "OPTIONS": {}}
    other.settings_dict["OPTIONS"]["options"] = "-c statement_timeout=7000"
    with other.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("7s",)
    other.close()


def test_too_large_a_request_is_refused_unread(client, settings):
    settings.PARLEY_MAX_UPLOAD = 1000
    answer = client.post("/login/", {"login": "x" * 1000})
    assert answer.status_code == 413
    assert answer.content.decode() == "This is too large: at most 1 kB can be sent."
    assert client.post("/login/", {"login": "x"}).status_code == 422


@pytest.mark.parametrize("length", ["", "x", "-5", "٣"])
def test_a_length_that_is_none_breaks_nothing(client, length):
    assert client.get("/healthz", CONTENT_LENGTH=length).status_code == 200
