"""What may be in the repository at all."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP = {
    "README.md",
    "SECURITY.md",
    "BENCHMARKS.md",
    "LICENSE",
    "Makefile",
    "manage.py",
    "pyproject.toml",
    ".gitignore",
    ".gitattributes",
    "requirements.txt",
    "requirements-postgres.txt",
    "requirements-dev.txt",
    ".ci",
    "deploy",
    "fixtures",
    "issues",
    "negotiations",
    "templates",
    "tests",
}
# Written in two halves, so that this file does not find itself.
NOT_OURS = re.compile(
    "|".join(
        [
            r"(?<![\w.])/" + r"(?:home|root|Users)/\w",
            "pypi" + r"\.org",
            "files\\.python" + "hosted",
            "--(?:extra-)?index" + "-url [^\\\\]",
            "BEGIN [A-Z ]*PRIVATE" + " KEY",
        ]
    )
)


def tracked():
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git working copy")
    return listing.stdout.splitlines()


def test_top_level_is_as_agreed():
    assert {path.split("/")[0] for path in tracked()} <= TOP


def test_no_machine_and_no_package_index_is_named():
    texts = (
        (path, ROOT / path) for path in tracked() if not path.endswith((".png", ".ico", ".gz"))
    )
    found = [path for path, file in texts if file.is_file() and NOT_OURS.search(file.read_text())]
    assert found == []


def test_every_pin_carries_a_hash():
    for path in ROOT.glob("requirements*.txt"):
        pins = re.split(r"\n(?=\S)", path.read_text())[1:]
        assert pins
        assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_pins_match_what_the_project_asks_for():
    wanted = dict(
        re.findall(r'"([\w-]+)(?:\[[\w,-]+\])?==([\w.]+)"', (ROOT / "pyproject.toml").read_text())
    )
    pinned = dict(
        re.findall(
            r"^([\w-]+)(?:\[[\w,-]+\])?==([\w.]+)",
            (ROOT / "requirements-dev.txt").read_text(),
            re.M,
        )
    )
    assert wanted
    assert {name: pinned.get(name.lower()) for name in wanted} == wanted
