"""What `make mutate` takes away: every filter of who may see what, found in the code.

Module by module the managers, function by function the scope that is given, view by view the
scope of whoever asks; and those filters that decide by themselves.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from pathlib import Path

from django.apps import apps
from django.urls import URLPattern, get_resolver

APPS = ("issues", "negotiations")


@dataclass(frozen=True)
class Mutation:
    """A name for the report, and what takes the place of what: (owner, attribute, value).

    `touches` says whether an answer may have come about with it, by the code that ran for it.
    """

    name: str
    changes: tuple
    touches: Callable = lambda _code: True
    is_stored: bool = False  # what it decides is kept: standings and the search index
    route: str = ""  # the one route it is about
    # Whether what it takes away was asked at all; of a view only running it tells.
    reached: list = field(default_factory=lambda: [True])


class OpenManager:
    """A manager that leaves the question who asks out."""

    def __init__(self, manager):
        self._manager = manager

    def __getattr__(self, name):
        return getattr(self._manager, name)

    def visible_to(self, asker, _scope=None):
        negotiation = getattr(asker, "negotiation", None)
        return self._within(negotiation) if negotiation else self.all()

    def shown_in(self, negotiation, _scope=None):
        return self._within(negotiation).filter(entered_in_error=False)

    def in_scope(self, _scope):
        return self._manager.all()

    known_in = in_scope

    def _within(self, negotiation):
        names = {column.name for column in self._manager.model._meta.get_fields()}
        way = "negotiation" if "negotiation" in names else "issue__negotiation"
        return self._manager.filter(**{way: negotiation})


def open_model(model):
    """The model as a module knows it, with such a manager; to all other questions it is itself."""

    class Itself(type):
        def __getattr__(cls, name):
            return getattr(model, name)

        def __call__(cls, *args, **fields):
            return model(*args, **fields)

        def __instancecheck__(cls, one):
            return isinstance(one, model)

    return Itself(model.__name__, (), {"objects": OpenManager(model.objects)})


def modules():
    for app in APPS:
        package = importlib.import_module(app)
        for found in pkgutil.walk_packages(package.__path__, f"{app}."):
            if "migrations" not in found.name and not found.name.endswith((".wsgi", ".asgi")):
                yield importlib.import_module(found.name)


# What these read decides about stored standings.
STORING = ("issues.services.standings", "issues.services.standing_rows", "issues.services.loaded")
ASKING = ("visible_to", "in_scope", "shown_in", "known_in")


def guarded():
    """The models whose manager knows who may see a row."""
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            manager = getattr(model, "objects", None)
            if any(hasattr(manager, name) for name in ASKING):
                yield model


def _runs_in(module):
    return lambda code: code.co_filename == module.__file__


def _runs(*functions):
    known = {inspect.unwrap(one).__code__ for one in functions}
    return lambda code: code in known


def open_managers():
    """Module by module, model by model: everything is visible."""
    for module in modules():
        text = Path(module.__file__).read_text()
        for name in (model.__name__ for model in guarded()):
            asks = any(f"{name}.objects.{asking}(" in text for asking in ASKING)
            if asks and name in vars(module) and ".models" not in module.__name__:
                change = (module, name, open_model(getattr(module, name)))
                stored = module.__name__.startswith(STORING)
                yield Mutation(f"{module.__name__}: {name}", (change,), _runs_in(module), stored)
        if "visible_sources" in vars(module) and "def visible_sources" not in text:
            change = (module, "visible_sources", _every_source)
            yield Mutation(f"{module.__name__}: visible_sources", (change,), _runs_in(module))


def open_querysets(scope):
    """Model by model: whoever asks gets what those with the secrets get."""
    for model in guarded():
        rows = model.objects.all().__class__
        for name in ASKING:
            found = vars(rows).get(name)
            if found and "scope" in inspect.signature(found).parameters:
                yield Mutation(f"{model.__name__}.{name}", ((rows, name, _with(found, scope)),))
            elif found:
                yield Mutation(f"{model.__name__}.{name}", ((rows, name, _within),))


def _within(rows, asker):
    """Everything of this negotiation."""
    return OpenManager(rows).visible_to(asker) if rows.model.__name__ != "Negotiation" else rows


def _every_source(asker, sources=None):
    from negotiations.models import Source

    if sources is not None:
        return sources
    return Source.objects.filter(negotiation=asker.negotiation)


def others_eyes(scope):
    """Function by function: whatever scope it is given, it takes the one with the secrets."""
    known = list(modules())
    for module in known:
        if module.__name__ == "negotiations.prepared":
            continue  # carries the scope of what is prepared, which is off meanwhile
        for name, found in list(vars(module).items()):
            make = getattr(found, "make", found)  # what `prepared` was put around
            if not inspect.isfunction(make) or make.__module__ != module.__name__:
                continue
            given = inspect.signature(make).parameters.get("scope")
            if given and given.annotation == "Scope":
                seen = _with(found, scope)
                users = [one for one in known if vars(one).get(name) is found]
                changes = tuple((one, name, seen) for one in users)
                stored = module.__name__.startswith("issues.services.")
                told = f"{module.__name__}: {name} with other eyes"
                yield Mutation(told, changes, _runs(make), stored)


def _with(function, scope):
    def seen(*args, **kwargs):
        named = {key: _for(scope, arg) for key, arg in kwargs.items()}
        return function(*(_for(scope, arg) for arg in args), **named)

    if hasattr(function, "between"):
        seen.between = _with(function.between, scope)
    return seen


def _for(scope, given):
    """The scope with the secrets in place of one that is given, in the talks that one is of."""
    from negotiations.models import Party
    from negotiations.scopes import Scope

    if not isinstance(given, Scope) or given.party_id is None:
        return scope if isinstance(given, Scope) else given
    side = Party.objects.get(pk=scope.party_id)
    there = Party.objects.filter(code=side.code, negotiation__parties=given.party_id).first()
    return Scope.of_party(there.pk) if there else scope


# Whether the view that is mutated is at work.
AT_WORK = ContextVar("at_work", default=False)


def views(scope):
    """View by view: it sees with the eyes of those who have the secrets."""
    from negotiations.access import Viewer

    own = Viewer.scope
    for name, pattern in patterns(get_resolver().url_patterns):
        reached = []
        seen = property(partial(_seen, own.fget, scope, reached))
        changes = ((pattern, "callback", _at_work(pattern.callback)), (Viewer, "scope", seen))
        yield Mutation(f"view {name}", changes, _runs(own.fget), route=name, reached=reached)


def _seen(own, scope, reached, viewer):
    if not AT_WORK.get():
        return own(viewer)
    reached.append(viewer)
    return scope


def patterns(found, prefix=""):
    """Every route with its name; the admin has filters of its own."""
    for pattern in found:
        if str(pattern.pattern).startswith("admin/"):
            continue
        if isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}", pattern
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from patterns(pattern.url_patterns, prefix + inner)


def _at_work(view):
    @wraps(view)
    def working(*args, **kwargs):
        token = AT_WORK.set(True)
        try:
            answer = view(*args, **kwargs)
            if answer.streaming:
                answer.streaming_content = list(answer.streaming_content)
            return answer
        finally:
            AT_WORK.reset(token)

    return working


def by_hand(scope):
    """Those that decide by themselves."""
    from issues.exports import snapshot
    from issues.models import Entry, Note
    from issues.models.entries import EntryQuerySet
    from issues.models.notes import NoteQuerySet
    from issues.reads import search as reading
    from issues.reads import standings
    from issues.services import search as index
    from issues.views import papers
    from negotiations.access import Viewer
    from negotiations.admin.desk import Desk
    from negotiations.admin.scoped import Scoped
    from negotiations.models import Membership, Party
    from negotiations.scopes import Scope

    class Open(standings.StandingReader):
        def __init__(self, frame):
            super().__init__(frame)
            self.scope = scope

    everybody = _memberships_of_anybody(Membership)
    users = [one for one in modules() if vars(one).get("StandingReader")]
    reader = tuple((one, "StandingReader", Open) for one in users)
    undone = (EntryQuerySet, "visible_to", lambda rows, _user, scope: rows.in_scope(scope))
    yield Mutation("Entry.visible_to: what was undone", (undone,))
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
        if _took(one, "visible_scopes"):
            change = (one, "visible_scopes", lambda _desk: [scope.key, "members", "public"])
            yield Mutation(f"{one.__name__}: visible_scopes", (change,))
        if _took(one, "visible_notes"):
            change = (one, "visible_notes", lambda _desk: Note.objects.all())
            yield Mutation(f"{one.__name__}: visible_notes", (change,))
        if "log_of_negotiation" in vars(one) and one.__name__.endswith("views.security"):
            change = (one, "log_of_negotiation", _whole_log)
            yield Mutation(f"{one.__name__}: log_of_negotiation", (change,))
    every = property(lambda _desk: list(Party.objects.all()))
    yield Mutation("Desk.own_parties", ((Desk, "own_parties", every),))
    yield Mutation("Note.in_sight", ((NoteQuerySet, "in_sight", lambda rows, *_: rows),))
    yield Mutation("Scoped.seen", ((Scoped, "seen", lambda _page, _request, rows: rows),))


def _took(module, name):
    """Whether the module has this from another one; its own it does not ask itself."""
    found = vars(module).get(name)
    return found is not None and found.__module__ != module.__name__


def _whole_log(viewer):
    from negotiations.models import SecurityEvent

    return SecurityEvent.objects.filter(negotiation=viewer.negotiation)


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
    def _memberships(_user, slug=None):
        rows = membership.objects.select_related("negotiation", "party")
        return list(rows.filter(negotiation__slug=slug, role="head").order_by("pk"))[:1]

    return _memberships


@contextmanager
def unprepared():
    """Every query is worked out when it is asked: a filter that is taken away is away at once."""
    from unittest.mock import patch

    from negotiations.prepared import prepared

    def rows(function, *given):
        return [] if [] in given else list(function.make(*given))

    def between(function, start, stop, *given):
        return rows(function, *given)[start:stop]

    with patch.object(prepared, "__call__", rows), patch.object(prepared, "between", between):
        yield


def everything(scope):
    kinds = (views(scope), open_managers(), open_querysets(scope), others_eyes(scope))
    return [mutation for kind in (*kinds, by_hand(scope)) for mutation in kind]
