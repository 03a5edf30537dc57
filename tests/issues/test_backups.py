"""One file with everything: how it is made, and all that a restore refuses."""

import fcntl
import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from issues.backups import Refused, engines, make_backup, making, restore_backup, restoring, sealing
from issues.backups.engines import Postgresql, Sqlite
from issues.backups.manifest import Chain, Manifest, Member, read_manifest, refuse_newer
from issues.backups.scratch import sweep_leftovers
from issues.backups.sealing import MAGIC
from issues.management.commands.backup import VARIABLE
from issues.reads.chains import heads_of
from negotiations import server
from negotiations.services import add_source
from tests.drills.elsewhere import ROOT, address_of, elsewhere
from tests.factories import make_file, make_issue, make_talks, record, viewer

WORD = "kestrel"
FILES = {"files/sources/one": b"minutes " * 300, "files/sources/two": b""}
TABLES = """
CREATE TABLE issues_chainhead (negotiation_id, chain, length, hash);
CREATE TABLE item (id INTEGER PRIMARY KEY);
CREATE TABLE entry (id INTEGER PRIMARY KEY, item_id INTEGER REFERENCES item (id), text);
CREATE INDEX entry_text ON entry (text);
"""
HEAD = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch):
    """The same way to a key, a thousand times cheaper: tests guess a lot."""
    monkeypatch.setattr(sealing, "_COST", {"n": 1 << 7, "r": 8, "p": 1})


def quiet(_line):
    pass


# --- Making ---------------------------------------------------------------------------------------


@pytest.fixture
def talks(transactional_db):
    talks = make_talks()
    talks.issue = make_issue(talks.negotiation)
    record(talks.issue, "RU US", "Agreed", by=talks.recorder, text=f"{WORD} said")
    add_source(talks.negotiation, by=talks.recorder, title="Minutes", file=make_file())
    return talks


def test_it_is_whole_private_and_says_what_it_holds(talks, tmp_path):
    told, file = [], tmp_path / "site.backup"
    made = make_backup(file, tell=told.append)
    assert [path.name for path in tmp_path.iterdir()] == ["site.backup"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert made.rows["issues_entry"] == 1
    assert made.rows["negotiations_source"] == 1
    assert {"django_content_type", "negotiations_user"} <= set(made.rows)
    heads = {head.hash for head in heads_of(viewer(talks.negotiation))}
    assert heads <= {one.head for one in made.chains}
    assert ["issues", "0008_chains"] in made.migrations
    assert made.database == connection.vendor
    assert told[-1] == "Writing: 100 %"
    assert any(name.startswith("files/sources/") for name in made.members)


def test_files_that_can_be_prepared_anew_are_left_out(talks, tmp_path, settings):
    prepared = Path(settings.MEDIA_ROOT) / "exports" / "x"
    prepared.parent.mkdir(exist_ok=True)
    prepared.write_bytes(b"soon gone")
    made = make_backup(tmp_path / "site.backup", tell=quiet)
    prepared.unlink()
    assert not [name for name in made.members if "exports" in name]


def test_an_encrypted_one_shows_nothing(talks, tmp_path):
    file = tmp_path / "site.backup"
    made = make_backup(file, passphrase="correct horse", tell=quiet)
    content = file.read_bytes()
    assert content.startswith(MAGIC)
    for plain in (b"manifest", b"\x1f\x8b\x08", made.chains[0].head.encode(), WORD.encode()):
        assert plain not in content
    again = make_backup(tmp_path / "again.backup", passphrase="correct horse", tell=quiet)
    assert again.rows == made.rows
    assert (tmp_path / "again.backup").read_bytes()[:60] != content[:60]


def test_an_existing_file_stays_what_it_is(tmp_path):
    file = tmp_path / "site.backup"
    file.write_bytes(b"last week's")
    with pytest.raises(Refused, match="exists already: give another name"):
        make_backup(file, tell=quiet)
    with pytest.raises(Refused, match="There is no folder"):
        make_backup(tmp_path / "nowhere" / "x", tell=quiet)
    assert file.read_bytes() == b"last week's"


def test_a_backup_that_fails_leaves_nothing(talks, tmp_path, monkeypatch):
    def gone(_path):
        raise Refused("A file was erased while the backup ran: run it again.")

    monkeypatch.setattr(making, "_opened", gone)
    with pytest.raises(CommandError, match="run it again"):
        call_command("backup", tmp_path / "site.backup")
    assert list(tmp_path.iterdir()) == []


# Stops where the copy of the database lies there in the clear.
HALF_WAY = """
import django, pathlib, sys, time
django.setup()
from issues.backups import make_backup
def tell(line):
    if line.startswith("Reading"):
        print(line, flush=True)
        time.sleep(600)
make_backup(pathlib.Path(sys.argv[1]), tell=tell)
"""


def test_what_a_killed_backup_left_is_private_and_goes_with_the_next(talks, tmp_path, settings):
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()
    url = address_of(connection.settings_dict["NAME"])
    process = subprocess.Popen(
        [sys.executable, "-c", HALF_WAY, str(tmp_path / "site.backup")],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "PARLEY_VAR": str(settings.VAR_DIR)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline().startswith("Reading")
        (left,) = settings.VAR_DIR.glob(".*")
        assert left.stat().st_mode & 0o777 == 0o700
        assert (left / "database").stat().st_size > 0
        assert sweep_leftovers() == 0
        assert (left / "database").exists()
    finally:
        process.kill()
        process.wait(10)
    assert left.exists()
    make_backup(tmp_path / "site.backup", tell=quiet)
    assert list(settings.VAR_DIR.iterdir()) == []


def test_half_a_backup_is_swept_where_it_lies_and_nothing_else_is(tmp_path):
    (tmp_path / ".backup-killed").mkdir()
    (tmp_path / ".backup-killed" / "site.backup").write_bytes(b"half")
    (tmp_path / ".restore-killed").mkdir()
    (tmp_path / "sources").mkdir()
    (tmp_path / ".backup-file").write_bytes(b"no folder")
    (tmp_path / ".backup-link").symlink_to(tmp_path / "sources")
    assert sweep_leftovers(tmp_path) == 2
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"sources", ".backup-file", ".backup-link"}


def test_folders_of_another_user_stay(tmp_path, monkeypatch):
    (tmp_path / ".backup-killed").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert sweep_leftovers(tmp_path) == 0
    assert (tmp_path / ".backup-killed").exists()


def test_the_passphrase_is_never_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(CommandError, match=f"Set {VARIABLE}, or run this in a terminal"):
        call_command("backup", tmp_path / "site.backup", "--encrypt")


# --- A backup to take apart -----------------------------------------------------------------------


@pytest.fixture
def pack(tmp_path):
    """`pack(passphrase="", sql="", **manifest)`: the path of a small backup of SQLite."""

    def make(passphrase="", sql="", files=FILES, **changes):
        database = tmp_path / f"packed-{random.random()}.sqlite3"
        with sqlite3.connect(database) as made:
            made.executescript(TABLES + sql)
        made.close()
        sources = {"database": database}
        for name, content in files.items():
            path = tmp_path / name.replace("/", "-")
            path.write_bytes(content)
            sources[name] = path
        manifest = replace(described(sources), **changes)
        backup = database.with_suffix(".backup")
        with backup.open("wb") as sink:
            making.write_backup(sink, passphrase, manifest, sources, quiet)
        return backup

    return make


def described(sources):
    contents = {name: path.read_bytes() for name, path in sources.items()}
    members = {
        name: Member(len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    }
    return Manifest("2026-11-26T10:00:00+00:00", "0.1.0", "sqlite", [], {}, [], members)


@pytest.fixture
def place(tmp_path, monkeypatch, settings):
    """Somewhere empty, on SQLite whatever the tests run on; `.content()` is what lies there."""
    folder = tmp_path / "place"
    folder.mkdir()
    path = folder / "parley.sqlite3"
    monkeypatch.setattr(Sqlite, "path", path)
    monkeypatch.setattr(restoring, "engine", Sqlite)
    monkeypatch.setattr(server, "_lock_file", lambda: folder / "parley.serving")
    # What comes after all is in place has tests of its own: drills and upgrades.
    monkeypatch.setattr(restoring, "call_command", lambda *_args, **_options: None)
    monkeypatch.setattr(restoring, "Job", SimpleNamespace(objects=SimpleNamespace(all=list)))
    settings.MEDIA_ROOT = folder / "files"

    def content():
        """All that is there but for the lock and an empty folder for files."""
        paths = [path for path in folder.rglob("*") if path.name != "parley.serving"]
        paths = [path for path in paths if path.is_file() or any(path.iterdir())]
        return {p.relative_to(folder).as_posix(): p.is_file() and p.read_bytes() for p in paths}

    return SimpleNamespace(folder=folder, database=path, content=content)


def refused(backup, place, passphrase=""):
    """The reason, with nothing changed in the place."""
    before = place.content()
    with pytest.raises(Refused) as refusal:
        restore_backup(backup, passphrase=passphrase, tell=quiet)
    assert place.content() == before
    return str(refusal.value)


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_what_was_packed_is_there_and_private(pack, place, passphrase):
    told = []
    backup = pack(passphrase, "INSERT INTO item VALUES (1);", rows={"item": 1})
    restore_backup(backup, passphrase=passphrase, tell=told.append)
    content = place.content()
    assert content["files/sources/one"] == FILES["files/sources/one"]
    assert content["files/sources/two"] == b""
    assert set(content) == {"parley.sqlite3", "files", "files/sources", *FILES}
    assert place.database.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(place.database) as found:
        assert found.execute("SELECT count(*) FROM item").fetchone() == (1,)
    found.close()
    assert "Reading: 100 %" in told


# --- Places that are no good ----------------------------------------------------------------------


def test_a_running_server_is_noticed(pack, place):
    with open(place.folder / "parley.serving", "w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert refused(pack(), place) == "The server is running. Stop it first."
    restore_backup(pack(), tell=quiet)


def test_no_server_starts_during_a_restore(place):
    with server.alone(), pytest.raises(ImproperlyConfigured, match="A backup is being restored"):
        server.hold_while_serving()


def test_a_database_with_tables_is_left_alone(pack, place):
    with sqlite3.connect(place.database) as used:
        used.execute("CREATE TABLE x (y)")
    used.close()
    assert "The database is not empty" in refused(pack(), place)
    place.database.write_bytes(b"something else" * 100)
    assert "The database is not empty" in refused(pack(), place)
    place.database.write_bytes(b"")
    restore_backup(pack(), tell=quiet)


def test_a_restore_that_was_killed_is_not_in_the_way_of_the_next(pack, place):
    for folder in (place.folder, place.folder / "files"):
        (folder / ".restore-killed").mkdir(parents=True)
    restore_backup(pack(), tell=quiet)
    assert set(place.content()) == {"parley.sqlite3", "files", "files/sources", *FILES}
    assert not list(place.folder.rglob(".restore-*"))


def test_a_log_of_another_database_is_noticed(pack, place):
    Path(f"{place.database}-wal").write_bytes(b"acknowledged")
    assert "parley.sqlite3-wal is left from another database" in refused(pack(), place)


def test_a_folder_with_files_is_left_alone(pack, place):
    (place.folder / "files").mkdir()
    (place.folder / "files" / "x").write_bytes(b"x")
    assert "files is not empty" in refused(pack(), place)
    (place.folder / "files" / "x").unlink()
    restore_backup(pack(), tell=quiet)


# --- Files that are no good -----------------------------------------------------------------------


def test_wrong_and_missing_passphrases_are_told_apart(pack, place):
    backup = pack("correct horse")
    assert refused(backup, place) == "This backup is encrypted: its passphrase is needed."
    said = refused(backup, place, "battery staple")
    assert said == "The passphrase does not fit this backup."


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_wherever_it_is_cut_off_it_is_refused(pack, place, passphrase):
    backup = pack(passphrase)
    content = backup.read_bytes()
    reasons = set()
    for length in (0, 10, 40, 80, len(content) // 2, len(content) - 9, len(content) - 1):
        backup.write_bytes(content[:length])
        reasons.add(refused(backup, place, passphrase))
    assert any("cut off" in reason for reason in reasons)


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_a_changed_byte_changes_nothing_that_is_restored(pack, place, passphrase):
    """It is refused, but for the few bits of a packed file that mean nothing."""
    backup = pack(passphrase)
    content, refusals = backup.read_bytes(), 0
    dice = random.Random(5)
    for at in [len(content) - 1, *dice.sample(range(len(content)), 20)]:
        changed = bytearray(content)
        changed[at] ^= 1 << dice.randrange(8)
        backup.write_bytes(changed)
        try:
            restore_backup(backup, passphrase=passphrase, tell=quiet)
        except Refused:
            refusals += 1
            assert place.content() == {}
            continue
        assert {name: place.content()[name] for name in FILES} == FILES
        shutil.rmtree(place.folder / "files")
        place.database.unlink()
    assert refusals >= (21 if passphrase else 18)


def test_a_chunk_left_out_is_noticed(pack, place):
    """Two million random bytes: more than two chunks, each sealed rightly by itself."""
    chunk = (1 << 20) + 16
    backup = pack("correct horse", files={"files/x": random.Random(1).randbytes(3_000_000)})
    content = backup.read_bytes()
    head = len(MAGIC) + 16 + 7 + 32
    for cut in (head, head + chunk):
        backup.write_bytes(content[:cut] + content[cut + chunk :])
        assert "damaged or cut off" in refused(backup, place, "correct horse")
    backup.write_bytes(content[: head + chunk])
    assert "damaged or cut off" in refused(backup, place, "correct horse")


def test_other_files_are_said_to_be_others(pack, place, tmp_path):
    backup = tmp_path / "x"
    backup.write_bytes(b"PK\x03\x04 something else")
    assert refused(backup, place) == "This file is no backup of Parley."
    assert "There is no file" in refused(tmp_path / "missing", place)
    assert "no backup of Parley" in refused(pack(format="other"), place)


def test_a_newer_one_is_told_apart_from_a_damaged_one(pack, place):
    newer = "made by a newer version of Parley (9.0)"
    assert newer in refused(pack(version=2, parley="9.0"), place)
    later = [["issues", "0001_initial"], ["issues", "9999_later"]]
    said = refused(pack(migrations=later, parley="9.0"), place)
    assert newer in said.replace("(9.0;", "(9.0)")
    assert "issues.9999_later" in said


def test_the_other_database_is_named(pack, place):
    said = refused(pack(database="postgresql"), place)
    assert said == (
        "This backup is of a database on postgresql, and DATABASE_URL names one on sqlite."
    )


def test_what_the_manifest_does_not_have_is_refused(pack, place):
    without = {"database": Member(1, HEAD)}
    assert "damaged" in refused(pack(members=without, files={}), place)
    extra = described({"database": Path(__file__), "files/x": Path(__file__)}).members
    manifest = described({"database": Path(__file__)})
    backup = place.folder.parent / "less.backup"
    with backup.open("wb") as sink:
        more = replace(manifest, members=extra)
        making.write_backup(sink, "", more, {"database": Path(__file__)}, quiet)
    assert refused(backup, place) == "This backup is cut off: its end is missing."


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": {'x"; DROP TABLE item; --': 1}},
        {"rows": {"item": "1"}},
        {"chains": [{"negotiation": 1, "chain": "x' OR '1", "length": 1, "head": HEAD}]},
        {"chains": [{"negotiation": 1, "chain": "x", "length": 1, "head": "' OR '1"}]},
        {"chains": [{"negotiation": "1 OR 1", "chain": "x", "length": 1, "head": HEAD}]},
        {"members": {"database": {"size": 1, "sha256": HEAD}, "files/../../x": {}}},
        {"members": {"database": {"size": 1, "sha256": HEAD}, "/etc/x": {}}},
        {"members": {}},
        {"migrations": [["issues"]]},
        {"strange": 1},
    ],
)
def test_a_strangers_manifest_reaches_neither_paths_nor_statements(changes):
    manifest = described({"database": Path(__file__)})
    plain = json.loads(manifest.to_json())
    assert read_manifest(json.dumps(plain).encode()) == manifest
    with pytest.raises(Refused, match="its manifest cannot be read"):
        read_manifest(json.dumps(plain | changes).encode())


@pytest.mark.parametrize(
    ("sql", "changes", "reason"),
    [
        ("INSERT INTO entry VALUES (1, 9, '');", {}, "a row of entry refers to nothing"),
        ("", {"rows": {"item": 5}}, "table item has other rows than the manifest says"),
        ("", {"rows": {"missing": 0}}, "no such table: missing"),
        ("", {"chains": [Chain(1, "members", 1, HEAD)]}, "chain members ends otherwise"),
    ],
)
def test_a_database_that_is_not_what_it_should_be_is_refused(pack, place, sql, changes, reason):
    assert reason in refused(pack(sql=sql, **changes), place)


def test_a_broken_database_is_refused(pack, place, monkeypatch):
    """Its hash is right: it was broken when it was backed up."""
    real = making.write_backup

    def broken(sink, passphrase, manifest, sources, tell):
        path = sources["database"]
        content = bytearray(path.read_bytes())
        content[4096:4200] = b"\xff" * 104
        path.write_bytes(content)
        real(sink, passphrase, replace(manifest, members=described(sources).members), sources, tell)

    monkeypatch.setattr(making, "write_backup", broken)
    assert "The database in this backup is damaged" in refused(pack(), place)


def test_the_command_says_that_nothing_was_changed(pack, place, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(CommandError, match="passphrase is needed. Nothing was changed."):
        call_command("restore", pack("correct horse"))
    monkeypatch.setenv(VARIABLE, "battery staple")
    with pytest.raises(CommandError, match="does not fit this backup. Nothing was changed."):
        call_command("restore", pack("correct horse"))


def test_every_migration_of_this_version_is_known(db):
    manifest = described({"database": Path(__file__)})
    refuse_newer(replace(manifest, migrations=making.applied_migrations()))


# --- PostgreSQL -----------------------------------------------------------------------------------

postgres_only = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite takes a backup in by moving a file"
)


@pytest.fixture
def server_elsewhere(talks, tmp_path, monkeypatch):
    """A dump of the tests' database, what it holds, and an empty database to bring it into."""
    with Postgresql().moment(tmp_path) as moment:
        rows = {"issues_entry": 1}
        members = {"database": Member(1, HEAD)}
        manifest = Manifest("", "0.1.0", "postgresql", [], rows, [], members)
    with elsewhere(tmp_path) as place:
        given = connection.get_connection_params() | {"dbname": place.url.rpartition("/")[2]}
        fake = SimpleNamespace(vendor="postgresql", get_connection_params=lambda: given)
        monkeypatch.setattr(engines, "connection", fake)
        yield SimpleNamespace(path=moment.path, manifest=manifest, url=place.url)


@postgres_only
def test_postgresql_takes_all_or_nothing(server_elsewhere):
    path, manifest = server_elsewhere.path, server_elsewhere.manifest
    wrong = replace(manifest, rows={"issues_entry": 2})
    with pytest.raises(Refused, match="table issues_entry has other rows"):
        Postgresql().bring_in(path, wrong)
    Postgresql().refuse_used()  # it is still empty
    ends = replace(manifest, chains=[Chain(1, "members", 1, HEAD)])
    with pytest.raises(Refused, match="chain members ends otherwise"):
        Postgresql().bring_in(path, ends)
    Postgresql().bring_in(path, manifest)
    with pytest.raises(Refused, match="The database is not empty"):
        Postgresql().refuse_used()


@postgres_only
def test_postgresql_tells_of_others_who_are_connected(server_elsewhere):
    import psycopg

    with (
        psycopg.connect(server_elsewhere.url),
        pytest.raises(Refused, match=r"Others are connected to the database \(1\)"),
    ):
        Postgresql().refuse_used()


@postgres_only
def test_postgresql_refuses_a_broken_dump(server_elsewhere):
    content = server_elsewhere.path.read_bytes()
    server_elsewhere.path.write_bytes(content[: len(content) // 2])
    with pytest.raises(Refused, match="The database in this backup"):
        Postgresql().bring_in(server_elsewhere.path, server_elsewhere.manifest)
    Postgresql().refuse_used()


def test_a_missing_tool_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Refused, match="pg_dump is not installed"):
        engines.run_tool("pg_dump")
