from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.test import Client

from negotiations.startup import database_options
from tests import factories

pytestmark = pytest.mark.django_db
sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="pragmas are SQLite's")
postgres_only = pytest.mark.skipif(connection.vendor == "sqlite", reason="the pool is PostgreSQL's")


@sqlite_only
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("busy_timeout", 20000),
    ],
)
def test_pragma_holds_on_the_live_connection(pragma, value):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)


@sqlite_only
def test_writers_queue_and_tests_run_on_a_file():
    assert connection.transaction_mode == "IMMEDIATE"
    assert connection.settings_dict["CONN_MAX_AGE"] is None
    assert Path(connection.settings_dict["NAME"]).is_file()


@postgres_only
def test_connections_come_from_a_pool():
    assert connection.pool is not None
    assert connection.settings_dict["CONN_MAX_AGE"] == 0


@postgres_only
def test_connection_that_broke_in_the_pool_fails_no_request():
    """As after a restart of the database: each is asked before it is given out."""
    assert connection.settings_dict["CONN_HEALTH_CHECKS"]
    assert connection.pool._check is not None


def test_no_request_holds_a_transaction(settings):
    assert not settings.DATABASES["default"].get("ATOMIC_REQUESTS")


def test_options_in_the_address_stay():
    asked = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"sslmode": "require"}}
    options = database_options(asked)["OPTIONS"]
    assert options["sslmode"] == "require"
    assert options["pool"]


def test_other_databases_are_refused_with_a_sentence():
    with pytest.raises(ImproperlyConfigured, match="sqlite:// or postgresql://"):
        database_options({"ENGINE": "django.db.backends.mysql"})


def away(execute, sql, params, many, context):
    raise OperationalError("server closed the connection unexpectedly, canary")


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "item"}])
def test_database_that_is_away_is_said_to_be_so_and_not_called_a_fault(headers, caplog):
    client = Client(raise_request_exception=False)
    client.force_login(factories.make_user())
    with connection.execute_wrapper(away):
        answer = client.get("/", headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    text = answer.content.decode()
    assert "The database does not answer just now." in text
    assert "canary" not in text
    assert ("<html" in text) == (not headers)


def test_other_faults_stay_faults(monkeypatch):
    def broken(*_args):
        raise RuntimeError

    client = Client(raise_request_exception=False)
    client.force_login(factories.make_user())
    monkeypatch.setattr("issues.views.home.page_context", broken, raising=False)
    monkeypatch.setattr("issues.views.home.render", broken, raising=False)
    monkeypatch.setattr("issues.views.home.render_page_or_partial", broken, raising=False)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
