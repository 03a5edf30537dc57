import pytest

from negotiations.services import add_source
from tests.factories import make_file, make_issue, make_talks, record

from .restore import WRITERS, drill

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_backup_taken_under_load_restores_to_a_site_that_works(tmp_path):
    talks = make_talks()
    issues = [make_issue(talks.negotiation) for _ in range(WRITERS)]
    source = add_source(talks.negotiation, by=talks.recorder, title="Minutes", file=make_file())
    record(issues[0], "RU US", "Agreed", by=talks.recorder, sources=[source])
    result = drill(tmp_path, talks.negotiation, talks.recorder, "a long password")
    assert result.found["faults"] == []
    assert result.found["opened"] == 12
    assert result.differing == []
    assert result.lost == set()
    assert result.invented == set()
    assert f"files/{source.file.name}" in result.manifest.members
