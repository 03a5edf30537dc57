"""Opening, pasting, editing and ordering items through their pages."""

from copy import deepcopy

import pytest
from django.urls import reverse

from issues import services
from tests import factories

pytestmark = pytest.mark.django_db

# URL name, what it needs besides the slug, whether a recorder may, whether it is sent only.
PAGES = [
    ("issue_new", {}, True, False),
    ("issue_paste", {}, True, False),
    ("issue_edit", {"number": 1}, True, False),
    ("issue_order", {}, False, False),
    ("issue_move", {"number": 1}, False, True),
    ("heading_move", {}, False, True),
    ("issue_mark", {"number": 1}, False, True),
    ("issue_restore", {"number": 1}, False, True),
]
NAMES = [page[0] for page in PAGES]
EACH = pytest.mark.parametrize(("name", "rest", "recorder", "sent_only"), PAGES, ids=NAMES)


@pytest.fixture
def talks(module_talks, db):
    return deepcopy(module_talks)


@pytest.fixture
def first(talks):
    return factories.make_issue(talks.negotiation, "Banking", heading="Money")


@pytest.fixture
def recorder(client, talks):
    client.force_login(talks.recorder)
    return client


@pytest.fixture
def head(client, talks):
    client.force_login(talks.head)
    return client


def url(name, slug, **rest):
    return reverse(f"issues:{name}", kwargs={"slug": slug, **rest})


def titles(talks):
    rows = talks.negotiation.issues.filter(entered_in_error=False).in_agenda_order()
    return [issue.title for issue in rows]


def ask(client, name, address):
    """Send a form, where the page takes one."""
    return client.get(address) if name == "issue_order" else client.post(address, {"step": "up"})


# --- Who may ------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_sent_to_sign_in(client, talks, first, name, rest, recorder, sent_only, method):
    answer = getattr(client, method)(url(name, talks.slug, **rest))
    assert answer["Location"].startswith("/login/?next=")


@EACH
def test_a_stranger_finds_nothing(client, talks, first, name, rest, recorder, sent_only):
    client.force_login(talks.stranger)
    assert ask(client, name, url(name, talks.slug, **rest)).status_code == 404


@EACH
def test_a_reader_changes_nothing(client, talks, first, name, rest, recorder, sent_only):
    client.force_login(talks.reader)
    assert ask(client, name, url(name, talks.slug, **rest)).status_code == 403


@EACH
def test_a_recorder_opens_and_edits_only(client, talks, first, name, rest, recorder, sent_only):
    client.force_login(talks.recorder)
    expected = 422 if recorder else 403
    assert ask(client, name, url(name, talks.slug, **rest)).status_code == expected


@EACH
def test_a_visit_of_what_is_only_sent_leads_to_a_page(
    head, talks, first, name, rest, recorder, sent_only
):
    assert head.get(url(name, talks.slug, **rest), follow=True).status_code == 200


@pytest.mark.parametrize("name", ["issue_edit", "issue_move", "issue_mark", "issue_restore"])
def test_an_item_of_another_negotiation_is_not_there(head, talks, first, name):
    other = factories.make_negotiation(head=talks.head)
    for number in (1, 999):
        answer = head.post(url(name, other.slug, number=number), {"step": "up"})
        assert answer.status_code == 404


# --- Opening ------------------------------------------------------------------------------------


def test_a_title_is_enough(recorder, talks):
    answer = recorder.post(url("issue_new", talks.slug), {"title": "Direct flights"})
    issue = talks.negotiation.issues.get()
    assert answer["Location"] == issue.get_absolute_url()
    assert issue.history.first().history_user == talks.recorder


def test_everything_else_may_be_given_at_once(recorder, talks, first):
    sent = {
        "title": "Transfers",
        "reference": "1.1",
        "parent": "1",
        "raised_by": ["RU", "US"],
        "owner": talks.reader.username,
        "description": "Between the capitals.",
    }
    assert recorder.post(url("issue_new", talks.slug), sent).status_code == 302
    issue = talks.negotiation.issues.get(number=2)
    assert (issue.parent, issue.owner, issue.reference) == (first, talks.reader, "1.1")
    assert issue.raised_by.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "banking"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"parent": "999"}, "parent"),
        ({"raised_by": ["XX"]}, "raised_by"),
        ({"owner": "stranger"}, "owner"),
    ],
)
def test_what_cannot_be_an_item_is_refused_beside_its_field(recorder, talks, first, changes, field):
    sent = {"title": "New", "description": "Typed before."} | changes
    answer = recorder.post(url("issue_new", talks.slug), sent)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "Typed before." in answer.content.decode()
    assert talks.negotiation.issues.count() == 1


def test_a_sub_item_is_offered_as_a_parent_to_nobody(recorder, talks, first):
    factories.make_issue(talks.negotiation, "Sub-item", parent=first)
    offered = recorder.get(url("issue_new", talks.slug)).context["form"].fields["parent"].choices
    assert [key for key, _label in offered] == ["", "1"]


# --- Pasting ------------------------------------------------------------------------------------


def test_lines_become_items_and_sub_items(recorder, talks):
    lines = "Art. 1 Banking\n  Transfers\n\nArt. 2 Flights"
    sent = {"lines": lines, "heading": "Money"}
    assert recorder.post(url("issue_paste", talks.slug), sent).status_code == 302
    assert titles(talks) == ["Banking", "Transfers", "Flights"]
    assert talks.negotiation.issues.get(number=1).reference == "Art. 1"
    assert talks.negotiation.issues.get(number=3).heading == "Money"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("", "required"),
        (" \n ", "empty lines"),
        ("A\n\nArt. 3", "Line 3 has a reference and no title"),
        ("New\nBanking", "“Banking”: This is there already, as number 1."),
    ],
)
def test_one_line_that_cannot_be_opened_keeps_all_out(recorder, talks, first, lines, sentence):
    first = services.update_issue(first, version=first.version, by=None, heading="")
    answer = recorder.post(url("issue_paste", talks.slug), {"lines": lines})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert lines.strip() in answer.content.decode()
    assert titles(talks) == ["Banking"]


# --- Editing ------------------------------------------------------------------------------------


def sent(issue, **changes):
    return {"version": issue.version, "title": issue.title, "heading": issue.heading} | changes


def test_a_recorder_edits_the_plain_fields(recorder, talks, first):
    address = url("issue_edit", talks.slug, number=1)
    answer = recorder.post(address, sent(first, title="Banks", raised_by=["RU"]))
    assert answer["Location"] == first.get_absolute_url()
    first.refresh_from_db()
    assert (first.title, first.raised_by.get().code) == ("Banks", "RU")


def test_an_untouched_form_changes_nothing(recorder, talks):
    issue = factories.make_issue(talks.negotiation, "Visas", description="Two\nlines")
    typed = sent(issue, description="Two\r\nlines")
    assert recorder.post(url("issue_edit", talks.slug, number=1), typed).status_code == 302
    issue.refresh_from_db()
    assert (issue.description, issue.version) == ("Two\nlines", 1)


def test_the_form_shows_what_stands(recorder, talks, first):
    form = recorder.get(url("issue_edit", talks.slug, number=1)).context["form"]
    assert (form["title"].value(), form["heading"].value()) == ("Banking", "Money")


def test_a_refused_edit_keeps_what_was_typed(recorder, talks, first):
    address = url("issue_edit", talks.slug, number=1)
    answer = recorder.post(address, sent(first, title="", description="Typed before."))
    assert answer.status_code == 422
    assert "Typed before." in answer.content.decode()


def test_a_second_editor_sees_both_versions_and_may_apply_theirs(recorder, talks, first):
    parties = list(talks.negotiation.parties.all())
    services.update_issue(
        first, version=first.version, by=talks.head, title="Theirs", raised_by=parties
    )
    address = url("issue_edit", talks.slug, number=1)
    mine = sent(first, title="Mine", raised_by=["RU"])
    answer = recorder.post(address, mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"{talks.head} saved this first" in page
    shown = {one.label: (one.theirs, one.yours) for one in answer.context["conflict"].differences}
    assert shown["Title"] == ("Theirs", "Mine")
    assert shown["Raised by"] == ("RU – Russia, US – United States", "RU – Russia")
    assert set(shown) == {"Title", "Raised by"}
    assert recorder.post(address, mine | {"version": first.version + 1}).status_code == 302
    first.refresh_from_db()
    assert first.title == "Mine"


def test_a_form_without_its_version_is_a_conflict(recorder, talks, first):
    address = url("issue_edit", talks.slug, number=1)
    assert recorder.post(address, sent(first, version="")).status_code == 409


# --- Entered in error ---------------------------------------------------------------------------


def test_the_head_marks_an_item_and_brings_it_back(head, talks, first):
    answer = head.post(
        url("issue_mark", talks.slug, number=1), {"version": first.version, "reason": "Twice."}
    )
    assert answer["Location"] == url("issue_order", talks.slug)
    assert titles(talks) == []
    page = head.get(url("issue_order", talks.slug)).content.decode()
    assert "Twice." in page
    assert head.get(url("issue_edit", talks.slug, number=1)).status_code == 404
    head.post(url("issue_restore", talks.slug, number=1))
    assert titles(talks) == ["Banking"]


def test_marking_needs_a_reason(head, talks, first):
    answer = head.post(url("issue_mark", talks.slug, number=1), {"version": first.version})
    assert answer.status_code == 422
    assert "reason" in answer.context["form"].errors
    assert titles(talks) == ["Banking"]


def test_marking_what_somebody_changed_is_refused(head, talks, first):
    services.update_issue(first, version=first.version, by=None, title="Changed")
    answer = head.post(
        url("issue_mark", talks.slug, number=1), {"version": first.version, "reason": "Twice."}
    )
    assert answer.status_code == 422
    assert "meanwhile" in answer.content.decode()
    assert titles(talks) == ["Changed"]


def test_a_recorder_is_not_offered_what_only_the_head_does(recorder, talks, first):
    page = recorder.get(url("issue_edit", talks.slug, number=1)).content.decode()
    assert url("issue_mark", talks.slug, number=1) not in page


# --- Order --------------------------------------------------------------------------------------


@pytest.fixture
def three(talks, first):
    factories.make_issue(talks.negotiation, "Dues", heading="Money")
    factories.make_issue(talks.negotiation, "Flights", heading="Travel")


def test_items_move_and_the_page_returns_to_the_row(head, talks, three):
    answer = head.post(url("issue_move", talks.slug, number=2), {"step": "up"})
    assert answer["Location"] == f"{url('issue_order', talks.slug)}#item-2"
    assert titles(talks) == ["Dues", "Banking", "Flights"]


def test_headings_move_with_their_items(head, talks, three):
    head.post(url("heading_move", talks.slug), {"step": "up", "heading": "Travel"})
    assert titles(talks) == ["Flights", "Banking", "Dues"]


def test_the_order_alone_is_sent_to_htmx_and_announced(head, talks, three):
    answer = head.post(
        url("issue_move", talks.slug, number=2),
        {"step": "up"},
        headers={"HX-Request": "true", "HX-Target": "issue-order"},
    )
    piece = answer.content.decode()
    assert "<html" not in piece
    assert piece.index("Dues") < piece.index("Banking")
    assert 'id="announce" hx-swap-oob="innerHTML">Dues was moved.' in piece


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"heading": "Money", "step": "sideways"}, 400),
        ({"heading": "Nothing", "step": "up"}, 404),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(head, talks, three, sent, status):
    assert head.post(url("heading_move", talks.slug), sent).status_code == status


def test_without_items_the_page_says_how_to_begin(head, talks):
    assert "nothing to order yet" in head.get(url("issue_order", talks.slug)).content.decode()
