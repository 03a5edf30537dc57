"""The bench itself still runs; how fast the pages are is no test."""

import pytest

from issues.services import differences, search_differences
from tests.bench import tables
from tests.bench.grow import grow
from tests.bench.measure import run
from tests.bench.probes import probes_for
from tests.bench.seed import Size, counted, seed

pytestmark = pytest.mark.urls("tests.bench.floor")


def test_bench_seeds_what_it_promises_and_measures_every_page(transactional_db):
    negotiation = seed(Size(items=60, rounds=3, entries=120))
    assert counted(negotiation) == {"items": 60, "rounds": 3, "entries": 120}
    results = run(probes_for(negotiation), repeats=2)
    assert {result["requests"] for result in results if "CSV" not in result["name"]} == {2}
    assert all(result["queries"] for result in results)
    assert counted(negotiation)["entries"] == 124


def test_copies_stand_where_the_rules_put_them(transactional_db):
    negotiation = seed(Size(items=10, rounds=3, entries=40))
    grow(3)
    assert counted(negotiation) == {"items": 30, "rounds": 3, "entries": 120}
    assert differences(negotiation) == []
    assert search_differences(negotiation) == []


def test_what_is_measured_finds_its_place_in_the_file(tmp_path, monkeypatch):
    text = "<!-- a -->\nold\n<!-- /a -->\nKept.\n<!-- b -->\n<!-- /b -->\n"
    monkeypatch.setattr(tables, "FILE", tmp_path / "BENCHMARKS.md")
    tables.FILE.write_text(text)
    tables.write({"a": "new"})
    found = tables.FILE.read_text()
    assert found == text.replace("old", "\nnew\n")


def test_every_table_has_a_place_in_the_file():
    names = {"machine", "sizes", "inside", "growth", "served", "memory", "limits", "browser"}
    text = tables.FILE.read_text()
    assert all(f"<!-- {name} -->" in text and f"<!-- /{name} -->" in text for name in names)
    assert "<!-- drills -->" in text
