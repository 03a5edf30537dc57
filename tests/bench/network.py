"""The same requests through the production server, over loopback, from one and from eight."""

import http.client
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from django.conf import settings

from tests.drills.places import ROOT, free_port, wait_for

from .measure import TOKEN, Answer, p95, session_of

TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def server(workers=1, port=None, **environment):
    """`manage.py serve` on the database of this process, with the floor among its addresses."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=os.environ | {"PORT": str(port), "PARLEY_WORKERS": str(workers)} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


class Server:
    def __init__(self, port, group):
        self.port, self.group = port, group

    def processes(self):
        """All that belongs to it: the one that watches, and the workers."""
        for folder in Path("/proc").iterdir():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (OSError, NotADirectoryError):
                continue
            if int(fields[2]) == self.group:
                yield folder, fields

    def cpu_seconds(self):
        return sum(int(f[11]) + int(f[12]) for _folder, f in self.processes()) / TICKS

    def memory_mb(self):
        """What all of them hold; what they share counts once."""
        sizes = [
            int(line.split()[1]) / 1024
            for folder, _fields in self.processes()
            for line in (folder / "smaps_rollup").read_text().splitlines()
            if line.startswith("Pss:")
        ]
        return round(sum(sizes), 1)


class NetBrowser:
    """As `measure.Browser`, over a connection that is kept."""

    def __init__(self, user, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = {settings.SESSION_COOKIE_NAME: session_of(user)}
        self.token = ""

    def get(self, address, target=""):
        return self._ask("GET", address, target)

    def post(self, address, target="", **typed):
        body = urlencode({"csrfmiddlewaretoken": self.token} | typed)
        return self._ask("POST", address, target, body)

    def take_token(self, address):
        answer = self.get(address)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                key, _equals, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        self.token = TOKEN.search(answer.text)[1]

    def _ask(self, method, address, target, body=None):
        host = settings.ALLOWED_HOSTS[0]
        headers = {
            "Host": host,
            "X-Forwarded-Proto": "https",
            "Referer": f"https://{host}/",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if target:
            headers |= {"HX-Request": "true", "HX-Target": target}
        begun = time.perf_counter()
        self.connection.request(method, address, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - begun
        return Answer(answer.status, answer.getheaders(), content, seconds, 0.0)


def through_server(serving, make_probes, asks, only=()):
    """For each probe: times from one connection and from eight, and CPU of a request.

    `make_probes(place)` gives the probes of one connection, the first of eight also for one;
    `only` names those that are wanted, if not all.
    """
    sets = [make_probes(place) for place in range(8)]
    found = []
    for probes in zip(*sets, strict=True):
        if probes[0].every > 1 or (only and probes[0].name not in only):
            continue
        for _warm in range(3):
            probes[0]()
        cpu, alone = serving.cpu_seconds(), [probes[0]().seconds for _ask in range(asks)]
        cpu = (serving.cpu_seconds() - cpu) / asks
        together, took = _together(probes, asks // 2)
        found.append(
            {
                "name": probes[0].name,
                "cpu_ms": round(cpu * 1000, 2),
                "one_ms": round(median(alone) * 1000, 2),
                "one_p95_ms": round(p95(alone) * 1000, 2),
                "eight_ms": round(median(together) * 1000, 2),
                "eight_p95_ms": round(p95(together) * 1000, 2),
                "per_second": round(len(together) / took, 1),
            }
        )
    return found


def _together(probes, asks):
    times, begun = [], time.perf_counter()

    def ask(probe):
        for _ask in range(asks):
            times.append(probe().seconds)

    threads = [threading.Thread(target=ask, args=(probe,)) for probe in probes]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return times, time.perf_counter() - begun


def memory_after(serving, make_probes, requests):
    """What the server holds after each tenth of mixed requests from eight connections."""
    step = max(8, requests // 10)
    sets = [make_probes(place) for place in range(8)]
    mixed = [[p for p in probes if p.every == 1 and "floor" not in p.name] for probes in sets]
    sizes = [(0, serving.memory_mb())]
    for done in range(step, requests + 1, step):

        def ask(probes, start=done):
            for turn in range(step // 8):
                probes[(start + turn) % len(probes)]()

        threads = [threading.Thread(target=ask, args=(probes,)) for probes in mixed]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        sizes.append((done, serving.memory_mb()))
    return sizes
