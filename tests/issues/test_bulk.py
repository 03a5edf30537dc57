"""The same entry on many items: one batch, recorded once, undone as one."""

from copy import deepcopy

import pytest
from django.urls import reverse

from issues.models import Entry
from negotiations.models import Source
from tests import factories
from tests.factories import record

DIALOG = {"HX-Request": "true", "HX-Target": "entry-dialog-content"}
FORM = {"HX-Request": "true", "HX-Target": "bulk-form"}
TYPED = {"who": "party:RU", "status": "Agreed", "said": "1 Feb 2025", "audience": "members"}


@pytest.fixture(scope="module")
def made(module_db):
    talks = factories.make_talks()
    talks.issues = [factories.make_issue(talks.negotiation, title) for title in "ABC"]
    talks.address = reverse("issues:issue_record", args=[talks.slug])
    talks.list = reverse("issues:issue_list", args=[talks.slug])
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def post(client, talks, *items, user=None, headers=None, **typed):
    client.force_login(user or talks.recorder)
    return client.post(talks.address, TYPED | {"item": items} | typed, headers=headers or {})


def get(client, talks, query="", user=None, **headers):
    client.force_login(user or talks.recorder)
    return client.get(f"{talks.address}?{query}", **headers)


def test_form_lists_what_was_selected_in_the_order_of_the_agenda(client, talks):
    form = get(client, talks, "item=3&item=1&item=99&item=x").context["form"]
    assert [name for _number, name in form.fields["item"].choices] == ["1 A", "3 C"]
    assert form.initial["item"] == ["1", "3"]


def test_dialog_gets_the_form_alone(client, talks):
    text = get(client, talks, "item=1", headers=DIALOG).content.decode()
    assert text.strip().startswith('<div id="bulk-form">')


def test_nothing_selected_says_what_to_do(client, talks):
    assert "No item was selected." in get(client, talks).content.decode()


def test_each_item_gets_an_entry_of_one_batch_and_one_source(client, talks):
    new = {"source": "new", "source_title": "Final act"}
    answer = post(client, talks, 1, 3, **new)
    assert answer.status_code == 302
    entries = Entry.objects.all()
    assert {entry.issue.title for entry in entries} == {"A", "C"}
    assert len({entry.batch for entry in entries}) == 1
    assert Source.objects.get().entries.count() == 2


def test_what_moved_is_counted_and_all_is_undone_as_one(client, talks):
    record(talks.issues[0], "RU", "Agreed", "1 Jan 2025", by=talks.recorder)
    post(client, talks, 1, 2)
    page = client.get(talks.list)
    assert "Recorded 2 entries on 2 items: 1 moved." in page.content.decode()
    (message,) = page.context["messages"]
    undone = client.post(message.extra_tags, {"back": talks.list}, follow=True)
    assert "Undone. 2 entries taken back." in undone.content.decode()
    assert Entry.objects.filter(kind="undo").count() == 2


def test_both_say_so_writes_two_entries_on_each(client, talks):
    post(client, talks, 1, 2, same="on")
    assert Entry.objects.count() == 4


def test_form_sent_twice_is_recorded_once(client, talks):
    token = str(get(client, talks, "item=1").context["form"].initial["token"])
    post(client, talks, 1, 2, token=token)
    post(client, talks, 1, 2, token=token)
    assert Entry.objects.count() == 2


@pytest.mark.parametrize(
    "typed", [{"who": ""}, {"said": "soon"}, {"said": "1 Jan 2099"}, {"status": "Gone"}]
)
def test_what_is_refused_keeps_everything(client, talks, typed):
    words = {"text": "Kept."} | typed
    answer = post(client, talks, 1, 2, offered=[1, 2, 3], headers=FORM, **words)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Kept." in text
    assert answer.context["form"]["item"].value() == ["1", "2"]
    assert text.count('name="offered"') == 3
    assert not Entry.objects.exists()


def test_no_item_left_is_refused(client, talks):
    answer = post(client, talks, offered=[1, 2])
    assert answer.status_code == 422
    assert "Choose at least one item." in answer.content.decode()


def test_item_elsewhere_is_not_touched(client, talks):
    other = factories.make_issue(factories.make_negotiation(head=talks.recorder))
    other.negotiation.issues.update(number=77)
    for items in ([77], [1, 77]):
        assert post(client, talks, *items).status_code == 422
    assert not Entry.objects.exists()


def test_boxes_are_for_whoever_may_record(client, talks):
    boxes = 'form="pick"'
    client.force_login(talks.recorder)
    assert client.get(talks.list).content.decode().count(boxes) == 3
    assert boxes not in client.get(f"{talks.list}?as_of=2025-01-01").content.decode()
    client.force_login(talks.reader)
    assert boxes not in client.get(talks.list).content.decode()


def test_htmx_gets_the_sentence_and_refreshes_the_list(client, talks):
    answer = post(client, talks, 1, headers=FORM, back=talks.list)
    assert answer.headers["HX-Trigger-After-Swap"] == "entry-recorded"
    assert "Recorded 1 entry on 1 item" in answer.content.decode()


def test_hundred_items_ask_little_more_than_ten(client, talks, django_assert_max_num_queries):
    for number in range(20):
        factories.make_issue(talks.negotiation, f"M{number}")
    client.force_login(talks.recorder)
    with django_assert_max_num_queries(70):
        client.post(talks.address, TYPED | {"item": range(1, 21)})
    assert Entry.objects.count() == 20
