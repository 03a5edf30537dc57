"""The mapping table: readable, complete, and what the fixture was built from."""

from __future__ import annotations

import json
import tomllib
from copy import deepcopy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from issues.management.case_builder import Builder, stable_uuid

FIXTURES = Path(settings.BASE_DIR) / "fixtures"
FACTS = Path(settings.BASE_DIR).parent / "shared" / "data" / "us-ru-facts.json"
MAPPING = tomllib.loads((FIXTURES / "russia_us_mapping.toml").read_text(encoding="utf-8"))
SCHEMES = json.loads((FIXTURES / "schemes.json").read_text(encoding="utf-8"))
LABELS = {
    row["fields"]["label"]
    for row in SCHEMES
    if row["fields"].get("scheme") == [MAPPING["negotiation"]["scheme"], None]
}
EXCEPTIONS = [table for table in MAPPING["event"] if "status" in table]


@pytest.fixture(scope="module")
def entries():
    rows = json.loads((FIXTURES / "russia_us.json").read_text(encoding="utf-8"))
    return {r["fields"]["uuid"]: r["fields"] for r in rows if r["model"] == "issues.entry"}


def test_each_exception_gives_its_reason():
    assert [t for t in EXCEPTIONS if len(t.get("reason", "")) < 20] == []


def test_each_round_gives_the_reading_behind_it():
    assert [t["slug"] for t in MAPPING["round"] if len(t.get("reason", "")) < 20] == []


def test_the_general_rule_leads_to_statuses_of_the_scheme():
    results = set(MAPPING["suggested"].values()) - {"", "judge"}
    assert results <= LABELS
    assert {t["status"] for t in EXCEPTIONS} - {""} <= LABELS


def test_no_event_is_listed_twice():
    listed = [(t["item"], t["n"]) for t in MAPPING["event"]]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("table", MAPPING["event"], ids=lambda t: f"{t['item']}-{t['n']}")
def test_the_fixture_follows_the_table(table, entries):
    entry = entries[stable_uuid("entry", table["item"], table["n"])]
    assert entry["said_first"].startswith(table["date"])
    if "status" in table:
        assert (entry["status"] or ["", "", ""])[2] == table["status"]
    for key in ("position", "waits_text", "waits_why", "next_step"):
        assert entry[key] == table.get(key, "")


def small_case(suggested="refused", event=None, exceptions=()):
    """A builder over one item with one event, under the real general rule."""
    facts_event = {"date": "2025-06-11", "suggested_status": suggested} | (event or {})
    mapping = deepcopy(MAPPING) | {
        "heading": [{"title": "One", "items": ["one"]}],
        "round": [],
        "event": list(exceptions),
    }
    facts = {"issues": [{"slug": "one", "events": [facts_event]}], "rounds": []}
    return Builder(facts=facts, mapping=mapping, scheme=[])


def exception(**changes):
    return {"item": "one", "n": 0, "date": "2025-06-11", "status": "", "reason": "So."} | changes


def test_a_table_that_fits_is_accepted():
    small_case(exceptions=[exception()]).check_mapping()


@pytest.mark.parametrize(
    ("suggested", "table", "complaint"),
    [
        ("partial-progress", {"item": "one", "n": 0, "date": "2025-06-11"}, "needs a judgement"),
        ("refused", exception(reason=""), "without a reason"),
        ("refused", exception(status="Blocked"), "to say the same"),
        ("refused", exception(date="2025-06-12"), "expects 2025-06-12"),
        ("refused", exception(n=1), "no such event"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(suggested, table, complaint):
    with pytest.raises(CommandError, match=complaint):
        small_case(suggested, exceptions=[table]).check_mapping()


def test_a_forgotten_item_is_refused():
    builder = small_case()
    builder.mapping["heading"][0]["items"] = []
    with pytest.raises(CommandError, match="every item exactly once"):
        builder.check_mapping()


@pytest.mark.skipif(not FACTS.exists(), reason="the collected facts are not on this machine")
def test_the_fixture_is_what_the_facts_and_the_table_give(tmp_path):
    built = tmp_path / "russia_us.json"
    call_command("build_fixture", FACTS, output=built, verbosity=0)
    assert built.read_bytes() == (FIXTURES / "russia_us.json").read_bytes()
