"""Writers and readers: every one a thread with a connection, a sign-in and a list of what happened.

A writer sends an entry until it is acknowledged, always with the same token, as a browser does
whose form is sent again. A reader looks at pages, and at whether one page agrees with itself.
"""

import contextlib
import http.client
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode
from uuid import uuid4

LABELS = ("Raised", "Under discussion", "Agreed in principle", "Agreed")
MARK = re.compile(r"drill ([A-Z][a-z ]+?) ([0-9a-f]{32})")
FORM = "application/x-www-form-urlencoded"


@dataclass
class Asked:
    """One request: when, how long, what came back. `wrong`: empty when it was answered well."""

    at: float
    seconds: float
    is_write: bool
    wrong: str


@dataclass
class Load:
    """What all of them share."""

    port: int
    slug: str
    numbers: list
    until: float = 0.0
    asked: list = field(default_factory=list)
    acknowledged: set = field(default_factory=set)
    sent: set = field(default_factory=set)
    mixtures: list = field(default_factory=list)

    def address(self, rest=""):
        return f"/negotiations/{self.slug}/{rest}"


class Person(threading.Thread):
    is_writer = False

    def __init__(self, load, session, seed):
        super().__init__(daemon=True)
        self.load, self.dice = load, random.Random(seed)  # noqa: S311
        self.cookies = {"sessionid": session}
        self.connection = None

    def ask(self, method, path, body=None, **headers):
        """The answer's status and text; status 0 where none came."""
        begun = time.monotonic()
        headers |= {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    "127.0.0.1", self.load.port, timeout=30
                )
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read().decode()
            status = answer.status
            for line in answer.headers.get_all("Set-Cookie", []):
                name, _equals, rest = line.partition("=")
                self.cookies[name] = rest.partition(";")[0]
        except (OSError, http.client.HTTPException) as error:
            with contextlib.suppress(OSError):
                self.connection.close()
            self.connection, status, text = None, 0, type(error).__name__
        wrong = "" if status == 200 else f"{status or text}"
        took = time.monotonic() - begun
        self.load.asked.append(Asked(begun, took, self.is_writer, wrong))
        return status, text

    def run(self):
        while time.monotonic() < self.load.until:
            self.act()


class Reader(Person):
    def act(self):
        number = self.dice.choice(self.load.numbers)
        pages = [f"issues/{number}/"] * 3 + ["", "issues/", f"issues/{number}/", "rounds/"]
        status, text = self.ask("GET", self.load.address(page := self.dice.choice(pages)))
        if status == 200 and page == f"issues/{number}/":
            self.compare(number, text)
        time.sleep(0.1 if status == 200 else 0.3)

    def compare(self, number, text):
        """Where it stands is what its latest entry says: nobody else speaks on these items."""
        standing, _heading, history = text.partition("<h2>History</h2>")
        latest = MARK.search(history)
        shown = re.search(r'class="card standing">.*?</div>', standing, re.DOTALL)
        words = re.sub(r"<[^>]+>", " ", shown[0]) if shown else ""
        if latest and latest[1] not in re.sub(r"\s+", " ", words):
            self.load.mixtures.append(f"item {number}: {words.split()[:6]} beside {latest[0]}")


class Writer(Person):
    is_writer = True

    def act(self):
        if "csrftoken" not in self.cookies:
            status, _text = self.ask("GET", self.load.address(f"issues/{self.load.numbers[0]}/"))
            if status != 200:
                time.sleep(0.3)
            return
        token, label = uuid4().hex, self.dice.choice(LABELS)
        self.load.sent.add(token)
        number = self.dice.choice(self.load.numbers)
        typed = self.typed(token, label)
        # Whoever gets no answer sends the form again, a while after the end as well.
        while time.monotonic() < self.load.until + 30:
            status, _text = self.send(number, typed)
            if status == 200:
                self.load.acknowledged.add(token)
                break
            time.sleep(0.3)
        time.sleep(0.05)

    def typed(self, token, label):
        return {
            "csrfmiddlewaretoken": self.cookies["csrftoken"],
            "token": token,
            "who": "party:NOR",
            "status": label,
            "said": f"{date.today():%-d %b %Y}",
            "text": f"drill {label} {token}",
            "audience": "members",
        }

    def send(self, number, typed):
        headers = {"Content-Type": FORM, "HX-Request": "true", "HX-Target": "entry-form"}
        path = self.load.address(f"issues/{number}/entries/")
        return self.ask("POST", path, urlencode(typed), **headers)


def figures(load):
    """What the requests amount to, reading and writing apart."""
    found = {}
    for name, is_write in (("reading", False), ("writing", True)):
        of = [asked for asked in load.asked if asked.is_write == is_write]
        times = sorted(asked.seconds for asked in of if not asked.wrong)
        found[name] = {
            "requests": len(of),
            "failed": sum(bool(asked.wrong) for asked in of),
            "how": dict(Counter(asked.wrong for asked in of if asked.wrong)),
            "median_ms": round(1000 * times[len(times) // 2]) if times else None,
            "p95_ms": round(1000 * times[len(times) * 95 // 100]) if times else None,
            "longest_ms": round(1000 * times[-1]) if times else None,
        }
    return found


def recoveries(load, events):
    """For each event, after how many seconds the last request failed before the next event."""
    ends = [at for _name, at in events[1:]] + [float("inf")]
    found = []
    for (name, at), end in zip(events, ends, strict=True):
        wrong = [a.at + a.seconds for a in load.asked if a.wrong and at <= a.at + a.seconds < end]
        found.append((name, len(wrong), round(max(wrong) - at, 1) if wrong else 0.0))
    return found
