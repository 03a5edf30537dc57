"""Creating and editing a negotiation, its parties and its statuses through their pages."""

import pytest
from django.urls import reverse

from negotiations import services
from negotiations.models import Negotiation, Status
from tests import factories

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"negotiations:{name}", args=args)


@pytest.fixture
def head(client, talks):
    """The head's browser."""
    client.force_login(talks.head)
    return client


def plain(**changes):
    return {
        "title": "Fish quotas",
        "description": "",
        "rule": "parties",
        "round_word": "Round",
        "item_word": "Item",
        "freshness_months": "6",
    } | changes


# --- New ----------------------------------------------------------------------------------------


def new(**changes):
    parties = {"code_1": "NO", "name_1": "Norway", "code_2": "EU", "name_2": "European Union"}
    return plain(scheme="consultations", **parties) | changes


def test_anybody_opens_a_negotiation_and_heads_it(client):
    user = factories.make_user()
    factories.make_scheme()
    client.force_login(user)
    answer = client.post(url("negotiation_new"), new())
    made = Negotiation.objects.get()
    assert answer["Location"] == reverse("issues:issue_paste", args=[made.slug])
    assert made.memberships.get(role="head").user == user
    assert [party.code for party in made.parties.all()] == ["NO", "EU"]


def test_a_third_party_is_folded_until_it_is_wanted(client):
    factories.make_scheme()
    client.force_login(factories.make_user())
    assert not client.get(url("negotiation_new")).context["form"].has_more_parties()
    third = {"code_3": "UK", "name_3": ""}
    assert client.post(url("negotiation_new"), new(**third)).context["form"].has_more_parties()
    client.post(url("negotiation_new"), new(code_3="UK", name_3="Britain"))
    assert Negotiation.objects.get().parties.count() == 3


def test_the_page_shows_what_statuses_there_are(client):
    factories.make_scheme()
    client.force_login(factories.make_user())
    page = client.get(url("negotiation_new")).content.decode()
    assert "Diplomatic consultations" in page
    assert "Being implemented" in page


def test_without_schemes_the_page_says_what_to_do(client):
    client.force_login(factories.make_user())
    assert "manage.py setup" in client.get(url("negotiation_new")).content.decode()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"title": ""}, "title", "required"),
        ({"scheme": ""}, "scheme", "required"),
        ({"scheme": "nothing"}, "scheme", "Select a valid choice"),
        ({"code_2": "", "name_2": ""}, "code_2", "required"),
        ({"code_3": "UK", "name_3": ""}, "name_3", "called"),
        ({"code_3": "", "name_3": "Britain"}, "code_3", "short code"),
        ({"code_2": "a/b"}, "code_2", "valid value"),
        ({"code_2": "no"}, None, "same code"),
        ({"freshness_months": "0"}, "freshness_months", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_a_negotiation_is_refused_beside_its_field(client, changes, field, sentence):
    factories.make_scheme()
    client.force_login(factories.make_user())
    answer = client.post(url("negotiation_new"), new(description="Typed before.", **changes))
    assert answer.status_code == 422
    assert sentence in " ".join(answer.context["form"].errors[field or "__all__"])
    assert "Typed before." in answer.content.decode()
    assert not Negotiation.objects.exists()


def test_sent_twice_it_is_opened_once(client):
    factories.make_scheme()
    client.force_login(factories.make_user())
    client.post(url("negotiation_new"), new())
    assert client.post(url("negotiation_new"), new()).status_code == 422
    assert Negotiation.objects.count() == 1


def test_a_server_may_keep_new_negotiations_to_staff(client, settings):
    settings.PARLEY_CREATE = "staff"
    factories.make_scheme()
    user = factories.make_user()
    client.force_login(user)
    assert client.get(url("negotiation_new")).status_code == 403
    assert client.post(url("negotiation_new"), new()).status_code == 403
    user.is_staff = True
    user.save()
    assert client.post(url("negotiation_new"), new()).status_code == 302


# --- Edit ---------------------------------------------------------------------------------------


def test_the_head_edits_the_plain_fields(head, talks):
    answer = head.post(url("negotiation_edit", talks.slug), plain(version=1, item_word="Article"))
    assert answer.status_code == 302
    talks.negotiation.refresh_from_db()
    assert (talks.negotiation.title, talks.negotiation.item_word) == ("Fish quotas", "Article")


def test_an_empty_form_is_refused_and_changes_nothing(head, talks):
    answer = head.post(url("negotiation_edit", talks.slug), {})
    assert answer.status_code == 422
    assert "title" in answer.context["form"].errors
    talks.negotiation.refresh_from_db()
    assert talks.negotiation.version == 1


def test_a_second_editor_sees_both_versions_and_may_apply_theirs(head, talks):
    other = factories.add_member(
        talks.negotiation, "head", user=factories.make_user("bo", first_name="Bo")
    )
    services.update_negotiation(talks.negotiation, version=1, by=other, title="Bo’s title")
    mine = plain(version=1, title="My title")
    answer = head.post(url("negotiation_edit", talks.slug), mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Bo saved this first" in page
    shown = {one.label: (one.theirs, one.yours) for one in answer.context["conflict"].differences}
    assert shown == {"Title": ("Bo’s title", "My title")}
    assert 'name="version" value="2"' in page
    assert head.post(url("negotiation_edit", talks.slug), mine | {"version": 2}).status_code == 302
    talks.negotiation.refresh_from_db()
    assert talks.negotiation.title == "My title"


def test_a_form_without_its_version_is_refused(head, talks):
    assert head.post(url("negotiation_edit", talks.slug), plain()).status_code == 422


def test_archived_it_shows_how_to_open_it_again(head, talks):
    head.post(url("negotiation_archive", talks.slug))
    page = head.get(url("negotiation_edit", talks.slug)).content.decode()
    assert url("negotiation_unarchive", talks.slug) in page
    assert 'name="title"' not in page
    head.post(url("negotiation_unarchive", talks.slug))
    assert 'name="title"' in head.get(url("negotiation_edit", talks.slug)).content.decode()


# --- Parties ------------------------------------------------------------------------------------


def test_the_head_adds_moves_and_removes_a_party(head, talks):
    fields = {"code": "UN", "name": "United Nations", "since": "1 Mar 2025", "until": ""}
    assert head.post(url("parties", talks.slug), fields).status_code == 302
    head.post(url("party_move", talks.slug, "UN"), {"step": "up"})
    assert [party.code for party in talks.negotiation.parties.all()] == ["RU", "UN", "US"]
    head.post(url("party_remove", talks.slug, "UN"))
    assert not talks.negotiation.parties.filter(code="UN").exists()


def test_a_party_is_renamed(head, talks):
    fields = {"code": "RUS", "name": "Russian Federation", "since": "", "until": ""}
    assert head.post(url("party_edit", talks.slug, "RU"), fields).status_code == 302
    party = talks.negotiation.parties.first()
    assert (party.code, party.name) == ("RUS", "Russian Federation")
    assert party.history.first().history_user == talks.head


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "us"}, "code"),
        ({"code": ""}, "code"),
        ({"name": "United States"}, "name"),
        ({"since": "1 Mar 2025", "until": "1 Feb 2025"}, "until"),
        ({"since": "Mar 2025"}, "since"),
        ({"since": "some day"}, "since"),
    ],
)
def test_a_refused_party_keeps_what_was_typed_in_its_own_row(head, talks, changes, field):
    typed = {"code": "X1", "name": "Typed name", "since": "", "until": ""} | changes
    answer = head.post(url("party_edit", talks.slug, "RU"), typed)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    forms = {party.code: form for party, form in answer.context["rows"]}
    assert forms["RU"]["name"].value() == typed["name"]
    assert forms["US"]["name"].value() == "United States"
    assert answer.context["new_form"]["name"].value() is None
    assert talks.negotiation.parties.first().name == "Russia"


def test_a_refused_new_party_is_kept_in_the_form_below(head, talks):
    answer = head.post(url("parties", talks.slug), {"code": "RU", "name": "Typed name"})
    assert answer.status_code == 422
    assert answer.context["new_form"]["name"].value() == "Typed name"


def test_a_party_that_is_needed_is_not_removed_and_the_page_says_why(head, talks):
    answer = head.post(url("party_remove", talks.slug, "RU"), follow=True)
    assert "at least two parties" in answer.content.decode()
    assert talks.negotiation.parties.count() == 2


# --- Statuses -----------------------------------------------------------------------------------


def status(talks, label):
    return talks.negotiation.scheme.statuses.get(label=label)


def words(**changes):
    return {
        "status": "Agreed",
        "label": "Agreed",
        "short": "Agreed",
        "test": "A test.",
        "category": "settled",
        "rung": "4",
    } | changes


def test_the_head_renames_moves_and_retires_a_status(head, talks):
    answer = head.post(url("status_edit", talks.slug), words(label="Settled"))
    assert answer.status_code == 302
    head.post(url("status_move", talks.slug), {"status": "Settled", "step": "up"})
    labels = [one.label for one in talks.negotiation.scheme.statuses.all()]
    assert labels.index("Settled") == 2
    head.post(url("status_retire", talks.slug), {"status": "Settled", "retired": "yes"})
    assert status(talks, "Settled").retired
    head.post(url("status_retire", talks.slug), {"status": "Settled", "retired": "no"})
    assert not status(talks, "Settled").retired


def test_the_head_adds_and_deletes_a_status(head, talks):
    fields = words(label="Shelved", short="Shelved", category="held", rung="")
    assert head.post(url("scheme", talks.slug), fields).status_code == 302
    assert status(talks, "Shelved").history.first().history_user == talks.head
    head.post(url("status_remove", talks.slug), {"status": "Shelved"})
    assert not Status.objects.filter(label="Shelved").exists()


def test_a_status_in_use_is_not_deleted_and_the_page_says_what_to_do(head, talks):
    factories.record(factories.make_issue(talks.negotiation), "RU", "Agreed")
    answer = head.post(url("status_remove", talks.slug), {"status": "Agreed"}, follow=True)
    assert "Rename it, or retire it" in answer.content.decode()
    assert status(talks, "Agreed")


def test_a_refused_status_keeps_what_was_typed_in_its_own_row(head, talks):
    answer = head.post(url("status_edit", talks.slug), words(label="Typed", rung="1"))
    assert answer.status_code == 422
    assert "Rungs rise" in str(answer.context["form"].errors["rung"])
    forms = {one.label: form for one, _mark, form in answer.context["rows"]}
    assert forms["Agreed"]["label"].value() == "Typed"
    assert forms["Raised"]["label"].value() == "Raised"


def test_an_empty_status_is_refused(head, talks):
    assert head.post(url("scheme", talks.slug), {}).status_code == 422
