"""The admin of the frame: services write, standings follow, refusals are sentences."""

import re

import pytest
from django.contrib.admin.models import LogEntry

from issues import services as items
from issues.models import Standing
from negotiations.models import (
    Delegate,
    Membership,
    Negotiation,
    Party,
    Source,
    Status,
    StatusScheme,
    User,
)
from tests import factories
from tests.admin_pages import (
    act,
    browser,
    change_url,
    complaints,
    make_staff,
    make_superuser,
    send,
    send_list,
    told,
    typed,
    url,
)


@pytest.fixture
def admin(db):
    return make_superuser()


@pytest.fixture
def client(admin):
    return browser(admin)


@pytest.fixture
def issue(talks):
    issue = factories.make_issue(talks.negotiation, "Flights")
    factories.record(issue, "RU", "Agreed")
    return issue


def as_it_should_be(negotiation):
    return items.differences(negotiation) == []


def headline(issue, scope="members"):
    return str(Standing.objects.get(issue=issue, scope=scope, until=None).headline)


# --- Negotiations -------------------------------------------------------------------------------


def test_a_negotiation_is_created_with_its_parties_and_statuses(client, admin):
    answer = send(
        client,
        url(Negotiation, "add"),
        title="Grain talks",
        scheme=factories.make_scheme().pk,
        parties="RU Russia\nUS United States of America",
    )
    made = Negotiation.objects.get(title="Grain talks")
    assert answer.url == url(Negotiation)
    assert made.slug == "grain-talks"
    assert [party.name for party in made.parties.all()] == ["Russia", "United States of America"]
    assert made.scheme.statuses.count() == 8
    assert made.memberships.get().user == admin


@pytest.mark.parametrize(
    ("parties", "sentence"),
    [("RU", "lacks a name"), ("RU Russia", "at least two parties"), ("", "required")],
)
def test_a_negotiation_needs_two_named_parties(client, parties, sentence):
    fields = {"title": "Grain", "scheme": factories.make_scheme().pk, "parties": parties}
    answer = send(client, url(Negotiation, "add"), **fields)
    assert sentence in complaints(answer)
    assert answer.context["adminform"].form["title"].value() == "Grain"
    assert not Negotiation.objects.exists()


def test_a_new_rule_changes_the_headline(client, talks, issue):
    factories.record(issue, "own", "Raised")
    send(client, change_url(talks.negotiation), rule="assessor")
    assert headline(issue) == "Raised"
    assert as_it_should_be(Negotiation.objects.get())


def test_the_second_editor_gets_a_conflict_and_keeps_the_text(client, talks):
    address = change_url(talks.negotiation)
    stale = typed(client.get(address))
    send(client, address, title="Theirs")
    answer = client.post(address, stale | {"title": "Mine"})
    assert answer.status_code == 409
    assert "Now: Theirs" in complaints(answer)
    assert "while you were typing" in complaints(answer)
    assert Negotiation.objects.get().title == "Theirs"
    again = client.post(address, typed(answer))
    assert again.status_code == 302
    assert Negotiation.objects.get().title == "Mine"


def test_a_form_without_its_version_is_a_conflict(client, talks):
    assert (
        send(client, change_url(talks.negotiation), title="X", seen_version=None).status_code == 409
    )


def test_nothing_changed_writes_no_history(client, talks):
    send(client, change_url(talks.negotiation))
    assert talks.negotiation.history.count() == 1


def test_archiving_in_bulk_and_back(client, talks):
    assert "1 archived" in told(act(client, Negotiation, "archive", talks.negotiation))
    assert Negotiation.objects.get().archived_at
    page = client.get(change_url(talks.negotiation))
    assert not page.context["has_change_permission"]
    assert client.post(change_url(talks.negotiation), {}).status_code == 403
    assert "1 opened again" in told(act(client, Negotiation, "unarchive", talks.negotiation))
    assert not Negotiation.objects.get().archived_at


def test_a_negotiation_is_never_deleted_here(client, talks):
    assert client.post(url(Negotiation, "delete", talks.negotiation.pk)).status_code == 403


def test_rows_of_a_negotiation_are_edited_on_its_page(client, talks):
    party = talks.negotiation.parties.get(code="US")
    answer = send(
        client,
        change_url(talks.negotiation),
        **{"parties-1-name": "America", "memberships-1-role": "head"},
    )
    assert answer.status_code == 302
    party.refresh_from_db()
    assert party.name == "America"
    assert talks.negotiation.memberships.filter(role="head").count() == 2


def test_a_refusal_about_a_row_writes_nothing_at_all(client, talks):
    answer = send(
        client,
        change_url(talks.negotiation),
        title="Renamed",
        **{"parties-1-code": "RU", "parties-1-name": "America"},
    )
    assert answer.status_code == 422
    assert "Another party has the code RU." in complaints(answer)
    assert Negotiation.objects.get().title != "Renamed"


# --- Parties ------------------------------------------------------------------------------------


def add_party(client, negotiation):
    address = f"{url(Party, 'add')}?negotiation={negotiation.pk}"
    send(client, address, code="UN", name="United Nations")
    return Party.objects.get(code="UN")


def test_a_third_party_is_asked_too(client, talks, issue):
    factories.record(issue, "US", "Agreed")
    add_party(client, talks.negotiation)
    assert Standing.objects.get(issue=issue, scope="members", until=None).badge == "only"
    assert as_it_should_be(talks.negotiation)


def test_where_a_new_row_belongs_is_asked_first(client, talks):
    factories.make_negotiation(title="Other talks")
    page = client.get(url(Party, "add"))
    assert "Other talks" in page.content.decode()
    assert 'name="code"' not in page.content.decode()


def test_with_one_negotiation_nothing_is_asked(client, talks):
    assert client.get(url(Party, "add")).url == f"?negotiation={talks.negotiation.pk}"


def test_leaving_the_table_changes_standings(client):
    negotiation = factories.make_negotiation(parties=("RU", "US", "UN"))
    issue = factories.make_issue(negotiation)
    for who in ("RU", "US"):
        factories.record(issue, who, "Agreed")
    send(client, change_url(negotiation.parties.get(code="UN")), until="2024-12-31")
    assert Standing.objects.get(issue=issue, scope="members", until=None).badge == "separate"
    assert as_it_should_be(negotiation)


def test_names_and_order_are_edited_in_the_list(client, talks):
    assert send_list(client, url(Party), name="Russian Federation", order="7").status_code == 302
    party = Party.objects.get(code="RU")
    assert (party.name, party.order) == ("Russian Federation", 7)
    assert party.history.count() > 1


def test_editing_a_list_leaves_alone_what_others_saved(client, talks):
    page = typed(client.get(url(Party)))
    Party.objects.filter(code="RU").update(name="Theirs")
    client.post(url(Party), page | {"form-0-order": "9", "_save": "Save"})
    assert Party.objects.get(code="RU").name == "Theirs"


def test_a_list_row_that_is_refused_says_why(client, talks):
    answer = send_list(client, url(Party), name="United States")
    assert answer.status_code == 422
    assert "Another party has this name." in complaints(answer)
    assert Party.objects.get(code="RU").name == "Russia"


def test_a_party_on_record_is_kept_with_a_sentence(client, talks, issue):
    add_party(client, talks.negotiation)
    party = talks.negotiation.parties.get(code="RU")
    for answer in (
        client.get(url(Party, "delete", party.pk), follow=True),
        client.post(url(Party, "delete", party.pk), {"post": "yes"}, follow=True),
    ):
        assert "stays on record" in told(answer)
    assert Party.objects.filter(pk=party.pk).exists()


def test_a_party_added_by_mistake_is_deleted(client, talks, issue):
    party = add_party(client, talks.negotiation)
    assert "United Nations" in client.get(url(Party, "delete", party.pk)).content.decode()
    client.post(url(Party, "delete", party.pk), {"post": "yes"})
    assert not Party.objects.filter(code="UN").exists()
    assert as_it_should_be(talks.negotiation)


def test_asking_whether_to_delete_deletes_nothing(client, talks):
    party = add_party(client, talks.negotiation)
    client.get(url(Party, "delete", party.pk))
    assert Party.objects.filter(code="UN").exists()


# --- Members ------------------------------------------------------------------------------------


def test_a_first_member_of_a_party_opens_its_scope(client, talks, issue):
    person, party = factories.make_user(), talks.negotiation.parties.get(code="RU")
    address = f"{url(Membership, 'add')}?negotiation={talks.negotiation.pk}"
    send(client, address, user=person.pk, role="recorder", party=party.pk)
    assert headline(issue, f"party-{party.pk}") == "Agreed"
    assert as_it_should_be(talks.negotiation)


def test_the_last_head_stays(client, talks):
    membership = talks.negotiation.memberships.get(role="head")
    answer = send(client, change_url(membership), role="viewer")
    assert "keeps at least one head" in complaints(answer)
    refused = client.get(url(Membership, "delete", membership.pk), follow=True)
    assert "keeps at least one head" in told(refused)


def test_a_role_is_edited_in_the_list(client, talks):
    membership = talks.negotiation.memberships.get(user=talks.reader)
    rows = list(client.get(url(Membership)).context["cl"].result_list)
    page = typed(client.get(url(Membership)))
    role = {f"form-{rows.index(membership)}-role": "recorder", "_save": "Save"}
    client.post(url(Membership), page | role)
    membership.refresh_from_db()
    assert membership.role == "recorder"


def test_who_a_membership_is_about_never_changes(client, talks):
    membership = talks.negotiation.memberships.get(user=talks.reader)
    send(client, change_url(membership), user=talks.stranger.pk)
    membership.refresh_from_db()
    assert membership.user == talks.reader


def test_nobody_lets_themselves_into_a_delegation(client, admin, talks):
    factories.add_member(talks.negotiation, "recorder", "RU")
    party = talks.negotiation.parties.get(code="RU")
    address = f"{url(Membership, 'add')}?negotiation={talks.negotiation.pk}"
    answer = send(client, address, user=admin.pk, role="head", party=party.pk)
    assert answer.status_code == 422
    assert "one of its heads can let you in" in complaints(answer)
    assert not admin.memberships.exists()


def test_a_head_of_one_delegation_leaves_the_other_its_people(talks):
    client = browser(make_staff(talks.negotiation, "head", "US"))
    theirs = talks.negotiation.memberships.get(
        user=factories.add_member(talks.negotiation, "recorder", "RU")
    )
    answer = send(client, change_url(theirs), role="head")
    assert "decides about its people" in complaints(answer)
    refused = client.post(url(Membership, "delete", theirs.pk), {"post": "yes"}, follow=True)
    assert "decides about its people" in told(refused)
    theirs.refresh_from_db()
    assert theirs.role == "recorder"


def test_only_parties_of_the_same_negotiation_are_offered(client, talks):
    other = factories.make_negotiation(parties=("A", "B"))
    address = f"{url(Membership, 'add')}?negotiation={talks.negotiation.pk}"
    foreign = other.parties.first()
    assert f'value="{foreign.pk}"' not in client.get(address).content.decode()
    answer = send(client, address, user=talks.stranger.pk, role="viewer", party=foreign.pk)
    assert "not one of the available choices" in complaints(answer)


# --- Statuses -----------------------------------------------------------------------------------


def test_a_status_in_use_is_renamed_and_standings_stand(client, talks, issue):
    status = factories.status(talks.negotiation, "Agreed")
    page = client.get(change_url(status))
    assert page.context["adminform"].form.fields["category"].disabled
    assert "Entries rest on it" in page.content.decode()
    send(client, change_url(status), label="Settled", category="held", rung="1")
    status.refresh_from_db()
    assert (status.label, status.category, status.rung) == ("Settled", "settled", 4)
    assert headline(issue) == "Settled"
    assert as_it_should_be(talks.negotiation)


def test_a_status_in_use_is_not_deleted_and_a_message_says_so(client, talks, issue):
    status = factories.status(talks.negotiation, "Agreed")
    for answer in (
        client.get(url(Status, "delete", status.pk), follow=True),
        client.post(url(Status, "delete", status.pk), {"post": "yes"}, follow=True),
    ):
        assert "“Agreed” is in use and stays on record. Rename it, or retire it" in told(answer)
    assert Status.objects.filter(pk=status.pk).exists()


def test_a_status_nobody_used_is_deleted(client, talks):
    status = factories.status(talks.negotiation, "Withdrawn")
    client.post(url(Status, "delete", status.pk), {"post": "yes"})
    assert not Status.objects.filter(pk=status.pk).exists()


def test_statuses_retire_in_bulk(client, talks, issue):
    status = factories.status(talks.negotiation, "Agreed")
    assert "1 statuses retired" in told(act(client, Status, "retire", status))
    assert Status.objects.get(pk=status.pk).retired
    act(client, Status, "offer_again", status)
    assert not Status.objects.get(pk=status.pk).retired
    assert as_it_should_be(talks.negotiation)


def test_the_ladder_rises_with_the_categories(client, talks):
    status = factories.status(talks.negotiation, "Closed")
    answer = send(client, change_url(status), rung="1")
    assert "Rungs rise with the categories" in complaints(answer)


NEW_STATUS = {"label": "Initialled", "short": "Init", "test": "Initialled by all?", "order": "0"}


@pytest.mark.parametrize("which", ["negotiation", "template"])
def test_a_status_is_added_to_a_scheme(client, talks, which):
    scheme = talks.negotiation.scheme if which == "negotiation" else factories.make_scheme()
    address = f"{url(Status, 'add')}?scheme={scheme.pk}"
    refused = send(client, address, **NEW_STATUS, category="settled", rung="1")
    assert "Rungs rise with the categories" in complaints(refused)
    assert not scheme.statuses.filter(label="Initialled").exists()
    assert send(client, address, **NEW_STATUS, category="settled", rung="4").status_code == 302
    assert scheme.statuses.get(label="Initialled").order == 9


def test_statuses_are_edited_on_the_page_of_their_scheme(client, talks, issue):
    scheme = talks.negotiation.scheme
    send(client, change_url(scheme), **{"statuses-0-short": "New"})
    assert scheme.statuses.first().short == "New"


def test_a_template_goes_with_its_statuses_a_scheme_in_use_stays(client, talks):
    template = factories.make_scheme()
    client.post(url(StatusScheme, "delete", template.pk), {"post": "yes"})
    assert not StatusScheme.objects.filter(pk=template.pk).exists()
    own = talks.negotiation.scheme
    answer = client.get(url(StatusScheme, "delete", own.pk), follow=True)
    assert "uses these statuses" in told(answer)


def test_two_templates_of_one_address_are_refused(client, db):
    factories.make_scheme()
    answer = send(client, url(StatusScheme, "add"), name="Twice", slug="consultations")
    assert "There is such a status scheme already." in complaints(answer)


# --- People -------------------------------------------------------------------------------------


def test_a_person_is_made_without_a_password_and_gets_a_link(client, db):
    fields = {"username": "anna", "first_name": "Anna", "last_name": "Weber"}
    send(client, url(User, "add"), **fields, usable_password="false")
    anna = User.objects.get(username="anna")
    assert not anna.has_usable_password()
    answer = act(client, User, "hand_out_link", anna)
    (path,) = re.findall(r"http://\S+(/welcome/\S+)", told(answer))
    assert client.get(path, follow=True).status_code == 200
    log = LogEntry.objects.get(change_message="Made a set-password link.")
    assert path not in log.change_message + log.object_repr


def test_a_closed_account_gets_no_link(client, db):
    gone = factories.make_user(is_active=False)
    assert "This account is closed." in told(act(client, User, "hand_out_link", gone))


def test_somebody_on_record_is_kept_with_a_sentence(client, talks):
    answer = client.post(url(User, "delete", talks.head.pk), {"post": "yes"}, follow=True)
    assert "is on record here and stays" in told(answer)
    assert User.objects.filter(pk=talks.head.pk).exists()


def test_a_stranger_is_deleted_and_oneself_is_not(client, admin, talks):
    client.post(url(User, "delete", talks.stranger.pk), {"post": "yes"})
    assert not User.objects.filter(pk=talks.stranger.pk).exists()
    answer = client.get(url(User, "delete", admin.pk), follow=True)
    assert "You are signed in with this account." in told(answer)


def test_the_demo_mark_and_the_public_id_are_only_shown(client, db):
    person = factories.make_user(is_demo=True)
    send(client, change_url(person), is_demo=None, first_name="Ada")
    person.refresh_from_db()
    assert (person.is_demo, person.first_name) == (True, "Ada")


# --- Sources and delegates ----------------------------------------------------------------------


def test_a_source_has_its_date_in_words(client, talks):
    address = f"{url(Source, 'add')}?negotiation={talks.negotiation.pk}"
    refused = send(client, address, title="Note", kind="document", dated="late May")
    assert "no date Parley can read" in complaints(refused)
    send(client, address, title="Note", kind="document", dated="Jun 2026", language="en")
    source = Source.objects.get()
    assert (source.date_text, source.created_by.is_superuser) == ("Jun 2026", True)
    send(client, change_url(source), dated="24 Jun 2026")
    source.refresh_from_db()
    assert source.date_text == "24 Jun 2026"


def test_two_delegates_of_one_name_are_refused(client, talks):
    round_, party = factories.make_round(talks.negotiation), talks.negotiation.parties.first()
    names = [Delegate.objects.create(round=round_, party=party, name=name) for name in ("A", "B")]
    answer = send(client, change_url(names[1]), name="A")
    assert "There is such a delegate already." in complaints(answer)


# --- Staff who are no superusers ----------------------------------------------------------------


def test_staff_see_the_rows_of_their_negotiations_only(talks):
    factories.make_negotiation(title="Hidden talks", parties=("A", "B"))
    client = browser(make_staff(talks.negotiation))
    for model in (Negotiation, Party, Membership, Status, StatusScheme, User):
        page = client.get(url(model)).content.decode()
        assert "Hidden talks" not in page
        assert "Party A" not in page
    hidden = Party.objects.get(code="A")
    assert client.get(change_url(hidden)).url == "/admin/"
    assert client.get(url(Party, "history", hidden.pk)).url == "/admin/"
    address = f"{url(Party, 'add')}?negotiation={hidden.negotiation_id}"
    assert client.get(address).status_code == 404


def test_a_viewer_on_the_staff_changes_nothing(talks):
    client = browser(make_staff(talks.negotiation, "viewer"))
    party = talks.negotiation.parties.get(code="RU")
    assert client.get(change_url(party)).status_code == 200
    assert client.post(change_url(party), {"code": "XX", "name": "X"}).status_code == 403
    assert client.post(url(Party, "delete", party.pk), {"post": "yes"}).status_code == 403
    assert "needs the role head" in complaints(send_list(client, url(Party), name="X"))
    answer = act(client, Status, "retire", factories.status(talks.negotiation, "Agreed"))
    assert "needs the role head" in told(answer)
    for action in ("archive", "unarchive"):
        refused = act(client, Negotiation, action, talks.negotiation)
        assert "head" in told(refused)
    party.refresh_from_db()
    assert party.name == "Russia"
    assert not Status.objects.filter(retired=True).exists()


def test_staff_read_people_they_share_a_negotiation_with(talks):
    client = browser(make_staff(talks.negotiation))
    page = client.get(url(User)).content.decode()
    assert talks.head.username in page
    assert talks.stranger.username not in page
    shown = client.get(change_url(talks.head))
    assert "password" not in shown.context["adminform"].form.fields
    assert "MD5" not in shown.content.decode().upper()
    assert client.post(change_url(talks.head), {"username": "x"}).status_code == 403


def test_a_search_for_people_finds_only_those(talks):
    client = browser(make_staff(talks.negotiation))
    query = {"app_label": "negotiations", "model_name": "membership", "field_name": "user"}
    found = client.get("/admin/autocomplete/", query | {"term": "person"}).json()["results"]
    assert {row["text"] for row in found} == {
        member.user.username for member in talks.negotiation.memberships.select_related("user")
    }


def test_history_says_who_changed_what(client, admin, talks):
    party = talks.negotiation.parties.get(code="RU")
    send(client, change_url(party), name="Russian Federation")
    page = client.get(url(Party, "history", party.pk)).content.decode()
    assert "Russian Federation" in page
    assert str(admin) in page
    assert "style=" not in page.split('id="change-history"')[1].split("</main>")[0]
    version = party.history.first().pk
    assert client.get(f"{url(Party, 'history', party.pk)}{version}/").status_code != 200
