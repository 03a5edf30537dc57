"""The security log is chained: whoever changes, removes or adds a line of it is found out."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import QuerySet
from django.db.utils import DatabaseError

from issues import services as items
from issues import triggers
from negotiations.models import SecurityEvent, SecurityHead
from negotiations.services import lines_last, note, verify_security
from tests import factories
from tests.threads import at_once

pytestmark = pytest.mark.django_db
Kind = SecurityEvent.Kind


def fault(negotiation=None):
    return verify_security(negotiation).chain.fault


def verified(*arguments):
    out = StringIO()
    call_command("verify_history", *arguments, stdout=out)
    return out.getvalue()


def past_the_triggers(act):
    triggers.drop("default")
    act()
    triggers.install("default")


@pytest.fixture
def talks():
    """Lines about people, roles and accounts, with and without an address."""
    talks = factories.make_talks()
    for user in (talks.head, talks.reader, None):
        note(Kind.SIGNED_IN, by=user, detail="x")
    note(Kind.ROLE, by=talks.head, about=talks.reader, negotiation=talks.negotiation)
    return talks


def test_each_negotiation_and_the_accounts_have_a_chain_of_their_own(talks):
    other = factories.make_talks()
    for place in (None, talks.negotiation, other.negotiation):
        lines = SecurityEvent.objects.filter(negotiation=place).order_by("pk")
        assert [line.place for line in lines] == list(range(1, len(lines) + 1))
        assert fault(place) == ""


def test_readings_of_the_vault_and_changes_of_audience_are_lines_of_it():
    """Also those that only one side's heads read: who opened one, and for which side."""
    talks = factories.make_delegations()
    person = factories.viewer(talks.negotiation, talks.ru)
    items.open_vault(person)
    entry = factories.record(factories.make_issue(talks.negotiation), "RU", by=talks.ru)
    ours = {"audience": "delegation", "party": person.party}
    items.change_audience(entry, **ours, reason="So", viewer=person)
    for kind in ("vault", "audience"):
        assert fault(talks.negotiation) == ""
        for column in ("by", "side"):
            rows = QuerySet(SecurityEvent).filter(kind=kind)
            was = rows.values(f"{column}_id")[0]
            past_the_triggers(lambda rows=rows, column=column: rows.update(**{column: None}))
            named = Kind(kind).label.lower()
            assert fault(talks.negotiation).endswith(f"{named}): it is not what was written")
            past_the_triggers(lambda rows=rows, was=was: rows.update(**was))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "left"),
        ("detail", "y"),
        ("by", None),
        ("address", "192.0.2.1"),
        ("at", "2001-01-01T00:00Z"),
        ("hash", "0" * 64),
        ("previous", "0" * 64),
    ],
)
def test_a_changed_line_is_named(talks, column, value):
    line = SecurityEvent.objects.filter(negotiation=None).order_by("pk")[1]
    rows = QuerySet(SecurityEvent).filter(pk=line.pk)
    past_the_triggers(lambda: rows.update(**{column: value}))
    assert fault().startswith("line 2 (")
    with pytest.raises(CommandError, match=r"accounts: security log, line 2 \("):
        verified()


def test_a_missing_line_is_named(talks):
    line = SecurityEvent.objects.filter(negotiation=None).order_by("pk")[1]
    rows = SecurityEvent.objects.filter(pk=line.pk)
    past_the_triggers(lambda: rows._raw_delete("default"))
    assert fault() == "line 2: it is missing, or another was put in"


def test_a_line_put_in_from_outside_is_named(talks):
    QuerySet(SecurityEvent).bulk_create([SecurityEvent(kind="left", place=9)])
    assert fault().startswith("line 4: it is missing")


def test_a_cut_end_is_named_and_with_a_new_head_by_the_old_one(talks):
    head = SecurityHead.objects.get(negotiation=None)
    kept, before = head.hash, SecurityEvent.objects.get(negotiation=None, place=2)
    rows = SecurityEvent.objects.filter(negotiation=None, place=3)
    past_the_triggers(lambda: rows._raw_delete("default"))
    assert fault() == "line 3: its head tells of 3 lines"
    rows = QuerySet(SecurityHead).filter(pk=head.pk)
    past_the_triggers(lambda: rows.update(length=2, hash=before.hash))
    assert fault() == ""
    with pytest.raises(CommandError, match="no chain has this head"):
        verified("--head", kept)


def test_the_database_refuses_a_shorter_head(talks):
    with pytest.raises(DatabaseError):
        QuerySet(SecurityHead).update(length=1)


def test_the_command_prints_the_heads(talks):
    told = verified()
    for head in SecurityHead.objects.all():
        assert f"{head.length}  {head.hash}" in told
    of_talks = verified(talks.slug)
    assert "accounts" not in of_talks
    assert SecurityHead.objects.get(negotiation=talks.negotiation).hash in of_talks


def test_an_erased_person_leaves_it_whole(talks):
    items.erase_person(talks.reader, reason="On request.", by="admin")
    assert fault() == fault(talks.negotiation) == ""
    assert SecurityEvent.objects.filter(kind="left", about=talks.reader).exists()


def test_lines_that_come_last_keep_their_order(talks):
    with lines_last():
        note(Kind.SIGNED_OUT, by=talks.head)
        note(Kind.LEFT, by=talks.head, negotiation=talks.negotiation)
        assert SecurityEvent.objects.filter(kind="signed-out").count() == 0
    assert SecurityEvent.objects.filter(kind="signed-out").count() == 1
    assert fault() == fault(talks.negotiation) == ""


def _break_off(talks):
    with lines_last():
        note(Kind.SIGNED_OUT, by=talks.head)
        raise ZeroDivisionError


def test_of_what_fails_no_line_is_left(talks):
    before = SecurityEvent.objects.count()
    with pytest.raises(ZeroDivisionError):
        _break_off(talks)
    note(Kind.SIGNED_IN, by=talks.head)
    assert SecurityEvent.objects.count() == before + 1


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"])
def test_an_address_is_hashed_as_the_database_gives_it_back(client, address):
    person = factories.make_user()
    client.defaults["REMOTE_ADDR"] = address
    client.post("/login/", {"login": person.username, "password": "wrong"})
    assert SecurityEvent.objects.filter(kind="failed").exists()
    assert fault() == ""


@pytest.mark.django_db(transaction=True)
def test_sign_ins_at_once_all_have_their_line():
    people = [factories.make_user() for _n in range(4)]

    def sign_in(person):
        def act():
            for _time in range(5):
                note(Kind.SIGNED_IN, by=person)

        return act

    assert at_once(*map(sign_in, people)) == [None] * 4
    assert SecurityEvent.objects.count() == 20
    assert fault() == ""


@pytest.mark.django_db(transaction=True)
def test_members_and_accounts_written_at_once_wait_for_nobody_in_a_ring():
    talks = factories.make_delegations()
    issue = factories.make_issue(talks.negotiation)
    entries = [factories.record(issue, "RU", "Agreed") for _n in range(4)]
    person = factories.viewer(talks.negotiation)

    def publish():
        for entry in entries:
            items.change_audience(entry, audience="public", party=None, reason="So.", viewer=person)

    def come_and_go():
        for _time in range(4):
            user = factories.make_user()
            factories.add_member(talks.negotiation, "viewer", "US", user=user)
            items.erase_person(user, reason="So.", by="admin")

    assert at_once(publish, come_and_go) == [None, None]
    assert fault(talks.negotiation) == ""
    connection.close()
