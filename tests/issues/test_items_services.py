"""Items: numbers, places and headings, edits under a version, and the way out."""

from copy import deepcopy

import pytest
from django.core.exceptions import ValidationError

from issues import services
from issues.models import AgendaLine
from negotiations.exceptions import Conflict
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def talks(module_talks, db):
    return deepcopy(module_talks)


def refused(call, *args, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        call(*args, **kwargs)
    return " ".join(refusal.value.messages)


def order(negotiation):
    rows = negotiation.issues.filter(entered_in_error=False).in_agenda_order()
    return " ".join(issue.title for issue in rows)


def make(talks, *titles, **fields):
    made = [factories.make_issue(talks.negotiation, title, **fields) for title in titles]
    return made[0] if len(made) == 1 else made


# --- Opening ------------------------------------------------------------------------------------


def test_a_title_is_enough_and_claims_nothing(talks):
    issue = make(talks, "Banking")
    assert issue.number == 1
    assert issue.standings.get(scope="members", until=None).headline is None
    assert services.differences(talks.negotiation) == []


def test_numbers_go_on_past_one_entered_in_error(talks):
    issue = make(talks, "A")
    services.mark_in_error(issue, version=issue.version, by=None, reason="Twice.")
    assert make(talks, "B").number == 2


def test_the_same_title_is_opened_once(talks):
    make(talks, "Banking")
    assert "already, as number 1" in refused(make, talks, " banking ")


def test_a_title_entered_in_error_is_free_again(talks):
    issue = make(talks, "A")
    services.mark_in_error(issue, version=issue.version, by=None, reason="Wrong list.")
    assert make(talks, "A").number == 2


def test_the_same_title_may_stand_under_another_parent_or_reference(talks):
    parent, _other = make(talks, "A"), make(talks, "B")
    make(talks, "B", parent=parent)
    make(talks, "B", reference="Art. 2")


def test_items_of_one_heading_stand_together(talks):
    first = make(talks, "A", heading="one")
    make(talks, "B", heading="two")
    make(talks, "C", heading="one")
    make(talks, "a", parent=first)
    assert order(talks.negotiation) == "A a C B"


def test_a_sub_item_has_its_parents_heading_only(talks):
    parent = make(talks, "A", heading="one")
    assert make(talks, "a", parent=parent, heading="two").heading == ""


def test_there_is_one_level_of_sub_items(talks):
    sub_item = make(talks, "a", parent=make(talks, "A"))
    assert "one level" in refused(make, talks, "deeper", parent=sub_item)


def test_a_parent_is_of_this_negotiation(talks):
    stranger = factories.make_issue(factories.make_negotiation())
    assert "no such item" in refused(make, talks, "A", parent=stranger)


def test_who_raised_it_is_of_this_negotiation(talks):
    stranger = factories.make_negotiation().parties.first()
    assert "another negotiation" in refused(make, talks, "A", raised_by=[stranger])


def test_many_are_opened_in_order_with_their_sub_items(talks):
    data = [
        services.ItemData("A", sub_items=[services.ItemData("a1"), services.ItemData("a2")]),
        services.ItemData("B", reference="Art. 2"),
    ]
    made = services.open_issues(talks.negotiation, data, by=talks.recorder)
    assert [issue.number for issue in made] == [1, 2, 3, 4]
    assert order(talks.negotiation) == "A a1 a2 B"
    assert made[0].history.first().history_user == talks.recorder
    assert services.differences(talks.negotiation) == []


def test_of_many_all_are_opened_or_none(talks):
    make(talks, "B")
    data = [services.ItemData("A"), services.ItemData("B"), services.ItemData("x" * 201)]
    sentences = refused(services.open_issues, talks.negotiation, data, by=None)
    assert "“B”: This is there already" in sentences
    assert sentences.count("“") == 2
    assert talks.negotiation.issues.count() == 1


# --- Editing ------------------------------------------------------------------------------------


def test_one_edit_is_one_version_and_one_history_row(talks):
    issue = make(talks, "A")
    saved = services.update_issue(
        issue,
        version=issue.version,
        by=talks.recorder,
        title="New",
        raised_by=[talks.negotiation.parties.get(code="RU")],
    )
    assert (saved.title, saved.version) == ("New", issue.version + 1)
    assert saved.history.count() == issue.history.count() == 2
    latest = saved.history.first()
    assert latest.history_user == talks.recorder
    assert [row.party.code for row in latest.raised_by.all()] == ["RU"]


def test_an_edit_that_changes_nothing_writes_nothing(talks):
    issue = make(talks, "A", raised_by=talks.negotiation.parties.all())
    saved = services.update_issue(
        issue,
        version=issue.version,
        by=None,
        title="A",
        raised_by=list(talks.negotiation.parties.all()),
    )
    assert saved.version == issue.version


def test_a_late_edit_is_a_conflict_and_changes_nothing(talks):
    issue = make(talks, "A")
    services.update_issue(issue, version=issue.version, by=None, title="B")
    with pytest.raises(Conflict) as conflict:
        services.update_issue(issue, version=issue.version, by=None, title="C")
    assert conflict.value.current.title == "B"


def test_who_raised_it_decides_on_its_withdrawal(talks):
    parties = {party.code: party for party in talks.negotiation.parties.all()}
    issue = make(talks, "A", raised_by=parties.values())
    factories.record(issue, "US", "Raised")
    factories.record(issue, "RU", "Withdrawn")
    headline = issue.standings.get(scope="members", until=None).headline
    assert headline.label == "Raised"
    services.update_issue(issue, version=issue.version, by=None, raised_by=[parties["RU"]])
    headline = issue.standings.get(scope="members", until=None).headline
    assert headline.label == "Withdrawn"
    assert services.differences(talks.negotiation) == []


def test_an_item_moves_below_another_and_back(talks):
    first, second = make(talks, "A", "B", heading="one")
    third = make(talks, "C", heading="two")
    moved = services.update_issue(third, version=third.version, by=None, parent=first)
    assert (order(talks.negotiation), moved.heading) == ("A C B", "")
    back = services.update_issue(moved, version=moved.version, by=None, parent=None)
    assert back.sub_place == 0
    assert sorted(order(talks.negotiation)) == sorted("A B C")


def test_an_item_with_sub_items_stays_on_top(talks):
    first, second = make(talks, "A", "B")
    make(talks, "a", parent=first)
    sentence = refused(services.update_issue, first, version=first.version, by=None, parent=second)
    assert "sub-items of its own" in sentence


def test_an_item_is_not_its_own_parent(talks):
    issue = make(talks, "A")
    assert "one level" in refused(
        services.update_issue, issue, version=issue.version, by=None, parent=issue
    )


def test_a_title_taken_by_another_is_refused(talks):
    first, second = make(talks, "A", "B")
    sentence = refused(services.update_issue, second, version=second.version, by=None, title="a")
    assert "already, as number 1" in sentence


# --- Order --------------------------------------------------------------------------------------


def test_items_move_within_their_heading(talks):
    first, _second = make(talks, "A", "B", heading="one")
    make(talks, "a", parent=first)
    make(talks, "C", heading="two")
    services.move_issue(first, step=1)
    assert order(talks.negotiation) == "B A a C"
    services.move_issue(first, step=1)
    assert order(talks.negotiation) == "B A a C"


def test_sub_items_move_within_their_parent(talks):
    parent = make(talks, "A")
    first, _second = make(talks, "a", "b", parent=parent)
    make(talks, "B")
    services.move_issue(first, step=1)
    assert order(talks.negotiation) == "A b a B"


def test_a_heading_moves_with_all_its_items(talks):
    make(talks, "A", "B", heading="one")
    parent = make(talks, "C", heading="two")
    make(talks, "c", parent=parent)
    services.move_heading(talks.negotiation, heading="two", step=-1)
    assert order(talks.negotiation) == "C c A B"
    assert "no such heading" in refused(
        services.move_heading, talks.negotiation, heading="three", step=1
    )


def test_one_step_passes_what_is_marked_as_entered_in_error(talks):
    _first, second, third = make(talks, "A", "B", "C")
    services.mark_in_error(second, version=second.version, by=None, reason="Twice.")
    services.move_issue(third, step=-1)
    assert order(talks.negotiation) == "C A"


def test_order_is_nobodys_edit(talks):
    first, second = make(talks, "A", "B")
    services.move_issue(second, step=-1)
    first.refresh_from_db()
    assert (first.place, first.version, first.history.count()) == (2, 1, 1)


# --- Entered in error ---------------------------------------------------------------------------


def test_marking_needs_a_reason_and_can_be_taken_back(talks):
    issue = make(talks, "A")
    assert "Say why" in refused(
        services.mark_in_error, issue, version=issue.version, by=None, reason=" "
    )
    marked = services.mark_in_error(issue, version=issue.version, by=None, reason="Twice.")
    assert marked.entered_in_error
    assert marked.error_reason == "Twice."
    back = services.restore_issue(marked, version=marked.version, by=None)
    assert (back.entered_in_error, back.error_reason) == (False, "")


def test_a_parent_is_not_marked_before_its_sub_items(talks):
    parent = make(talks, "A")
    sub_item = make(talks, "a", parent=parent)
    assert "sub-items" in refused(
        services.mark_in_error, parent, version=parent.version, by=None, reason="Twice."
    )
    sub_item = services.mark_in_error(sub_item, version=sub_item.version, by=None, reason="Twice.")
    services.mark_in_error(parent, version=parent.version, by=None, reason="Twice.")
    assert "bring that back first" in refused(
        services.restore_issue, sub_item, version=sub_item.version, by=None
    )


def test_marking_what_somebody_changed_is_a_conflict(talks):
    issue = make(talks, "A")
    services.update_issue(issue, version=issue.version, by=None, title="B")
    with pytest.raises(Conflict):
        services.mark_in_error(issue, version=issue.version, by=None, reason="Twice.")


# --- Agenda -------------------------------------------------------------------------------------


def test_planned_and_discussed_are_two_facts(talks):
    issue, round_ = make(talks, "A"), factories.make_round(talks.negotiation)
    line = services.set_agenda_line(round_, issue, by=None, planned=True)
    assert line.text == "planned"
    line = services.set_agenda_line(round_, issue, by=None, planned=True, outcome="discussed")
    assert line.text == "planned, discussed"
    line = services.set_agenda_line(round_, issue, by=None, planned=False, outcome="discussed")
    assert line.text == "discussed"
    assert services.set_agenda_line(round_, issue, by=None, planned=False) is None
    assert not AgendaLine.objects.exists()


def test_an_agenda_line_joins_what_belongs_together(talks):
    stranger = factories.make_issue(factories.make_negotiation())
    round_ = factories.make_round(talks.negotiation)
    assert "another negotiation" in refused(
        services.set_agenda_line, round_, stranger, by=None, planned=True
    )


def test_an_outcome_is_one_of_two(talks):
    issue, round_ = make(talks, "A"), factories.make_round(talks.negotiation)
    with pytest.raises(ValidationError):
        services.set_agenda_line(round_, issue, by=None, planned=True, outcome="agreed")
