"""Takes the pictures of the README from the demo itself: `make screenshots`."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from tests.browsing import open_context
from tests.conftest import CHROMIUM, NO_CHROMIUM

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "fixtures" / "screenshots"
CASE = "/negotiations/russia-us/"
PAGES = {"state-of-play": CASE, "item": f"{CASE}issues/16/"}
PASSWORD = "only-for-the-pictures"
START_SECONDS = 60


def main():
    if not CHROMIUM:
        sys.exit(f"No pictures taken: {NO_CHROMIUM}.")
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        _Demo(scratch) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for picture in _take(browser, address):
            print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size // 1024} kB")
        browser.close()


def _take(browser, address):
    page = open_context(browser, address, color_scheme="light").new_page()
    page.goto("/login/")
    page.get_by_label("User name").fill("recorder")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    for name, path in PAGES.items():
        page.goto(path)
        file = PICTURES / f"{name}.png"
        page.screenshot(path=file)
        yield file


class _Demo:
    """The demo on a free port, with a database that goes when the pictures are taken."""

    def __init__(self, scratch):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = os.environ | {
            "PARLEY_DEMO": "1",
            "PARLEY_DEMO_PASSWORD": PASSWORD,
            "DATABASE_URL": f"sqlite:///{scratch}/pictures.sqlite3",
            "PORT": str(self.port),
        }

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )
        address = f"http://127.0.0.1:{self.port}"
        self._wait(f"{address}/healthz")
        return address

    def _wait(self, address):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urlopen(address):
                    return
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        sys.exit("The demo did not start.")

    def __exit__(self, *_exc_info):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


if __name__ == "__main__":
    main()
