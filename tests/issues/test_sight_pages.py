"""The page that changes who may see a thing: what follows, the password once more, what is told."""

import pytest
from django.urls import reverse

from issues.models import Issue, SightChange
from tests import factories
from tests.factories import own_audience, record, viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def talks():
    talks = factories.make_delegations()
    talks.russia = viewer(talks.negotiation, talks.ru)
    shown = talks.russia.written_for()
    talks.hidden = factories.make_issue(talks.negotiation, "Secret", by=talks.ru, **shown)
    return talks


def page(talks, number="RU-1", name="issues:issue_audience", **more):
    return reverse(name, kwargs={"slug": talks.slug, "number": number} | more)


def send(client, address, audience="members", reason="All agree.", **more):
    return client.post(address, {"audience": audience, "reason": reason} | more)


def confirmed(client, address, audience="members", **more):
    return send(client, address, audience, seen=audience, confirm="1", **more)


def test_says_who_gains_sight_and_does_nothing_yet(client, talks):
    record(talks.hidden, "RU", "Agreed", by=talks.ru, **own_audience(talks.russia))
    client.force_login(talks.ru)
    told = send(client, page(talks)).content.decode()
    assert f"{talks.us} (US)" in told
    assert str(talks.reader) in told
    assert "1 entry stays with the delegation of Russia" in told
    assert "It gets the next number of all items" in told
    assert not SightChange.objects.exists()


def test_widening_asks_for_the_password_and_loses_nothing_typed(client, talks):
    client.force_login(talks.ru)
    asked = confirmed(client, page(talks))
    assert asked.url.startswith("/account/confirm/")
    done = client.post(asked.url, {"password": "a long password", "next": page(talks)})
    talks.hidden.refresh_from_db()
    assert (talks.hidden.audience, done.url) == ("members", talks.hidden.get_absolute_url())
    assert SightChange.objects.get().reason == "All agree."


def test_a_wrong_password_changes_nothing(client, talks):
    client.force_login(talks.ru)
    asked = confirmed(client, page(talks))
    answer = client.post(asked.url, {"password": "not this one", "next": page(talks)})
    assert answer.status_code == 422
    assert not SightChange.objects.exists()


def test_narrowing_needs_no_password(client, talks):
    issue = factories.make_issue(talks.negotiation, "Common", audience="public")
    client.force_login(talks.head)
    assert confirmed(client, page(talks, 1), "members").url == issue.get_absolute_url()
    issue.refresh_from_db()
    assert issue.audience == "members"


def test_another_choice_is_shown_before_it_is_done(client, talks):
    client.force_login(talks.ru)
    answer = send(client, page(talks), "public", seen="members", confirm="1")
    assert "whoever reads what this negotiation publishes" in answer.content.decode()
    assert not SightChange.objects.exists()


def test_a_missing_reason_is_said_beside_its_field(client, talks):
    client.force_login(talks.ru)
    answer = send(client, page(talks), reason="")
    assert answer.status_code == 422
    assert answer.context["form"].errors["reason"]
    assert 'value="members" selected' in answer.content.decode()


def test_its_first_address_leads_to_the_new_one_for_who_could_see_it(client, talks):
    client.force_login(talks.ru)
    old = talks.hidden.get_absolute_url()
    asked = confirmed(client, page(talks))
    client.post(asked.url, {"password": "a long password", "next": page(talks)})
    moved = client.get(f"{old}chart/?as_of=2025-01-01")
    assert moved.url == reverse("issues:issue_chart", args=[talks.slug, 1]) + "?as_of=2025-01-01"
    client.force_login(talks.us)
    assert client.get(old).status_code == 404


def test_a_conflict_loses_nothing_of_who_may_see_it(client, talks):
    """Neither refused nor sent once more with the version that the page then has."""
    client.force_login(talks.ru)
    edit = f"{talks.hidden.get_absolute_url()}edit/"
    note = factories.add_note(talks.hidden, talks.ru, "Ours", "named")
    for address, typed in (
        (edit, {"title": "Changed"}),
        (f"{note.get_absolute_url()}edit/", {"text": "Changed"}),
    ):
        refused = client.post(address, typed | {"version": 0})
        assert refused.status_code == 409
        again = refused.context["form"]["version"].value()
        assert client.post(address, typed | {"version": again}).status_code == 302
    for thing, was in ((talks.hidden, "delegation"), (note, "named")):
        thing.refresh_from_db()
        assert (thing.audience, thing.audience_party) == (was, talks.russia.party)
        assert thing.version == 2
    client.force_login(talks.us)
    assert client.post(edit, {"title": "Mine", "version": 0}).status_code == 404


def test_others_find_nothing_there(client, talks):
    for person in (talks.us, talks.head, talks.stranger):
        client.force_login(person)
        assert client.get(page(talks)).status_code == 404
        assert client.get(page(talks, "RU-2")).status_code == 404


def test_whose_it_is_not_hears_why(client, talks):
    factories.make_issue(talks.negotiation, "Common", audience="members")
    client.force_login(talks.ru)
    answer = client.get(page(talks, 1))
    assert answer.status_code == 403
    assert "Russia’s own people wrote down" in answer.content.decode()


def test_entry_line_readout_and_source_have_the_page_as_well(client, talks):
    issue = factories.make_issue(talks.negotiation, "Common")
    round_ = factories.make_round(talks.negotiation)
    factories.put_at(round_, issue, says="So it was.", **talks.russia.written_for())
    entry = record(issue, "RU", "Agreed", by=talks.ru, **own_audience(talks.russia))
    head = factories.add_member(talks.negotiation, "head", "RU")
    client.force_login(head)
    addresses = [
        page(talks, 1, "issues:entry_audience", uuid=entry.uuid),
        page(talks, 1, "issues:agenda_audience", place=1),
        reverse("issues:readout_audience", args=[talks.slug, 1, "RU"]),
    ]
    for address in addresses:
        assert "only the delegation of Russia" in client.get(address).content.decode()
        assert "Gain sight" in send(client, address).content.decode()


def test_a_new_item_is_for_ones_own_side_unless_one_says_otherwise(client, talks):
    client.force_login(talks.ru)
    for title, said in (("Kept", {}), ("Told", {"audience": "members"})):
        client.post(reverse("issues:issue_new", args=[talks.slug]), {"title": title} | said)
    numbers = {issue.title: str(issue.address) for issue in Issue.objects.all()}
    assert (numbers["Kept"], numbers["Told"]) == ("RU-2", "1")


def test_the_label_stands_on_its_page_and_in_the_lists(client, talks):
    client.force_login(talks.ru)
    for name in ("issues:issue_list", "issues:state_of_play"):
        text = client.get(reverse(name, args=[talks.slug]) + "?empty=1").content.decode()
        assert "only Russia" in text
    assert "only Russia" in client.get(talks.hidden.get_absolute_url()).content.decode()
