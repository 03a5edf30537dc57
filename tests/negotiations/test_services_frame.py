"""The writers of the frame: what they keep true, whatever page or command calls them."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from issues.services import differences
from negotiations import services
from negotiations.exceptions import Conflict
from negotiations.models import Negotiation, Status
from tests import factories

pytestmark = pytest.mark.django_db


def refused(call, *args, **kwargs):
    """The sentences with which a service refuses."""
    with pytest.raises(ValidationError) as refusal:
        call(*args, **kwargs)
    return " ".join(refusal.value.messages)


# --- Negotiation --------------------------------------------------------------------------------


def test_creating_copies_the_scheme_and_makes_a_head():
    user, template = factories.make_user(), factories.make_scheme()
    made = factories.make_negotiation(head=user, title="Fish quotas")
    assert made.slug == "fish-quotas"
    assert [party.code for party in made.parties.all()] == ["RU", "US"]
    assert made.memberships.get().role == "head"
    assert made.memberships.get().user == user
    assert [s.label for s in made.scheme.statuses.all()] == [
        s.label for s in template.statuses.all()
    ]
    assert made.scheme.pk != template.pk
    assert made.history.get().history_user == user


def test_a_retired_status_of_the_template_is_not_copied():
    template = factories.make_scheme()
    services.retire_status(template.statuses.get(label="Closed"), by=None)
    made = factories.make_negotiation(scheme=template)
    assert not made.scheme.statuses.filter(label="Closed").exists()


def test_address_is_made_free_without_telling_how_many_there_are():
    first = factories.make_negotiation(title="Secret talks")
    second = factories.make_negotiation(title="Secret talks")
    assert second.slug.startswith("secret-talks-")
    assert second.slug not in {first.slug, "secret-talks-2"}


@pytest.mark.parametrize(("title", "start"), [("New", "new-"), ("Переговоры", "negotiation")])
def test_address_never_clashes_with_a_route_and_never_is_empty(title, start):
    assert factories.make_negotiation(title=title).slug.startswith(start)


def test_the_same_person_opens_a_title_once():
    head = factories.make_user()
    factories.make_negotiation(head=head, title="Fish quotas")
    sentence = refused(factories.make_negotiation, head=head, title="fish quotas")
    assert "already" in sentence
    factories.make_negotiation(title="Fish quotas")


@pytest.mark.parametrize(
    ("parties", "sentence"),
    [
        ([], "at least two"),
        ([("RU", "Russia")], "at least two"),
        ([("RU", "Russia"), ("ru", "Rumania")], "same code"),
        ([("RU", "Russia"), ("R", "russia")], "same name"),
    ],
)
def test_parties_must_be_told_apart(parties, sentence):
    found = refused(
        services.create_negotiation,
        title="Talks",
        by=factories.make_user(),
        scheme=factories.make_scheme(),
        parties=parties,
    )
    assert sentence in found
    assert not Negotiation.objects.exists()


def test_edit_counts_versions_and_keeps_history(talks):
    head = talks.head
    saved = services.update_negotiation(talks.negotiation, version=1, by=head, title="Renamed")
    assert (saved.title, saved.version) == ("Renamed", 2)
    assert saved.history.first().history_user == head
    with pytest.raises(Conflict) as conflict:
        services.update_negotiation(talks.negotiation, version=1, by=head, title="Late")
    assert conflict.value.current.title == "Renamed"


def test_an_edit_that_changes_nothing_writes_nothing(talks):
    title = talks.negotiation.title
    saved = services.update_negotiation(talks.negotiation, version=1, by=talks.head, title=title)
    assert saved.version == 1
    assert saved.history.count() == 1


def test_a_new_rule_rebuilds_the_standings(talks):
    issue = factories.make_issue(talks.negotiation)
    factories.record(issue, "RU", "Agreed")
    factories.record(issue, "own", "Blocked", said="2 Feb 2025")
    services.update_negotiation(talks.negotiation, version=1, by=talks.head, rule="assessor")
    assert issue.standings.get(scope="members", until=None).headline.label == "Blocked"
    assert differences(Negotiation.objects.get()) == []


def test_archiving_twice_keeps_the_first_time(talks):
    services.archive_negotiation(talks.negotiation, by=talks.head)
    talks.negotiation.refresh_from_db()
    first = talks.negotiation.archived_at
    services.archive_negotiation(talks.negotiation, by=talks.head)
    talks.negotiation.refresh_from_db()
    assert talks.negotiation.archived_at == first
    services.unarchive_negotiation(talks.negotiation, by=talks.head)
    talks.negotiation.refresh_from_db()
    assert talks.negotiation.archived_at is None


# --- Parties ------------------------------------------------------------------------------------


def test_a_new_party_changes_the_badge_at_once(talks):
    issue = factories.make_issue(talks.negotiation)
    factories.record(issue, "RU US", "Agreed")
    assert issue.standings.get(scope="members", until=None).badge == "joint"
    services.add_party(talks.negotiation, by=talks.head, code="UN", name="United Nations")
    assert issue.standings.get(scope="members", until=None).badge == "only"
    assert differences(talks.negotiation) == []


def test_leaving_the_table_changes_the_badge_at_once(talks):
    issue = factories.make_issue(talks.negotiation)
    third = services.add_party(talks.negotiation, by=None, code="UN", name="United Nations")
    factories.record(issue, "RU US", "Agreed")
    day = factories.parse_date("1 Jan 2025").first
    services.update_party(third, by=None, code="UN", name="United Nations", until=day)
    assert issue.standings.get(scope="members", until=None).badge == "joint"
    assert differences(talks.negotiation) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"code": "ru", "name": "Another"}, "has the code"),
        ({"code": "X", "name": "RUSSIA"}, "has this name"),
    ],
)
def test_a_party_keeps_its_code_and_name_to_itself(talks, fields, sentence):
    assert sentence in refused(services.add_party, talks.negotiation, by=None, **fields)


def test_a_party_cannot_leave_before_it_came(talks):
    day = factories.parse_date("2 Jan 2025").first
    before = factories.parse_date("1 Jan 2025").first
    sentence = refused(
        services.add_party,
        talks.negotiation,
        by=None,
        code="UN",
        name="United Nations",
        since=day,
        until=before,
    )
    assert "before it came" in sentence


@pytest.mark.parametrize("name", ["since", "until"])
def test_a_party_comes_or_leaves_on_no_day_to_come(talks, name):
    tomorrow = timezone.localdate() + dt.timedelta(1)
    sentence = refused(
        services.add_party,
        talks.negotiation,
        by=None,
        code="UN",
        name="United Nations",
        **{name: tomorrow},
    )
    assert "still to come" in sentence


def test_a_party_added_by_mistake_can_go_although_standings_list_it(talks):
    factories.record(factories.make_issue(talks.negotiation), "RU US", "Agreed")
    third = services.add_party(talks.negotiation, by=None, code="UN", name="United Nations")
    services.remove_party(third, by=None)
    assert talks.negotiation.parties.count() == 2
    assert differences(talks.negotiation) == []


def test_a_party_that_spoke_stays(talks):
    third = services.add_party(talks.negotiation, by=None, code="UN", name="United Nations")
    factories.record(factories.make_issue(talks.negotiation), "UN", text="We are here.")
    assert "stays on record" in refused(services.remove_party, third, by=None)
    assert differences(talks.negotiation) == []


@pytest.mark.parametrize("how", ["member", "raised", "host"])
def test_a_party_somebody_refers_to_stays(talks, how):
    third = services.add_party(talks.negotiation, by=None, code="UN", name="United Nations")
    if how == "member":
        factories.add_member(talks.negotiation, party="UN")
    elif how == "raised":
        factories.make_issue(talks.negotiation, raised_by=[third])
    else:
        factories.make_round(talks.negotiation, host=third)
    assert "stays on record" in refused(services.remove_party, third, by=None)


def test_two_parties_always_remain(talks):
    party = talks.negotiation.parties.first()
    assert "at least two" in refused(services.remove_party, party, by=None)


def test_parties_move_in_display_order(talks):
    services.move_party(talks.negotiation.parties.get(code="US"), by=None, step=-1)
    assert [party.code for party in talks.negotiation.parties.all()] == ["US", "RU"]
    services.move_party(talks.negotiation.parties.get(code="US"), by=None, step=-1)
    assert [party.code for party in talks.negotiation.parties.all()] == ["US", "RU"]


# --- Members ------------------------------------------------------------------------------------


def test_the_first_tied_member_opens_a_scope_and_the_last_closes_it(talks):
    issue = factories.make_issue(talks.negotiation)
    factories.record(issue, "RU", "Agreed")
    party = talks.negotiation.parties.get(code="RU")
    factories.add_member(talks.negotiation, party="RU")
    assert issue.standings.filter(scope=f"party-{party.pk}").exists()
    services.remove_member(talks.negotiation.memberships.get(party=party))
    assert not issue.standings.filter(scope=f"party-{party.pk}").exists()
    assert differences(talks.negotiation) == []


def test_nobody_is_a_member_twice(talks):
    assert "already" in refused(services.add_member, talks.negotiation, user=talks.reader)


def test_the_last_head_stays_head(talks):
    member = talks.negotiation.memberships.get(user=talks.head)
    assert "one head" in refused(services.remove_member, member)
    assert "one head" in refused(services.update_member, member, role="viewer", party=None)


def test_a_head_whose_account_is_closed_does_not_count(talks):
    second = factories.add_member(talks.negotiation, "head")
    second.is_active = False
    second.save()
    member = talks.negotiation.memberships.get(user=talks.head)
    assert "one head" in refused(services.remove_member, member)


def test_a_delegation_is_one_of_this_negotiation(talks):
    other = factories.make_negotiation().parties.first()
    user = factories.make_user()
    sentence = refused(services.add_member, talks.negotiation, user=user, party=other)
    assert "another negotiation" in sentence


def test_a_new_person_has_a_name_and_no_password(talks):
    member = services.add_person(
        talks.negotiation, username="anna", full_name="Anna Maria Berg", role="recorder"
    )
    assert member.user.get_full_name() == "Anna Maria Berg"
    assert not member.user.has_usable_password()
    assert member.role == "recorder"


@pytest.mark.parametrize("username", ["", "two words", "x" * 151])
def test_a_user_name_must_be_one(talks, username):
    assert refused(services.add_person, talks.negotiation, username=username, full_name="Anna")


def test_a_taken_user_name_is_refused_in_any_case(talks):
    factories.make_user("Anna")
    sentence = refused(services.add_person, talks.negotiation, username="anna", full_name="Anna B")
    assert "taken" in sentence


def test_marking_as_read_never_moves_back(talks):
    member = talks.negotiation.memberships.get(user=talks.reader)
    services.mark_read(member)
    member.refresh_from_db()
    now = member.read_until
    services.mark_read(member, until=now.replace(year=2020))
    member.refresh_from_db()
    assert member.read_until == now


# --- Statuses -----------------------------------------------------------------------------------

FIELDS = ("label", "short", "test", "category", "rung")


def plain(status, **changes):
    return {name: getattr(status, name) for name in FIELDS} | changes


def test_a_status_in_use_can_be_renamed_and_retired_only(talks):
    agreed = factories.status(talks.negotiation, "Agreed")
    factories.record(factories.make_issue(talks.negotiation), "RU", "Agreed")
    services.update_status(agreed, by=None, **plain(agreed, label="Settled"))
    services.retire_status(agreed, by=None)
    assert "in use" in refused(services.remove_status, agreed, by=None)
    changed = plain(agreed, category="done", rung=6)
    assert "only its words" in refused(services.update_status, agreed, by=None, **changed)
    assert Status.objects.get(pk=agreed.pk).label == "Settled"


def test_an_unused_status_can_be_changed_and_removed(talks):
    closed = factories.status(talks.negotiation, "Closed")
    services.update_status(closed, by=None, **plain(closed, rung=9))
    services.remove_status(closed, by=None)
    assert not talks.negotiation.scheme.statuses.filter(label="Closed").exists()


@pytest.mark.parametrize(
    ("category", "rung", "sentence"),
    [
        ("open", 2, "Rungs rise"),
        ("open", 9, "Rungs rise"),
        ("engaged", 4, "Rungs rise"),
        ("done", 5, "Rungs rise"),
        ("settled", None, "which rung"),
        ("held", 3, "leave it empty"),
    ],
)
def test_rungs_rise_with_the_categories(talks, category, rung, sentence):
    found = refused(
        services.add_status,
        talks.negotiation,
        by=None,
        label="Other",
        short="Other",
        test="A test.",
        category=category,
        rung=rung,
    )
    assert sentence in found


def test_two_statuses_of_a_category_may_share_a_rung(talks):
    made = services.add_status(
        talks.negotiation,
        by=None,
        label="With us",
        short="Us",
        test="It is our turn.",
        category="engaged",
        rung=2,
    )
    assert talks.negotiation.scheme.statuses.last() == made


def test_a_label_is_used_once(talks):
    raised = factories.status(talks.negotiation, "Raised")
    sentence = refused(services.add_status, talks.negotiation, by=None, **plain(raised))
    assert "already" in sentence


def test_statuses_move_in_the_list(talks):
    services.move_status(factories.status(talks.negotiation, "Agreed"), by=None, step=-3)
    assert talks.negotiation.scheme.statuses.first().label == "Agreed"
