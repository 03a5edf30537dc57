"""Server time of a request: from the call of the WSGI application to the last byte."""

import gzip
import io
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.wsgi import get_wsgi_application
from django.db import connection

from negotiations.sessions import BEGAN, SEEN

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float
    cpu_seconds: float
    queries: int = 0

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    """One signed-in person. Requests pass all middleware, as from the server behind its proxy."""

    def __init__(self, user):
        self.application = get_wsgi_application()
        self.cookies = {settings.SESSION_COOKIE_NAME: session_of(user)}
        self.token = ""

    def get(self, address, target=""):
        return self._ask(self._environ("GET", address, target))

    def post(self, address, target="", **typed):
        body = urlencode({"csrfmiddlewaretoken": self.token} | typed).encode()
        environ = self._environ("POST", address, target)
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
        return self._ask(environ)

    def take_token(self, address):
        """Opens a page with a form, for the cookie and the token that a POST needs."""
        answer = self.get(address)
        for name, value in answer.headers:
            if name == "Set-Cookie":
                key, _equals, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        self.token = TOKEN.search(answer.text)[1]

    def _environ(self, method, address, target):
        path, _mark, query = address.partition("?")
        host = settings.ALLOWED_HOSTS[0]
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": host,
            "HTTP_X_FORWARDED_PROTO": "https",
            "HTTP_REFERER": f"https://{host}{path}",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if target:
            environ |= {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": target}
        return environ

    def _ask(self, environ):
        begun, cpu_begun = time.perf_counter(), time.thread_time()
        sent = []
        iterable = self.application(environ, lambda *start: sent.append(start))
        body = b"".join(iterable)
        iterable.close()
        seconds, cpu_seconds = time.perf_counter() - begun, time.thread_time() - cpu_begun
        status, headers = sent[0][:2]
        return Answer(int(status.split()[0]), headers, body, seconds, cpu_seconds)


def session_of(user):
    """A session as signing in makes it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[BEGAN] = session[SEEN] = int(time.time())
    session.save()
    return session.session_key


# --- Requests to measure ------------------------------------------------------------------------


@dataclass
class Probe:
    """One kind of request; the first one given to `run` is what all are held against."""

    name: str
    ask: Callable[[], Answer]
    status: int = 200
    times: list[float] = field(default_factory=list)
    cpu_times: list[float] = field(default_factory=list)
    first: Answer | None = None
    # Of so many repeats one: what takes seconds is not asked as often.
    every: int = 1

    def __call__(self):
        answer = self.ask()
        assert answer.status == self.status, f"{self.name}: {answer.status}\n{answer.text[:2000]}"
        return answer


def run(probes, repeats):
    """Asks each probe in turn, round after round: a slow moment of the machine hits all alike."""
    for probe in probes:
        probe()  # compiles templates, opens connections
        probe.first = _counting_queries(probe)
    for round_ in range(repeats):
        for probe in probes:
            if round_ % probe.every:
                continue
            answer = probe()
            probe.times.append(answer.seconds)
            probe.cpu_times.append(answer.cpu_seconds)
    return [_result(probe, probes[0]) for probe in probes]


def _counting_queries(probe):
    asked = []

    def note(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = probe()
    answer.queries = len(asked)
    return answer


def _result(probe, floor):
    median, cpu = statistics.median(probe.times), statistics.median(probe.cpu_times)
    return {
        "name": probe.name,
        "median_ms": _ms(median),
        "p95_ms": _ms(p95(probe.times)),
        "ratio": round(median / statistics.median(floor.times), 2),
        "cpu_ms": _ms(cpu),
        "cpu_p95_ms": _ms(p95(probe.cpu_times)),
        "cpu_ratio": round(cpu / statistics.median(floor.cpu_times), 2),
        "queries": probe.first.queries,
        "bytes": len(probe.first.body),
        "bytes_gzip": len(gzip.compress(probe.first.body, 6)),
        "requests": len(probe.times),
    }


def p95(times):
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def _ms(seconds):
    return round(seconds * 1000, 2)
