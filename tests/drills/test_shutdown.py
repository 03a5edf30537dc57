"""The real server, told to stop while it is at work."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from issues.models import Entry
from tests.factories import make_issue, make_talks

from .elsewhere import ROOT, address_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TOKEN = "x" * 32
IN_FLIGHT = 5


@pytest.fixture
def server(tmp_path):
    """The production server on the tests' own database: its process, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = address_of(connection.settings_dict["NAME"])
    env = os.environ | {"DATABASE_URL": url, "PARLEY_VAR": str(tmp_path), "PARLEY_WORKERS": "2"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            **{"cwd": ROOT, "env": env, "stdout": log, "stderr": log, "start_new_session": True},
        )
    try:
        for _ in range(600):
            assert process.poll() is None, (tmp_path / "log").read_text()
            if _answers(port):
                break
            time.sleep(0.1)
        yield process, port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def workers_of(process):
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in found.split()]


@contextmanager
def nobody_writes():
    """Holds up whoever wants to record, as long as it lasts."""
    with transaction.atomic():  # on SQLite that alone takes the lock
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE issues_entry IN EXCLUSIVE MODE")
        yield


def test_it_finishes_what_it_began_and_keeps_what_it_acknowledged(server):
    process, port = server
    talks = make_talks()
    issue = make_issue(talks.negotiation)
    browser = Client()
    browser.force_login(talks.recorder)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value

    def enter(text):
        """The status of the answer."""
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        form = {"who": "own", "said": "2025", "text": text, "audience": "members"}
        headers = {
            "Host": "testserver",
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode(form | {"csrfmiddlewaretoken": TOKEN})
        asking.request("POST", f"{issue.get_absolute_url()}entries/", body, headers)
        return asking.getresponse().status

    assert [enter(f"before {n}") for n in range(3)] == [302] * 3
    with ThreadPoolExecutor(IN_FLIGHT) as people:
        with nobody_writes():
            asked = [people.submit(enter, f"during {n}") for n in range(IN_FLIGHT)]
            # Long enough for all to stand before the lock; none may have an answer.
            time.sleep(1)
            assert not any(one.done() for one in asked)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert process.poll() is None
        assert [one.result() for one in asked] == [302] * IN_FLIGHT
    assert process.wait(20) == 0
    assert not _answers(port)
    said = [f"before {n}" for n in range(3)] + [f"during {n}" for n in range(IN_FLIGHT)]
    assert sorted(Entry.objects.values_list("text", flat=True)) == said


def test_killed_workers_are_replaced_and_end_when_told_even_while_they_start(server):
    process, port = server
    killed = workers_of(process)
    assert len(killed) == 2
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    while not set(workers_of(process)) - set(killed):
        time.sleep(0.001)
    # One of them is there, the other one hardly.
    process.send_signal(signal.SIGTERM)
    process.wait(20)
