"""Adding and editing a round through its pages."""

import pytest
from django.urls import reverse

from negotiations import services
from negotiations.forms import RoundForm
from negotiations.services.rounds import Account, Person
from tests import factories

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"negotiations:{name}", args=args)


@pytest.fixture
def head(client, talks):
    client.force_login(talks.head)
    return client


@pytest.fixture
def first(talks):
    return factories.make_round(talks.negotiation, "First", "27 Feb 2025")


def fields(**changes):
    return {"title": "Second round", "state": "planned"} | changes


def typed(round_):
    """The edit form as a browser would send it untouched."""
    negotiation = round_.negotiation
    parties = list(negotiation.parties.all())
    return RoundForm.typed_from(round_, factories.viewer(negotiation), parties)


def as_browsers_send(fields):
    """Nothing for what is empty, and CR LF at the end of each line."""
    return {
        key: value.replace("\n", "\r\n") if isinstance(value, str) else value
        for key, value in fields.items()
        if value not in (None, False)
    }


def edit(client, round_, **changes):
    sent = as_browsers_send(typed(round_) | changes)
    return client.post(url("round_edit", round_.negotiation.slug, round_.place), sent)


def test_a_title_is_enough(head, talks):
    assert head.post(url("round_new", talks.slug), fields()).status_code == 302
    made = talks.negotiation.rounds.get()
    assert (made.place, made.state, made.when) == (1, "planned", "no date")


def test_all_of_a_round_is_typed_on_one_page(head, talks):
    sent = fields(
        number="2",
        short="R2",
        state="held",
        begins="9 Apr 2025",
        ends="11 Apr 2025",
        city="Istanbul",
        host="US",
        is_side_meeting="on",
        delegates_1="Alexander Darchiev, ambassador\r\n\r\nSecond Person",
        readout_1="Constructive.",
        readout_title_1="Statement",
        readout_url_1="example.org/statement",
    )
    assert head.post(url("round_new", talks.slug), sent).status_code == 302
    made = talks.negotiation.rounds.get()
    assert (made.when, made.host.code, made.is_side_meeting) == ("9–11 Apr 2025", "US", True)
    assert [(d.name, d.function, d.is_head) for d in made.delegates.all()] == [
        ("Alexander Darchiev", "ambassador", True),
        ("Second Person", "", False),
    ]
    readout = made.readouts.get()
    assert (readout.party.code, readout.text) == ("RU", "Constructive.")
    assert readout.source.url == "https://example.org/statement"


@pytest.mark.parametrize(
    ("begins", "shown"), [("Dec 2025", "Dec 2025"), ("2025", "2025"), ("9 Dec 2025", "9 Dec 2025")]
)
def test_dates_are_as_precise_as_they_were_typed(head, talks, begins, shown):
    head.post(url("round_new", talks.slug), fields(begins=begins))
    made = talks.negotiation.rounds.get()
    assert made.when == shown
    assert typed(made)["begins"] == begins


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"state": "over"}, "state"),
        ({"begins": "some day"}, "begins"),
        ({"ends": "3 Mar 2025"}, "begins"),
        ({"begins": "Mar 2025", "ends": "3 Mar 2025"}, "begins"),
        ({"begins": "4 Mar 2025", "ends": "3 Mar 2025"}, "ends"),
        ({"state": "held"}, "begins"),
        ({"state": "held", "begins": "1 Jan 2099"}, "begins"),
        ({"expected_by": "spring"}, "expected_by"),
        ({"host": "XX"}, "host"),
        ({"delegates_1": "A, x\nA, y"}, None),
        ({"delegates_1": "x" * 121}, "delegates_1"),
        ({"readout_1": "Text", "readout_url_1": "javascript:alert(1)"}, "readout_url_1"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(head, talks, changes, field):
    answer = head.post(url("round_new", talks.slug), fields(note="Typed before.", **changes))
    assert answer.status_code == 422
    assert (field or "__all__") in answer.context["form"].errors
    assert "Typed before." in answer.content.decode()
    assert not talks.negotiation.rounds.exists()


def test_sent_twice_a_round_is_added_once(head, talks):
    head.post(url("round_new", talks.slug), fields())
    assert head.post(url("round_new", talks.slug), fields()).status_code == 422


def test_the_head_edits_a_round(head, talks, first):
    assert edit(head, first, city="Istanbul", ends="28 Feb 2025").status_code == 302
    first.refresh_from_db()
    assert (first.city, first.when, first.version) == ("Istanbul", "27–28 Feb 2025", 2)


def test_an_untouched_form_changes_nothing(head, talks, first):
    """Two heads, or a comma in a name, are more than the lines can say."""
    party = talks.negotiation.parties.first()
    people = [Person("One, Jr", is_head=True), Person("Two", is_head=True)]
    services.set_delegates(first, party=party, people=people, by=None)
    account = Account("Text\nof two lines.", "Title")
    services.set_readout(first, party=party, account=account, by=None)
    assert edit(head, first).status_code == 302
    first.refresh_from_db()
    assert first.version == 1
    assert [(d.name, d.is_head) for d in first.delegates.all()] == [
        ("One, Jr", True),
        ("Two", True),
    ]
    assert first.readouts.get().history.count() == 1


def test_an_edited_delegation_is_replaced(head, talks, first):
    edit(head, first, delegates_2="Sonata Coulter, deputy assistant secretary")
    assert [str(d) for d in first.delegates.all()] == ["Sonata Coulter"]


def test_a_second_editor_sees_both_versions_and_may_apply_theirs(head, talks, first):
    mine = typed(first)
    services.update_round(first, version=1, by=talks.head, city="Riyadh")
    sent = as_browsers_send(mine) | {"city": "Istanbul"}
    address = url("round_edit", talks.slug, 1)
    answer = head.post(address, sent)
    assert answer.status_code == 409
    shown = {one.label: (one.theirs, one.yours) for one in answer.context["conflict"].differences}
    assert shown == {"City": ("Riyadh", "Istanbul")}
    assert head.post(address, sent | {"version": 2}).status_code == 302
    first.refresh_from_db()
    assert first.city == "Istanbul"


def test_a_form_without_its_version_is_a_conflict(head, first):
    assert edit(head, first, version="").status_code == 409


def test_a_round_moves_with_its_address(head, talks, first):
    factories.make_round(talks.negotiation, "Second")
    answer = head.post(url("round_move", talks.slug, 1), {"step": "down"})
    assert answer["Location"] == url("round_edit", talks.slug, 2)
    assert [round_.title for round_ in talks.negotiation.rounds.all()] == ["Second", "First"]


def test_a_round_added_by_mistake_is_removed(head, talks, first):
    answer = head.post(url("round_remove", talks.slug, 1))
    assert answer["Location"] == reverse("issues:round_list", args=[talks.slug])
    assert not talks.negotiation.rounds.exists()


def test_a_round_entries_refer_to_stays_and_the_page_says_why(head, talks, first):
    factories.record(factories.make_issue(talks.negotiation), "RU", "Raised", round=first)
    answer = head.post(url("round_remove", talks.slug, 1), follow=True)
    assert "Say that it was cancelled instead" in answer.content.decode()
    assert talks.negotiation.rounds.exists()


@pytest.mark.parametrize("name", ["round_edit", "round_move", "round_remove"])
def test_a_round_there_is_not_is_not_found(head, talks, name):
    assert head.get(url(name, talks.slug, 999)).status_code == 404
