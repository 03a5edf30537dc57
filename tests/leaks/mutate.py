"""`make mutate`: takes each filter of who may see what away, and asks whether the harness notices.

Outside the suite: every mutation costs a crawl until the first answer that tells. What a mutation
is, is found in the code: every module that asks a manager for what is visible, every function
that is given a scope, and those below that decide by themselves. Whatever stays unnoticed fails.
"""

import gc
import importlib
import inspect
import os
import pkgutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import django
from django.test.utils import override_settings, setup_test_environment

APPS = ("issues", "negotiations")
MODELS = ("Entry", "Sheet", "Import")
# A second look at what another filter has let through already: alone they change nothing.
SECOND_LOOKS = {
    "issues.reads.search: visible_sources": "the index has asked for whom each source is",
    "issues.reads.search: SearchReader._may_see": "the index has asked for whom each entry is",
}


@dataclass(frozen=True)
class Mutation:
    """A name for the report, and what takes the place of what: (owner, attribute, value)."""

    name: str
    changes: tuple
    is_stored: bool = False  # what it decides is kept: standings and the search index


class OpenManager:
    """A manager that leaves the question who asks out."""

    def __init__(self, manager):
        self._manager = manager

    def __getattr__(self, name):
        return getattr(self._manager, name)

    def visible_to(self, asker, _scope=None):
        negotiation = getattr(asker, "negotiation", None)
        return self._manager.filter(negotiation=negotiation) if negotiation else self.all()

    def in_scope(self, _scope):
        return self._manager.all()


class OpenModel:
    """The model as a module knows it, with such a manager."""

    def __init__(self, model):
        self._model, self.objects = model, OpenManager(model.objects)

    def __getattr__(self, name):
        return getattr(self._model, name)

    def __call__(self, *args, **fields):
        return self._model(*args, **fields)


def modules():
    for app in APPS:
        package = importlib.import_module(app)
        for found in pkgutil.walk_packages(package.__path__, f"{app}."):
            if "migrations" not in found.name and not found.name.endswith((".wsgi", ".asgi")):
                yield importlib.import_module(found.name)


def open_managers():
    """Module by module, model by model: everything is visible."""
    for module in modules():
        text = Path(module.__file__).read_text()
        for name in MODELS:
            asks = f"{name}.objects.visible_to" in text or f"{name}.objects.in_scope" in text
            if asks and not module.__name__.startswith("issues.models."):
                change = (module, name, OpenModel(getattr(module, name)))
                stored = module.__name__.startswith("issues.services.standings")
                yield Mutation(f"{module.__name__}: {name}", (change,), stored)
        if "visible_sources(" in text and "def visible_sources" not in text:
            change = (module, "visible_sources", _every_source(module))
            yield Mutation(f"{module.__name__}: visible_sources", (change,))


def _every_source(module):
    from negotiations.models import Source

    def visible_sources(asker, sources=None):
        if sources is not None:
            return sources
        return Source.objects.filter(negotiation=asker.negotiation)

    return visible_sources


def others_eyes(scope):
    """Function by function: whatever scope it is given, it takes the one with the secrets."""
    known = list(modules())
    for module in known:
        for name, found in list(vars(module).items()):
            make = getattr(found, "make", found)  # what `prepared` was put around
            if not inspect.isfunction(make) or make.__module__ != module.__name__:
                continue
            if "scope" in inspect.signature(make).parameters:
                seen = _with(found, scope)
                users = [one for one in known if vars(one).get(name) is found]
                changes = tuple((one, name, seen) for one in users)
                stored = module.__name__.startswith("issues.services.")
                yield Mutation(f"{module.__name__}: {name} with other eyes", changes, stored)


def _with(function, scope):
    from negotiations.scopes import Scope

    def seen(*args, **kwargs):
        args = [scope if isinstance(arg, Scope) else arg for arg in args]
        return function(*args, **kwargs)

    return seen


def by_hand(scope):
    """Those that decide by themselves."""
    from issues.exports import snapshot
    from issues.models import Entry
    from issues.models.entries import EntryQuerySet
    from issues.models.imports import ImportQuerySet
    from issues.models.sheets import SheetQuerySet
    from issues.reads import search as reading
    from issues.reads import standings
    from issues.services import search as index
    from issues.views import papers
    from negotiations.access import Viewer
    from negotiations.admin.scoped import Scoped
    from negotiations.models import Membership
    from negotiations.scopes import Scope

    def here(rows, viewer):
        return rows.filter(negotiation=viewer.negotiation)

    class Open(standings.StandingReader):
        def __init__(self, frame):
            super().__init__(frame)
            self.scope = scope

    everybody = _memberships_of_anybody(Membership)
    users = [one for one in modules() if vars(one).get("StandingReader")]
    reader = tuple((one, "StandingReader", Open) for one in users)
    yield Mutation("Entry.visible_to", ((EntryQuerySet, "visible_to", lambda rows, *_: rows),))
    undone = (EntryQuerySet, "visible_to", lambda rows, _user, scope: rows.in_scope(scope))
    yield Mutation("Entry.visible_to: what was undone", (undone,))
    yield Mutation("Entry.in_scope", ((EntryQuerySet, "in_scope", lambda rows, _scope: rows),))
    yield Mutation("Sheet.visible_to", ((SheetQuerySet, "visible_to", here),))
    yield Mutation("Import.visible_to", ((ImportQuerySet, "visible_to", here),))
    yield Mutation("StandingReader", reader)
    yield Mutation("Viewer.scope", ((Viewer, "scope", property(lambda _viewer: scope)),))
    sees = (Scope, "sees", lambda *_: True)
    yield Mutation("Scope.sees", (sees,), is_stored=True)
    strangers = tuple(
        (one, "_memberships", everybody) for one in modules() if "_memberships" in vars(one)
    )
    yield Mutation("viewer_of: strangers", strangers)
    yield Mutation("the papers for all members", ((papers, "as_any_member", lambda v: v),))
    yield Mutation("what was undone in files", ((snapshot, "_undone", lambda _v: frozenset()),))
    for name in ("_shared", "_entries"):
        method = _as_of_party(getattr(reading.SearchReader, name), scope)
        yield Mutation(f"SearchReader.{name}", ((reading.SearchReader, name, method),))
    may_see = (reading.SearchReader, "_may_see", lambda *_: True)
    yield Mutation("issues.reads.search: SearchReader._may_see", (may_see,))
    plain = index.key
    keys = (index, "key", lambda kind, here, _party=None, user=None: plain(kind, here, user=user))
    yield Mutation("the keys of the search index", (keys,), is_stored=True)
    for one in modules():
        if "visible_entries" in vars(one):
            change = (one, "visible_entries", lambda _desk: Entry.objects.all())
            yield Mutation(f"{one.__name__}: visible_entries", (change,))
        if "visible_scopes" in vars(one):
            change = (one, "visible_scopes", lambda _desk: [scope.key, "members", "public"])
            yield Mutation(f"{one.__name__}: visible_scopes", (change,))
    yield Mutation("Scoped.seen", ((Scoped, "seen", lambda _page, _request, rows: rows),))


def _as_of_party(method, scope):
    """The same as if the person were tied to this party."""
    from negotiations.models import Party

    def seen(reader, *args):
        party = Party.objects.get(pk=scope.party_id)
        home, kept = party.negotiation_id, reader.viewers
        if home in kept:
            reader.viewers = kept | {home: replace(kept[home], party=party)}
        try:
            return method(reader, *args)
        finally:
            reader.viewers = kept

    return seen


def _memberships_of_anybody(membership):
    def _memberships(slug, _user):
        rows = membership.objects.select_related("negotiation", "party")
        return list(rows.filter(negotiation__slug=slug, role="head").order_by("pk"))[:1]

    return _memberships


# --- The run --------------------------------------------------------------------------------------


@contextmanager
def applied(mutation, negotiation):
    """With the mutation, and without the SQL that was worked out before it."""
    from issues import services

    with ExitStack() as stack:
        for owner, name, value in mutation.changes:
            stack.enter_context(patch.object(owner, name, value))
        forget_plans()
        if mutation.is_stored:
            services.rebuild_negotiation(negotiation)
            services.rebuild_search(negotiation)
        try:
            yield
        finally:
            forget_plans()


def forget_plans():
    from negotiations.prepared import prepared

    for found in gc.get_objects():
        if type(found) is prepared:  # lazy objects would wake up if asked for their class
            found.plans.clear()


def noticed(talks, clients, known):
    """The first answer that tells; nothing where none does."""
    from tests.leaks import admin, crawl

    roles = ("us_head", "head", "ru_peer", "ex", "recorder", "superuser", "reader", "stranger")
    answers = (
        pair
        for part in (
            crawl.crawl(talks, clients, roles, _fast),
            admin.crawl(talks, clients),
            _papers(talks, clients),
        )
        for pair in part
    )
    for key, answer in answers:
        if answer.birds(key[0]) or known.get(key, answer) != answer:
            return " ".join(map(str, key))
    return ""


def _fast(role, number, visit, count):
    from tests.leaks import crawl

    return crawl.wants(role, number, visit, count) and not visit.is_slow


def _papers(talks, clients):
    """A delegation's head makes them for everybody."""
    from tests.leaks import crawl

    def for_all(_role, _number, visit, _count):
        return visit.query == "audience=members"

    for key, answer in crawl.crawl(talks, clients, ["ru_head"], for_all):
        yield ("reader", *key[1:], "paper"), answer


def run(wanted):
    """Every mutation in turn; the names of those nobody noticed."""
    import time_machine

    from negotiations.scopes import Scope
    from tests.leaks import crawl, world, worlds
    from tests.test_permissions import undone
    from tests.threads import written_at_once

    missed, count = [], 0
    with time_machine.travel(world.NOW, tick=False), written_at_once(), undone():
        talks = world.base()
        clients = crawl.signed_in(talks)
        known = worlds.without(talks, clients).answers
        world.secrets(talks)
        world.later(talks)
        scope = Scope.of_party(talks.ru.memberships.get(negotiation=talks.negotiation).party_id)
        for mutation in (*open_managers(), *others_eyes(scope), *by_hand(scope)):
            if wanted not in mutation.name:
                continue
            count += 1
            with undone():
                told = _told(mutation, talks, clients, known)
            if not told and mutation.name not in SECOND_LOOKS:
                missed.append(mutation.name)
            print(f"{count:3} {mutation.name}: {told or 'NOT NOTICED'}", flush=True)
    print(f"{count - len(missed)} of {count} mutations noticed or known as second looks.")
    return missed


def _told(mutation, talks, clients, known):
    try:
        with applied(mutation, talks.negotiation):
            return noticed(talks, clients, known)
    except Exception as error:  # a mutation may break what it should only open
        return f"broke: {type(error).__name__}: {error}"


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    setup_test_environment()
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with tempfile.TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            missed = run(sys.argv[1] if len(sys.argv) > 1 else "")
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    sys.exit(f"Not noticed: {', '.join(missed)}" if missed else 0)


if __name__ == "__main__":
    main()
