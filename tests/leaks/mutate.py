"""`make mutate`: takes each filter of who may see what away, and asks whether the harness notices.

Outside the suite; a whole run writes its figures into SECURITY.md. One crawl of the world without
secrets keeps every answer and the code that ran for it; each mutation is then asked only what its
code had a part in, up to the first answer that tells. Whatever stays unnoticed, or breaks instead
of telling, fails.
"""

import logging
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import django
from django.test.utils import override_settings, setup_test_environment

# A second look at what another filter has let through already: alone they change nothing.
SECOND_LOOKS = {
    "issues.forms.imports: Entry": "asked only where nobody was ever tied to a delegation",
    "issues.services.sheets: Sheet": "rows have random ids, and the sheet itself was asked for",
    "issues.reads.citations: Issue": "the entries found are on items in scope",
    "issues.reads.entries: Issue": "entries in scope are on items in scope",
    "issues.reads.entries: _answered with other eyes": "only where to ask for replies in scope",
    "issues.reads.entries: _beginning_for with other eyes": "only what is for one's own side",
    "issues.reads.moves: _names_of with other eyes": "asked for by the ids of what is in scope",
    "issues.reads.moves: _places with other eyes": "puts in order what was found in scope",
    "issues.reads.walk: Issue": "an item out of scope has no period there, so nothing of it shows",
    "issues.reads.walk: _next with other eyes": "as before: it has no period in scope",
    "issues.reads.sources: _among with other eyes": "the index has asked for whom each source is",
    "issues.reads.entries: _fitting with other eyes": "only where to ask for replies in scope",
    "issues.reads.marking: Entry": "asks for an audience by name; as the public only heads look",
    "issues.reads.marking: _items with other eyes": "as above: by name, and only heads look so",
    "issues.reads.history: _counted with other eyes": "only whether to read all lines anew",
    "issues.exports.snapshot: SightChange": "but for notes one end of it is always every member's",
    "SightChange.known_in": "but for notes one end of it is always every member's",
    "issues.services.note_sight: Note": "`note_of` has found it; asked again under the lock",
    "view issues:public_corrections": "lists entries that were asked for as the public's",
    "view issues:shared_corrections": "lists entries that were asked for as the public's",
    "issues.reads.search: SearchReader._may_see": "the index has asked for whom each entry is",
}
# Who sees with the eyes of another of them need not be asked as well.
ROLES = ("us_head", "head", "ex", "superuser")
NOTICED, SECOND, BROKE, MISSED = "noticed", "second look", "BROKE", "NOT NOTICED"
IDLE = "no filter"
HERE = os.sep.join(["", "issues", ""]), os.sep.join(["", "negotiations", ""])


class Traced:
    """The code of the program that ran."""

    def __init__(self):
        self.codes = set()

    def __call__(self, frame, _event, _argument):
        self.codes.add(frame.f_code)

    @contextmanager
    def listening(self):
        self.codes = set()
        sys.settrace(self)
        try:
            yield
        finally:
            sys.settrace(None)

    def found(self):
        return {code for code in self.codes if any(part in code.co_filename for part in HERE)}


def visits():
    """Who asks what: (key, role, ask), where `ask` makes the visit in a world."""
    from tests.leaks import admin, crawl, table

    for role in ROLES:
        for route in table.ROUTES:
            asked = table.visits(route)
            for number, visit in enumerate(asked):
                if crawl.wants(role, number, visit, len(asked)) and not visit.is_slow:
                    key = (role, str(route), number)
                    yield key, role, _visiting(role, route, visit)
    for role in (*admin.ROLES, *admin.DOORS):
        for address in admin.addresses() if role in admin.ROLES else admin.doors():
            yield (role, address, 0), role, _at_desk(role, address)
    for route in table.ROUTES:
        for number, visit in enumerate(table.visits(route)):
            if visit.query == "audience=members":
                # A delegation's head makes it for everybody.
                key = ("reader", str(route), number, "paper")
                yield key, "reader", _visiting("ru_head", route, visit)


def _visiting(role, route, visit):
    from tests.leaks import crawl

    return lambda clients, world: crawl.visited(clients[role], route, visit, world)


def _at_desk(role, address):
    from tests.leaks import admin

    return lambda clients, _world: admin.answer(clients[role], address)


def plain_world(talks, clients):
    """Every answer in the world without secrets, with the code that made it."""
    from tests.leaks import world
    from tests.test_permissions import undone

    trace, known = Traced(), {}
    with undone():
        first = world.copied(talks)
        world.later(first)
        for key, role, ask in visits():
            with trace.listening():
                answer = ask(clients, first)
            known[key] = (role, ask, answer, trace.found())
    return known


@contextmanager
def applied(mutation, negotiation):
    from issues import services

    with ExitStack() as stack:
        for owner, name, value in mutation.changes:
            stack.enter_context(patch.object(owner, name, value))
        if mutation.is_stored:
            services.rebuild_negotiation(negotiation)
            services.rebuild_search(negotiation)
        yield


def asked(mutation, known):
    """The visits that this mutation may have a part in."""
    for key, (role, ask, answer, codes) in known.items():
        if mutation.route and key[1].partition(" ")[2] != mutation.route:
            continue
        if mutation.is_stored or any(map(mutation.touches, codes)):
            yield key, role, ask, answer


def told(mutation, talks, clients, known):
    """What became of it, and the first visit that tells."""
    from tests.test_permissions import undone

    found, key = list(asked(mutation, known)), None
    try:
        with undone(), applied(mutation, talks.negotiation):
            for key, role, ask, before in found:
                if differs(key, role, ask(clients, talks), before):
                    return NOTICED, key
    except Exception:  # a mutation may break what it should only open
        return BROKE, key
    if not mutation.reached or (mutation.route and not found):
        return IDLE, None
    return SECOND if mutation.name in SECOND_LOOKS else MISSED, None


def differs(key, role, answer, before):
    """Whether this answer tells. Of a paper for others what it says of its maker does not."""
    return bool(answer.birds(role)) or (len(key) == 3 and answer != before)


def breaks_anyway(mutation, talks, clients, known, key):
    """What it says where it breaks this visit without any secret, too: then it told of none."""
    from tests.leaks import world
    from tests.test_permissions import undone

    first = world.copied(talks)
    try:
        with undone():
            world.later(first)
            with applied(mutation, talks.negotiation):
                known[key][1](clients, first)
    except Exception as error:  # as above
        return f"{type(error).__name__}: {error}"
    return ""


def run(wanted):
    """Every mutation in turn; how many of each kind, and what is to be mended."""
    import time_machine

    from negotiations.scopes import Scope
    from tests.leaks import crawl, mutations, world, worlds
    from tests.test_permissions import undone
    from tests.threads import written_at_once

    with ExitStack() as stack:
        for context in (
            time_machine.travel(world.NOW, tick=False),
            written_at_once(),
            worlds.as_with_many(),
            undone(),
            mutations.unprepared(),
        ):
            stack.enter_context(context)
        talks = world.base()
        clients = crawl.signed_in(talks)
        known = plain_world(talks, clients)
        scope = Scope.of_party(talks.ru.memberships.get(negotiation=talks.negotiation).party_id)
        chosen = [
            mutation
            for mutation in mutations.everything(scope)
            if not wanted or any(part in mutation.name for part in wanted)
        ]
        found = list(tried(chosen, talks, clients, known))
        return summed([_looked_at(talks, clients, known, *one) for one in found], not wanted)


def tried(chosen, talks, clients, known):
    """Each of these with what became of it in the world that has secrets; nothing changed last."""
    from tests.leaks import mutations, world
    from tests.test_permissions import undone

    second = world.copied(talks)
    with undone():
        world.secrets(second)
        world.later(second)
        for mutation in chosen:
            kind, key = told(mutation, second, clients, known)
            report(mutation, kind, words(key))
            yield mutation, kind, key
        # What differs by itself would have been taken for one that was noticed.
        kind, key = told(mutations.Mutation("nothing", ()), second, clients, known)
        if kind != MISSED:
            sys.exit(f"It tells with every filter in place: {words(key)}")


def _looked_at(talks, clients, known, mutation, kind, key):
    """What broke only where there is a secret has been noticed."""
    if kind == BROKE and key and not (said := breaks_anyway(mutation, talks, clients, known, key)):
        kind = NOTICED
        report(mutation, kind, f"breaks {words(key)}")
    elif kind == BROKE:
        report(mutation, kind, said if key else "")
    return mutation.name, kind


def words(key):
    return " ".join(map(str, key or ()))


def report(mutation, kind, where):
    if kind != IDLE:
        where = where or SECOND_LOOKS.get(mutation.name, "")
        print(f"{kind:12}  {mutation.name:70}  {where}", flush=True)


def summed(found, is_whole):
    """How many of each kind, and those that fail; among them a reason that is none any more."""
    failed = [name for name, kind in found if kind in (BROKE, MISSED)]
    if is_whole:
        seconds = {name for name, kind in found if kind == SECOND}
        failed += [f"{name} (no second look)" for name in SECOND_LOOKS if name not in seconds]
    return Counter(kind for _name, kind in found), failed


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.nice(10)
    began = time.monotonic()
    django.setup()
    setup_test_environment()
    logging.disable()
    from django.db import connection

    from tests.bench.place import machine, machine_text
    from tests.bench.tables import write
    from tests.drills.places import ROOT

    place = machine()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with tempfile.TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            counts, failed = run(sys.argv[1:])
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    summary = summary_of(counts, time.monotonic() - began)
    print(summary)
    if not sys.argv[1:]:
        write({"mutations": f"- {machine_text(place)}\n- {summary}"}, ROOT / "SECURITY.md")
    sys.exit(f"To be mended: {', '.join(failed)}" if failed else 0)


def summary_of(counts, seconds):
    kinds = ", ".join(f"{counts[kind]} {kind.lower()}" for kind in (NOTICED, SECOND, MISSED, BROKE))
    taken = counts.total() - counts[IDLE]
    return f"{taken} filters taken away: {kinds}. {counts[IDLE]} views ask none. {seconds:.0f} s."


if __name__ == "__main__":
    main()
