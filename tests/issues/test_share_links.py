"""Share links: a secret address to what is public, or less, for a while and until withdrawn."""

import datetime as dt
import re
from copy import deepcopy

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues import services
from issues.models import Issue, ShareLink
from negotiations.models import Round, SecurityEvent
from negotiations.services import remove_member, update_member
from tests import factories
from tests.admin_pages import make_staff, make_superuser
from tests.factories import viewer

from .editions import PUBLIC, WITHIN, edition_key, make_published, pages, read, shared

pytestmark = pytest.mark.django_db
RANDOM = "/s/" + "x" * 43 + "/"


@pytest.fixture(scope="module")
def made(module_db):
    """The public edition is off."""
    talks = make_published()
    services.take_down(talks.negotiation, by=talks.head)
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def make(client, talks, **typed):
    typed = {"what": "edition", "lasts": "week"} | typed
    return client.post(reverse("issues:share", args=[talks.slug]), typed)


def test_it_shows_the_public_scope_while_the_edition_is_off(talks):
    address, _link = shared(talks)
    for rest in pages(talks):
        status, told = read(f"{address}{rest}")
        assert status == 200
        assert [word for word in WITHIN if word in told] == []
        assert "/public/" not in told
    assert "Quotas" in read(address)[1]


def test_one_item_is_that_page_alone(talks):
    address, _link = shared(talks, issue=talks.issues[0])
    status, told = read(address)
    assert status == 200
    assert "said aloud" in told
    assert "Mesh size" not in told
    assert {read(f"{address}{rest}")[0] for rest in pages(talks) if rest} == {404}
    assert not re.search(r'<a [^>]*href="/s/[^"?]+/."', told)


def test_one_round_is_that_page_alone(talks):
    address, _link = shared(talks, round_=talks.round)
    status, told = read(address)
    assert status == 200
    assert "A good day." in told
    assert {read(f"{address}{rest}")[0] for rest in pages(talks) if rest} == {404}


def test_one_day_is_shown_whatever_is_asked(talks):
    """And what was recorded later is not in it."""
    with time_machine.travel("2030-01-05 12:00Z"):
        factories.record(talks.issues[0], "US", "Blocked", text="said later", **PUBLIC)
        address, _link = shared(talks, day=dt.date(2030, 1, 4))
        for query in ("", "?as_of=2030-01-05", "?known=2030-01-05"):
            _status, told = read(f"{address}items/{edition_key(talks.issues[0])}/{query}")
            assert "said aloud" in told
            assert "said later" not in told
            assert "As it was on 4 Jan 2030" in told


def test_an_item_that_is_no_longer_public_is_gone(talks):
    address, _link = shared(talks, issue=talks.issues[0])
    services.mark_in_error(talks.issues[0], version=1, by=talks.head, reason="Twice")
    assert read(address) == read(RANDOM)


# --- Ending ---------------------------------------------------------------------------------------


def withdraw(talks, link):
    services.withdraw_share(link, by=talks.head)


def demote(talks, _link):
    factories.add_member(talks.negotiation, "head")
    member = talks.head.memberships.get()
    update_member(member, by=talks.head, role="recorder", party=None)


def leave(talks, _link):
    factories.add_member(talks.negotiation, "head")
    remove_member(talks.head.memberships.get())


def close(talks, _link):
    talks.head.is_active = False
    talks.head.save()


@pytest.mark.parametrize("end", [withdraw, demote, leave, close])
def test_what_has_ended_answers_as_a_secret_that_never_was(talks, end):
    """Withdrawn, or its maker may make none any more."""
    address, link = shared(talks)
    asked = [f"{address}{rest}" for rest in (*pages(talks), "?as_of=x", "?page=9")]
    assert read(address)[0] == 200
    end(talks, link)
    assert {read(one) for one in asked} == {read(RANDOM)}
    assert read(RANDOM)[0] == 404


@pytest.mark.parametrize(("lasts", "days"), [("day", 1), ("week", 7), ("month", 30)])
def test_it_runs_out(talks, lasts, days):
    with time_machine.travel("2030-01-01 12:00Z", tick=False) as clock:
        address = re.search(
            r'value="(http[^"]+)"', make(signed_in(talks.head), talks, lasts=lasts).content.decode()
        )[1]
        clock.shift(dt.timedelta(days=days, seconds=-1))
        assert read(address)[0] == 200
        clock.shift(dt.timedelta(seconds=1))
        assert read(address) == read(RANDOM)


def test_it_still_works_when_the_negotiation_is_archived(talks):
    from negotiations.services import archive_negotiation

    address, link = shared(talks)
    archive_negotiation(talks.negotiation, by=talks.head)
    assert read(address)[0] == 200
    signed_in(talks.head).post(reverse("issues:share_withdraw", args=[talks.slug, link.uuid]))
    assert read(address)[0] == 404


# --- Secrecy --------------------------------------------------------------------------------------


def test_only_a_hash_of_the_secret_is_kept_and_it_is_shown_once(talks):
    client = signed_in(talks.head)
    told = make(client, talks).content.decode()
    secret = re.search(r"/s/([\w-]+)/", told)[1]
    assert len(secret) == 43
    kept = ShareLink.objects.values().get()
    assert secret not in str(kept)
    assert secret not in str(list(SecurityEvent.objects.values()))
    listed = client.get(reverse("issues:publishing", args=[talks.slug])).content.decode()
    assert secret not in listed
    assert kept["sha256"] not in listed


def test_no_secret_is_made_twice(talks):
    made = {
        services.share(talks.negotiation, by=talks.head, lasts=dt.timedelta(1))[1]
        for _ in range(20)
    }
    assert len(made) == 20


def test_it_is_passed_on_to_nobody(talks):
    address, _link = shared(talks)
    for one in (address, RANDOM):
        answer = Client().get(one)
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert answer["Cache-Control"] == "no-store"
        assert not answer.cookies


def test_secrets_are_not_guessed_quickly(talks, settings):
    settings.SHARE_RATES = {"share": "3/m/ip"}
    address, _link = shared(talks)
    for _try in range(3):
        assert read(RANDOM)[0] == 404
    for one in (RANDOM, address):
        status, told = read(one)
        assert status == 429
        assert "Wait a minute" in told
    assert "Wait" not in read("/public/nobody/")[1]


# --- The head's list ------------------------------------------------------------------------------


def test_only_a_head_makes_and_withdraws(talks):
    _address, link = shared(talks)
    for user, status in ((talks.recorder, 403), (talks.reader, 403), (talks.stranger, 404)):
        client = signed_in(user)
        assert make(client, talks).status_code == status
        address = reverse("issues:share_withdraw", args=[talks.slug, link.uuid])
        assert client.post(address).status_code == status
    assert ShareLink.objects.get().withdrawn_at is None


def test_the_list_says_who_made_it_when_for_what_until_when_and_how_often_it_was_opened(talks):
    with time_machine.travel("2030-01-05 12:00Z", tick=False):
        client = signed_in(talks.head)
        address, link = shared(talks, issue=talks.issues[0], day=dt.date(2030, 1, 4))
        for _time in range(2):
            read(address)
        told = client.get(reverse("issues:publishing", args=[talks.slug])).content.decode()
        row = re.sub(r"<[^>]+>|\s+", " ", told.partition("<tbody>")[2].partition("</tbody>")[0])
        row = re.sub(r" +", " ", row)
        for words in (
            "Quotas as known on 4 Jan 2030",
            f"5 Jan 2030 by {talks.head}",
            "6 Jan 2030, 12:00 UTC",
            "2 times last 5 Jan 2030, 12:00 UTC",
            "Withdraw",
        ):
            assert words in row
        services.withdraw_share(link, by=talks.head)
        told = client.get(reverse("issues:publishing", args=[talks.slug])).content.decode()
        assert "withdrawn" in told


def test_the_list_asks_no_more_for_more_links(talks):
    client = signed_in(talks.head)
    address = reverse("issues:publishing", args=[talks.slug])
    asked = []
    for _times in range(2):
        for narrower in ({}, {"issue": talks.issues[0]}, {"round_": talks.round}):
            shared(talks, **narrower)
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        asked.append(len(found))
    assert asked[0] == asked[1]


def test_a_superuser_who_is_no_member_may_share(talks):
    boss = factories.make_user(is_superuser=True)
    _link, secret = services.share(talks.negotiation, by=boss, lasts=dt.timedelta(1))
    assert read(f"/s/{secret}/")[0] == 200
    factories.add_member(talks.negotiation, "viewer", user=boss)
    assert read(f"/s/{secret}/")[0] == 404


def test_making_and_withdrawing_are_noted_without_a_title(talks):
    client = signed_in(talks.head)
    make(client, talks, what=f"item-{edition_key(talks.issues[0])}")
    link = ShareLink.objects.get()
    assert link.issue == talks.issues[0]
    for _time in range(2):
        client.post(reverse("issues:share_withdraw", args=[talks.slug, link.uuid]))
    rows = SecurityEvent.objects.filter(kind__in=("shared", "share-ended"))
    assert [(row.kind, row.by) for row in rows] == [
        ("share-ended", talks.head),
        ("shared", talks.head),
    ]
    assert all("one item, until " in row.detail for row in rows)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"what": "item-none"}, "Select a valid choice"),
        ({"what": ""}, "This field is required"),
        ({"lasts": "year"}, "Select a valid choice"),
        ({"day": "soon"}, "no date"),
        ({"day": "1 Jan 2999"}, "lies in the future"),
    ],
)
def test_what_cannot_be_shared_is_refused_beside_the_field(talks, typed, sentence):
    answer = make(signed_in(talks.head), talks, **typed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ShareLink.objects.exists()


def test_an_item_is_offered_only_while_it_is_public(talks):
    services.mark_in_error(talks.issues[0], version=1, by=talks.head, reason="Twice")
    answer = make(signed_in(talks.head), talks, what=f"item-{edition_key(talks.issues[0])}")
    assert answer.status_code == 422


def test_a_head_tied_to_a_side_shares_no_more_than_the_public_scope(talks):
    head = factories.add_member(talks.negotiation, "head", "RU")
    _link, secret = services.share(talks.negotiation, by=head, lasts=dt.timedelta(1))
    assert viewer(talks.negotiation, head).party
    for rest in pages(talks):
        told = read(f"/s/{secret}/{rest}")[1]
        assert [word for word in WITHIN if word in told] == []


# --- What a link leads to goes away ---------------------------------------------------------------


@pytest.fixture
def calm():
    """Talks without delegations of their own: there a round can be removed; and one to remove."""
    calm = factories.make_talks()
    calm.round = factories.make_round(calm.negotiation, "A slip")
    return calm


def remove(talks):
    address = reverse("negotiations:round_remove", args=[talks.slug, talks.round.place])
    return signed_in(talks.head).post(address, follow=True).content.decode()


def test_a_round_stays_while_a_link_that_works_leads_to_it(calm):
    _address, link = shared(calm, round_=calm.round)
    assert "A share link leads to “A slip”. Withdraw it first" in remove(calm)
    assert Round.objects.filter(pk=calm.round.pk).exists()
    services.withdraw_share(link, by=calm.head)
    assert "“A slip” is removed." in remove(calm)


def test_a_link_that_has_run_out_holds_no_round(calm):
    with time_machine.travel(dt.datetime(2026, 3, 1, tzinfo=dt.UTC)):
        shared(calm, round_=calm.round)
    assert "is removed" in remove(calm)


def test_a_link_that_could_work_again_is_withdrawn_with_its_round(calm):
    """Its maker is no head now, and may be one again: then it would lead to everything."""
    maker = factories.add_member(calm.negotiation, "head")
    link, secret = services.share(
        calm.negotiation, by=maker, lasts=dt.timedelta(days=1), round_=calm.round
    )
    membership = calm.negotiation.memberships.get(user=maker)
    update_member(membership, role="viewer", party=None)
    assert "is removed" in remove(calm)
    update_member(membership, role="head", party=None)
    link.refresh_from_db()
    assert link.withdrawn_at
    assert read(reverse("issues:shared_state", args=[secret]))[0] == 404


def test_a_link_to_what_is_not_there_leads_nowhere(calm):
    address, _link = shared(calm, round_=calm.round)
    calm.round.delete()
    assert read(address) == read(RANDOM)
    page = signed_in(calm.head).get(reverse("issues:publishing", args=[calm.slug]))
    assert "One that was removed since" in page.content.decode()


def test_an_item_that_was_narrowed_is_named_to_no_one_who_lost_it(talks):
    """It may be called otherwise since."""
    issue = talks.issues[1]
    shared(talks, issue=issue)
    russia = viewer(talks.negotiation, talks.ru)
    shown = russia.written_for()
    Issue.objects.filter(pk=issue.pk).update(title="kestrel", **shown)
    ru_head = factories.add_member(talks.negotiation, "head", "RU")
    address = reverse("issues:publishing", args=[talks.slug])
    assert "kestrel" in signed_in(ru_head).get(address).content.decode()
    page = signed_in(talks.head).get(address).content.decode()
    assert "kestrel" not in page
    assert "One that is not shown to you any more" in page
    admin = signed_in(make_superuser())
    for name in ("changelist", "change"):
        row = [ShareLink.objects.get().pk] if name == "change" else []
        page = admin.get(reverse(f"admin:issues_sharelink_{name}", args=row)).content.decode()
        assert "One that is not shown" in page
        assert "kestrel" not in page


def test_only_heads_and_superusers_read_of_links_in_the_admin(talks):
    _address, link = shared(talks)
    address = reverse("admin:issues_sharelink_changelist")
    counts = {}
    for role in ("head", "recorder"):
        staff = make_staff(talks.negotiation, role)
        counts[role] = signed_in(staff).get(address).context["cl"].result_count
    assert counts == {"head": 1, "recorder": 0}
    page = signed_in(make_superuser()).get(reverse("admin:issues_sharelink_change", args=[link.pk]))
    assert link.sha256 not in page.content.decode()
