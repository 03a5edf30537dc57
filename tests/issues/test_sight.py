"""Who sees items, agenda lines, readouts and sources, and how that is changed."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from issues import services
from issues.models import AgendaLine, ChainLink, Issue, SightChange, Standing
from issues.reads.frame import FrameView
from issues.reads.marking import marking_of
from issues.reads.sources import visible_sources
from issues.services import verify_history
from negotiations import services as frame
from negotiations.scopes import is_within
from negotiations.services.rounds import Account
from tests import factories
from tests.factories import own_audience, record, viewer
from tests.leaks.crawl import decoded, plain

pytestmark = pytest.mark.django_db


@pytest.fixture
def talks():
    talks = factories.make_delegations()
    talks.ru_head = factories.add_member(talks.negotiation, "head", "RU")
    talks.russia, talks.america = (viewer(talks.negotiation, p) for p in (talks.ru, talks.us))
    talks.anybody = viewer(talks.negotiation, talks.head)
    return talks


def own_item(talks, title="Secret", by=None, **fields):
    person = by or talks.ru
    shown = viewer(talks.negotiation, person).written_for()
    return factories.make_issue(talks.negotiation, title, by=person, **shown | fields)


def titles(person):
    return [issue.title for issue in Issue.objects.visible_to(person).in_agenda_order()]


def change(thing, person, audience, reason="So it is."):
    party = person.party if audience == "delegation" else None
    return services.change_sight(
        thing, audience=audience, party=party, reason=reason, viewer=person
    )


def refusal(call, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return " ".join(caught.value.messages)


# --- Numbers and order ----------------------------------------------------------------------------


def test_item_of_a_delegation_is_numbered_apart(talks):
    factories.make_issue(talks.negotiation, "First")
    hidden, second = own_item(talks), factories.make_issue(talks.negotiation, "Second")
    assert [str(one.address) for one in (hidden, second)] == ["RU-1", "2"]
    assert str(own_item(talks, "Other").address) == "RU-2"
    assert str(own_item(talks, "Theirs", by=talks.us).address) == "US-1"
    assert hidden.get_absolute_url().endswith("/issues/RU-1/")


def test_only_its_own_people_see_it(talks):
    factories.make_issue(talks.negotiation, "First")
    own_item(talks)
    assert titles(talks.russia) == ["First", "Secret"]
    assert titles(talks.america) == titles(talks.anybody) == ["First"]


def test_the_series_follows_the_name_of_its_party(talks):
    hidden = own_item(talks)
    frame.update_party(talks.russia.party, by=None, code="RF", name="Russia")
    hidden.refresh_from_db()
    assert str(hidden.address) == "RF-1"


def test_it_stands_after_the_common_ones_of_its_heading(talks):
    own_item(talks, "Apart", heading="Own")
    hidden = own_item(talks, heading="B")
    for title, heading in (("One", "A"), ("Two", "B"), ("Three", "B")):
        factories.make_issue(talks.negotiation, title, heading=heading)
    assert titles(talks.russia) == ["One", "Two", "Three", "Secret", "Apart"]
    services.move_issue(hidden, step=-1)
    assert titles(talks.russia) == ["One", "Two", "Three", "Secret", "Apart"]


def test_moving_a_common_item_passes_over_hidden_ones(talks):
    parent = factories.make_issue(talks.negotiation, "Parent")
    first = factories.make_issue(talks.negotiation, "First", parent=parent)
    own_item(talks, parent=parent)
    factories.make_issue(talks.negotiation, "Second", parent=parent)
    services.move_issue(first, step=1)
    assert titles(talks.america) == ["Parent", "Second", "First"]


def test_a_title_that_only_another_delegation_has_is_free(talks):
    own_item(talks, "Fees")
    assert factories.make_issue(talks.negotiation, "Fees").number == 1
    shown = talks.russia.written_for()
    assert "already" in refusal(factories.make_issue, talks.negotiation, "fees", **shown)


# --- What is part of something --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "outer", "fits"),
    [
        (("public", None), ("public", None), True),
        (("public", None), ("members", None), False),
        (("members", None), ("public", None), True),
        (("members", None), ("delegation", 1), False),
        (("delegation", 1), ("members", None), True),
        (("delegation", 1), ("delegation", 1), True),
        (("delegation", 2), ("delegation", 1), False),
    ],
)
def test_a_part_never_shows_further_than_the_whole(inner, outer, fits):
    assert is_within(*inner, *outer) == fits


def test_a_sub_item_is_refused_beside_its_parent(talks):
    parent = own_item(talks)
    said = refusal(factories.make_issue, talks.negotiation, "Wide", parent=parent)
    assert said == "“Secret” is for the delegation of Russia only: a sub-item never shows further."


def test_an_entry_is_refused_beside_its_audience(talks):
    with pytest.raises(ValidationError) as caught:
        record(own_item(talks), "RU", "Agreed", by=talks.ru)
    assert list(caught.value.message_dict) == ["audience"]


def test_a_line_is_refused_beside_its_audience(talks):
    round_ = factories.make_round(talks.negotiation)
    hidden = own_item(talks)
    said = refusal(services.set_agenda_line, round_, hidden, by=None, planned=True)
    assert "for the delegation of Russia only" in said


def test_what_no_scope_sees_has_no_standing_there(talks):
    hidden = own_item(talks)
    record(hidden, "RU", "Agreed", by=talks.ru, **own_audience(talks.russia))
    scopes = Standing.objects.filter(issue=hidden).values_list("scope", flat=True)
    assert set(scopes) == {talks.russia.scope.key}


def test_a_common_item_is_marked_whatever_a_delegation_keeps_below_it(talks):
    parent = factories.make_issue(talks.negotiation, "Parent")
    own_item(talks, parent=parent)
    services.mark_in_error(parent, version=parent.version, by=talks.head, reason="A slip")
    assert titles(talks.russia) == []
    parent.refresh_from_db()
    services.restore_issue(parent, version=parent.version, by=talks.head)
    assert titles(talks.russia) == ["Parent", "Secret"]


def test_what_a_delegation_keeps_below_goes_along_under_another_parent(talks):
    one, other = (factories.make_issue(talks.negotiation, name) for name in ("One", "Other"))
    hidden = own_item(talks, parent=one)
    services.update_issue(one, version=one.version, by=None, parent=other)
    hidden.refresh_from_db()
    assert (hidden.parent, titles(talks.russia)) == (other, ["Other", "One", "Secret"])


# --- At the round -------------------------------------------------------------------------------


def test_each_delegation_may_keep_a_line_of_its_own(talks):
    issue, round_ = factories.make_issue(talks.negotiation), factories.make_round(talks.negotiation)
    for person in (talks.ru, talks.us, talks.recorder):
        party = viewer(talks.negotiation, person).party
        services.mark_agenda(round_, [issue], mark="planned", by=person, party=party)
    assert AgendaLine.objects.count() == 3
    services.mark_agenda(
        round_, [issue], mark="not_planned", by=talks.us, party=talks.america.party
    )
    assert AgendaLine.objects.in_scope(talks.america.scope).count() == 1


def test_a_mark_changes_the_line_one_sees(talks):
    """A common line that is there is the one meant, unless one's own side has one."""
    issue = factories.make_issue(talks.negotiation)
    round_ = factories.make_round(talks.negotiation, day="1 Feb 2025")
    services.mark_agenda(round_, [issue], mark="planned", by=talks.recorder)
    party = talks.russia.party
    services.mark_agenda(round_, [issue], mark="discussed", by=talks.ru, party=party)
    assert AgendaLine.objects.get().text == "planned, discussed"


def test_source_shows_to_its_audience_alone_whatever_cites_it(talks):
    issue = factories.make_issue(talks.negotiation)
    kept = frame.add_source(
        talks.negotiation, by=talks.ru, title="Paper", **talks.russia.written_for()
    )
    entry = record(issue, "RU", "Agreed", by=talks.ru, sources=[kept])
    assert kept in visible_sources(talks.russia)
    assert kept not in visible_sources(talks.america)
    change(kept, talks.russia, "members")
    assert kept in visible_sources(talks.america)
    assert entry.sources.get() == kept


def written(talks):
    """All that somebody keeps within their delegation, each written by what is called here."""
    negotiation, russia, kept = talks.negotiation, talks.russia, talks.russia.written_for()
    issue = factories.make_issue(negotiation, "Common")
    round_ = factories.make_round(negotiation)
    own = own_audience(russia)
    account = Account("So it was.", "A paper", **kept)
    return {
        "issues_issue": lambda: own_item(talks),
        "issues_entry": lambda: record(issue, "RU", by=talks.ru, **own),
        "issues_note": lambda: factories.add_note(issue, talks.ru, "Ours", "named"),
        "negotiations_source": lambda: frame.add_source(
            negotiation, by=talks.ru, title="Paper", **kept
        ),
        "negotiations_readout": lambda: frame.set_readout(
            round_, party=russia.party, account=account, by=talks.ru
        ),
        "issues_agendaline": lambda: services.mark_agenda(
            round_, [issue], mark="planned", by=talks.ru, party=russia.party
        ),
    }


def test_all_is_written_with_its_audience_at_once(talks):
    """Nothing is seen by others first, not even for a moment."""
    for table, write in written(talks).items():
        with CaptureQueriesContext(connection) as captured:
            write()
        told = [query["sql"] for query in captured]
        made = [sql for sql in told if sql.startswith(f'INSERT INTO "{table}"')]
        assert made, table
        assert all('"audience"' in sql for sql in made)
        later = [sql for sql in told if sql.startswith("UPDATE") and '"audience' in sql]
        assert [sql for sql in later if '"audience' in sql.partition(" WHERE ")[0]] == []


# --- Changing it --------------------------------------------------------------------------------


def test_widened_it_gets_the_next_common_number(talks):
    factories.make_issue(talks.negotiation, "First")
    hidden = own_item(talks)
    event = change(hidden, talks.russia, "members")
    hidden.refresh_from_db()
    assert (str(hidden.address), hidden.audience, event.old_number) == ("2", "members", 1)
    assert titles(talks.america) == ["First", "Secret"]
    assert str(own_item(talks, "Another").address) == "RU-2"


def test_narrowed_it_keeps_its_number_and_takes_all_below_it(talks):
    shown = talks.russia.written_for("members")
    parent = factories.make_issue(talks.negotiation, "Ours", by=talks.ru, **shown)
    factories.make_issue(talks.negotiation, "Below", by=talks.ru, parent=parent, **shown)
    record(parent, "RU", "Agreed", by=talks.ru)
    change(parent, talks.russia, "delegation")
    assert titles(talks.anybody) == []
    assert [str(one.address) for one in Issue.objects.visible_to(talks.russia)] == ["1", "2"]
    assert SightChange.objects.count() == 2
    assert services.differences(talks.negotiation) == []
    assert services.search_differences(talks.negotiation) == []


def test_narrowed_it_leaves_behind_what_another_delegation_keeps_below_it(talks):
    shown = talks.russia.written_for("members")
    parent = factories.make_issue(talks.negotiation, "Ours", by=talks.ru, **shown)
    theirs = own_item(talks, "Theirs", by=talks.us, parent=parent)
    own_item(talks, "Own", parent=parent)
    record(theirs, "US", "Blocked", by=talks.us, **own_audience(talks.america))
    change(parent, talks.russia, "delegation")
    theirs.refresh_from_db()
    assert (theirs.parent, theirs.sub_place) == (None, 0)
    assert titles(talks.america) == ["Theirs"]
    assert titles(talks.russia) == ["Ours", "Own"]
    assert services.differences(talks.negotiation) == []
    assert services.search_differences(talks.negotiation) == []


def test_what_an_older_release_left_below_anothers_item_stands_apart(talks):
    own, theirs = own_item(talks, "Own"), own_item(talks, "Theirs", by=talks.us)
    within = own_item(talks, "Within", parent=own)
    Issue.objects.filter(pk=theirs.pk).update(parent=own, sub_place=2)
    assert titles(talks.america) == []
    repair = import_module("issues.migrations.0019_own_below_another_sides")
    repair.set_apart(apps, SimpleNamespace(connection=connection))
    assert titles(talks.america) == ["Theirs"]
    assert Issue.objects.get(parent=own) == within


def test_narrowed_and_widened_again_all_counts_as_before(talks):
    shown = talks.russia.written_for("members")
    issue = factories.make_issue(talks.negotiation, by=talks.ru, **shown)
    record(issue, "RU", "Agreed", by=talks.ru)
    before = list(Standing.objects.order_by("scope").values_list("scope", "headline", "badge"))
    change(issue, talks.russia, "delegation")
    issue.refresh_from_db()
    change(issue, talks.russia, "members")
    after = list(Standing.objects.order_by("scope").values_list("scope", "headline", "badge"))
    assert after == before


def test_what_others_recorded_on_keeps_its_item_in_sight(talks):
    shown = talks.russia.written_for("members")
    issue = factories.make_issue(talks.negotiation, by=talks.ru, **shown)
    record(issue, "US", "Agreed", by=talks.us)
    assert "Others have recorded" in refusal(change, issue, talks.russia, "delegation")


def test_a_sub_item_is_not_widened_before_its_parent(talks):
    parent = own_item(talks)
    child = own_item(talks, "Below", parent=parent)
    assert "widen that first" in refusal(change, child, talks.russia, "members")


def test_who_may(talks):
    ours, theirs, common = (
        own_item(talks),
        own_item(talks, by=talks.us),
        factories.make_issue(talks.negotiation, "Common", audience="members"),
    )
    ru_head = viewer(talks.negotiation, talks.ru_head)
    recorder = viewer(talks.negotiation, talks.recorder)
    cases = [
        (ours, talks.russia, True),
        (ours, ru_head, True),
        (ours, talks.america, False),
        (ours, talks.anybody, False),
        (theirs, ru_head, False),
        (common, talks.anybody, True),
        (common, ru_head, False),
        (common, recorder, False),
    ]
    found = [services.may_change_sight(thing, person)[0] for thing, person, _may in cases]
    assert found == [may for _thing, _person, may in cases]


@pytest.mark.parametrize(
    ("audience", "reason", "field"),
    [("members", " ", "reason"), ("delegation", "Why", "audience")],
)
def test_needs_a_reason_and_another_audience(talks, audience, reason, field):
    with pytest.raises(ValidationError) as caught:
        change(own_item(talks), talks.russia, audience, reason)
    assert list(caught.value.message_dict) == [field]


def test_a_readout_and_a_line_are_widened_with_an_event(talks):
    issue, round_ = factories.make_issue(talks.negotiation), factories.make_round(talks.negotiation)
    factories.put_at(round_, issue, says="So it was.", **talks.russia.written_for())
    ru_head = viewer(talks.negotiation, talks.ru_head)
    for thing in (round_.readouts.get(), round_.agenda_lines.get()):
        change(thing, ru_head, "members")
        thing.refresh_from_db()
        assert (thing.audience, thing.audience_party) == ("members", None)
    assert [event.kind for event in SightChange.objects.all()] == ["readout", "line"]


def test_is_chained_and_a_silent_change_is_found(talks):
    hidden = own_item(talks)
    change(hidden, talks.russia, "members")
    kinds = ChainLink.objects.order_by("pk").values_list("chain", "kind")
    assert list(kinds) == [(talks.russia.scope.key, "hidden"), ("members", "shown")]
    assert verify_history(talks.negotiation).faults == []
    Issue.objects.filter(pk=hidden.pk).update(audience="public")
    (fault,) = verify_history(talks.negotiation).faults
    assert "who may see an item" in fault


def log_page(talks, person):
    """What the head of this side reads, but for what is random."""
    client = Client()
    client.force_login(person)
    answer = client.get(f"/negotiations/{talks.slug}/security/")
    assert answer.status_code == 200
    return plain(decoded(answer))


def test_a_change_is_in_the_log_of_those_who_may_know_of_it(talks):
    hidden = own_item(talks)
    entry = record(
        factories.make_issue(talks.negotiation), "RU", by=talks.ru, **own_audience(talks.russia)
    )
    change(hidden, talks.russia, "members")
    services.change_audience(
        entry, audience="members", party=None, reason="Now", viewer=talks.russia
    )
    hidden.refresh_from_db()
    change(hidden, talks.russia, "public")
    told = [
        {
            word
            for word in ("item: delegation", "entry: delegation", "item: members")
            if word in page
        }
        for page in (log_page(talks, person) for person in (talks.ru_head, talks.head))
    ]
    assert told == [{"item: delegation", "entry: delegation", "item: members"}, {"item: members"}]


def test_a_change_within_a_delegation_changes_no_byte_of_another_log(talks):
    us_head = factories.add_member(talks.negotiation, "head", "US")
    admin = factories.make_user(is_superuser=True)
    shown = talks.russia.written_for("members")
    common = factories.make_issue(talks.negotiation, "Ours", by=talks.ru, **shown)
    others = [(talks, talks.head), (talks, us_head), (talks, admin)]
    before = [log_page(*one) for one in others]
    change(own_item(talks), talks.russia, "members")
    change(common, talks.russia, "delegation")
    assert [log_page(*one) for one in others] == before
    client = Client()
    client.force_login(admin)
    assert "delegation →" not in client.get("/security/").content.decode()
    factories.add_member(talks.negotiation, "viewer", "RU", user=admin)
    assert "item: delegation → members" in client.get("/security/").content.decode()


def test_a_widened_entry_takes_its_own_sources_with_it(talks):
    issue = factories.make_issue(talks.negotiation)
    source = services.NewSource(title="Paper")
    own = own_audience(talks.russia)
    entry = record(issue, "RU", "Agreed", by=talks.ru, sources=[source], **own)
    services.change_audience(
        entry, audience="members", party=None, reason="Now", viewer=talks.russia
    )
    assert entry.sources.get() in visible_sources(talks.america)
    assert verify_history(talks.negotiation).faults == []


# --- On paper -------------------------------------------------------------------------------------


def test_a_paper_about_an_item_is_marked_by_who_may_see_the_item(talks):
    hidden = own_item(talks)
    members = factories.make_issue(talks.negotiation, audience="members")
    public = factories.make_issue(talks.negotiation)
    marked = [
        marking_of(FrameView(talks.russia), [issue.pk], notes=True)
        for issue in (hidden, members, public)
    ]
    assert marked == [
        "Tells of items only the Russia delegation may see",
        "Tells of items for members of this negotiation only",
        "Made from public entries only",
    ]
