"""The commands of the README, run as pasted on a machine that has only Python and make."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.test_foundation.commands import REAL

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.slow


def block(marker):
    """The shell block that follows `<!-- marker -->` in the README."""
    found = re.search(
        rf"<!-- {marker} -->\s*```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S
    )
    assert found, f"README.md has no sh block after the marker {marker}"
    return found[1]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of what version control knows, as it stands now."""
    target = tmp_path_factory.mktemp("clone")
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git working copy")
    for path in filter(lambda path: (ROOT / path).is_file(), listing.stdout.splitlines()):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, target / path)
    return target


def outside():
    """The environment of a person who has never set anything of ours."""
    ours = ("PARLEY_", "DJANGO_", "DATABASE_URL", "VIRTUAL_ENV", "MAKE")
    rest = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # pip reads this "no" as "do not": Python compiles what it imports, not all that is there.
    return rest | {"PIP_NO_COMPILE": "no"}


class Site:
    """The commands under way, and requests to what they serve."""

    def __init__(self, clone, commands, host, **environment):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.host, self.log = host or f"127.0.0.1:{self.port}", clone / "output.log"
        self.process = subprocess.Popen(
            ["bash", "-euc", commands],
            cwd=clone,
            env=outside() | {"PORT": str(self.port)} | environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=60)

    def wait(self, seconds):
        """Return how long it took until the site said it is well."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if self.ask("GET", "/healthz").status == 200:
                    return time.monotonic() - begun
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"not up after {seconds} s:\n{self.log.read_text()}")

    def ask(self, method, path, cookies="", **form):
        """Ask as the proxy in front would; the answer's text is in `.text`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Host": self.host, "Cookie": cookies, "X-Forwarded-Proto": "https"}
        if form:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            headers |= {"Referer": f"https://{self.host}{path}"}
        connection.request(method, path, urlencode(form), headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        return answer

    def sign_in(self, username, password):
        """Return the session cookie, or fail."""
        page = self.ask("GET", "/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
        typed = {"login": username, "password": password, "csrfmiddlewaretoken": token}
        answer = self.ask("POST", "/login/", cookies_of(page), **typed)
        assert (answer.status, answer.headers["Location"]) == (302, "/"), answer.text
        return cookies_of(answer)


def cookies_of(answer):
    return "; ".join(line.partition(";")[0] for line in answer.headers.get_all("Set-Cookie", []))


def test_demo_starts_from_nothing_and_starts_again_quickly(clone):
    with Site(clone, block("demo"), host="") as site:
        first = site.wait(180)
        home = site.ask("GET", "/", site.sign_in("head", "parley-demo"))
        assert home.status == 200, site.log.read_text()[-2000:]
        assert "Russia–US" in home.text
        assert f"http://127.0.0.1:{site.port}/" in site.log.read_text()
    with Site(clone, block("demo"), host="") as site:
        # No bound in seconds: a busy machine would break it. Nothing is made or loaded again.
        assert site.wait(180) < first / 2


HOST = "parley.example.org"
ADMINISTRATOR = {"PARLEY_ADMIN_USERNAME": "chief", "PARLEY_ADMIN_PASSWORD": "plum-orchard-7"}


@pytest.fixture(scope="module")
def installed(clone):
    """The site that the install steps lead to; the last test here stops it."""
    with Site(clone, block("install"), HOST, **ADMINISTRATOR) as site:
        site.wait(180)
        yield site


def test_install_steps_lead_to_a_site_one_can_sign_in_to(installed):
    cookie = installed.sign_in("chief", "plum-orchard-7")
    assert cookie.startswith("__Host-")
    home = installed.ask("GET", "/", cookie)
    assert home.status == 200, installed.log.read_text()[-2000:]
    assert "Russia–US" not in home.text


def test_copy_taken_while_it_runs_restores_what_was_there(clone, installed):
    with installed:
        kept = clone / "var" / "files" / "sources" / "kept"
        kept.parent.mkdir(parents=True)
        kept.write_bytes(b"minutes")
        run(clone, block("backup"))
        copy = next(clone.glob("parley-*.backup"))
        steps = re.sub(r"parley-[\d-]+\.backup", copy.name, block("restore"))
        assert copy.name in steps
    assert copy.stat().st_mode & 0o077 == 0
    (clone / "var" / "parley.sqlite3").write_bytes(b"damaged")
    (clone / "var" / "files" / "sources").rename(clone / "lost")
    run(clone, steps)
    assert kept.read_bytes() == b"minutes"
    with Site(clone, ".venv/bin/python manage.py serve", HOST, **REAL) as site:
        site.wait(180)
        assert site.sign_in("chief", "plum-orchard-7")


def run(clone, commands):
    """What a person pastes into a shell whose environment has what the server's has."""
    subprocess.run(["bash", "-euc", commands], cwd=clone, env=outside() | REAL, check=True)
