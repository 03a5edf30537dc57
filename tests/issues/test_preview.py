"""A head sees a negotiation as others would: what both may see, read-only, until it is stopped."""

import re
from copy import deepcopy

import pytest
from django.test import Client
from django.urls import reverse

from issues.models import Entry
from issues.services import undo
from negotiations import eyes
from negotiations.access import eyes_of, seen_as
from negotiations.models import SecurityEvent
from negotiations.scopes import MEMBERS_SCOPE, PUBLIC_SCOPE, Scope
from negotiations.services import update_member
from tests import factories
from tests.factories import own_audience, viewer

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(module_db):
    """Each side has said something for everybody, for the members and for itself."""
    talks = factories.make_delegations()
    talks.ru_head = factories.add_member(talks.negotiation, "head", "RU")
    issue = talks.issue = factories.make_issue(talks.negotiation, "Visas", owner=talks.recorder)
    factories.make_round(talks.negotiation, "Round 1", "10 Feb 2025", note="Kept among us.")
    factories.record(issue, "RU", "Raised", text="for all the world", audience="public")
    factories.record(issue, "US", "Agreed", "2 Feb 2025", text="for the members")
    for user, code in ((talks.ru, "RU"), (talks.us, "US")):
        kept = own_audience(viewer(talks.negotiation, user))
        factories.record(issue, code, "Blocked", "3 Feb 2025", by=user, text=f"for {code}", **kept)
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def as_(user, talks, whose=None):
    client = Client()
    client.force_login(user)
    if whose:
        choose(client, talks, whose)
    return client


def choose(client, talks, whose):
    return client.post(reverse("negotiations:preview", args=[talks.slug]), {"whose": whose})


def item(client, talks):
    return client.get(talks.issue.get_absolute_url()).content.decode()


SAID = {"for all the world", "for the members", "for RU", "for US"}


def told(page):
    return {words for words in SAID if words in page}


@pytest.mark.parametrize(
    ("who", "whose", "seen"),
    [
        ("head", "RU", {"for all the world", "for the members"}),
        ("head", eyes.NO_DELEGATION, {"for all the world", "for the members"}),
        ("head", eyes.THE_PUBLIC, {"for all the world"}),
        ("ru_head", "US", {"for all the world", "for the members"}),
        ("ru_head", eyes.NO_DELEGATION, {"for all the world", "for the members"}),
        ("ru_head", eyes.OWN_VIEWER, {"for all the world", "for the members", "for RU"}),
        ("ru_head", eyes.THE_PUBLIC, {"for all the world"}),
    ],
)
def test_seen_is_what_both_may_see(talks, who, whose, seen):
    assert told(item(as_(getattr(talks, who), talks, whose), talks)) == seen


def test_what_a_viewer_would_see_is_the_same_to_the_byte(talks):
    """But for who is signed in, the banner, and what only a token tells apart."""
    slug = talks.slug
    pages = ("state_of_play", "issue_list", "round_list", "silence", "next_steps", "pictures")
    looking, reader = as_(talks.ru_head, talks, "US"), as_(talks.reader, talks)
    looking.get("/")  # the message that it began
    for name in pages:
        address = reverse(f"issues:{name}", args=[slug])
        theirs = body(reader.get(address)).replace(str(talks.reader), "me")
        assert body(looking.get(address)).replace(str(talks.ru_head), "me") == theirs


def body(answer):
    """The navigation, and all below the banner."""
    page = re.sub(r'name="(csrfmiddlewaretoken|until)" value="[^"]*"', "", answer.content.decode())
    navigation = page.partition("<nav")[2].partition('id="person"')[0]
    return navigation + page.partition('id="messages"')[2]


@pytest.mark.parametrize("who", ["head", "ru_head"])
def test_a_head_borrows_no_eyes_that_see_more(talks, who):
    own = viewer(talks.negotiation, getattr(talks, who))
    wider = {
        scope for whose in eyes_of(own) if not narrower(scope := seen_as(own, whose).scope, own)
    }
    assert wider == set()
    assert all(not seen_as(own, whose).may_record for whose in eyes_of(own))


def narrower(scope, own):
    order = [PUBLIC_SCOPE, MEMBERS_SCOPE, own.scope]
    return scope in order[: order.index(own.scope) + 1]


def test_the_other_side_is_never_seen_with_its_own_eyes(talks):
    russia = viewer(talks.negotiation, talks.ru_head)
    scopes = {seen_as(russia, whose).scope for whose in eyes_of(russia)}
    assert scopes == {PUBLIC_SCOPE, MEMBERS_SCOPE, Scope.of_party(russia.party.pk)}


def test_only_a_head_may_look_so(talks):
    for user, status in ((talks.reader, 403), (talks.recorder, 403), (talks.stranger, 404)):
        client = as_(user, talks)
        assert choose(client, talks, "RU").status_code == status
        assert eyes.KEY not in client.session


@pytest.mark.parametrize("whose", ["", "XX", "US", ":viewer", ":nobody"])
def test_eyes_that_are_not_offered_are_refused(talks, whose):
    """No head tied to the US borrows the eyes of the US: they are their own."""
    us = factories.add_member(talks.negotiation, "head", "US")
    answer = choose(as_(us, talks), talks, whose)
    assert answer.status_code == (302 if whose == ":viewer" else 400)


def test_every_page_says_so_with_one_button_to_stop(talks):
    client = as_(talks.head, talks, "RU")
    slug = talks.slug
    pages = [
        reverse(f"issues:{name}", args=[slug]) for name in ("state_of_play", "issue_list", "files")
    ]
    for address in [*pages, talks.issue.get_absolute_url(), "/", reverse("mfa_index")]:
        page = client.get(address).content.decode()
        assert "as <b>somebody of Russia</b> would" in page
        assert f'name="back" value="{address}"' in page


def test_it_is_announced_when_it_begins_and_when_it_ends(talks):
    client = as_(talks.head, talks)
    address = reverse("negotiations:preview", args=[talks.slug])
    begun = client.post(address, {"whose": "RU"}, follow=True)
    assert "You now see this negotiation as somebody of Russia would." in begun.content.decode()
    page = talks.issue.get_absolute_url()
    ended = client.post(reverse("preview_stop"), {"back": page}, follow=True)
    assert ended.redirect_chain[-1][0] == page
    assert "with your own eyes again" in ended.content.decode()
    assert 'id="eyes"' not in ended.content.decode()


def test_stopping_leads_to_no_other_site(talks):
    client = as_(talks.head, talks, "RU")
    answer = client.post(reverse("preview_stop"), {"back": "https://example.org/"})
    assert answer["Location"] == "/"
    assert eyes.KEY not in client.session


def test_nothing_can_be_changed_meanwhile(talks):
    """Neither here nor in another negotiation, and no page offers it."""
    client = as_(talks.head, talks, "RU")
    other = factories.make_issue(factories.make_negotiation(head=talks.head))
    before = Entry.objects.count()
    for issue in (talks.issue, other):
        address = f"{issue.get_absolute_url()}entries/"
        answer = client.post(address, {"text": "Said.", "who": "party:RU", "said": "2025"})
        assert answer.status_code == 403
        assert "nothing can be changed until you stop" in answer.content.decode()
    assert Entry.objects.count() == before
    page = item(client, talks)
    assert "Edit item" not in page
    assert "Set up</a>" not in page


def test_signing_out_and_ones_account_stay_open(talks):
    client = as_(talks.head, talks, "RU")
    assert client.post(reverse("account_logout")).status_code == 302
    assert eyes.KEY not in client.session


def test_other_negotiations_are_seen_as_ever(talks):
    client = as_(talks.head, talks, eyes.THE_PUBLIC)
    other = factories.make_issue(factories.make_negotiation(head=talks.head), "Elsewhere")
    factories.record(other, "RU", "Raised", text="for the members")
    assert "for the members" in client.get(other.get_absolute_url()).content.decode()


def test_home_and_search_see_no_more(talks):
    client = as_(talks.head, talks, eyes.THE_PUBLIC)
    home = client.get("/").content.decode()
    assert "not both 1" in home
    assert "latest entry 1 Feb 2025" in home
    query = f"{reverse('issues:search')}?q=members&in={talks.slug}"
    assert "for the" not in client.get(query).content.decode()


def test_the_public_meets_no_names_and_no_notes(talks):
    client = as_(talks.head, talks, eyes.THE_PUBLIC)
    slug = talks.slug
    for name in ("negotiations:members", "issues:files"):
        assert client.get(reverse(name, args=[slug])).status_code == 404
    page = client.get(reverse("issues:round_detail", args=[slug, 1])).content.decode()
    assert "Kept among us." not in page
    assert str(talks.recorder) not in item(client, talks)


def test_tables_and_papers_are_made_for_those_eyes(talks):
    client = as_(talks.ru_head, talks, "US")
    table = client.get(reverse("issues:file_table", args=[talks.slug, "entries"]))
    assert told(b"".join(table.streaming_content).decode()) == {
        "for all the world",
        "for the members",
    }
    paper = client.get(reverse("issues:paper_brief", args=[talks.slug, 1])).content.decode()
    assert told(paper) == {"for all the world", "for the members"}


def test_the_log_names_who_took_a_table_away(talks):
    client = as_(talks.ru_head, talks, "US")
    list(client.get(reverse("issues:file_table", args=[talks.slug, "entries"])).streaming_content)
    assert SecurityEvent.objects.filter(kind="download").get().by == talks.ru_head


def test_drafts_and_what_was_undone_stay_ones_own(talks):
    """With other eyes even what the head has undone is not there."""
    undone = factories.record(talks.issue, "RU", text="never said", audience="public")
    undo([undone], viewer=viewer(talks.negotiation))
    assert "never said" in item(as_(talks.head, talks), talks)
    assert "never said" not in item(as_(talks.head, talks, "RU"), talks)
    sheet = reverse("issues:round_sheet", args=[talks.slug, 1])
    assert as_(talks.head, talks).get(sheet).status_code == 200
    assert as_(talks.head, talks, "RU").get(sheet).status_code == 403


def test_whoever_is_no_head_any_more_sees_what_anybody_may_until_they_stop(talks):
    client = as_(talks.ru_head, talks, "US")
    member = talks.ru_head.memberships.get()
    update_member(member, by=talks.head, role="recorder", party=member.party)
    assert told(item(client, talks)) == {"for all the world"}
    client.post(reverse("preview_stop"))
    assert "for RU" in item(client, talks)


def test_the_administrators_pages_are_not_touched(talks):
    boss = factories.make_user(is_superuser=True, is_staff=True)
    client = as_(boss, talks, eyes.THE_PUBLIC)
    page = client.get(reverse("admin:issues_entry_changelist")).content.decode()
    assert "for the members" in page


def test_ours_is_what_those_others_call_so(talks):
    """Marks alone: nothing more is seen for it (see `test_seen_is_what_both_may_see`)."""
    for code in ("RU", "US"):
        party = talks.negotiation.parties.get(code=code)
        factories.record(
            factories.make_issue(talks.negotiation, f"Owed by {code}"),
            code,
            "Raised",
            next_step="Answer",
            next_step_party=party,
            waits_for="party",
            waits_party=party,
        )
    pages = (reverse(f"issues:{name}", args=[talks.slug]) for name in ("next_steps", "changes"))
    steps, moved = (
        {
            whose: read_as(talks.ru_head, talks, whose, page)
            for whose in (None, "US", eyes.NO_DELEGATION)
        }
        for page in pages
    )
    assert "We owe: Russia" in steps[None]
    assert "We owe: United States" in steps["US"]
    assert "They owe: Russia" in steps["US"]
    assert "We owe" not in steps[eyes.NO_DELEGATION]
    assert "Waits for us (Russia)" in moved[None]
    assert "Waits for us (United States)" in moved["US"]
    assert "Waits for us" not in moved[eyes.NO_DELEGATION]


def read_as(user, talks, whose, page):
    return as_(user, talks, whose).get(page).content.decode()
