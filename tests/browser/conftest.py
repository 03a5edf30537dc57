"""Browsers on the demo's case: one server and one sign-in per role for all of a run.

Tests that write do so in talks of their own (`tests.browser.talks`); the case is only read.
"""

import os
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings

from tests.browser.serve import HOST, PASSWORD
from tests.browsing import DESK, Guard, open_context
from tests.databases import address_of

START_SECONDS = 120


@pytest.fixture(scope="session")
def site(tmp_path_factory, databases, django_db_blocker):
    """The address of the production server on a database of its own, with the case in it."""
    folder = tmp_path_factory.mktemp("site")
    with django_db_blocker.unblock():
        database = address_of(databases.copy(databases.case(), "site"))
    with open(folder / "log", "wb") as log:
        port = _free_port()
        env = {"PARLEY_DEMO": "1", "DATABASE_URL": database, "PORT": str(port)}
        command = [sys.executable, "-m", "tests.browser.serve"]
        server = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=os.environ | env, stdout=log, stderr=log
        )
        try:
            address = f"http://{HOST}:{port}"
            _wait_for(server, address, folder / "log")
            yield address
        finally:
            server.terminate()
            server.wait(60)


def _free_port():
    with socket.socket() as free:
        free.bind((HOST, 0))
        return free.getsockname()[1]


def _wait_for(server, address, log):
    for _ in range(START_SECONDS * 10):
        assert server.poll() is None, log.read_text()
        try:
            urlopen(f"{address}/healthz").close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"The server did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def cookies(chromium, site):
    """`cookies(role)`: the cookies of that demo person, signed in once through the page."""
    known = {}

    def of(role):
        if role not in known:
            with open_context(chromium, site) as context:
                sign_in(context.new_page(), role)
                known[role] = context.cookies()
        return known[role]

    return of


def sign_in(page, role):
    page.goto("/login/")
    page.get_by_label("User name").fill(role)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/login/" not in address)


@pytest.fixture
def visit(chromium, site, cookies):
    """`visit(role, **options)`: a new window of a demo person; without a role of a visitor.

    At the end of the test every window must have stayed within its own host and its own policy.
    """
    contexts, guard = [], Guard(site)

    def open_window(role=None, **options):
        context = open_context(chromium, site, **options)
        contexts.append(context)
        guard.watch(context)
        if role:
            context.add_cookies(cookies(role))
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()
    assert guard.offences == []


@pytest.fixture(scope="session")
def tabs(chromium, site, cookies):
    """A window per demo person for pages that are only read, with what it was caught at."""
    opened = {}

    def of(role):
        if role not in opened:
            guard, context = Guard(site), open_context(chromium, site)
            guard.watch(context)
            context.add_cookies(cookies(role) if role else [])
            opened[role] = context.new_page(), guard
        return opened[role]

    yield of
    for page, _guard in opened.values():
        page.context.close()


@pytest.fixture
def leaf(tabs):
    """`leaf(role, address)`: the page at that address, in the window that this person has.

    A window of its own costs as much as the page, and the same script would be compiled anew.
    Nothing of the page before is left; whoever types, clicks or stores uses `visit`.
    """
    watched = []

    def turn_to(role, address):
        page, guard = tabs(role)
        watched.append(guard)
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
        page.goto(address)
        return page

    yield turn_to
    offences = [offence for guard in watched for offence in guard.offences]
    for guard in watched:
        guard.offences.clear()
    assert offences == []
