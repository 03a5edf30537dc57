"""What a process that serves holds between requests, and for how long."""

import ctypes
import gc
import subprocess
import sys
import weakref

import pytest
from django.db import connection
from django.shortcuts import render
from django.template import TemplateDoesNotExist, engines
from django.test import RequestFactory

from negotiations import server

from .commands import ROOT


class Row:
    """Something that a page shows; unlike a text it can be watched."""


@pytest.fixture
def idle_collector():
    """What goes now goes by itself."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def request_of_nobody():
    request = RequestFactory().get("/")
    request.user = None
    request._messages = []
    return request


@pytest.mark.parametrize("made", ["file", "text"])
def test_what_a_page_was_made_of_goes_with_it(idle_collector, request_of_nobody, made):
    row = Row()
    watched = weakref.ref(row)
    if made == "file":
        render(request_of_nobody, "404.html", {"row": row})
    else:
        template = engines["django"].from_string("{{ row }}")
        template.render({"row": row}, request_of_nobody)
    del row
    assert watched() is None


def test_context_of_whoever_asks_for_a_page_stays_his(request_of_nobody):
    context = {"name": "Annex"}
    template = engines["django"].from_string("{{ name }}{% with a=1 %}{{ a }}{% endwith %}")
    assert template.render(context) == template.render(context, request_of_nobody) == "Annex1"
    assert context == {"name": "Annex"}


def test_missing_part_of_a_page_is_named(request_of_nobody):
    template = engines["django"].from_string('{% include "is/not/there.html" %}')
    with pytest.raises(TemplateDoesNotExist, match="is/not/there") as raised:
        template.render({}, request_of_nobody)
    assert raised.value.backend is engines["django"]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its pages itself")
def test_pages_that_all_connections_keep_have_one_bound():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA soft_heap_limit")
        assert cursor.fetchone() == (32 * 1024 * 1024,)


def test_collector_looks_soon_at_what_was_passed_on(monkeypatch):
    """As a page under way when it looked, of which a circle is left."""
    usual = gc.get_threshold()
    monkeypatch.setattr(server.gc, "freeze", lambda: None)
    try:
        server.spare_collector()
        row = Row()
        row.itself, watched = row, weakref.ref(row)
        gc.collect(0)
        del row
        assert watched() is not None
        _made_meanwhile = [[] for _place in range(60_000)]
        assert watched() is None
    finally:
        gc.set_threshold(*usual)


HEAPS = """
import ctypes, threading
from negotiations.server import share_heap
if {shared}:
    share_heap()
begun = threading.Barrier(4)
def take():
    begun.wait(10)
    kept = [bytes(10_000) for _place in range(100)]
    begun.wait(10)
threads = [threading.Thread(target=take) for _place in range(4)]
for one in threads:
    one.start()
for one in threads:
    one.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="the heaps are glibc's")
def test_threads_of_the_server_share_one_heap():
    assert _heaps(shared=True) == 1
    assert _heaps(shared=False) > 1


def _heaps(*, shared):
    program = [sys.executable, "-c", HEAPS.format(shared=shared)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.count("<heap nr=")


def test_server_shares_its_heap_before_it_has_threads(monkeypatch):
    done = []
    monkeypatch.setattr(server, "share_heap", lambda: done.append("heap"))
    monkeypatch.setattr(server.gc, "freeze", lambda: None)
    monkeypatch.setattr(server.os, "register_at_fork", lambda **_told: None)
    monkeypatch.setattr(server, "make_server", lambda *_given: _Serving(done))
    server.run_server("127.0.0.1", 0)
    assert done == ["heap", "serving"]


class _Serving:
    def __init__(self, done):
        self.done = done

    def serve(self):
        self.done.append("serving")
