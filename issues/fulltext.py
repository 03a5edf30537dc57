"""The full-text half of the search index, on SQLite (FTS5) and on PostgreSQL (GIN).

Both hold exactly the words that `issues.spelling` makes: nothing of their own languages, endings
or rankings. So both find the same, in the same order, and no row that a viewer may not see
counts towards the order of those that they may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, connections, transaction

from .models import Issue, SearchRow
from .spelling import LENGTH, Form, Term

TABLE = SearchRow._meta.db_table
FTS = "issues_searchtext"
PREFIX = "parley_find_"

# Every beginning of a word has its own list: as one types, the answer is read, not put together.
_BEGINNINGS = " ".join(map(str, range(1, LENGTH + 1)))
_SQLITE = [
    f'CREATE VIRTUAL TABLE "{FTS}" USING fts5(keys, words, content="{TABLE}", content_rowid="id", '
    f"detail=none, columnsize=0, tokenize='ascii', prefix='{_BEGINNINGS}')"
]
# Trimmed: an entry that carries a status alone has no words, and no lexeme may be empty.
_VECTOR = "array_to_tsvector(string_to_array(rtrim(keys || ' ' || words), ' '))"
_POSTGRESQL = [
    f'CREATE INDEX {FTS} ON "{TABLE}" USING gin (({_VECTOR})) WITH (fastupdate = off)',
]
_INTO = f'INSERT INTO "{FTS}"'  # noqa: S608 - names of ours


def create(vendor: str) -> list[str]:
    """The statements that add it to the table of the search rows."""
    return _SQLITE if vendor == "sqlite" else _POSTGRESQL


def remove(vendor: str) -> list[str]:
    return [f'DROP TABLE "{FTS}"' if vendor == "sqlite" else f"DROP INDEX {FTS}"]


# --- Triggers: on SQLite the text is a table of its own, which must follow the rows --------------


def _triggers() -> dict[str, str]:
    out = f"{_INTO}({FTS}, rowid, keys, words) VALUES ('delete', OLD.id, OLD.keys, OLD.words);"
    into = f"{_INTO}(rowid, keys, words) VALUES (NEW.id, NEW.keys, NEW.words);"
    does = {"INSERT": into, "DELETE": out, "UPDATE": f"{out} {into}"}
    return {
        f"{PREFIX}{event.lower()}": f'AFTER {event} ON "{TABLE}" BEGIN {what} END'
        for event, what in does.items()
    }


def missing(using: str) -> set[str]:
    """The triggers that ought to be there and are not."""
    found = connections[using]
    if found.vendor != "sqlite" or not has_table(using):
        return set()
    with found.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return set(_triggers()) - {name for (name,) in cursor.fetchall()}


def install(using: str) -> None:
    """Puts the triggers in place. Rebuilding its table, a migration loses them without a word."""
    lost = missing(using)
    with connections[using].cursor() as cursor:
        for name, trigger in _triggers().items():
            if name in lost:
                cursor.execute(f'CREATE TRIGGER "{name}" {trigger}')


def has_table(using: str) -> bool:
    return TABLE in connections[using].introspection.table_names()


def is_behind(using: str) -> bool:
    """Whether there are items and nothing at all to find, as after an upgrade."""
    if not has_table(using) or SearchRow.objects.using(using).exists():
        return False
    return Issue.objects.using(using).exists()


def renew() -> None:
    """Makes the text anew from the rows, leaving no trace of words that are gone."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"{_INTO}({FTS}) VALUES ('rebuild')")


# --- Finding --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """Which rows are meant: those with one of `keys`, or with a key of `but` and not its other."""

    keys: Sequence[str]
    but: Sequence[tuple[str, str]] = ()


@contextmanager
def looking() -> Iterator[None]:
    """Around searches: on PostgreSQL keeps the planner from reading every row for a common word.

    It guesses badly what a word has in common with a scope. Without this they find the same.
    """
    if connection.vendor == "sqlite":
        yield
        return
    # The page is one transaction already, to the end of which the setting holds with or without.
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"
            )
        yield


def find(seen: Seen, looked_for: Iterable[Term], limit: int) -> list[int]:
    """Ids of the objects among the rows `seen` that hold every term, the latest day first."""
    if connection.vendor == "sqlite":
        return _find_sqlite(_condition(seen, looked_for, _fts, ("AND", "OR", "NOT")), limit)
    return _find_postgresql(_condition(seen, looked_for, _lexeme, ("&", "|", "& !")), limit)


def _find_sqlite(condition: str, limit: int) -> list[int]:
    query = f'SELECT rowid FROM "{FTS}" WHERE "{FTS}" MATCH %s ORDER BY rowid DESC LIMIT %s'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [condition, limit])
        return [SearchRow.object_at(place) for (place,) in cursor.fetchall()]


def _find_postgresql(condition: str, limit: int) -> list[int]:
    # OFFSET 0 keeps the planner from walking the rows in order until enough fit.
    query = (
        f'SELECT id FROM (SELECT id FROM "{TABLE}" WHERE {_VECTOR} @@ %s::tsquery OFFSET 0) AS hit '  # noqa: S608
        "ORDER BY id DESC LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [condition, limit])
        return [SearchRow.object_at(place) for (place,) in cursor.fetchall()]


def _fts(form: Form) -> str:
    return f'"{form.text}"' + ("" if form.whole else "*")


def _lexeme(form: Form) -> str:
    return f"'{form.text}'" + ("" if form.whole else ":*")


def _condition(
    seen: Seen,
    looked_for: Iterable[Term],
    word: Callable[[Form], str],
    signs: tuple[str, str, str],
) -> str:
    """The query in the words of one database. Forms are letters and digits: nothing to escape."""
    both, either, without = signs

    def key(name: str) -> str:
        return word(Form(name, whole=True))

    who = [key(name) for name in seen.keys]
    who += [f"({key(one)} {without} {key(other)})" for one, other in seen.but]
    what = [[word(form) for form in term] for term in looked_for]
    return f" {both} ".join(f"({f' {either} '.join(group)})" for group in [who, *what])
