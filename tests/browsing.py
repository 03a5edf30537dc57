"""What every browser test watches for and how it asks axe, whichever server it talks to."""

import os
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = "color-contrast"
# A bound for what hangs; a busy machine takes long for what works.
PATIENCE = 30_000
DESK, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


def go_without(reason):
    """Skip the test for what this machine lacks; where REQUIRE_ALL=1 nothing may be lacking."""
    stop = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
    stop(reason)


class Guard:
    """Notes what no page may do: reach another host, break its own policy, trip in its script."""

    def __init__(self, address):
        self.host = urlsplit(address).netloc
        self.offences = []

    def watch(self, context):
        context.on("request", self._note_foreign)
        context.on("console", self._note_violation)
        context.on("weberror", lambda error: self.offences.append(str(error.error)))

    def _note_foreign(self, request):
        if urlsplit(request.url).netloc != self.host:
            self.offences.append(f"request to another host: {request.url}")

    def _note_violation(self, message):
        if "Content Security Policy" in message.text:
            self.offences.append(message.text)


def open_context(browser, address, **options):
    """A person's own browser window; `options` as Playwright's `new_context`."""
    context = browser.new_context(
        **{"base_url": address, "viewport": DESK, "locale": "en-GB"} | options
    )
    context.set_default_timeout(PATIENCE)
    return context


def findings(page, only=None, without=()):
    """What axe has against the page as it stands; `only` or `without` these rules.

    After a click the caller waits for what the next page shows: here only its rest is awaited.
    """
    page.wait_for_load_state()
    # A colour on its way from one look to the other is neither; what is swapped out is gone.
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    # The size of buttons and links is off unless it is asked for by name.
    rules = {"target-size": {"enabled": True}} | {name: {"enabled": False} for name in without}
    chosen = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": TAGS}
    options = {"runOnly": chosen, "rules": {} if only else rules, "resultTypes": ["violations"]}
    found = page.evaluate("(options) => axe.run(document, options)", options)["violations"]
    return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]
