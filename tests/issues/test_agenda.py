"""The agenda of a round, marked one fact at a time."""

from copy import deepcopy

import pytest
from django.urls import reverse

from issues.models import AgendaLine
from tests import factories

from .reading import page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def talks(module_talks, db):
    return deepcopy(module_talks)


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


def test_agenda_is_marked_by_recorders_and_heads_only(client, talks, banking, first):
    fields = {"item": "#1", "mark": "discussed"}
    assert client.post(of_agenda(first), fields)["Location"].startswith("/login/")
    for user, status in [(talks.stranger, 404), (talks.reader, 403), (talks.recorder, 302)]:
        client.force_login(user)
        assert client.post(of_agenda(first), fields).status_code == status
    assert client.get(of_agenda(first)).status_code == 405


def marks(round_):
    rows = AgendaLine.objects.filter(round=round_)
    return {row.issue.number: (row.planned, row.outcome) for row in rows}


def test_each_mark_sets_one_fact_and_leaves_the_other(client, talks, banking, first):
    client.force_login(talks.recorder)
    steps = [
        ("planned", {1: (True, "")}),
        ("discussed", {1: (True, "discussed")}),
        ("not_planned", {1: (False, "discussed")}),
        ("not_reached", {1: (False, "not_reached")}),
        ("planned", {1: (True, "not_reached")}),
        ("no_outcome", {1: (True, "")}),
        ("not_planned", {}),
    ]
    for mark, expected in steps:
        answer = client.post(of_agenda(first), {"item": "#1", "mark": mark})
        assert answer["Location"] == of_round(first)
        assert marks(first) == expected


def test_several_items_are_put_on_the_agenda_at_once(client, talks, negotiation, banking, first):
    factories.make_issue(negotiation, "Visas", reference="Art. 2")
    client.force_login(talks.recorder)
    client.post(of_agenda(first), {"item": "1, Art. 2", "mark": "planned"})
    assert marks(first) == {1: (True, ""), 2: (True, "")}


def test_reference_comes_before_a_number(client, talks, negotiation, banking, first):
    factories.make_issue(negotiation, "Visas", reference="1")
    client.force_login(talks.recorder)
    client.post(of_agenda(first), {"item": "1", "mark": "planned"})
    assert set(marks(first)) == {2}
    client.post(of_agenda(first), {"item": "#1", "mark": "planned"})
    assert set(marks(first)) == {1, 2}


@pytest.mark.parametrize(
    ("item", "mark"),
    [
        ("", "planned"),
        ("99", "planned"),
        ("1, 99", "planned"),
        ("1", "maybe"),
        ("1" * 50, "planned"),
    ],
)
def test_bad_marks_are_refused_and_what_was_typed_stays(client, talks, banking, first, item, mark):
    client.force_login(talks.recorder)
    answer = client.post(of_agenda(first), {"item": item, "mark": mark})
    assert answer.status_code == 422
    assert f'value="{item}"' in answer.content.decode() or not item
    assert marks(first) == {}


def test_item_of_another_negotiation_is_no_item_here(client, talks, first):
    other = factories.make_negotiation(head=talks.head)
    factories.make_issue(other, "Elsewhere", reference="Annex 7")
    client.force_login(talks.head)
    answer = client.post(of_agenda(first), {"item": "Annex 7", "mark": "planned"})
    assert answer.status_code == 422
    assert "There is no item “Annex 7” here." in words(answer.content.decode())


def test_outcome_waits_until_the_round_has_begun(client, talks, negotiation, banking):
    planned = factories.make_round(negotiation, "Later", state="planned")
    client.force_login(talks.recorder)
    assert 'value="discussed"' not in page(client, of_round(planned), talks.recorder)
    answer = client.post(of_agenda(planned), {"item": "#1", "mark": "discussed"})
    assert answer.status_code == 422
    assert "once the round has begun" in words(answer.content.decode())


def test_htmx_gets_the_page_part_and_an_announcement(client, talks, banking, first):
    client.force_login(talks.recorder)
    headers = {"HX-Request": "true", "HX-Target": "round-page"}
    fields = {"item": "#1", "mark": "discussed"}
    html = client.post(of_agenda(first), fields, headers=headers).content.decode()
    assert "<html" not in html
    assert html.lstrip().startswith('<div id="round-page" hx-get="' + of_round(first))
    assert '<div id="announce" hx-swap-oob="innerHTML">1 Banking: discussed.</div>' in html
    part = client.get(of_round(first), headers=headers).content.decode()
    assert part.lstrip().startswith('<div id="round-page"')
    assert 'id="announce"' not in part
