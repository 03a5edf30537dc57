"""The first page: my negotiations, their figures, what is new."""

import datetime as dt
import re

import pytest
from django.test import override_settings
from django.urls import reverse

from issues.services import retract, undo
from negotiations import services
from tests import factories

from .reading import bare, page, read

pytestmark = pytest.mark.django_db
HOME = reverse("issues:home")


@pytest.fixture
def talks():
    return factories.make_delegations(title="Talks on fish")


@pytest.fixture
def negotiation(talks):
    return talks.negotiation


def mark_read(negotiation, *users):
    for user in users:
        services.mark_read(negotiation.memberships.get(user=user))


def test_nobody_is_sent_to_sign_in(client):
    assert client.get(HOME)["Location"].startswith("/login/?next=")
    assert client.post(HOME)["Location"].startswith("/login/?next=")


def test_only_my_negotiations_are_shown(client, talks):
    assert "Talks on fish" in read(client, HOME, talks.reader)
    text = read(client, HOME, talks.stranger)
    assert "Talks on fish" not in text
    assert "You are a member of no negotiation." in text


def test_superuser_sees_all_of_them(client, talks):
    root = factories.make_user("root", is_superuser=True)
    services.add_member(factories.make_negotiation(title="Other talks"), user=root)
    text = read(client, HOME, root)
    assert text.index("Other talks") < text.index("Talks on fish")


def test_new_negotiation_is_offered_to_whom_it_is_allowed(client, talks):
    new = reverse("negotiations:negotiation_new")
    assert new in page(client, HOME, talks.stranger)
    with override_settings(PARLEY_CREATE="staff"):
        assert new not in page(client, HOME, talks.stranger)


def test_figures_tell_what_both_say_from_the_rest(client, talks, negotiation):
    for says in [("RU",), ("RU", "US"), ("RU US",), ()]:
        issue = factories.make_issue(negotiation)
        for who in says:
            factories.record(issue, who, "Agreed")
    blocked = factories.make_issue(negotiation)
    factories.record(blocked, "US", "Blocked")
    text = read(client, HOME, talks.reader)
    assert "Agreed 3 both say so 2 · not both 1" in text
    assert "Blocked 1 both say so 0 · not both 1" in text
    assert "No status yet 1 of 5 items" in text
    assert "In talks" not in text


def test_figures_lead_to_the_items_they_count(client, talks, negotiation):
    factories.record(factories.make_issue(negotiation, "Banking"), "RU", "Agreed")
    factories.make_issue(negotiation, "Visas")
    html = page(client, HOME, talks.reader)
    agreed, none = re.findall(r'<dd><a href="([^"]*)">1</a>', html)
    found, without = read(client, agreed, talks.reader), read(client, none, talks.reader)
    assert ("Banking" in found, "Visas" in found) == (True, False)
    assert ("Banking" in without, "Visas" in without) == (False, True)


def test_items_entered_in_error_are_not_counted(client, talks, negotiation):
    factories.record(factories.make_issue(negotiation), "RU", "Agreed")
    wrong = factories.make_issue(negotiation)
    factories.record(wrong, "RU", "Agreed")
    factories.items.mark_in_error(wrong, version=1, reason="Twice", by=talks.head)
    assert "Agreed 1 both" in read(client, HOME, talks.reader)


def test_latest_entry_keeps_its_precision(client, talks, negotiation):
    issue = factories.make_issue(negotiation)
    assert "no entries yet" in read(client, HOME, talks.reader)
    factories.record(issue, "RU", "Raised", "Feb 2025")
    assert "latest entry Feb 2025," in read(client, HOME, talks.reader)
    factories.record(issue, "RU", "Raised", "3 Feb 2025")
    assert "latest entry 3 Feb 2025," in read(client, HOME, talks.reader)


def test_next_round_is_one_whose_time_has_not_passed(client, talks, negotiation):
    past = {"expected": "in winter", "expected_by": dt.date(2025, 2, 28)}
    factories.make_round(negotiation, "Winter", state="planned", **past)
    text = read(client, HOME, talks.reader)
    assert "no next round dated (“in winter” passed without news)" in text
    factories.make_round(negotiation, "Later", state="planned", expected="some time")
    assert "next: Later, some time" in read(client, HOME, talks.reader)


def test_archived_negotiations_are_folded(client, talks, negotiation):
    services.archive_negotiation(negotiation, by=talks.head)
    text = read(client, HOME, talks.reader)
    assert "1 archived negotiation Talks on fish , archived" in text
    assert "no negotiation that is still open" in text


# --- What is new --------------------------------------------------------------------------------


def test_new_entries_and_moved_items_since_marked_as_read(client, talks, negotiation):
    one, two = factories.make_issue(negotiation), factories.make_issue(negotiation)
    factories.record(one, "RU", "Raised")
    mark_read(negotiation, talks.reader)
    assert "Nothing new since you marked as read" in read(client, HOME, talks.reader)
    factories.record(one, "RU", "Agreed", "2 Feb 2025")
    factories.record(one, "RU", "Agreed", "3 Feb 2025")
    factories.record(two, "US", "")
    text = read(client, HOME, talks.reader)
    assert "3 new entries on 2 items, 1 moved, since you marked as read" in text
    assert "?from=read" in page(client, HOME, talks.reader)
    assert "new entries" not in read(client, HOME, talks.recorder)


def test_what_was_undone_is_no_news(client, talks, negotiation):
    issue = factories.make_issue(negotiation)
    mark_read(negotiation, talks.reader, talks.head)
    entry = factories.record(issue, "RU", "Agreed")
    undo([entry], viewer=factories.viewer(negotiation))
    for user in (talks.reader, talks.head):
        assert "Nothing new since" in read(client, HOME, user)


def test_a_retraction_is_news_that_moves_the_item(client, talks, negotiation):
    issue = factories.make_issue(negotiation)
    entry = factories.record(issue, "RU", "Agreed")
    mark_read(negotiation, talks.reader)
    retract(entry, viewer=factories.viewer(negotiation), reason="Never said")
    assert "1 new entry on 1 item, 1 moved" in read(client, HOME, talks.reader)


def test_entry_of_one_delegation_changes_no_byte_for_others(client, talks, negotiation):
    issue = factories.make_issue(negotiation)
    factories.record(issue, "US", "Raised")
    others = (talks.us, talks.reader, talks.head)
    mark_read(negotiation, *others, talks.ru)
    before = [bare(client, HOME, user) for user in others]
    secret = factories.own_audience(factories.viewer(negotiation, talks.ru))
    factories.record(issue, "RU", "Blocked", "5 Feb 2025", talks.ru, **secret)
    assert [bare(client, HOME, user) for user in others] == before
    text = read(client, HOME, talks.ru)
    assert "Blocked 1 both say so 0" in text
    assert "1 new entry on 1 item, 1 moved" in text


# --- Cost ---------------------------------------------------------------------------------------


def test_queries_grow_neither_with_entries_nor_with_negotiations(
    client, talks, django_assert_max_num_queries
):
    counts = []
    for _ in range(2):
        negotiation = factories.make_negotiation()
        services.add_member(negotiation, user=talks.ru)
        mark_read(negotiation, talks.ru)
        factories.make_round(negotiation)
        for _ in range(3):
            issue = factories.make_issue(negotiation)
            factories.record(issue, "RU US", "Agreed")
        client.force_login(talks.ru)
        with django_assert_max_num_queries(13) as queries:
            client.get(HOME)
        counts.append(len(queries))
    assert counts[0] == counts[1]
