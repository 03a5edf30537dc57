"""What moved between two rounds or days, since one marked as read, and on paper."""

import datetime as dt
import re
from itertools import combinations_with_replacement

import pytest
from django.template.defaultfilters import truncatechars
from django.urls import reverse
from django.utils import timezone

from issues.models import Standing
from issues.models.standings import holds_on, holds_on_either
from issues.services import correct, retract
from issues.templatetags import told
from negotiations import services
from tests import factories

from .reading import bare, page, read, row_of, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def talks():
    return factories.make_delegations()


@pytest.fixture
def negotiation(talks):
    return talks.negotiation


@pytest.fixture
def banking(negotiation):
    return factories.make_issue(negotiation, "Banking")


@pytest.fixture
def rounds(negotiation):
    """Three held rounds: 10 Feb, 10 Mar and 10 Apr 2025."""
    return [
        factories.make_round(negotiation, f"Meeting {n}", f"10 {month} 2025", number=n)
        for n, month in enumerate(("Feb", "Mar", "Apr"), start=1)
    ]


def of_changes(negotiation):
    return reverse("issues:changes", args=[negotiation.slug])


def of_mark(negotiation):
    return reverse("issues:mark_read", args=[negotiation.slug])


def mark(client, negotiation, user, until=None):
    """As the button does; the page was made at `until` (now)."""
    client.force_login(user)
    until = until or timezone.now()
    return client.post(of_mark(negotiation), {"until": until.isoformat()})


# --- Who may ------------------------------------------------------------------------------------


def test_page_and_button_are_for_members(client, talks, negotiation):
    fields = {"until": timezone.now().isoformat()}
    assert client.get(of_changes(negotiation))["Location"].startswith("/login/?next=")
    assert client.post(of_mark(negotiation), fields)["Location"].startswith("/login/?next=")
    for user, seen, marked in [(talks.stranger, 404, 404), (talks.reader, 200, 302)]:
        client.force_login(user)
        assert client.get(of_changes(negotiation)).status_code == seen
        assert client.post(of_mark(negotiation), fields).status_code == marked
    assert client.get(of_mark(negotiation)).status_code == 405


# --- What is compared ---------------------------------------------------------------------------


def compared(client, negotiation, user, **query):
    """The sentence under the title."""
    text = read(client, of_changes(negotiation), user, **query)
    return re.search(r"(From the end of .*?)(?: ,)?(?:,? using all| Mark)", text)[1]


def test_last_two_held_rounds_are_compared_by_default(client, talks, negotiation, rounds):
    factories.make_round(negotiation, "Later", state="cancelled")
    sentence = compared(client, negotiation, talks.reader)
    assert sentence == "From the end of R2 (10 Mar 2025) to the end of R3 (10 Apr 2025)"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            {"from": "round-1", "to": "round-3"},
            "From the end of R1 (10 Feb 2025) to the end of R3 (10 Apr 2025)",
        ),
        (
            {"from": "2025-03-01", "to": "round-3"},
            "From the end of 1 Mar 2025 to the end of R3 (10 Apr 2025)",
        ),
        ({"from": "round-2"}, "From the end of R2 (10 Mar 2025) to today"),
        ({"to": "round-2"}, "From the end of R1 (10 Feb 2025) to the end of R2 (10 Mar 2025)"),
        ({"to": "round-1"}, "From the end of 9 Feb 2025 to the end of R1 (10 Feb 2025)"),
        ({"to": "2025-02-01"}, "From the end of 31 Jan 2025 to the end of 1 Feb 2025"),
    ],
)
def test_two_ends_are_said_in_words(client, talks, negotiation, rounds, query, expected):
    assert compared(client, negotiation, talks.reader, **query).startswith(expected)


def test_rounds_that_ended_on_one_day_are_not_compared_with_each_other(client, talks, negotiation):
    factories.make_round(negotiation, "One", "10 Feb 2025", number=1)
    factories.make_round(negotiation, "Two", "10 Mar 2025", number=2)
    factories.make_round(negotiation, "Aside", "10 Mar 2025", number=3)
    sentence = compared(client, negotiation, talks.reader)
    assert sentence == "From the end of R1 (10 Feb 2025) to the end of R3 (10 Mar 2025)"


def test_without_a_held_round_there_is_nothing_to_compare(client, talks, negotiation):
    assert "No round has been held yet." in read(client, of_changes(negotiation), talks.reader)


WRONG = [
    ({"from": "soon"}, "neither a round nor a day"),
    ({"from": "2025-02-30"}, "neither a round nor a day"),
    ({"from": "2999-01-01"}, "lies in the future"),
    ({"from": "round-99"}, "There is no round “99” here."),
    ({"from": "round-4"}, "was not held"),
    ({"from": "round-3", "to": "round-1"}, "must be earlier"),
    ({"from": "round-1", "to": "round-1"}, "must be earlier"),
    ({"from": "now"}, "must be earlier"),
    ({"from": "read", "to": "round-1"}, "always compared with today"),
    ({"page": "2"}, "There is no page “2”"),
]


@pytest.mark.parametrize(("query", "sentence"), WRONG)
def test_wrong_addresses_are_answered_with_a_sentence(
    client, talks, negotiation, rounds, query, sentence
):
    factories.make_round(negotiation, "Moscow", state="cancelled")
    client.force_login(talks.reader)
    answer = client.get(of_changes(negotiation), query)
    assert answer.status_code == 400
    assert sentence in words(answer.content.decode())


def test_form_leads_to_one_address(client, talks, negotiation, rounds):
    client.force_login(talks.reader)
    typed = {"from": "", "from_day": "2025-03-01", "to": "round-3", "to_day": "2025-01-01"}
    answer = client.get(of_changes(negotiation), typed)
    assert answer["Location"] == f"{of_changes(negotiation)}?from=2025-03-01&to=round-3"


# --- What moved ---------------------------------------------------------------------------------


def test_row_tells_from_to_who_says_so_and_what_did_it(client, talks, negotiation, rounds, banking):
    source = services.add_source(negotiation, by=None, title="Statement", publisher="TASS")
    factories.record(banking, "RU", "Raised", "1 Feb 2025")
    factories.record(banking, "US", "Agreed", "1 Feb 2025")
    factories.record(banking, "RU", "Under discussion", "1 Mar 2025", text="On the way.")
    factories.record(banking, "RU", "Agreed", "5 Mar 2025", text="Done.", sources=[source])
    html = page(
        client, of_changes(negotiation), talks.reader, **{"from": "round-1", "to": "round-2"}
    )
    row = row_of(html, "Banking")
    assert "Raised → Agreed ▲ now confirmed" in row
    assert "before: US claims more, RU has not answered" in row
    assert "Both say so, separately RU 5 Mar 2025 · US 1 Feb 2025" in row
    assert "5 Mar 2025 RU Agreed TASS Done." in row
    assert "On the way." not in row
    assert row.endswith("and 1 more entry")


@pytest.mark.parametrize(
    "text",
    ["ä" * 160, "ä" * 161, "a\u0308" * 160, "a\u0308" * 161, "\u0958" * 100, "“so” & <so>", ""],
)
def test_text_of_an_entry_is_cut_as_the_filter_cuts_it(text):
    assert told.cut(text) == truncatechars(text, told.LONGEST)


def test_one_range_finds_what_holds_on_either_day(banking):
    for who, status, said in (
        ("RU", "Raised", "1 Feb 2025"),
        ("US", "Raised", "3 Feb 2025"),
        ("RU", "Agreed", "7 Feb 2025"),
    ):
        factories.record(banking, who, status, said)
    days = [dt.date(2025, 1, 31) + dt.timedelta(n) for n in range(9)]
    for first, last in combinations_with_replacement([*days, None], 2):
        if first:
            found = Standing.objects.filter(holds_on_either(first, last))
            assert set(found) == set(Standing.objects.filter(holds_on(first) | holds_on(last)))


def test_totals_say_which_way_and_what_is_new(client, talks, negotiation, rounds):
    steps = [("Raised", "Agreed"), ("Agreed", "Blocked"), ("", "Raised"), ("Closed", "Raised")]
    for before, after in steps:
        issue = factories.make_issue(negotiation)
        if before:
            factories.record(issue, "RU", before, "1 Feb 2025")
        factories.record(issue, "RU", after, "1 Mar 2025")
    text = read(
        client, of_changes(negotiation), talks.reader, **{"from": "round-1", "to": "round-2"}
    )
    assert "4 items moved: ▲ 2 forward (1 new) ▼ 1 back · 1 now blocked · 1 reopened" in text


def test_now_disputed_is_a_movement_of_its_own(client, talks, negotiation, rounds, banking):
    factories.record(banking, "RU", "Raised", "1 Feb 2025")
    factories.record(banking, "US", "Agreed", "1 Mar 2025")
    factories.record(banking, "RU", "Raised", "2 Mar 2025")
    html = page(
        client, of_changes(negotiation), talks.reader, **{"from": "round-1", "to": "round-2"}
    )
    assert "1 item moved: · 1 now disputed" in words(html)
    assert "Raised now disputed" in row_of(html, "Banking")


def test_entries_that_moved_nothing_are_folded_and_counted(
    client, talks, negotiation, rounds, banking
):
    factories.record(banking, "RU", "Raised", "1 Feb 2025")
    factories.record(banking, "RU", "Raised", "1 Mar 2025")
    text = read(
        client, of_changes(negotiation), talks.reader, **{"from": "round-1", "to": "round-2"}
    )
    assert "Nothing moved." in text
    assert "1 item with new entries that moved nothing 1 Banking : 1 entry" in text


def test_unchanged_items_say_for_how_many_held_rounds(client, talks, negotiation, rounds):
    old, new = factories.make_issue(negotiation, "Old"), factories.make_issue(negotiation, "New")
    factories.make_issue(negotiation, "Silent")
    factories.record(old, "RU", "Raised", "1 Jan 2025")
    factories.record(new, "RU", "Raised", "1 Mar 2025")
    text = read(client, of_changes(negotiation), talks.reader, to="round-3")
    assert "2 items unchanged for up to 3 held rounds" in text
    assert "1 Old : unchanged for 3 held rounds 2 New : unchanged for 1 held round" in text
    assert "Silent" not in text


def test_waits_are_told_as_ours_and_theirs(client, talks, negotiation, rounds, banking):
    parties = {party.code: party for party in negotiation.parties.all()}
    visas, flights, done = (
        factories.make_issue(negotiation, t) for t in ("Visas", "Flights", "Done")
    )
    for issue, waits in [
        (banking, {"waits_for": "party", "waits_party": parties["US"], "waits_text": "an answer"}),
        (visas, {"waits_for": "party", "waits_party": parties["RU"], "waits_why": "wording"}),
        (flights, {"waits_for": "both"}),
        (done, {"waits_for": "nobody"}),
    ]:
        factories.record(issue, "RU", "", "1 Mar 2025", **waits)
    text = read(client, of_changes(negotiation), talks.ru, to="round-2")
    ours, theirs = text.index("Waits for us (Russia)"), text.index("Waits for them (United States)")
    assert ours < text.index("2 Visas : wording") < theirs < text.index("1 Banking : an answer")
    assert "Waits for all parties 3 Flights" in text
    assert "4 Done" not in text[:ours]
    text = read(client, of_changes(negotiation), talks.reader, to="round-2")
    assert "Waits for Russia 2 Visas" in text
    assert "Nothing is on record as waiting" in read(
        client, of_changes(negotiation), talks.reader, to="round-1"
    )


# --- What others must not learn -----------------------------------------------------------------


@pytest.mark.parametrize("query", [{"from": "round-1", "to": "now"}, {}, {"from": "read"}])
def test_entry_of_one_delegation_changes_no_byte_for_others(
    client, talks, negotiation, rounds, banking, query
):
    others = (talks.us, talks.reader, talks.head)
    for membership in negotiation.memberships.all():
        services.mark_read(membership)
    factories.record(banking, "US", "Raised", "1 Apr 2025")
    before = [bare(client, of_changes(negotiation), user, **query) for user in others]
    own = bare(client, of_changes(negotiation), talks.ru, **query)
    secret = factories.own_audience(factories.viewer(negotiation, talks.ru))
    ru = negotiation.parties.get(code="RU")
    waits = {"waits_for": "party", "waits_party": ru}
    factories.record(banking, "RU", "Blocked", "5 Apr 2025", talks.ru, **secret, **waits)
    assert [bare(client, of_changes(negotiation), user, **query) for user in others] == before
    assert bare(client, of_changes(negotiation), talks.ru, **query) != own


def test_page_says_who_may_read_it(client, talks, negotiation, rounds, banking):
    address = of_changes(negotiation)
    factories.record(banking, "US", "Raised", "1 Apr 2025", audience="public")
    assert "Made from public entries only" in read(client, address, talks.ru)
    factories.record(banking, "US", "Raised", "2 Apr 2025")
    assert "Contains entries for members of this negotiation only" in read(
        client, address, talks.ru
    )
    secret = factories.own_audience(factories.viewer(negotiation, talks.ru))
    factories.record(banking, "RU", "Blocked", "5 Apr 2025", talks.ru, **secret)
    marking = "Contains entries only the Russia delegation may see"
    assert marking in read(client, address, talks.ru)
    assert marking not in read(client, address, talks.us)


def test_marking_covers_entries_the_page_only_rests_on(client, talks, negotiation, rounds, banking):
    """Said long before the two rounds, and shown only as where the item stood before."""
    secret = factories.own_audience(factories.viewer(negotiation, talks.ru))
    factories.record(banking, "RU", "Raised", "1 Jan 2025", talks.ru, **secret)
    factories.record(banking, "RU", "Agreed", "1 Apr 2025", audience="public")
    text = read(client, of_changes(negotiation), talks.ru)
    assert "Contains entries only the Russia delegation may see" in text


def test_marking_covers_items_that_did_not_move(client, talks, negotiation, rounds, banking):
    secret = factories.own_audience(factories.viewer(negotiation, talks.ru))
    factories.record(banking, "RU", "Raised", "1 Jan 2025", talks.ru, **secret)
    moved = factories.make_issue(negotiation)
    factories.record(moved, "RU", "Agreed", "1 Apr 2025", audience="public")
    text = read(client, of_changes(negotiation), talks.ru)
    assert "1 item unchanged" in text
    assert "Contains entries only the Russia delegation may see" in text


ONLY_RUSSIA = "Contains entries only the Russia delegation may see"


def test_marking_covers_words_that_gave_no_status(client, talks, negotiation, rounds, banking):
    """Shown, if at all, as "spoke 1 Jan 2025, gave no status"."""
    secret = factories.own_audience(factories.viewer(negotiation, talks.ru))
    factories.record(banking, "RU", "", "1 Jan 2025", talks.ru, **secret)
    assert ONLY_RUSSIA in read(client, of_changes(negotiation), talks.ru)
    assert ONLY_RUSSIA not in read(client, of_changes(negotiation), talks.us)


def test_marking_covers_what_only_replaces(client, talks, negotiation, rounds, banking):
    russia = factories.viewer(negotiation, talks.ru)
    wrong = factories.record(banking, "RU", "Raised", "1 Jan 2025", talks.ru, audience="public")
    assert ONLY_RUSSIA not in read(client, of_changes(negotiation), talks.ru)
    secret = factories.own_audience(russia)
    data = factories.entry_data(negotiation, "own", "", "1 Jan 2025", text="No.", **secret)
    correct(wrong, data, viewer=russia, reason="Misheard")
    assert ONLY_RUSSIA in read(client, of_changes(negotiation), talks.ru)
    assert ONLY_RUSSIA not in read(client, of_changes(negotiation), talks.us)


def test_long_lists_name_the_first_and_count_the_others(client, talks, negotiation, rounds):
    for issue in [factories.make_issue(negotiation, f"Matter {n}") for n in range(1, 28)]:
        factories.record(issue, "RU", "Raised", "1 Jan 2025", waits_for="both")
    html = page(client, of_changes(negotiation), talks.reader, **{"from": "round-1"})
    text = words(html)
    assert "24 Matter 24 and 3 others" in text
    assert "27 items unchanged" in text
    assert "25 Matter 25" not in text
    assert "issues/?waits=both" in html


# --- Cost ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [{"from": "round-1", "to": "now"}, {"from": "read"}])
def test_queries_do_not_grow(
    client, talks, negotiation, rounds, django_assert_max_num_queries, query
):
    mark(client, negotiation, talks.reader)
    source = services.add_source(negotiation, by=None, title="Paper")
    counts = []
    for _ in range(2):
        for issue in [factories.make_issue(negotiation) for _ in range(3)]:
            factories.record(issue, "RU", "Raised", "1 Mar 2025", sources=[source])
            factories.record(issue, "RU US", "Agreed", "5 Mar 2025", waits_for="both")
            wrong = factories.record(issue, "US", "Blocked", "6 Mar 2025")
            retract(wrong, viewer=factories.viewer(negotiation), reason="Misheard")
        factories.make_round(negotiation, day="1 May 2025")
        client.force_login(talks.reader)
        with django_assert_max_num_queries(26) as queries:
            client.get(of_changes(negotiation), query)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- Paper --------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_twelve_items_print_on_one_page(new_page, tmp_path):
    """Each with long words of both sides, a source, and somebody to wait for."""
    talks = factories.make_delegations()
    negotiation = talks.negotiation
    factories.make_round(negotiation, "First", "10 Feb 2025", number=1)
    factories.make_round(negotiation, "Second", "10 Mar 2025", number=2)
    source = services.add_source(
        negotiation, by=None, title="Statement", publisher="The Daily News"
    )
    said = {"text": "What the delegation said of this item at some length. " * 5}
    said |= {"speaker": "Alexandra Longname", "sources": [source]}
    for n in range(12):
        issue = factories.make_issue(negotiation, f"Conditions of access for inspection, part {n}")
        factories.record(issue, "RU", "Under discussion", "1 Feb 2025")
        factories.record(issue, "RU", "Agreed", "1 Mar 2025", waits_for="both", **said)
        factories.record(issue, "US", "Agreed", "2 Mar 2025", **said)
    printed = new_page(talks.ru)
    printed.goto(of_changes(negotiation))
    printed.pdf(path=tmp_path / "changes.pdf", prefer_css_page_size=True)
    pdf = (tmp_path / "changes.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
