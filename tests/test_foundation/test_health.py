"""What a load balancer hears: the process lives, and whether it should get requests."""

import datetime as dt
import shutil
from collections import namedtuple

import pytest
import time_machine
from django.core.checks import Error, Tags, register, registry
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from issues import triggers
from negotiations import health
from negotiations.models import Job, Mail, User
from negotiations.services import claim_mail, post_mail, put_mail_back
from negotiations.services.jobs import begin_job
from tests.factories import head_of, make_negotiation

pytestmark = pytest.mark.django_db
# As a probe comes in: to a number of this machine, without https.
PROBE = {"headers": {"host": "10.0.0.7:8000"}}
Disk = namedtuple("Disk", "total used free")


def reasons(client):
    """Why the site is not ready, as a probe is told."""
    answer = client.get("/readyz", **PROBE)
    told = answer.json()
    assert set(told) == {"ready", "reasons"}
    assert (answer.status_code, told["ready"]) == ((503, False) if told["reasons"] else (200, True))
    return told["reasons"]


def test_a_living_process_says_so_and_asks_the_database_nothing(client, django_assert_num_queries):
    client.force_login(User.objects.create(username="head"))
    with django_assert_num_queries(0):
        answer = client.get("/healthz", **PROBE)
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_ready_when_nothing_is_wrong(client):
    assert reasons(client) == []


def test_probes_come_without_https(settings):
    """A new handler: the settings of the middleware are read when it is made."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    assert [Client().get(path, **PROBE).status_code for path in ("/healthz", "/readyz")] == [
        200
    ] * 2
    assert Client().get("/login/").status_code == 301


def test_not_ready_without_a_database(client, monkeypatch):
    def refuse(*_args):
        raise OperationalError("connection refused: host db.example.org, user parley")

    monkeypatch.setattr(health.connection, "cursor", refuse)
    assert reasons(client) == ["The database does not answer."]


def test_not_ready_while_a_migration_is_missing(client):
    newest = MigrationLoader(connection).graph.leaf_nodes("issues")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    assert reasons(client) == ["Migrations are not applied (1): run manage.py setup."]


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_the_triggers(client):
    triggers.drop("default")
    try:
        (reason,) = reasons(client)
    finally:
        triggers.install("default")
    assert "lacks the triggers that keep history append-only" in reason


def test_not_ready_when_a_disk_is_nearly_full(client, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: Disk(10**12, 10**12, 5_300_000))
    assert "Only 5 MB are free where the files lies." in reasons(client)


def test_not_ready_with_demo_people(client):
    User.objects.create(username="head", is_demo=True)
    (reason,) = reasons(client)
    assert "demo people" in reason


def test_not_ready_when_a_file_to_prepare_waits_for_minutes(client):
    negotiation = make_negotiation()
    user = head_of(negotiation)
    asked = {"kind": "json", "task": {}, "total": 1, "file_name": "x.json"}
    job = begin_job(negotiation, user=user, session="x", scope="members", **asked)
    assert reasons(client) == []
    later = timezone.now() + dt.timedelta(minutes=7, seconds=5)
    with time_machine.travel(later):
        assert reasons(client) == ["A file to prepare waits for 7 minutes."]
        Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, beat_at=timezone.now())
        assert reasons(client) == []


def test_not_ready_when_nobody_looks_for_mails_that_are_due(client):
    mail = post_mail(Mail.Kind.PASSWORD, "ann@example.org", "https://parley.example.org/")
    assert reasons(client) == []
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=7, seconds=5)):
        assert reasons(client) == ["A mail to send waits for 7 minutes."]
        # A mail server that is away makes the site no less ready.
        put_mail_back(claim_mail(), "the mail server cannot be reached")
        assert reasons(client) == []
    put_mail_back(mail, "refused", for_good=True)
    with time_machine.travel(timezone.now() + dt.timedelta(days=2)):
        assert reasons(client) == []


def test_not_ready_when_a_check_of_the_database_fails(client):
    @register(Tags.database)
    def broken(app_configs, databases, **kwargs):
        return [Error("the guard of entries is gone", id="issues.E999")]

    try:
        assert reasons(client) == ["the guard of entries is gone (issues.E999)"]
    finally:
        registry.registry.registered_checks.remove(broken)
