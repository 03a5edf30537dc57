"""manage.py import_negotiation: the same checks without a browser, all or nothing."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from issues import services
from issues.models import Entry, Import, Upload
from negotiations.models import Negotiation
from tests import factories

pytestmark = pytest.mark.django_db

ROUNDS = """number,title,start,end,city
1,First consultations,27.02.2025,27.02.2025,Istanbul
2,Second consultations,10.04.2025,10.04.2025,Istanbul
"""
ENTRIES = """issue,date,round,from,to,asserted_by,source_url,note
Banking,27 Feb 2025,1,,Raised,Russia,https://example.org/a,Asked for accounts.
Banking,2025-04-10,2,Raised,Under discussion,both,https://example.org/b,
Direct flights,April 2025,,,Blocked,US,,Said not now.
"""


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def person():
    factories.make_scheme()
    return factories.make_user("boss", is_superuser=True)


@pytest.fixture
def bring_in(person, tmp_path):
    """Runs the command on these texts; what it printed."""

    def run(rounds=ROUNDS, entries=ENTRIES, **options):
        for name, text in (("rounds", rounds), ("entries", entries)):
            (tmp_path / f"{name}.csv").write_text(text)
        out = StringIO()
        given = {"title": "Talks", "party": ["RU=Russia", "US=United States"]}
        files = {name: str(tmp_path / f"{name}.csv") for name in ("rounds", "entries")}
        scheme = {"scheme": "consultations"}
        call_command("import_negotiation", stdout=out, **(given | files | scheme | options))
        return out.getvalue()

    return run


def nothing_is_there():
    models = (Negotiation, Entry, Import, Upload)
    return not any(model.objects.exists() for model in models)


def test_it_opens_a_negotiation_with_rounds_items_and_entries(bring_in, person):
    said = bring_in()
    negotiation = Negotiation.objects.get(title="Talks")
    assert negotiation.memberships.get().user == person
    assert [str(round_) for round_ in negotiation.rounds.all()] == [
        "First consultations",
        "Second consultations",
    ]
    entries = Entry.objects.order_by("pk")
    assert [(str(e.issue), e.voice, str(e.status), e.when) for e in entries] == [
        ("Banking", "party", "Raised", "27 Feb 2025"),
        ("Banking", "joint", "Under discussion", "10 Apr 2025"),
        ("Direct flights", "party", "Blocked", "Apr 2025"),
    ]
    assert entries[1].round.number == 2
    assert "entries.csv: 3 rows, 2 items opened" in said
    assert services.differences(negotiation) == []


def test_a_dry_run_reports_the_same_and_writes_nothing(bring_in, tmp_path):
    assert "entries.csv: 3 rows, 2 items opened" in bring_in(dry_run=True)
    assert nothing_is_there()
    assert list(tmp_path.glob("imports/*")) == []


def test_one_bad_row_keeps_all_out_and_is_named(bring_in, tmp_path):
    with pytest.raises(CommandError, match=r"entries.csv, row 5: Date: .*future"):
        bring_in(entries=f"{ENTRIES}Banking,2099,,,Raised,RU,,\n")
    assert nothing_is_there()
    assert list(tmp_path.glob("imports/*")) == []


def test_a_round_that_is_not_there_is_an_error_of_its_row(bring_in):
    with pytest.raises(CommandError, match="row 2: Round: There is no round “7”"):
        bring_in(entries=f"{ENTRIES.splitlines()[0]}\nBanking,2025,7,,Raised,RU,,\n")


def test_an_unknown_word_is_asked_for(bring_in):
    entries = ENTRIES.replace("Russia", "Moscow")
    with pytest.raises(CommandError, match="--word 'Moscow=…'"):
        bring_in(entries=entries)
    bring_in(entries=entries, word=["Moscow=RU"])
    assert Entry.objects.first().party.code == "RU"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"scheme": "none such"}, "There is no scheme"),
        ({"by": "nobody"}, "--by USER"),
        ({"party": ["RU=Russia"]}, "at least two parties"),
        ({"items": "/nowhere/items.csv"}, "No such file"),
    ],
)
def test_what_is_missing_is_said(bring_in, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        bring_in(**options)
    assert nothing_is_there()


def test_a_party_may_be_named_without_a_code(bring_in):
    bring_in(party=["Russia", "United States"])
    assert [party.code for party in Negotiation.objects.get().parties.all()] == ["RU", "US"]
