"""What a backup says about itself, and what has to be true of it once it is restored."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader

FORMAT, VERSION = "parley-backup", 1
MANIFEST, DATABASE, FILES = "manifest.json", "database", "files"
LARGEST_MANIFEST = 50_000_000

# The manifest of a stranger's file becomes part of statements: nothing but names and hashes.
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
_CHAIN = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)

# Says what is under way; the command prints it.
Tell = Callable[[str], None]


class Refused(Exception):
    """What was asked cannot be done; the sentence says why. Nothing was changed."""


@dataclass(frozen=True)
class Member:
    """One file inside the backup."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Chain:
    """The head of one chain, as `issues.reads.chains` reads it."""

    negotiation: int
    chain: str
    length: int
    head: str


@dataclass(frozen=True)
class Manifest:
    """`rows` by table, `members` by name, `migrations` as [app, name]."""

    made_at: str
    parley: str
    database: str
    migrations: list[list[str]]
    rows: dict[str, int]
    chains: list[Chain]
    members: dict[str, Member]
    format: str = FORMAT
    version: int = VERSION
    about: str = field(default="Made by manage.py backup; manage.py restore reads it.")

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


def read_manifest(text: bytes) -> Manifest:
    """The manifest, checked in all its parts. Raises Refused for what is none, or a newer one."""
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise Refused("This file is no backup of Parley.")
        if found["version"] > VERSION:
            raise Refused(
                f"This backup was made by a newer version of Parley ({found['parley']}). "
                "Upgrade, then restore it."
            )
        found["chains"] = [Chain(**one) for one in found["chains"]]
        found["members"] = {name: Member(**one) for name, one in found["members"].items()}
        manifest = Manifest(**found)
        _check_names(manifest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("This backup is damaged: its manifest cannot be read.") from error
    return manifest


def _check_names(manifest: Manifest) -> None:
    """Raises ValueError unless everything that becomes a path or a part of SQL is harmless."""
    harmless = [
        *(_NAME.fullmatch(table) and isinstance(n, int) for table, n in manifest.rows.items()),
        *(_CHAIN.fullmatch(one.chain) for one in manifest.chains),
        *(not one.head or _HASH.fullmatch(one.head) for one in manifest.chains),
        *(isinstance(n, int) for one in manifest.chains for n in (one.negotiation, one.length)),
        *(_is_inside(name) for name in manifest.members),
        *(isinstance(one.size, int) for one in manifest.members.values()),
        *(len(pair) == 2 for pair in manifest.migrations),
        DATABASE in manifest.members,
    ]
    if not all(harmless):
        raise ValueError("names")


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    is_plain = str(path) == name and ".." not in path.parts and "\\" not in name
    return name == DATABASE or (is_plain and path.parts[:1] == (FILES,) and len(path.parts) > 1)


def parley_version() -> str:
    """As pyproject.toml has it."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def applied_migrations() -> list[list[str]]:
    """What has been applied to the database in use."""
    loader = MigrationLoader(connections[DEFAULT_DB_ALIAS])
    return sorted(list(key) for key in loader.applied_migrations or {})


def refuse_newer(manifest: Manifest) -> None:
    """Raises Refused when the backup holds what this version of Parley does not know."""
    loader = MigrationLoader(None)
    known = {*loader.graph.nodes, *loader.disk_migrations}
    strange = [f"{app}.{name}" for app, name in manifest.migrations if (app, name) not in known]
    if strange:
        raise Refused(
            f"This backup was made by a newer version of Parley ({manifest.parley}; it has "
            f"{strange[0]}). Upgrade, then restore it."
        )


# --- What has to be true --------------------------------------------------------------------------


@dataclass(frozen=True)
class Expectation:
    """A count that the restored database has to give, and what is wrong when it does not."""

    sql: str
    count: int
    otherwise: str


def expectations(manifest: Manifest) -> Iterator[Expectation]:
    """The rows of each table, and the head of each chain."""
    for table, count in manifest.rows.items():
        sql = f'SELECT count(*) FROM "{table}"'  # noqa: S608 - names as _check_names wants them
        yield Expectation(sql, count, f"table {table} has other rows than the manifest says")
    for one in manifest.chains:
        sql = (
            "SELECT count(*) FROM issues_chainhead "  # noqa: S608 - likewise
            f"WHERE negotiation_id = {one.negotiation} AND chain = '{one.chain}' "
            f"AND length = {one.length} AND hash = '{one.head}'"
        )
        yield Expectation(sql, 1, f"chain {one.chain} ends otherwise than the manifest says")


def counted(cursor: Any, tables: list[str]) -> dict[str, int]:
    """How many rows each of these tables has, as this cursor sees it."""
    found = {}
    for table in tables:
        cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - names of our tables
        found[table] = cursor.fetchone()[0]
    return found


def chain_heads(cursor: Any) -> list[Chain]:
    cursor.execute("SELECT negotiation_id, chain, length, hash FROM issues_chainhead ORDER BY 1, 2")
    return [Chain(*row) for row in cursor.fetchall()]
