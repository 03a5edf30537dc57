"""Every form and every address with what nobody types: `python -m tests.leaks.fuzz [minutes]`.

The forms are those of the pages themselves, found by going everywhere; each is sent as it stands
but for a few fields that hold something odd. No answer may be a failure, hold a word that is not
its reader's, or refuse and yet have written something. The suite does a short run.
"""

import logging
import os
import re
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote_from_bytes, urlsplit

import django
from django.test.utils import override_settings, setup_test_environment
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.statements import noted_writes

from .forms import UUID, Form, encoded, forms_on, quoted, shape

MEGABYTE = "a" * 1_000_000
# The first is what every field is tried with; the rest is drawn.
ODD = (
    *("a\0b", "", " ", "\0", "\ufeff", "\u202eevil\u202c", "\u2066x\u2069", "\ud800", "x\udfff"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")', "=cmd|' /C calc'!A0"),
    *("9" * 400, "-" + "9" * 30, "9223372036854775808", "1e400", "nan", "inf", "0", "-0", "1.5"),
    *("²", "٣", "१२", "0x10", "1_000", "1,5", " 7 "),
    *("31 Feb 2026", "29 Feb 2025", "0000-00-00", "0001-01-01", "9999-12-31", "2026-13-45"),
    *("1 Jan 10000", "dec 9999", "2026-11-31T25:61", "99:99", "24:00", f"round-{'9' * 20}"),
    *("2026-01-01T00:00:00+99:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("\r\nX: y", "<script>alert(1)</script>", "%s%n{0}", "../../etc/passwd", "' OR 1=1 --"),
    *("{{ 7 }}", "[]", '{"a": 1}', "null", "true", "on", "party:", "party:XX", "joint:", ":", ","),
    *("00000000-0000-0000-0000-000000000000", "http://[", "javascript:alert(1)", "a@b", "x" * 300),
    *("e\u0301" * 50, "\U0001f1f7\U0001f1fa", "\u0130", "ß", "\x7f", "\x1b[2J", "\u2028"),
)
texts = st.sampled_from(ODD) | st.text(st.characters(), max_size=40)  # surrogates included
headers = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_HX_REQUEST": st.sampled_from(["true", "false", "\xff"]),
        "HTTP_HX_TARGET": st.sampled_from(["item", "state", "entry-form", "x\xff", "%00"]),
        "HTTP_HX_CURRENT_URL": st.sampled_from(["http://testserver/", "//[", "\xff", "x" * 5000]),
        "HTTP_HX_HISTORY_RESTORE_REQUEST": st.just("true"),
        "HTTP_ACCEPT_LANGUAGE": st.sampled_from(["xx;q=9", "*" * 900, "\xff"]),
    },
)


# What is noted of a try, good or bad: that of a vault included. Drafts are kept as they come.
UNRULED = (
    "SecurityEvent",
    "SecurityHead",
    "VaultUse",
    "SharedCount",
    "Sheet",
    "SheetRow",
    "Upload",
)


# --- The world ------------------------------------------------------------------------------------

# Who looks for forms, and on which pages: the head of a delegation may nearly all.
ROLES = {
    "us_head": "",
    "head": "negotiations:members",
    "anonymous": ("account_", "mfa_", "welcome", "forgotten", "invitation"),
}


SHOWING = ("issues:state_of_play", "issues:issue_detail", "issues:changes", "issues:paper_state")


class Target:
    """The world with its secrets, and what there is to send in it."""

    def __init__(self):
        from tests.leaks import crawl, world

        self.talks = world.base()
        world.secrets(self.talks)
        world.later(self.talks)
        self.clients = crawl.signed_in(self.talks)
        for client in self.clients.values():
            client.raise_request_exception = False
        self.forms = sorted(self._forms(), key=str)
        self.addresses = sorted(self._addresses(), key=str)
        self.rows = self._dump()

    def _forms(self):
        """Each once, by who sends it, where to and the names of its fields."""
        found = {}
        for role, address, before in self._pages():
            with self._after(role, before):
                answer = self.clients[role].get(address)
                for action, method, fields in forms_on(answer):
                    target = action or address
                    form = Form(role, target, method, fields, before)
                    names = {UUID.sub("*", name) for name in form.names}
                    found.setdefault((shape(target), method, *sorted(names)), form)
        return found.values()

    def _pages(self):
        """Where forms are: those of a head, what only another has, and those of outside."""
        from tests.leaks import admin, table

        for role, prefix in ROLES.items():
            for route in table.ROUTES:
                if route.method == "GET" and route.name.startswith(prefix):
                    visits = table.visits(route)
                    for before in dict.fromkeys(visit.before for visit in visits):
                        yield role, table.address(route, visits[0], self.talks), before
        for address in admin.addresses():
            if "?" not in address:
                yield "superuser", address, None
        yield from (("superuser", address, None) for address in self._rows_of_the_admin())

    def _rows_of_the_admin(self):
        from tests.leaks import admin

        for model in admin.models():
            row = model._default_manager.order_by("pk").first()
            if row:
                yield admin.page(model, "change", row.pk)

    def _addresses(self):
        """Every address that can be looked at, for odd queries and odd parts."""
        from tests.leaks import table

        for route in table.ROUTES:
            if route.method == "GET":
                yield route.name, table.address(route, table.visits(route)[0], self.talks)

    @contextmanager
    def _after(self, role, before):
        """With what goes before; nothing stays, not even in the cookies."""
        from tests.test_permissions import undone

        client = self.clients[role]
        kept = client.cookies.copy()
        try:
            with undone():
                if before:
                    before(client, self.talks)
                yield
        finally:
            client.cookies = kept

    def _dump(self):
        """Every row of both apps. The log notes tries; drafts are kept as far as they are good."""
        from django.apps import apps

        models = [
            model
            for app in ("issues", "negotiations")
            for model in apps.get_app_config(app).get_models()
            if model.__name__ not in UNRULED
        ]
        return {model: sorted(model._base_manager.values_list(), key=str) for model in models}

    def send(self, form, data, more):
        """What is wrong with the answer to this form, in words; nothing where all is well."""
        with self._after(form.role, form.before):
            before = self.rows if form.before is None else self._dump()
            body, kind = encoded(data, form.has_file)
            client = self.clients[form.role]
            if form.method == "GET":
                plain, _kind = encoded([pair for pair in data if isinstance(pair[1], str)], False)
                parts = urlsplit(form.action)
                with noted_writes() as writes:
                    answer = client.get(f"{parts.path}?{plain.decode()}", **more)
                return self._wrong(form.role, answer, plain, before if writes else None)
            with noted_writes() as writes:
                answer = client.generic("POST", form.action, body, content_type=kind, **more)
            wrong = self._wrong(form.role, answer, body, before if writes else None)
            if not wrong and answer.status_code in (302, 303):
                shown = client.get(answer["Location"])
                wrong = self._wrong(form.role, shown, body, None)
                wrong = wrong or self._shown(client, form.role, len(body))
            return wrong

    def _shown(self, client, role, number):
        """What was accepted has to be shown as well: on one of these pages."""
        from tests.test_permissions import address_of

        name = SHOWING[number % len(SHOWING)]
        wrong = self._wrong(role, client.get(address_of(name, self.talks)), b"", None)
        return f"afterwards on {name}: {wrong}" if wrong else ""

    def ask(self, address, more):
        """The same of an address, for the head of a delegation."""
        role = "us_head"
        with self._after(role, None):
            with noted_writes() as writes:
                answer = self.clients[role].get(address, **more)
            asked = address.encode("utf-8", "surrogatepass")
            return self._wrong(role, answer, asked, self.rows if writes else None)

    def _wrong(self, role, answer, sent, before):
        """`before` is every row, as long as something may have been written since."""
        from tests.leaks import crawl

        if answer.status_code >= 500:
            return f"{answer.status_code}: {answer.exc_info[1]!r}" if answer.exc_info else "500"
        text = crawl.decoded(answer)
        where = quote_from_bytes(sent[:2000])
        told = crawl.Answer(where, answer.status_code, text).birds(role)
        if told:
            return f"{answer.status_code} tells {told}"
        refused = answer.status_code >= 400
        if refused and before is not None:
            now = self._dump()
            changed = [model.__name__ for model in now if now[model] != before[model]]
            if changed:
                return f"{answer.status_code}, and yet written: {', '.join(changed)}"
        return ""


# --- What is sent ---------------------------------------------------------------------------------

FILE_NAMES = (
    *("a.csv", "a.xlsx", "a.json", "a.pdf", "a.png"),
    *("a\0.csv", "..", "\u202evsc.exe", "x" * 300),
)
CONTENTS = (
    *(b"", b"\0", b"PK\x03\x04", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"\xff\xfe\x00\xd8"),
    *(b"{}", b"[]", b'{"format": 1e999}', b"[" * 100_000, b'"' * 5000, b"\n" * 5000),
    *(b"a,b\n=1,\0\n", b"\xef\xbb\xbfItem;Date\nx;y"),
)
files = st.tuples(st.sampled_from(FILE_NAMES), st.sampled_from(CONTENTS) | st.binary(max_size=60))


@st.composite
def filled(draw, form):
    """The form as it stands, with fields odd, said twice, left out or of another kind.

    Which of them stay as they are is drawn last of all: first every field is odd.
    """
    good = draw(st.sets(st.sampled_from(form.names))) if form.names else set()
    odd, data = set(form.names) - good, []
    for name, value in form.fields:
        if name not in odd:
            if value is not None:
                data.append((name, value))
            continue
        times = draw(st.sampled_from([1, 1, 1, 1, 0, 2, 3]))
        wanted = (
            files if (value is None) != draw(st.integers(0, 9).map(lambda n: n == 9)) else texts
        )
        data += [(name, draw(wanted)) for _time in range(times)]
    if form.names and draw(st.integers(0, 9)) == 5:
        data.append((draw(st.sampled_from(form.names)), MEGABYTE))
    if draw(st.integers(0, 19)) == 19:
        data.append((draw(texts), draw(texts)))
    return [(name, value) for name, value in data if form.has_file or isinstance(value, str)]


@st.composite
def queries(draw, address, names):
    """The address with odd values for what pages look for there: first for all of it."""
    left_out = draw(st.sets(st.sampled_from(names)))
    pairs = [(name, draw(texts)) for name in names if name not in left_out]
    return f"{address}?{encoded(pairs, False)[0].decode()}"


def query_names():
    """Every name that a page looks for in its address."""
    from issues.filters import IssueFilter
    from negotiations.security_log import SecurityFilter
    from tests.leaks.mutations import modules

    asked = re.compile(r'\b(?:GET|query|data)(?:\.get(?:list)?\(|\[)"(\w+)"')
    found = {name for one in modules() for name in asked.findall(Path(one.__file__).read_text())}
    found |= set(IssueFilter.base_filters) | set(SecurityFilter.base_filters)
    return sorted(found | {"sort", "page", "q", "next", "as_of", "known"})


@st.composite
def places(draw, address):
    """The address with one of its parts odd, as far as an address can hold it."""
    parts = address.strip("/").split("/")
    at = draw(st.integers(0, len(parts) - 1))
    value = draw(texts | st.sampled_from(["9" * 25, "0", "99999999999", "-1", "%00", "."]))
    parts[at] = quoted(value.replace("/", ""))
    return "/" + "/".join(parts) + "/"


def attack(target, examples, *, derandomize=True):
    """Sends everything; what is wrong, each told in its smallest form."""
    options = settings(
        max_examples=examples,
        derandomize=derandomize,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    told = [_tried(name, options, strategy, act) for name, strategy, act in attempts(target)]
    return [one for one in told if one]


def attempts(target):
    """What is tried: a name for it, how it is drawn and what is done with what was drawn."""
    for form in target.forms:
        yield str(form), st.tuples(filled(form), headers), partial(target.send, form)
    names = query_names()
    for name, address in target.addresses:
        yield f"{name}?", st.tuples(queries(address, names), headers), target.ask
        yield f"{name}/", st.tuples(places(address), headers), target.ask


def _tried(name, options, strategy, act):
    @options
    @given(strategy)
    def test(drawn):
        wrong = act(*drawn)
        assert not wrong, wrong

    try:
        test()
    except Exception as failure:  # hypothesis may put several into a group
        notes = getattr(failure, "__notes__", [])
        return "\n  ".join([name, str(failure)[:600], *(note[:600] for note in notes)])
    return ""


@contextmanager
def at_work():
    """The world, on the day on which it is, and nothing of it afterwards."""
    import time_machine

    from tests.leaks import world
    from tests.test_permissions import undone
    from tests.threads import written_at_once

    with time_machine.travel(world.NOW, tick=False), written_at_once(), undone():
        yield Target()


def main():
    """Goes on for so many minutes (ten), each time with other values; fails with what it found."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.nice(10)
    logging.disable()
    until = time.monotonic() + 60 * float(sys.argv[1] if len(sys.argv) > 1 else 10)
    django.setup()
    setup_test_environment()
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    wrong, rounds, stack = [], 0, ExitStack()
    try:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(override_settings(MEDIA_ROOT=folder))
        target = stack.enter_context(at_work())
        while not wrong and time.monotonic() < until:
            wrong, rounds = attack(target, 10, derandomize=False), rounds + 1
    finally:
        stack.close()
        connection.creation.destroy_test_db(name, verbosity=0)
    print(f"{len(target.forms)} forms, {len(target.addresses)} addresses, {rounds} rounds.")
    sys.exit("\n\n".join(wrong))


if __name__ == "__main__":
    main()
