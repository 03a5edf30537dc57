"""What the log holds of a request, and what it never holds."""

import json
import logging
from io import StringIO

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from negotiations import log, urls
from negotiations.models import User

from .commands import REAL, manage

pytestmark = pytest.mark.django_db
WORD = "kestrel"


def failing(request, word):
    try:
        raise ValueError(f"no such {word}")
    except ValueError as error:
        raise RuntimeError(f"secret {word}") from error


def forging(request):
    logging.getLogger("django").warning("sent\r\n2026 INFO forged %s", "line")
    return HttpResponse("fine")


def counting(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [WORD])
    return HttpResponse("fine")


handler404 = urls.handler404
urlpatterns = [
    path("failing/<str:word>/", failing, name="failing"),
    path("forging/", forging, name="forging"),
    path("counting/", counting, name="counting"),
    *urls.urlpatterns,
]


@pytest.fixture
def heard(settings):
    """`heard("json")` and `heard("lines")`: what was written since."""
    settings.ROOT_URLCONF = __name__
    kept, root = {}, logging.getLogger()
    for form, formatter in (("json", log.JsonLines()), ("lines", log.Lines())):
        handler = logging.StreamHandler(StringIO())
        handler.setFormatter(formatter)
        handler.addFilter(log.Ours())
        root.addHandler(handler)
        kept[form] = handler
    yield lambda form: kept[form].stream.getvalue().splitlines()
    for handler in kept.values():
        root.removeHandler(handler)


@pytest.fixture
def person():
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create(username=WORD, first_name=WORD))
    return client


def test_each_request_is_one_object_with_names_and_numbers_of_ours(heard, person):
    answer = person.get(f"/search/?q={WORD}", headers={"X-Request-ID": "proxy-0815-abc"})
    (line,) = map(json.loads, heard("json"))
    assert line.pop("time").endswith("Z")
    assert line.pop("ms") > 0
    assert line == {
        "level": "INFO",
        "logger": "parley.requests",
        "request": "proxy-0815-abc",
        "message": "request",
        "method": "GET",
        "route": "issues:search",
        "status": 200,
        "user": User.objects.get().pk,
    }
    assert answer["X-Request-ID"] == "proxy-0815-abc"


def test_people_read_the_same_in_one_line(heard, person):
    person.get("/login/")
    (line,) = heard("lines")
    assert "INFO parley.requests" in line
    assert "method=GET route=account_login status=302" in line


@pytest.mark.parametrize(
    "given", ["", "short", "a b c d e f g", "x" * 65, "über-0815", f"<{WORD}>-1"]
)
def test_an_id_in_no_safe_form_is_replaced(client, given):
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert answer["X-Request-ID"] not in ("", given)
    assert client.get("/healthz")["X-Request-ID"] != answer["X-Request-ID"]


def test_an_error_tells_where_and_of_which_kind_and_no_word(heard, person):
    answer = person.get(f"/failing/{WORD}/?q={WORD}")
    assert answer.status_code == 500
    said = "\n".join(heard("json") + heard("lines"))
    assert WORD not in said
    failure, request = map(json.loads, heard("json"))
    assert failure["route"] == request["route"] == "failing"
    assert failure["request"] == request["request"] == answer["X-Request-ID"]
    assert failure["trace"][-1] == "builtins.RuntimeError"
    assert "builtins.ValueError" in failure["trace"]
    assert any("in failing" in place for place in failure["trace"])


def test_no_address_is_logged(heard, person):
    for address in (f"/{WORD}/", f"/negotiations/{WORD}/", f"/admin/r/{WORD}/"):
        assert person.get(address).status_code == 404
    assert WORD not in "\n".join(heard("json") + heard("lines"))
    assert [json.loads(line)["route"] for line in heard("json")][:2] == [
        "-",
        "issues:state_of_play",
    ]


def test_nobody_can_forge_a_line(heard, person):
    person.get("/forging/")
    assert len(heard("lines")) == 2
    assert r"sent\x0d\x0a2026 INFO forged line" in heard("lines")[0]


def test_what_is_slow_is_a_warning(heard, person, settings):
    settings.PARLEY_SLOW_REQUEST_MS = 0.001
    person.get("/readyz")
    (line,) = map(json.loads, heard("json"))
    assert line["route"] == "readyz"
    assert (line["level"], line["message"]) == ("WARNING", "slow request")


def test_a_slow_query_shows_placeholders_for_what_was_asked(heard, person, settings):
    settings.PARLEY_SLOW_QUERY_MS = 0.001
    person.get("/counting/")
    lines = [json.loads(line) for line in heard("json") if "parley.queries" in line]
    assert "SELECT %s" in [line["sql"] for line in lines]
    assert {line["message"] for line in lines} == {"slow query"}
    assert WORD not in "\n".join(heard("json"))


def test_commands_may_be_slow(heard, settings):
    settings.PARLEY_SLOW_QUERY_MS = 0.001
    User.objects.count()
    assert heard("json") == []


@pytest.mark.django_db(transaction=True)
def test_each_connection_is_watched_once():
    connection.close()
    connection.connect()
    connection.close()
    connection.connect()
    assert connection.execute_wrappers.count(log.warn_if_slow) == 1


WARN = "import logging; logging.getLogger('x').warning('said')"


@pytest.mark.parametrize(("form", "begin"), [("json", '{"time": "'), ("lines", "2")])
def test_the_environment_chooses_the_form(form, begin):
    process = manage("shell", "--verbosity=0", "--command", WARN, **REAL, PARLEY_LOG=form)
    assert process.stderr.startswith(begin)
    assert "said" in process.stderr


def test_an_unknown_form_is_refused():
    process = manage("check", **REAL, PARLEY_LOG="xml")
    assert process.stderr == "PARLEY_LOG must be lines or json.\n"
