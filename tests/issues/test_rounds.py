"""The list of rounds and the page of one round."""

import datetime as dt
import re
from copy import deepcopy

import pytest
import time_machine
from django.urls import reverse

from issues.services import add_source, correct, mark_agenda, retract
from negotiations import services
from negotiations.services.rounds import Account, Person
from tests import factories

from .reading import bare, page, read, row_of, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def talks(module_delegations, db):
    return deepcopy(module_delegations)


@pytest.fixture
def negotiation(talks):
    return talks.negotiation


@pytest.fixture
def banking(negotiation):
    return factories.make_issue(negotiation, "Banking")


@pytest.fixture
def first(negotiation):
    return factories.make_round(negotiation, "Spring meeting", "10 Apr 2025", number=1)


def of_round(round_):
    return reverse("issues:round_detail", args=[round_.negotiation.slug, round_.place])


def of_agenda(round_):
    return reverse("issues:agenda_mark", args=[round_.negotiation.slug, round_.place])


def of_list(negotiation):
    return reverse("issues:round_list", args=[negotiation.slug])


# --- Who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [of_list, of_round])
def test_pages_are_for_members(client, talks, negotiation, first, of):
    address = of(first if of is of_round else negotiation)
    assert client.get(address)["Location"].startswith("/login/?next=")
    client.force_login(talks.stranger)
    assert client.get(address).status_code == 404
    client.force_login(talks.reader)
    assert client.get(address).status_code == 200


def test_round_of_another_negotiation_is_not_found(client, talks, first):
    other = factories.make_negotiation(head=talks.head)
    factories.make_round(other)
    factories.make_round(other)
    client.force_login(talks.head)
    assert client.get(of_round(first).replace("/1/", "/2/")).status_code == 404
    assert client.post(of_agenda(first).replace("/1/", "/2/")).status_code == 404


def test_archived_negotiation_is_only_read(client, talks, negotiation, banking, first):
    services.archive_negotiation(negotiation, by=talks.head)
    html = page(client, of_round(first), talks.head)
    assert "agenda/" not in html
    assert "/entries/" not in html
    assert client.post(of_agenda(first), {"item": "#1", "mark": "planned"}).status_code == 403


# --- The list -----------------------------------------------------------------------------------


def test_list_tells_when_where_who_and_what_moved(client, talks, negotiation, banking, first):
    ru = negotiation.parties.get(code="RU")
    services.set_delegates(first, party=ru, people=[Person("Ivanov", is_head=True)], by=None)
    services.update_round(first, version=1, by=None, city="Vienna", host=ru)
    factories.record(banking, "RU", "Raised", "10 Apr 2025")
    factories.make_round(negotiation, "Summer", state="planned", expected="in the summer")
    text = read(client, of_list(negotiation), talks.reader)
    row = row_of(page(client, of_list(negotiation), talks.reader), "Spring meeting")
    assert "10 Apr 2025 Vienna, host Russia held RU Ivanov ▲ 1 forward 1 entry" in row
    assert "in the summer planned – – 0" in text


def test_planned_round_whose_time_has_passed_is_without_news(client, talks, negotiation):
    factories.make_round(
        negotiation,
        "Winter",
        state="planned",
        expected="in winter",
        expected_by=dt.date(2025, 2, 28),
    )
    assert "planned, no news" in read(client, of_list(negotiation), talks.reader)


def test_empty_list_offers_the_head_to_add_the_first(client, talks, negotiation):
    new = reverse("negotiations:round_new", args=[negotiation.slug])
    for user, offered in [(talks.head, True), (talks.recorder, False)]:
        client.force_login(user)
        html = client.get(of_list(negotiation)).content.decode()
        assert "No round yet." in html
        assert (new in html) == offered


def test_list_counts_what_the_page_of_the_round_shows(client, talks, negotiation, first):
    """Entries that name the round or began to count in it, without those replaced."""
    one, two = factories.make_issue(negotiation), factories.make_issue(negotiation)
    factories.record(one, "RU", "Raised", "10 Apr 2025")
    factories.record(two, "US", "Raised", "20 Apr 2025", round=first)
    wrong = factories.record(two, "US", "Agreed", "10 Apr 2025")
    retract(wrong, viewer=factories.viewer(negotiation), reason="Misheard")
    early = factories.record(one, "US", "Agreed", "1 Apr 2025", round=first)
    retract(early, viewer=factories.viewer(negotiation), reason="Misheard")
    assert row_of(page(client, of_list(negotiation), talks.reader), "Spring").endswith(
        "▲ 1 forward 2 entries"
    )
    text = read(client, of_round(first), talks.reader)
    assert "Moved forward 1 1 of them new" in text
    assert "Entries 2 on 2 items" in text


def test_list_compares_before_and_after_whatever_came_between(client, talks, negotiation, banking):
    factories.make_round(negotiation, "Long", "14 Apr 2025", last_day=dt.date(2025, 4, 18))
    other = factories.make_issue(negotiation)
    for day, (one, two) in enumerate([("Agreed", "Raised"), ("Blocked", "Agreed")], start=13):
        factories.record(banking, "RU", one, f"{day} Apr 2025")
        factories.record(other, "RU", two, f"{day} Apr 2025")
    factories.record(banking, "RU", "Agreed", "16 Apr 2025")
    row = row_of(page(client, of_list(negotiation), talks.reader), "Long")
    assert "▲ 1 forward" in row
    assert "back" not in row


def test_list_knows_nothing_of_another_negotiation(client, talks, negotiation, first):
    elsewhere = factories.make_negotiation()
    factories.record(factories.make_issue(elsewhere), "RU", "Raised", "10 Apr 2025")
    row = row_of(page(client, of_list(negotiation), talks.reader), "Spring meeting")
    assert row.endswith("nothing moved 0 entries")


def test_list_tells_a_delegation_what_moved_by_its_own_entries(client, talks, banking, first):
    secret = factories.own_audience(factories.viewer(banking.negotiation, talks.ru))
    factories.record(banking, "RU", "Raised", "10 Apr 2025", talks.ru, **secret)
    for user, moved in [(talks.ru, "▲ 1 forward 1 entry"), (talks.us, "nothing moved 0 entries")]:
        row = row_of(page(client, of_list(banking.negotiation), user), "Spring meeting")
        assert row.endswith(moved)


# --- One round ----------------------------------------------------------------------------------


def test_before_is_the_day_before_and_after_is_the_last_day(client, talks, negotiation, banking):
    meeting = factories.make_round(
        negotiation, "Two days", "10 Apr 2025", last_day=dt.date(2025, 4, 11)
    )
    factories.record(banking, "RU", "Raised", "9 Apr 2025")
    factories.record(banking, "RU", "Under discussion", "11 Apr 2025", text="On the table.")
    factories.record(banking, "RU", "Agreed", "12 Apr 2025", text="After it.")
    row = row_of(page(client, of_round(meeting), talks.reader), "Banking")
    assert "Raised → Under discussion ▲" in row
    assert "Only RU says so: RU 11 Apr 2025 · US nothing on record" in row
    assert "On the table." in row
    assert "After it." not in row


def test_figures_lead_to_the_items_they_count(client, talks, negotiation, banking, first):
    factories.make_issue(negotiation, "Visas")
    factories.record(banking, "RU", "Raised", "10 Apr 2025")
    html = page(client, of_round(first), talks.reader)
    (address,) = set(re.findall(r'<dd><a href="(/[^"]*)">', html))
    moved = page(client, address.replace("&amp;", "&"), talks.reader)
    assert "1 item moved" in words(moved)
    assert "Raised ▲" in row_of(moved, "Banking")
    assert 'href="#round-items">1</a>' in html
    assert 'id="round-items"' in html


def test_entry_that_names_the_round_is_told_though_said_later(client, talks, banking, first):
    factories.record(banking, "US", "Agreed", "20 Apr 2025", round=first, text="In an interview.")
    row = row_of(page(client, of_round(first), talks.reader), "Banking")
    assert "20 Apr 2025 US Agreed members In an interview." in row
    assert "No status yet" in row


def test_only_what_counts_is_told(client, talks, negotiation, banking, first):
    viewer = factories.viewer(negotiation)
    wrong = factories.record(banking, "RU", "Agreed", "10 Apr 2025", text="Misheard words.")
    data = factories.entry_data(negotiation, "RU", "Raised", "10 Apr 2025", text="Right words.")
    right = correct(wrong, data, viewer=viewer, reason="Misheard").entries[0]
    text = read(client, of_round(first), talks.reader)
    assert "Right words." in text
    assert "correction: Misheard" in text
    assert "Misheard words." not in text
    retract(right, viewer=viewer, reason="Not at all")
    text = read(client, of_round(first), talks.reader)
    assert "Right words." not in text
    assert "Misheard words." in text


def test_round_that_was_not_held_shows_its_state_and_no_standing(
    client, talks, negotiation, banking
):
    factories.record(banking, "RU", "Raised", "1 Feb 2025")
    moscow = factories.make_round(negotiation, "Moscow", state="cancelled", expected="June 2025")
    mark_agenda(moscow, [banking], mark="planned", by=None)
    text = read(client, of_round(moscow), talks.reader)
    assert "This round was cancelled: nothing stood or moved at it." in text
    assert "Before" not in text
    row = row_of(page(client, of_round(moscow), talks.reader), "Banking")
    assert row.endswith("Banking planned Nothing on record.")


def test_round_under_way_compares_with_now(client, talks, negotiation, banking):
    meeting = factories.make_round(negotiation, "Now", "10 Apr 2025", state="under_way")
    factories.record(banking, "RU", "Agreed", "20 Apr 2025")
    text = read(client, of_round(meeting), talks.reader)
    assert "Before (9 Apr 2025) → after (now)" in text
    assert "No status yet → Agreed ▲" in text


def test_both_readouts_stand_side_by_side_and_a_missing_one_is_said(
    client, talks, negotiation, first
):
    ru = negotiation.parties.get(code="RU")
    services.set_readout(first, party=ru, account=Account("It went well.", "Statement"), by=None)
    text = read(client, of_round(first), talks.reader)
    assert "It went well. Source: Statement" in text
    assert "United States No delegate named. No readout found." in text


def test_heads_come_first_in_their_delegation(client, talks, negotiation, first):
    ru = negotiation.parties.get(code="RU")
    people = [Person("Petrov", "counsellor"), Person("Ivanov", "ambassador", is_head=True)]
    services.set_delegates(first, party=ru, people=people, by=None)
    text = read(client, of_round(first), talks.reader)
    assert "Ivanov , head of delegation, ambassador Petrov, counsellor" in text


def test_party_that_joined_later_is_not_asked_for_a_readout(client, talks, negotiation, first):
    services.add_party(
        negotiation, code="UN", name="United Nations", since=dt.date(2025, 6, 1), by=None
    )
    assert "United Nations" not in read(client, of_round(first), talks.reader)


def test_item_that_was_blocked_before_is_not_counted_as_blocked_here(client, talks, banking, first):
    factories.record(banking, "RU", "Blocked", "1 Apr 2025")
    factories.record(banking, "US", "Blocked", "10 Apr 2025")
    text = read(client, of_round(first), talks.reader)
    assert "Moved back 0 to a lower status" in text
    assert "Now confirmed · now disputed 1 · 0" in text


def test_neighbours_are_linked_for_the_keys(client, talks, negotiation, first):
    second = factories.make_round(negotiation, "Second", "1 May 2025", number=2)
    third = factories.make_round(negotiation, "Third", "1 Jun 2025", number=3)
    client.force_login(talks.reader)
    html = client.get(of_round(second)).content.decode()
    assert f'data-previous href="{of_round(first)}"' in html
    assert f'data-next href="{of_round(third)}"' in html
    assert "data-previous" not in client.get(of_round(first)).content.decode()
    assert "data-next" not in client.get(of_round(third)).content.decode()


def test_touched_items_come_first_then_the_agenda_then_a_count(client, talks, negotiation, first):
    for title in ("Untouched", "Planned only", "Touched"):
        factories.make_issue(negotiation, title)
    planned, touched = (
        negotiation.issues.get(title="Planned only"),
        negotiation.issues.get(title="Touched"),
    )
    mark_agenda(first, [planned], mark="planned", by=None)
    factories.record(touched, "RU", "", "10 Apr 2025")
    text = read(client, of_round(first), talks.reader)
    assert text.index("3 Touched") < text.index("2 Planned only")
    assert "Untouched" not in text
    assert "1 other item not touched and not on the agenda" in text


def test_touched_items_come_in_the_order_of_the_agenda(client, talks, negotiation, first):
    """Whether their standing changed at the round, or an entry of another day names it."""
    names = ("Ports", "Rail", "Roads", "Water")
    ports, rail, roads, water = (factories.make_issue(negotiation, name) for name in names)
    factories.record(water, "RU", "Agreed", "10 Apr 2025")
    factories.record(roads, "RU", "", "2 May 2025", round=first)
    factories.record(rail, "RU", "Agreed", "10 Apr 2025")
    factories.record(ports, "RU", "", "3 May 2025", round=first)
    text = read(client, of_round(first), talks.reader)
    places = [text.index(f"{place} {name}") for place, name in enumerate(names, start=1)]
    assert places == sorted(places)


def test_list_escapes_what_people_typed(client, talks, negotiation):
    names = {"title": "<i>Spring</i>", "city": "<b>Aldport</b>"}
    one = factories.make_round(negotiation, day="10 Apr 2025", number=1, **names)
    people = [Person("<u>Ivanov</u>", "ambassador", is_head=True)]
    services.set_delegates(one, party=negotiation.parties.get(code="RU"), people=people, by=None)
    html = page(client, of_list(negotiation), talks.reader)
    assert "&lt;u&gt;Ivanov" in html
    assert "<u>Ivanov" not in html
    assert "&lt;i&gt;Spring" in html
    assert "&lt;b&gt;Aldport" in html
    assert "<i>Spring" not in html
    assert "<b>Aldport" not in html
    assert f'href="{one.get_absolute_url()}"' in html


def test_items_beyond_one_page_are_paged(client, talks, negotiation, first):
    issues = [factories.make_issue(negotiation, f"Matter {n:02}") for n in range(1, 28)]
    mark_agenda(first, issues, mark="discussed", by=None)
    assert "Matter 20" in read(client, of_round(first), talks.reader)
    assert "Matter 21" not in read(client, of_round(first), talks.reader)
    assert "Matter 27" in read(client, of_round(first), talks.reader, page=2)
    for wrong in ("0", "3", "x"):
        answer = client.get(of_round(first), {"page": wrong})
        assert answer.status_code == 400
        assert "There is no page" in words(answer.content.decode())


@pytest.mark.parametrize("query", ["as_of=2025-13-01", "known=yesterday", "as_of=2999-01-01"])
def test_wrong_days_are_answered_with_a_sentence(client, talks, first, query):
    client.force_login(talks.reader)
    assert client.get(f"{of_round(first)}?{query}").status_code == 400


def test_as_of_a_day_before_it_the_round_had_not_begun(client, talks, banking, first):
    factories.record(banking, "RU", "Raised", "10 Apr 2025")
    text = read(client, of_round(first), talks.recorder, as_of="2025-04-01")
    assert "On 1 Apr 2025 this round had not begun." in text
    assert "Entries" not in text
    assert "Add an entry" not in text


def test_known_then_leaves_out_what_was_recorded_later(client, talks, banking, first):
    """The entry of this test was recorded today, so yesterday nothing was known of it."""
    factories.record(banking, "RU", "Raised", "10 Apr 2025", text="Recorded today.")
    yesterday = (banking.recorded_at - dt.timedelta(1)).date().isoformat()
    assert "Recorded today." in read(client, of_round(first), talks.reader)
    text = read(client, of_round(first), talks.reader, known=yesterday)
    assert "Recorded today." not in text
    assert "Moved forward 0" in text


def test_known_then_leaves_out_a_source_that_came_later(client, talks, negotiation, banking, first):
    with time_machine.travel(dt.datetime(2025, 5, 1, 12, tzinfo=dt.UTC), tick=False):
        item = factories.make_issue(negotiation, "Visas")
        entry = factories.record(item, "RU", "Raised", "10 Apr 2025")
    source = services.add_source(negotiation, by=None, title="Second source")
    add_source(entry, source, viewer=factories.viewer(negotiation))
    assert "Second source" in read(client, of_round(first), talks.reader)
    text = read(client, of_round(first), talks.reader, known="2025-06-01")
    assert "2 Visas" in text
    assert "Second source" not in text


def test_entry_form_is_preset_to_the_round(client, talks, banking, first):
    mark_agenda(first, [banking], mark="planned", by=None)
    client.force_login(talks.recorder)
    html = client.get(of_round(first)).content.decode()
    link = re.search(r'class="add"[^>]*href="([^"]*)"', html)[1].replace("&amp;", "&")
    assert "round=1" in link
    form = client.get(link).content.decode()
    assert f'name="back" value="{of_round(first)}"' in form


# --- What others must not learn -----------------------------------------------------------------


@pytest.mark.parametrize("of", [of_list, of_round])
def test_entry_of_one_delegation_changes_no_byte_for_others(
    client, talks, negotiation, banking, first, of
):
    address = of(first if of is of_round else negotiation)
    untouched = factories.make_issue(negotiation, "Visas")
    factories.record(banking, "US", "Raised", "10 Apr 2025", text="For all.")
    others = (talks.us, talks.reader, talks.head)
    before = [bare(client, address, user) for user in others]
    own = bare(client, address, talks.ru)
    secret = factories.own_audience(factories.viewer(negotiation, talks.ru))
    for issue in (banking, untouched):
        factories.record(issue, "RU", "Blocked", "10 Apr 2025", talks.ru, round=first, **secret)
    assert [bare(client, address, user) for user in others] == before
    assert bare(client, address, talks.ru) != own


# --- Cost ---------------------------------------------------------------------------------------


def fill(negotiation, items, rounds):
    """Items and rounds with an entry, a joint text, an agenda line, people and readouts each."""
    ru = negotiation.parties.get(code="RU")
    made = [
        factories.make_round(negotiation, day=f"{n % 27 + 1} {month} 2025", number=n + 1)
        for n, month in zip(range(rounds), ["Mar", "Apr"] * rounds, strict=False)
    ]
    for round_ in made:
        services.set_delegates(round_, party=ru, people=[Person("Ivanov", is_head=True)], by=None)
    source = services.add_source(negotiation, title="Paper", by=None)
    day = "1 Mar 2025"
    for issue in [factories.make_issue(negotiation) for _ in range(items)]:
        factories.record(issue, "RU", "Raised", day, sources=[source])
        factories.record(issue, "RU US", "Agreed", day)
        wrong = factories.record(issue, "US", "Blocked", day)
        retract(wrong, viewer=factories.viewer(negotiation), reason="Misheard")
        mark_agenda(made[0], [issue], mark="discussed", by=None)


@pytest.mark.parametrize("of", [of_list, of_round])
def test_queries_do_not_grow(client, talks, negotiation, django_assert_max_num_queries, of):
    counts = []
    for _ in range(2):
        fill(negotiation, items=3, rounds=2)
        client.force_login(talks.recorder)
        address = of(negotiation.rounds.first() if of is of_round else negotiation)
        with django_assert_max_num_queries(26) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]
