"""Who reaches which page of the frame: one table, every page asked by everybody."""

import re

import pytest
from django.urls import reverse

from negotiations import services
from tests import factories

pytestmark = pytest.mark.django_db

# URL name, what it needs besides the slug, whether a reader may visit it, whether it is sent only.
PAGES = [
    ("negotiation_edit", {}, False, False),
    ("letterhead", {}, False, False),
    ("negotiation_archive", {}, False, True),
    ("negotiation_unarchive", {}, False, True),
    ("members", {}, True, False),
    ("person_add", {}, False, True),
    ("member_edit", {"username": "somebody"}, False, True),
    ("member_remove", {"username": "somebody"}, False, True),
    ("member_link", {"username": "somebody"}, False, True),
    ("parties", {}, True, False),
    ("party_edit", {"code": "RU"}, False, True),
    ("party_move", {"code": "RU"}, False, True),
    ("party_remove", {"code": "RU"}, False, True),
    ("scheme", {}, True, False),
    ("status_edit", {}, False, True),
    ("status_move", {}, False, True),
    ("status_retire", {}, False, True),
    ("status_remove", {}, False, True),
    ("round_new", {}, False, False),
    ("round_edit", {"place": 1}, False, False),
    ("round_move", {"place": 1}, False, False),
    ("round_remove", {"place": 1}, False, False),
]
NAMES = [page[0] for page in PAGES]
# Differs on every answer, whatever the page.
TOKEN = re.compile(rb'csrfmiddlewaretoken" value="\w+"')
NESTED = [page for page in PAGES if page[1]]


@pytest.fixture
def talks(talks):
    services.add_member(talks.negotiation, user=factories.make_user("somebody"))
    factories.make_round(talks.negotiation, "First", "27 Feb 2025")
    return talks


def url(name, slug, **rest):
    return reverse(f"negotiations:{name}", kwargs={"slug": slug, **rest})


def sent():
    """What would be accepted wherever a status is named."""
    return {"status": "Raised", "step": "down", "retired": "yes"}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "rest", "reader", "sent_only"), PAGES, ids=NAMES)
def test_nobody_is_sent_to_sign_in(client, talks, name, rest, reader, sent_only, method):
    address = url(name, talks.slug, **rest)
    answer = getattr(client, method)(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")


@pytest.mark.parametrize(("name", "rest", "reader", "sent_only"), PAGES, ids=NAMES)
def test_a_stranger_gets_what_a_missing_one_gets(client, talks, name, rest, reader, sent_only):
    client.force_login(talks.stranger)
    answers = [client.post(url(name, slug, **rest), sent()) for slug in (talks.slug, "missing")]
    assert [answer.status_code for answer in answers] == [404, 404]
    pages = {TOKEN.sub(b"", answer.content) for answer in answers}
    assert len(pages) == 1


@pytest.mark.parametrize(("name", "rest", "reader", "sent_only"), PAGES, ids=NAMES)
@pytest.mark.parametrize("role", ["reader", "recorder"])
def test_only_the_head_changes_the_frame(client, talks, role, name, rest, reader, sent_only):
    client.force_login(getattr(talks, role))
    assert client.post(url(name, talks.slug, **rest), sent()).status_code == 403


@pytest.mark.parametrize(("name", "rest", "reader", "sent_only"), PAGES, ids=NAMES)
def test_a_reader_visits_what_all_members_may_read(client, talks, name, rest, reader, sent_only):
    client.force_login(talks.reader)
    expected = 200 if reader else 302 if sent_only else 403
    assert client.get(url(name, talks.slug, **rest)).status_code == expected


@pytest.mark.parametrize(("name", "rest", "reader", "sent_only"), PAGES, ids=NAMES)
def test_what_is_only_sent_leads_back_to_its_page(client, talks, name, rest, reader, sent_only):
    """Signing in again brings a person to the address of the form they had sent."""
    client.force_login(talks.head)
    answer = client.get(url(name, talks.slug, **rest), follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize(("name", "rest", "reader", "sent_only"), NESTED, ids=lambda v: str(v))
def test_what_belongs_to_another_negotiation_is_not_there(
    client, talks, name, rest, reader, sent_only
):
    other = factories.make_negotiation(parties=("AA", "BB"), head=talks.head)
    client.force_login(talks.head)
    assert client.post(url(name, other.slug, **rest), sent()).status_code == 404


@pytest.mark.parametrize("name", ["status_edit", "status_move", "status_retire", "status_remove"])
def test_a_status_there_is_not_is_not_found(client, talks, name):
    client.force_login(talks.head)
    answer = client.post(url(name, talks.slug), sent() | {"status": "Nothing"})
    assert answer.status_code == 404


@pytest.mark.parametrize(("name", "rest", "reader", "sent_only"), PAGES, ids=NAMES)
def test_an_archived_negotiation_is_only_opened_again(client, talks, name, rest, reader, sent_only):
    services.archive_negotiation(talks.negotiation, by=talks.head)
    client.force_login(talks.head)
    expected = 302 if name == "negotiation_unarchive" else 403
    assert client.post(url(name, talks.slug, **rest), sent()).status_code == expected


@pytest.mark.parametrize("name", ["party_move", "status_move", "round_move"])
def test_a_row_moves_up_or_down_and_nowhere_else(client, talks, name):
    rest = dict(next(page[1] for page in PAGES if page[0] == name))
    client.force_login(talks.head)
    answer = client.post(url(name, talks.slug, **rest), sent() | {"step": "sideways"})
    assert answer.status_code == 400
