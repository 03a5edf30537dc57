"""What the security log holds, who reads it, and that nobody changes it."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from negotiations.models import SecurityEvent
from negotiations.services import add_source, remove_member, update_member
from negotiations.services.security import note
from tests import factories

pytestmark = pytest.mark.django_db
Kind = SecurityEvent.Kind


def browser_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def talks():
    return factories.make_talks()


def kinds(**conditions):
    return list(SecurityEvent.objects.filter(**conditions).values_list("kind", flat=True))


def test_sign_ins_and_failures_are_kept_with_their_address():
    person, client = factories.make_user(), Client(REMOTE_ADDR="192.0.2.7")
    client.post("/login/", {"login": person.username, "password": "wrong"})
    client.post("/login/", {"login": "my secret password", "password": "wrong"})
    client.post("/login/", {"login": person.username, "password": "a long password"})
    client.post("/logout/")
    assert kinds() == ["signed-out", "signed-in", "failed", "failed"]
    assert set(SecurityEvent.objects.values_list("address", flat=True)) == {"192.0.2.7"}
    assert SecurityEvent.objects.filter(kind="failed").last().about == person
    assert not SecurityEvent.objects.filter(detail__icontains="secret").exists()


def test_who_joins_changes_and_leaves_is_kept(talks):
    user = factories.add_member(talks.negotiation, "viewer", "RU")
    membership = talks.negotiation.memberships.get(user=user)
    update_member(membership, role="recorder", party=membership.party, by=talks.head)
    update_member(membership, role="recorder", party=membership.party, by=talks.head)
    remove_member(membership, by=talks.head)
    found = SecurityEvent.objects.filter(about=user, negotiation=talks.negotiation)
    assert list(found.values_list("kind", "detail")) == [
        ("left", "Recorder, RU"),
        ("role", "Viewer, RU → Recorder, RU"),
        ("joined", "Viewer, RU"),
    ]


def test_a_line_and_what_it_tells_are_written_together(talks, monkeypatch):
    membership = talks.negotiation.memberships.get(user=talks.reader)

    def fail(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("negotiations.services.members.note", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        remove_member(membership, by=talks.head)
    assert talks.negotiation.memberships.filter(user=talks.reader).exists()


def test_what_is_taken_away_is_kept_without_its_name(talks):
    source = add_source(talks.negotiation, by=None, title="Secret", file=factories.make_file())
    factories.record(factories.make_issue(talks.negotiation), "RU", sources=[source])
    client, here = browser_of(talks.reader), f"/negotiations/{talks.slug}/"
    client.get(f"{here}files/entries.csv")
    client.get(f"{here}papers/state/?format=docx")
    client.get(f"{here}sources/{source.uuid}/file/")
    found = SecurityEvent.objects.filter(kind="download", by=talks.reader)
    assert list(found.values_list("detail", flat=True)) == [
        "file of a source",
        "paper, as docx",
        "table of entries",
    ]


def test_a_line_is_neither_changed_nor_deleted(talks):
    note(Kind.JOINED, by=talks.head, negotiation=talks.negotiation)
    event = SecurityEvent.objects.latest("pk")
    with pytest.raises(TypeError):
        event.save()
    table = SecurityEvent._meta.db_table
    for statement in (f"UPDATE {table} SET detail = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_head_reads_the_own_negotiation_and_no_sign_ins(talks):
    other = factories.make_negotiation(head=talks.head)
    note(Kind.JOINED, by=talks.head, negotiation=other, detail="over there")
    note(Kind.JOINED, by=talks.head, negotiation=talks.negotiation, detail="right here")
    page = browser_of(talks.head).get(f"/negotiations/{talks.slug}/security/").content.decode()
    assert "right here" in page
    assert "over there" not in page
    assert "127.0.0.1" not in page


def test_everybody_reads_about_their_own_account_and_an_administrator_all(talks):
    browser_of(talks.reader)
    note(Kind.INVITED, by=talks.reader, negotiation=talks.negotiation, detail="of the talks")
    stranger = browser_of(talks.stranger).get("/security/").context["page"]
    assert {event.by for event in stranger} == {talks.stranger}
    mine = browser_of(talks.reader).get("/security/").content.decode()
    assert "of the talks" not in mine
    admin = factories.make_user(is_superuser=True)
    assert "of the talks" in browser_of(admin).get("/security/").content.decode()


@pytest.mark.parametrize(
    ("query", "status", "lines"),
    [
        ("kind=left", 200, 1),
        ("person=SOMEBODY", 200, 2),
        ("person=%00", 422, 0),
        ("since=2200-01-01", 200, 0),
        ("since=soon", 422, 0),
        ("kind=nonsense", 422, 0),
        ("page=0", 400, None),
        ("page=2", 400, None),
    ],
)
def test_the_log_is_filtered(query, status, lines):
    negotiation = factories.make_negotiation()
    head, user = factories.head_of(negotiation), factories.make_user("somebody")
    for kind in (Kind.JOINED, Kind.LEFT):
        note(kind, by=head, about=user, negotiation=negotiation)
    note(Kind.ROLE, by=head, negotiation=negotiation)
    answer = browser_of(head).get(f"/negotiations/{negotiation.slug}/security/?{query}")
    assert answer.status_code == status
    if lines is not None:
        assert len(answer.context["page"]) == lines


def test_twice_the_lines_cost_no_more_queries(talks):
    client, address = browser_of(talks.head), f"/negotiations/{talks.slug}/security/"

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(address)
        return len(caught)

    def add(count):
        for _each in range(count):
            user = factories.make_user()
            note(Kind.JOINED, by=talks.head, about=user, negotiation=talks.negotiation)

    add(5)
    client.get(address)
    first = queries()
    add(10)
    assert queries() == first


def test_an_administrator_removes_a_lost_factor(talks):
    TOTP.activate(talks.reader, "JBSWY3DPEHPK3PXP")
    admin = factories.make_user(is_staff=True, is_superuser=True)
    typed = {"action": "remove_factors", "_selected_action": talks.reader.pk}
    browser_of(admin).post("/admin/negotiations/user/", typed)
    assert not Authenticator.objects.filter(user=talks.reader).exists()
    assert kinds(about=talks.reader, by=admin) == ["factor-removed"]
