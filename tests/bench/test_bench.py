"""The bench itself still runs; how fast the pages are is no test."""

import pytest

from tests.bench.measure import run
from tests.bench.probes import probes_for
from tests.bench.seed import Size, counted, seed

pytestmark = pytest.mark.urls("tests.bench.floor")


def test_bench_seeds_what_it_promises_and_measures_every_page(transactional_db):
    negotiation = seed(Size(items=60, rounds=3, entries=120))
    assert counted(negotiation) == {"items": 60, "rounds": 3, "entries": 120}
    results = run(probes_for(negotiation), repeats=2)
    assert {result["requests"] for result in results} == {2}
    assert all(result["queries"] for result in results)
    assert counted(negotiation)["entries"] == 124
