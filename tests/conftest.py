"""What every test may use: databases, the browser, the rule for what a machine lacks."""

import gc
import os
import shutil

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.browsing import PATIENCE, Guard, go_without, open_context
from tests.threads import written_at_once

# The one without windows first: the same engine at a third of the processor time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
NO_CHROMIUM = "chromium is not on the PATH"
# No page lives long enough for what its compiler does beside it: a tenth of the time of a page.
LAUNCHED = ["--no-sandbox", "--js-flags=--single-threaded --no-opt"]

# How long an example takes tells of the machine. The checks before a release repeat themselves
# (--hypothesis-profile repeatable); elsewhere each run tries examples of its own.
settings.register_profile("own", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("own"), derandomize=True)
settings.load_profile("own")


NO_DATABASE = "tests/test_foundation/test_readme.py"


class ByModule(LoadScopeScheduling):
    """Tests of a module share what they begin with, so one process runs them all; the largest
    first. Tests of the browser fill up what is left, one by one.

    In place of marks and --dist loadgroup, whose names of groups this version of pytest drops.
    """

    def _split_scope(self, nodeid):
        module = nodeid.partition("::")[0]
        return nodeid if module.startswith("tests/browser/") else module

    def _assign_work_unit(self, node):
        """First of all what needs no database: nobody waits there while another migrates."""
        if NO_DATABASE in self.workqueue:
            self.workqueue.move_to_end(NO_DATABASE, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config, log):
    return ByModule(config, log)


def pytest_collection_finish(session):
    """What was imported stays: a sixteenth of the suite's time went into looking through it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_setup(item):
    """Skip browser tests where there is no chromium; REQUIRE_ALL=1 makes that a failure."""
    if item.get_closest_marker("browser") and not CHROMIUM:
        go_without(NO_CHROMIUM)


@pytest.fixture(scope="session", autouse=True)
def uploads(tmp_path_factory):
    """What tests upload lies apart from what the program keeps."""
    from django.test import override_settings

    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("uploads")):
        yield


@pytest.fixture(scope="session", autouse=True)
def files_at_once():
    """Files are written within the request: another thread would not see a test's transaction."""
    with written_at_once():
        yield


@pytest.fixture(scope="session")
def databases(tmp_path_factory, testrun_uid, worker_id, django_test_environment, django_db_blocker):
    """The databases that the processes of this run share."""
    from tests.databases import Databases

    mine = tmp_path_factory.getbasetemp()
    shared = Databases(mine if worker_id == "master" else mine.parent, testrun_uid[:8], worker_id)
    yield shared
    with django_db_blocker.unblock():
        shared.drop()


@pytest.fixture(scope="session")
def django_db_setup(databases, django_db_blocker):
    """pytest-django's own would migrate in every process; this one copies what one migrated."""
    from tests.databases import lead_to

    with django_db_blocker.unblock():
        lead_to(databases.copy(databases.empty(), "tests"))
        yield
        lead_to(None)


@pytest.fixture(scope="module")
def module_db(request, django_db_setup, django_db_blocker):
    """For what all tests of a module begin with, made once: each takes its own changes back.

    A test works on a deep copy of it, asked for together with `db`.
    """
    from django.db import transaction

    ours = [item for item in request.session.items if item.module is request.module]
    assert not any(map(_commits, ours)), "a test of this module would wait for it: move one of both"
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def _commits(item):
    marker = item.get_closest_marker("django_db")
    live = {"live_server", "transactional_db"}.intersection(item.fixturenames)
    return bool(live) or bool(marker and marker.kwargs.get("transaction"))


@pytest.fixture(scope="module")
def module_talks(module_db):
    from tests import factories

    return factories.make_talks()


@pytest.fixture(scope="module")
def module_delegations(module_db):
    from tests import factories

    return factories.make_delegations()


@pytest.fixture(scope="session")
def case(databases, django_db_setup, django_db_blocker):
    """The name of this process's database with the case in it: no test here loads it anew."""
    with django_db_blocker.unblock():
        return databases.copy(databases.case(), "case")


@pytest.fixture(scope="class", autouse=True)
def connected_to_the_case(request):
    """Classes marked `case` are about a database that holds it, before they set anything up."""
    if not request.node.get_closest_marker("case"):
        yield
        return
    from tests.databases import connected

    with connected(request.getfixturevalue("case")):
        yield


@pytest.fixture(scope="session")
def chromium():
    """The system's chromium, started once per test process."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    # Playwright runs an event loop in the test's thread; Django would refuse the ORM there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=LAUNCHED)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium, live_server):
    """Open a page of its own person: `new_page(user, java_script_enabled=False, ...)`.

    At the end of the test every page must have stayed within its own host and its own policy.
    """
    contexts, guard = [], Guard(live_server.url)

    def open_page(user=None, **options):
        context = open_context(chromium, live_server.url, **options)
        contexts.append(context)
        guard.watch(context)
        if user:
            context.add_cookies([_signed_in(user, live_server)])
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert guard.offences == []


def _signed_in(user, live_server):
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
