"""Every released schema comes forward with its rows, also by way of a backup."""

import gzip
import json
from pathlib import Path
from uuid import UUID

import pytest

from tests.drills.elsewhere import elsewhere

RELEASES = sorted(Path(__file__).parent.glob("releases/*.json.gz"))
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name.partition(".")[0])
def test_a_release_comes_forward_with_every_kind_of_row(release, tmp_path):
    """Backed up at its own schema, restored at this one: `restore` migrates as `setup` does."""
    with elsewhere(tmp_path, "old") as old, elsewhere(tmp_path, "new") as new:
        loaded = old.run("-m", "tests.upgrades.load", str(release))
        assert loaded.returncode == 0, loaded.stderr
        backup = tmp_path / "old.backup"
        made = old.run("manage.py", "backup", str(backup))
        assert made.returncode == 0, made.stderr
        restored = new.restore(backup)
        assert restored.returncode == 0, restored.stderr
        found = new.look("person", "a long password")
    assert found["faults"] == []
    assert found["opened"] > 10
    kept = json.loads(gzip.decompress(release.read_bytes()))["rows"]
    assert set(found["entries"]) == {str(UUID(one)) for one in column(kept["issues.Entry"], "uuid")}
    assert set(column(kept["issues.ChainHead"], "hash")) <= set(found["links"])


def column(table, name):
    at = table["fields"].index(name)
    return [row[at] for row in table["rows"] if row[at]]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name.partition(".")[0])
def test_a_kept_release_has_every_kind_of_row(release):
    kept = json.loads(gzip.decompress(release.read_bytes()))
    assert [name for name, table in kept["rows"].items() if not table["rows"]] == []
    assert {"issues", "negotiations"} <= {name.partition(".")[0] for name in kept["rows"]}
