"""Triggers that keep history append-only in the database itself, on SQLite and PostgreSQL.

Django's SQLite schema editor rebuilds tables and loses triggers without a word, so they are
dropped before and installed again after every `migrate` (see `issues.apps`).
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connections
from django.db.models import Model

from negotiations.models import Erasure, SecurityEvent, SecurityHead

from .models import (
    AudienceChange,
    ChainHead,
    ChainLink,
    Entry,
    EntrySource,
    PersonErasure,
    Redaction,
    SightChange,
    SightPerson,
    Vault,
    VaultPerson,
    VaultUse,
    VaultVersion,
)

REFUSAL = "history is append-only: record a correction instead"
PREFIX = "parley_keep_"

# An entry's audience may change (its own logged event); its words may be blanked, and only that,
# once a redaction's tombstone stands.
AUDIENCE = ("audience", "audience_party_id")
WORDS = (
    *("text", "original_text", "original_language", "speaker", "speaker_function", "reason"),
    *("status_id", "position", "holds_since", "waits_for", "waits_party_id", "waits_why"),
    *("waits_text", "next_step", "next_step_party_id", "next_step_who", "next_step_by"),
    "next_step_state",
)


BLANK = "[redacted]"


def blank(column: str) -> str | None:
    """What a redaction leaves in this column of an entry."""
    if column == "text":
        return BLANK
    return None if column.endswith("_id") or column == "next_step_by" else ""


# The head of a chain moves, but never back.
_LOOSE: dict[type[Model], tuple[str, ...]] = {
    Entry: (*AUDIENCE, *WORDS),
    ChainHead: ("length", "hash"),
    SecurityHead: ("length", "hash"),
}


def guarded_models() -> list[type[Model]]:
    """Every table whose rows may only be added."""
    joint = Entry.joint_parties.through
    chained: list[type[Model]] = [ChainHead, ChainLink, PersonErasure]
    events: list[type[Model]] = [Erasure, SecurityEvent, SecurityHead]
    vault: list[type[Model]] = [Vault, VaultVersion, VaultPerson, VaultUse]
    return [
        Entry,
        joint,
        EntrySource,
        AudienceChange,
        SightChange,
        SightPerson,
        Redaction,
        *events,
        *chained,
        *vault,
    ]


def _columns(model: type[Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields]


def _changed(columns: list[str], distinct: str) -> str:
    return " OR ".join(f'OLD."{name}" {distinct} NEW."{name}"' for name in columns)


def _refused(model: type[Model], distinct: str) -> str:
    """What no update of this table may do."""
    shorter = ' OR NEW."length" < OLD."length"' if model in (ChainHead, SecurityHead) else ""
    return _changed(_fixed(model), distinct) + shorter


def _fixed(model: type[Model]) -> list[str]:
    loose = _LOOSE.get(model, ())
    return [name for name in _columns(model) if name not in loose]


def _without_tombstone(entry: str) -> str:
    tombstones = Redaction._meta.db_table
    return f'NOT EXISTS (SELECT 1 FROM "{tombstones}" WHERE entry_id = {entry})'  # noqa: S608


def _forged(distinct: str) -> str:
    """The words are about to change, and not by a redaction."""
    left = " OR ".join(
        f'NEW."{name}" IS NOT NULL' if blank(name) is None else f"NEW.\"{name}\" <> '{blank(name)}'"
        for name in WORDS
    )
    changed = _changed(list(WORDS), distinct)
    return f"(({changed}) AND ({_without_tombstone('OLD.id')} OR {left}))"


def _sqlite() -> Iterator[str]:
    stop = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for model in guarded_models():
        table = model._meta.db_table
        update = _refused(model, "IS NOT")
        if model is Entry:
            update += f" OR {_forged('IS NOT')}"
        name = f"{PREFIX}{table}"
        yield f'CREATE TRIGGER "{name}_u" BEFORE UPDATE ON "{table}" WHEN {update} {stop}'
        yield f'CREATE TRIGGER "{name}_d" BEFORE DELETE ON "{table}" {stop}'
    entry = Entry._meta.db_table
    other = f'(SELECT issue_id FROM "{entry}" WHERE id = NEW.corrects_id)'  # noqa: S608
    yield (
        f'CREATE TRIGGER "{PREFIX}{entry}_same_item" BEFORE INSERT ON "{entry}" '
        f"WHEN NEW.corrects_id IS NOT NULL AND {other} <> NEW.issue_id "
        "BEGIN SELECT RAISE(ABORT, 'a correction belongs to the item it corrects'); END"
    )


def _postgresql() -> Iterator[str]:
    refuse = f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = '23001'"
    yield (
        f"CREATE OR REPLACE FUNCTION {PREFIX}refuse() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN {refuse}; END $$"
    )
    yield (
        f"CREATE OR REPLACE FUNCTION {PREFIX}words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {_forged('IS DISTINCT FROM')} THEN {refuse}; END IF; RETURN NEW; "
        "END $$"
    )
    entry = Entry._meta.db_table
    other = f'(SELECT issue_id FROM "{entry}" WHERE id = NEW.corrects_id)'  # noqa: S608
    yield (
        f"CREATE OR REPLACE FUNCTION {PREFIX}same_item() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {other} <> NEW.issue_id THEN RAISE EXCEPTION "
        "'a correction belongs to the item it corrects' USING ERRCODE = '23514'; END IF; "
        "RETURN NEW; END $$"
    )
    for model in guarded_models():
        table = model._meta.db_table
        name, call = f"{PREFIX}{table}", f"EXECUTE FUNCTION {PREFIX}refuse()"
        changed = _refused(model, "IS DISTINCT FROM")
        yield (
            f'CREATE TRIGGER "{name}_u" BEFORE UPDATE ON "{table}" '
            f"FOR EACH ROW WHEN ({changed}) {call}"
        )
        yield f'CREATE TRIGGER "{name}_d" BEFORE DELETE ON "{table}" FOR EACH ROW {call}'
        yield f'CREATE TRIGGER "{name}_t" BEFORE TRUNCATE ON "{table}" {call}'
    yield (
        f'CREATE TRIGGER "{PREFIX}{entry}_words" BEFORE UPDATE ON "{entry}" '
        f"FOR EACH ROW EXECUTE FUNCTION {PREFIX}words()"
    )
    yield (
        f'CREATE TRIGGER "{PREFIX}{entry}_same_item" BEFORE INSERT ON "{entry}" FOR EACH ROW '
        f"WHEN (NEW.corrects_id IS NOT NULL) EXECUTE FUNCTION {PREFIX}same_item()"
    )


def _statements(vendor: str) -> list[str]:
    return list(_sqlite() if vendor == "sqlite" else _postgresql())


def expected(using: str) -> set[str]:
    """The names of the triggers that must be there."""
    made = (s for s in _statements(connections[using].vendor) if s.startswith("CREATE TRIGGER"))
    return {statement.split('"')[1] for statement in made}


def installed(using: str) -> dict[str, str]:
    """The triggers of ours that are there, each with its table."""
    if connections[using].vendor == "sqlite":
        query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE NOT t.tgisinternal AND n.nspname = current_schema()"
        )
    with connections[using].cursor() as cursor:
        cursor.execute(query)
        return {name: table for name, table in cursor.fetchall() if name.startswith(PREFIX)}


def missing(using: str) -> set[str]:
    """The triggers that ought to be there and are not; none are expected before the tables."""
    if not _has_tables(using):
        return set()
    return expected(using) - set(installed(using))


def _has_tables(using: str) -> bool:
    tables = set(connections[using].introspection.table_names())
    return {model._meta.db_table for model in guarded_models()} <= tables


def drop(using: str) -> None:
    """Takes the triggers away; the caller installs them again in the same breath."""
    on_table = connections[using].vendor != "sqlite"
    with connections[using].cursor() as cursor:
        for name, table in installed(using).items():
            cursor.execute(f'DROP TRIGGER "{name}"' + (f' ON "{table}"' if on_table else ""))


def install(using: str) -> None:
    """Puts every trigger in place, replacing older ones. Does nothing before the tables exist."""
    connection = connections[using]
    if not _has_tables(using):
        return
    drop(using)
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor):
            cursor.execute(statement)
