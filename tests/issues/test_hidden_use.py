"""Removing a party, status or round tells nothing of entries that only a delegation sees."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from negotiations import services
from negotiations.models import Source
from tests import factories
from tests.admin_pages import browser, make_superuser, told, url
from tests.factories import own_audience, record, viewer

KINDS = ("party", "status", "round")


@pytest.fixture
def talks(db):
    return factories.make_delegations()


def spare(talks):
    """A party, a status and a round that nothing visible refers to."""
    third = services.add_party(talks.negotiation, by=None, code="UN", name="United Nations")
    return {
        "party": third,
        "status": factories.status(talks.negotiation, "Blocked"),
        "round": factories.make_round(talks.negotiation, "Spare", "1 Feb 2025"),
    }


def use_in_secret(talks, rows):
    """An entry of the Russian delegation's own that refers to all three."""
    own = own_audience(viewer(talks.negotiation, talks.ru))
    issue = talks.negotiation.issues.first()
    record(issue, "UN", "Blocked", by=talks.ru, round=rows["round"], **own)


def remove(kind, row):
    """What removing says; nothing where it works."""
    try:
        getattr(services, f"remove_{kind}")(row, by=None)
    except ValidationError as refusal:
        return " ".join(refusal.messages)
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_used_in_secret_or_not_at_all_it_stays_with_the_same_sentence(talks, kind):
    factories.make_issue(talks.negotiation)
    rows = spare(talks)
    before = remove(kind, rows[kind])
    use_in_secret(talks, rows)
    assert "stays on record" in before
    assert "in use" not in before
    assert remove(kind, rows[kind]) == before


def test_category_is_frozen_either_way(talks):
    factories.make_issue(talks.negotiation)
    rows = spare(talks)
    assert services.is_frozen(rows["status"])
    use_in_secret(talks, rows)
    assert services.is_frozen(rows["status"])


def test_while_a_delegation_once_had_people_too(talks):
    factories.make_issue(talks.negotiation)
    for user in (talks.ru, talks.us):
        services.remove_member(user.memberships.get())
    assert "may tell" in remove("round", spare(talks)["round"])


@pytest.mark.parametrize("kind", KINDS)
def test_before_there_is_an_item_for_all_it_stays_as_well(talks, kind):
    """A delegation may have opened one of its own."""
    rows = spare(talks)
    before = remove(kind, rows[kind])
    russia = viewer(talks.negotiation, talks.ru)
    factories.make_issue(talks.negotiation, by=talks.ru, **russia.written_for())
    use_in_secret(talks, rows)
    assert "stays on record" in before
    assert remove(kind, rows[kind]) == before


@pytest.mark.parametrize("kind", KINDS)
def test_where_nobody_belongs_to_a_delegation_a_slip_goes(db, kind):
    talks = factories.make_talks()
    factories.make_issue(talks.negotiation)
    assert remove(kind, spare(talks)[kind]) == ""


def test_pages_and_admin_say_the_same(client, talks):
    factories.make_issue(talks.negotiation)
    status = spare(talks)["status"]
    client.force_login(talks.head)
    sent = {"status": "Blocked"}
    page = client.post(reverse("negotiations:status_remove", args=[talks.slug]), sent, follow=True)
    sentence = remove("status", status)
    assert sentence in page.content.decode()
    admin = browser(make_superuser())
    answer = admin.post(url(type(status), "delete", status.pk), {"post": "yes"}, follow=True)
    assert sentence in told(answer)


def test_sources_are_not_deleted_in_the_admin(talks):
    source = services.add_source(talks.negotiation, by=None, title="Minutes")
    answer = browser(make_superuser()).post(url(Source, "delete", source.pk), {"post": "yes"})
    assert answer.status_code == 403
    assert Source.objects.filter(pk=source.pk).exists()
