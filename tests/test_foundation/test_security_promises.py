"""SECURITY.md: every promise names tests, and these exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def promises():
    promised = TEXT.partition("## What Parley promises")[2].partition("## What Parley does not")[0]
    return re.split(r"\n- ", re.sub(r"\n#+ .*", "", promised))[1:]


def test_every_promise_names_its_test():
    assert len(promises()) > 20
    assert [line for line in promises() if not NAMED.search(line)] == []


def test_every_named_test_exists():
    missing = [
        f"{file}::{test}"
        for file, test in NAMED.findall(TEXT)
        if not (ROOT / file).is_file()
        or not re.search(rf"^\s*def {test}\(", (ROOT / file).read_text(), re.M)
    ]
    assert missing == []


def test_every_promise_is_one_that_pytest_can_be_given():
    assert TEXT.count("::test_") == len(NAMED.findall(TEXT))
