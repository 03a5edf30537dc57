import json
import socket

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from negotiations.checks import no_demo_people
from negotiations.models import User
from negotiations.server import make_server, require_free_port
from negotiations.startup import refuse_unfit_database

from .commands import REAL, last_line, manage

SHOW = """
import json
import socket
from django.conf import settings as s
names = ["ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME",
         "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "DEBUG"]
print(json.dumps({name: getattr(s, name) for name in names}))
"""


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PARLEY_URL": REAL["PARLEY_URL"]}, "Set PARLEY_SECRET_KEY to a long random text"),
        ({"PARLEY_SECRET_KEY": REAL["PARLEY_SECRET_KEY"]}, "Set PARLEY_URL to the address"),
        (REAL | {"PARLEY_URL": "https://*"}, "PARLEY_URL must name one host"),
        (REAL | {"PARLEY_TIME_ZONE": "Vienna"}, "PARLEY_TIME_ZONE must be the name"),
        (REAL | {"PARLEY_CREATE": "nobody"}, "PARLEY_CREATE must be any or staff"),
        (REAL | {"CACHE_URL": "locmemcache://"}, "CACHE_URL must begin with redis://"),
    ],
)
def test_start_for_real_says_in_one_line_what_to_set(environment, sentence):
    process = manage("check", **environment)
    assert process.returncode == 1
    assert process.stderr.startswith(sentence)
    assert len(process.stderr.strip().splitlines()) == 1


def test_address_alone_sets_hosts_origins_and_cookies():
    process = manage("shell", "--verbosity=0", "--command", SHOW, **REAL)
    assert json.loads(process.stdout) == {
        "ALLOWED_HOSTS": ["parley.example.org"],
        "CSRF_TRUSTED_ORIGINS": ["https://parley.example.org"],
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "DEBUG": False,
    }


def test_demo_listens_to_this_machine_only():
    process = manage("shell", "--verbosity=0", "--command", SHOW, **REAL, PARLEY_DEMO="1")
    assert json.loads(process.stdout)["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]


def test_deploy_check_is_clean():
    process = manage("check", "--deploy", "--fail-level", "WARNING", **REAL)
    assert process.returncode == 0, process.stderr


def test_no_migration_is_missing():
    process = manage("makemigrations", "--check", "--dry-run", PARLEY_DEBUG="1")
    assert process.returncode == 0, process.stdout


def test_serve_refuses_an_empty_database(tmp_path):
    process = manage("serve", database=tmp_path / "empty.sqlite3", **REAL)
    assert process.returncode == 1
    assert "run manage.py setup first" in last_line(process)


@pytest.mark.parametrize("workers", ["0", "many", "-1", "65"])
def test_serve_says_how_many_workers_there_may_be(monkeypatch, workers):
    monkeypatch.setenv("PARLEY_WORKERS", workers)
    with pytest.raises(CommandError, match="PARLEY_WORKERS must be a number from 1 to 64"):
        call_command("serve")


def test_serve_hands_the_number_of_workers_to_the_server():
    server = make_server("127.0.0.1", 8000, workers=2)
    assert server.workers == 2
    assert server.respawn_failed_workers


def test_what_few_requests_need_is_loaded_with_the_first_of_them():
    """Each of them would make every start later by a tenth of a second and more."""
    program = (
        "import sys; from django.urls import get_resolver; "
        "get_resolver().url_patterns; print(*sys.modules)"
    )
    done = manage("shell", "--no-imports", "-c", program, **REAL)
    loaded = set(done.stdout.split())
    assert "issues.views.detail" in loaded
    assert loaded & {"openpyxl", "docx", "weasyprint", "jsonschema"} == set()


def test_taken_port_is_said_with_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match="Choose another with PORT="):
            require_free_port("127.0.0.1", port)
    require_free_port("127.0.0.1", port)


@pytest.mark.django_db(transaction=True)
def test_served_database_may_hold_no_demo_people():
    refuse_unfit_database()
    User.objects.create(username="head", is_demo=True)
    with pytest.raises(ImproperlyConfigured, match="This database holds demo people"):
        refuse_unfit_database()
    # What they recorded or signed in to keeps them; they are shut out instead.
    User.objects.update(is_active=False)
    refuse_unfit_database()


@pytest.mark.django_db(transaction=True)
def test_served_database_may_not_be_from_an_older_version():
    newest = MigrationLoader(connection).graph.leaf_nodes("issues")[0]
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied(*newest)
    try:
        with pytest.raises(ImproperlyConfigured, match=r"run manage.py setup first"):
            refuse_unfit_database()
    finally:
        recorder.record_applied(*newest)


@pytest.mark.django_db
def test_check_reports_demo_people(settings):
    assert no_demo_people(None, ["default"]) == []
    User.objects.create(username="head", is_demo=True)
    assert [error.id for error in no_demo_people(None, ["default"])] == ["negotiations.E001"]
    settings.PARLEY_DEMO = True
    assert no_demo_people(None, ["default"]) == []


def test_demo_refuses_to_run_outside_the_demo():
    with pytest.raises(CommandError, match="set PARLEY_DEMO=1 first"):
        call_command("demo")
