"""Items, rounds and agendas in the admin: through the services, so that standings follow."""

import pytest

from issues import services
from issues.models import AgendaLine, Issue, Standing
from negotiations.models import Delegate, Readout, Round
from negotiations.services import add_source
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
def client(db):
    return browser(make_superuser())


@pytest.fixture
def talks(db):
    return factories.make_talks()


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation, "Flights", heading="Transport")


def in_order(negotiation):
    return services.differences(negotiation) == []


def test_an_item_is_opened_and_claims_nothing(client, talks):
    russia = talks.negotiation.parties.get(code="RU")
    address = f"{url(Issue, 'add')}?negotiation={talks.negotiation.pk}"
    send(client, address, title="Visas", reference="Article 3", raised_by=[str(russia.pk)])
    issue = Issue.objects.get()
    assert (issue.number, issue.label, list(issue.raised_by.all())) == (1, "Article 3", [russia])
    assert Standing.objects.filter(issue=issue, headline=None).exists()
    assert in_order(talks.negotiation)


def test_an_item_of_that_name_is_refused_beside_its_title(client, talks, issue):
    address = f"{url(Issue, 'add')}?negotiation={talks.negotiation.pk}"
    answer = send(client, address, title="flights")
    assert answer.status_code == 422
    assert "This is there already" in str(answer.context["adminform"].form.errors["title"])


def test_who_raised_an_item_decides_on_its_withdrawal(client, talks, issue):
    factories.record(issue, "US", "Under discussion")
    factories.record(issue, "RU", "Withdrawn", said="2 Feb 2025")
    russia = talks.negotiation.parties.get(code="RU")
    send(client, change_url(issue), raised_by=[str(russia.pk)])
    now = Standing.objects.get(issue=issue, scope="members", until=None)
    assert now.headline.label == "Withdrawn"
    assert in_order(talks.negotiation)
    last = issue.history.first()
    assert [row.party for row in last.raised_by.all()] == [russia]


def test_the_second_editor_of_an_item_gets_a_conflict(client, talks, issue):
    stale = typed(client.get(change_url(issue)))
    services.update_issue(issue, version=1, by=talks.head, title="Direct flights")
    answer = client.post(change_url(issue), stale | {"title": "Air links"})
    assert answer.status_code == 409
    assert "Now: Direct flights" in complaints(answer)
    assert f"{talks.head} saved this at" in complaints(answer)
    assert client.post(change_url(issue), typed(answer)).status_code == 302
    assert Issue.objects.get().title == "Air links"


def test_sub_items_are_opened_and_renamed_under_their_parent(client, talks, issue):
    sub_item = factories.make_issue(talks.negotiation, "Cargo", parent=issue)
    rows = {
        "sub_items-TOTAL_FORMS": "2",
        "sub_items-0-title": "Cargo flights",
        "sub_items-1-title": "Overflight",
        "sub_items-1-reference": "",
    }
    assert send(client, change_url(issue), **rows).status_code == 302
    sub_item.refresh_from_db()
    assert sub_item.title == "Cargo flights"
    assert Issue.objects.get(title="Overflight").parent == issue
    assert in_order(talks.negotiation)


def test_there_is_one_level_of_sub_items(client, talks, issue):
    sub_item = factories.make_issue(talks.negotiation, "Cargo", parent=issue)
    page = client.get(change_url(sub_item))
    assert not page.context["inline_admin_formsets"][0].has_add_permission
    top = factories.make_issue(talks.negotiation, "Visas")
    answer = send(client, change_url(top), parent=sub_item.pk)
    assert "one level of sub-items" in complaints(answer)


def test_a_parent_is_searched_in_the_same_negotiation(client, talks, issue):
    other = factories.make_issue(factories.make_negotiation(), "Flights elsewhere")
    page = client.get(change_url(issue)).content.decode()
    assert f"within={talks.negotiation.pk}" in page
    query = {"app_label": "issues", "model_name": "issue", "field_name": "parent"}
    address = "/admin/autocomplete/"
    here = client.get(address, query | {"term": "Fl", "within": talks.negotiation.pk}).json()
    assert [row["text"] for row in here["results"]] == ["Flights"]
    nowhere = client.get(address, query | {"term": "Fl", "within": "x"}).json()
    assert nowhere["results"] == []
    answer = send(client, change_url(issue), parent=other.pk)
    assert "not one of the available choices" in complaints(answer)


def test_headings_are_edited_in_the_list(client, talks, issue):
    send_list(client, url(Issue), heading="Air")
    issue.refresh_from_db()
    assert (issue.heading, issue.version) == ("Air", 2)


def test_items_are_marked_in_error_with_a_reason_and_brought_back(client, talks, issue):
    sub_item = factories.make_issue(talks.negotiation, "Cargo", parent=issue)
    page = act(client, Issue, "mark_in_error", issue, sub_item)
    assert "Mark as entered in error" in page.content.decode()
    assert not Issue.objects.filter(entered_in_error=True).exists()
    answer = act(client, Issue, "mark_in_error", issue, sub_item, reason="Entered twice.")
    assert "2 marked as entered in error" in told(answer)
    assert Issue.objects.filter(entered_in_error=True, error_reason="Entered twice.").count() == 2
    assert client.get(change_url(issue)).context["has_absolute_url"] is False
    assert "2 brought back" in told(act(client, Issue, "restore", sub_item, issue))
    assert not Issue.objects.filter(entered_in_error=True).exists()


def test_a_parent_with_sub_items_is_not_marked(client, talks, issue):
    factories.make_issue(talks.negotiation, "Cargo", parent=issue)
    answer = act(client, Issue, "mark_in_error", issue, reason="Wrong.")
    assert "It has sub-items" in told(answer)


def test_items_are_never_deleted(client, issue):
    assert client.post(url(Issue, "delete", issue.pk), {"post": "yes"}).status_code == 403


def test_a_recorder_on_the_staff_opens_items_and_changes_none(talks, issue):
    client = browser(make_staff(talks.negotiation, "recorder"))
    address = f"{url(Issue, 'add')}?negotiation={talks.negotiation.pk}"
    assert send(client, address, title="Visas").status_code == 302
    assert client.post(change_url(issue), {"title": "X"}).status_code == 403


# --- Rounds -------------------------------------------------------------------------------------


@pytest.fixture
def round_(talks):
    return factories.make_round(talks.negotiation, "First round", "27 Feb 2025")


def test_a_round_is_added_at_the_end_with_its_sources(client, talks, round_):
    source = add_source(talks.negotiation, by=None, title="Announcement")
    address = f"{url(Round, 'add')}?negotiation={talks.negotiation.pk}"
    send(client, address, title="Second round", expected="in spring", sources=[str(source.pk)])
    made = Round.objects.get(title="Second round")
    assert (made.place, made.when, list(made.sources.all())) == (2, "in spring", [source])
    send(client, change_url(made), city="Vienna")
    assert list(made.sources.all()) == [source]
    send(client, change_url(made), sources=[])
    assert not made.sources.exists()


def test_a_round_that_took_place_has_a_date(client, talks):
    address = f"{url(Round, 'add')}?negotiation={talks.negotiation.pk}"
    answer = send(client, address, title="Second round", state="held")
    assert "A round that took place has a date." in complaints(answer)
    assert "onstraint" not in complaints(answer)


def test_agenda_delegation_and_readout_are_written_on_the_page_of_the_round(
    client, talks, issue, round_
):
    russia = talks.negotiation.parties.get(code="RU")
    rows = {
        "agenda_lines-TOTAL_FORMS": "1",
        "agenda_lines-0-issue": issue.pk,
        "agenda_lines-0-planned": "on",
        "agenda_lines-0-outcome": "discussed",
        "agenda_lines-0-order": "4",
        "delegates-TOTAL_FORMS": "1",
        "delegates-0-party": russia.pk,
        "delegates-0-name": "A. Ivanov",
        "delegates-0-is_head": "on",
        "delegates-0-order": "1",
        "readouts-TOTAL_FORMS": "1",
        "readouts-0-party": russia.pk,
        "readouts-0-text": "It went well.",
    }
    assert send(client, change_url(round_), **rows).status_code == 302
    line = AgendaLine.objects.get()
    assert (line.text, line.order) == ("planned, discussed", 4)
    assert Delegate.objects.get().is_head
    assert Readout.objects.get().party == russia
    taken = {"agenda_lines-0-DELETE": "on", "delegates-0-DELETE": "on", "readouts-0-DELETE": "on"}
    assert send(client, change_url(round_), **taken).status_code == 302
    assert not AgendaLine.objects.exists()
    assert not Delegate.objects.exists()
    assert not Readout.objects.exists()


def test_an_agenda_line_that_says_nothing_is_refused(client, talks, issue, round_):
    services.set_agenda_line(round_, issue, by=None, planned=True)
    answer = send(client, change_url(round_), **{"agenda_lines-0-planned": None})
    assert answer.status_code == 422
    assert "say that it was planned, or what became of it" in complaints(answer)
    assert AgendaLine.objects.get().planned


def test_outcomes_are_edited_in_the_list(client, talks, issue, round_):
    services.set_agenda_line(round_, issue, by=None, planned=True)
    send_list(client, url(AgendaLine), outcome="not_reached")
    assert AgendaLine.objects.get().text == "planned, not reached"


def test_an_item_on_the_agenda_twice_is_refused(client, talks, issue, round_):
    services.set_agenda_line(round_, issue, by=None, planned=True)
    rows = {
        "agenda_lines-TOTAL_FORMS": "2",
        "agenda_lines-1-issue": issue.pk,
        "agenda_lines-1-outcome": "discussed",
        "agenda_lines-1-order": "0",
    }
    answer = send(client, change_url(round_), **rows)
    assert answer.status_code == 422
    assert AgendaLine.objects.get().outcome == ""


def test_rounds_move_in_bulk(client, talks, round_):
    second = factories.make_round(talks.negotiation, "Second round")
    assert "1 moved" in told(act(client, Round, "earlier", second))
    assert [r.title for r in Round.objects.all()] == ["Second round", "First round"]
    act(client, Round, "later", second)
    assert [r.title for r in Round.objects.all()] == ["First round", "Second round"]


def test_a_round_on_record_is_kept_with_a_sentence(client, talks, issue, round_):
    factories.record(issue, "RU", "Raised", round=round_)
    answer = client.post(url(Round, "delete", round_.pk), {"post": "yes"}, follow=True)
    assert "Say that it was cancelled instead." in told(answer)
    assert Round.objects.filter(pk=round_.pk).exists()


def test_a_round_added_by_mistake_goes_with_its_delegation(client, talks, round_):
    party = talks.negotiation.parties.first()
    Delegate.objects.create(round=round_, party=party, name="A. Ivanov")
    client.post(url(Round, "delete", round_.pk), {"post": "yes"})
    assert not Round.objects.exists()


def test_the_second_editor_of_a_round_in_its_list_of_rounds_gets_a_conflict(client, talks, round_):
    address = change_url(talks.negotiation)
    stale = typed(client.get(address))
    send(client, change_url(round_), title="Opening round")
    answer = client.post(address, stale | {"rounds-0-title": "Round one"})
    assert answer.status_code == 409
    assert "Now: Opening round" in complaints(answer)
    assert client.post(address, typed(answer)).status_code == 302
    assert Round.objects.get().title == "Round one"


def test_a_choice_that_is_none_is_refused_and_not_looked_up(client, issue):
    """Django asks the database for whatever stands in the field when it shows the form again."""
    for odd in (" ", "²", "9" * 30):
        assert "Select a valid choice" in complaints(send(client, change_url(issue), owner=odd))


def test_a_search_for_a_whole_book_finds_nothing(client, issue):
    answer = client.get(url(Issue), {"q": "a" * 100_000})
    assert answer.status_code == 200
    assert issue.title not in answer.content.decode()
