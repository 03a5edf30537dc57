"""What every test may use: the browser, and the rule for what is missing on a machine."""

import os
import shutil
from urllib.parse import urlsplit

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NO_CHROMIUM = "chromium is not on the PATH"


def pytest_runtest_setup(item):
    """Skip browser tests where there is no chromium; REQUIRE_ALL=1 makes that a failure."""
    if item.get_closest_marker("browser") and not CHROMIUM:
        stop = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
        stop(NO_CHROMIUM)


@pytest.fixture(scope="session")
def chromium():
    """The system's chromium, started once per test process."""
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in the test's thread; Django would refuse the ORM there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium, live_server):
    """Open a page of its own person: `new_page(user, javascript_enabled=False, ...)`.

    At the end of the test every page must have stayed within its own host and its own policy.
    """
    contexts, offences = [], []

    def open_page(user=None, **options):
        options = {"viewport": {"width": 1360, "height": 900}, "locale": "en-GB"} | options
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.on("request", lambda request: _note_foreign(request, live_server, offences))
        context.on("console", lambda message: _note_violation(message, offences))
        if user:
            context.add_cookies([_signed_in(user, live_server)])
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert offences == []


def _note_foreign(request, live_server, offences):
    if urlsplit(request.url).netloc != urlsplit(live_server.url).netloc:
        offences.append(f"request to another host: {request.url}")


def _note_violation(message, offences):
    if "Content Security Policy" in message.text:
        offences.append(message.text)


def _signed_in(user, live_server):
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}


@pytest.fixture
def findings():
    """`findings(page)` lists what axe has against the page as it stands, empty if nothing."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def run(page):
        violations = axe.run(page).response["violations"]
        return [(found["id"], node["html"]) for found in violations for node in found["nodes"]]

    return run
