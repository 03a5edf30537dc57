"""The page that finds things: for whom, how much, and what it makes of what is typed."""

import re
from copy import deepcopy

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues import services
from issues.reads import history
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer

pytestmark = pytest.mark.django_db
URL = reverse("issues:search")
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
FRAGMENT = {"HX-Request": "true", "HX-Target": "search-results"}


@pytest.fixture(scope="module")
def made(module_db):
    talks = factories.make_delegations(title="Talks on planes")
    talks.issue = factories.make_issue(talks.negotiation, "Direct flights")
    source = services.NewSource(title="Communiqué on flights", publisher="Gazette")
    text = {"text": "Flights <b>resume</b> & soon", "speaker": "Alexander Darchiev"}
    talks.entry = record(talks.issue, "RU", "Raised", "10 Apr 2025", sources=[source], **text)
    factories.make_round(talks.negotiation, "Round on flights", "9 Apr 2025")
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def look(talks, user=None, headers=None, **query):
    client = client_of(user or talks.reader)
    return client.get(URL, {"in": talks.slug, **query}, headers=headers or {})


def groups(answer):
    return {group.kind.name: group.count for group in answer.context["groups"]}


def test_it_finds_all_four_kinds_and_marks_the_words(talks):
    answer = look(talks, q="flight")
    assert groups(answer) == {"items": "1", "entries": "1", "rounds": "1", "sources": "1"}
    page = answer.content.decode()
    assert "Direct <mark>flights</mark></a>" in page
    assert "<mark>Flights</mark> &lt;b&gt;resume&lt;/b&gt; &amp; soon" in page
    assert "Communiqué on <mark>flights</mark>" in page


def test_an_item_says_where_it_stands_and_who_says_so(talks):
    page = look(talks, q="flights", kind="items").content.decode()
    assert "Raised" in page
    assert "only RU says so" in page


def test_items_and_rounds_go_by_the_names_they_have_here(talks):
    talks.negotiation.item_word = "Article"
    talks.negotiation.save()
    assert "All 6 articles" in look_at_many(talks)


def look_at_many(talks):
    for number in range(5):
        factories.make_issue(talks.negotiation, f"Flights {number}")
    return look(talks, q="flights").content.decode()


@pytest.mark.parametrize("typed", ["Darchiyev", "дарчиев", "DARCHIEV", "darch"])
def test_a_name_is_found_however_it_is_spelled(talks, typed):
    answer = look(talks, q=typed)
    assert groups(answer) == {"entries": "1"}
    assert "<mark>Darchiev</mark>" in answer.content.decode()


def test_results_lead_to_their_pages(talks):
    answer, client = look(talks, q="flights"), client_of(talks.reader)
    urls = [result.url for group in answer.context["groups"] for result in group.results]
    for url in urls:
        assert client.get(url, follow=True).status_code == 200


def test_anonymous_is_asked_to_sign_in():
    assert Client().get(URL, {"q": "x"}).url.startswith("/login/")


@pytest.mark.parametrize("slug", ["no-such-talks", "%00", "a/b", "é"])
def test_a_stranger_cannot_tell_it_from_what_is_missing(talks, slug):
    client = client_of(talks.stranger)
    answers = [client.get(URL, {"q": "flights", "in": one}) for one in (talks.slug, slug)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({TOKEN.sub(b"", answer.content) for answer in answers}) == 1


def test_everywhere_means_in_my_own_negotiations(talks):
    other = factories.make_negotiation(title="Other talks", head=talks.reader)
    factories.make_issue(other, "Night flights")
    factories.make_issue(factories.make_negotiation(), "Hidden flights")
    answer = client_of(talks.reader).get(URL, {"q": "flights"})
    assert groups(answer)["items"] == "2"
    assert "Other talks" in answer.content.decode()
    assert "Hidden" not in answer.content.decode()
    assert groups(client_of(talks.stranger).get(URL, {"q": "flights"})) == {}


def test_scopes_do_not_mix_between_negotiations(talks):
    """Tied here and not there, one does not see there what a delegation keeps to itself."""
    other = factories.make_delegations(title="Other talks")
    factories.add_member(other.negotiation, "viewer", user=talks.ru)
    issue = factories.make_issue(other.negotiation)
    own = own_audience(viewer(other.negotiation, other.ru))
    record(issue, "RU", by=other.ru, text="flights", **own)
    assert groups(client_of(talks.ru).get(URL, {"q": "flights"}))["entries"] == "1"


def test_what_no_longer_counts_is_struck(talks):
    data = entry_data(talks.negotiation, "RU", text="Trains")
    services.correct(talks.entry, data, viewer=viewer(talks.negotiation), reason="Slip")
    page = look(talks, q="resume").content.decode()
    assert 'class="struck"' in page
    assert "no longer counts" in page


@pytest.mark.parametrize(
    "typed",
    [
        '"',
        "'",
        "AND",
        "flights OR",
        "a* -b NEAR(",
        "§en1",
        "x" * 200,
        "%",
        "\\",
        "';--",
        "*:*",
        "|&!",
    ],
)
def test_nothing_typed_is_an_operator_or_an_error(talks, typed):
    assert look(talks, q=typed).status_code == 200


@pytest.mark.parametrize("typed", ["x" * 201, "nul\0byte"])
def test_what_cannot_be_looked_for_is_said_and_kept(talks, typed):
    answer = look(talks, q=typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors["q"]
    assert answer.context["typed"] == typed


def test_an_unknown_kind_is_refused_and_no_such_page_is_an_error(talks):
    assert look(talks, q="flights", kind="people").status_code == 422
    for page in ("2", "x", "-1", "9" * 30):
        assert look(talks, q="flights", kind="items", page=page).status_code == 400


def test_htmx_gets_the_results_alone_and_they_are_announced(talks):
    answer = look(talks, q="flights", headers=FRAGMENT)
    page = answer.content.decode().strip()
    assert page.startswith('<div id="search-results"')
    assert "Found: 1 item, 1 entry, 1 round, 1 source." in page
    assert "announce" not in look(talks, q="flights").content.decode().split("search-results")[1]
    assert "HX-Target" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "searched at once"), ("?!", "at least one letter"), ("zeppelin", "holds “zeppelin”")],
)
def test_empty_states_say_what_to_do(talks, typed, sentence):
    assert sentence in look(talks, q=typed).content.decode()


def test_every_page_has_the_box(talks):
    client = client_of(talks.reader)
    for address in ("/", f"/negotiations/{talks.slug}/", f"/negotiations/{talks.slug}/members/"):
        page = client.get(address).content.decode()
        assert 'id="search-words"' in page
        assert (f'name="in" value="{talks.slug}"' in page) == (address != "/")


# --- Many -----------------------------------------------------------------------------------------


def say_often(talks, count, issue=None):
    data = [entry_data(talks.negotiation, "RU", text=f"lawn {n}") for n in range(count)]
    services.record(issue or talks.issue, *data, viewer=viewer(talks.negotiation))


def test_more_than_a_hundred_are_counted_as_such_and_paged(talks):
    say_often(talks, 130)
    (group,) = look(talks, q="lawn").context["groups"]
    assert (group.count, len(group.results)) == ("100+", 8)
    answer = look(talks, q="lawn", kind="entries", page="5")
    (group,) = answer.context["groups"]
    assert (group.page.paginator.count, len(group.results)) == (100, 20)
    assert "More than 100 fit" in answer.content.decode()


def test_hidden_entries_do_not_count_towards_the_hundred(talks):
    russia = viewer(talks.negotiation, talks.ru)
    data = entry_data(talks.negotiation, "RU", text="lawn", **own_audience(russia))
    services.record(talks.issue, *[data] * 110, viewer=russia)
    assert groups(look(talks, q="lawn")) == {}
    say_often(talks, 2)
    assert groups(look(talks, q="lawn")) == {"entries": "2"}
    assert groups(look(talks, talks.ru, q="lawn")) == {"entries": "100+"}


def test_items_and_entries_share_their_statuses(talks):
    with CaptureQueriesContext(connection) as queries:
        found = groups(look(talks, q="flights"))
    assert {"items", "entries"} <= set(found)
    asked = [query["sql"] for query in queries if 'FROM "negotiations_status"' in query["sql"]]
    assert len(asked) == 1


def test_it_asks_the_same_of_twice_as_much(talks):
    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(URL, {"in": talks.slug, "q": "flights"})
        return len(queries)

    client = client_of(talks.reader)
    before = count()
    for number in range(3):
        issue = factories.make_issue(talks.negotiation, f"More flights {number}")
        source = services.NewSource(title=f"Note {number} on flights")
        record(issue, "RU US", "Agreed", text="flights", sources=[source])
        factories.make_round(talks.negotiation, f"Flights {number}", "10 Apr 2025")
    assert count() == before


# --- The address of an entry ----------------------------------------------------------------------


def test_an_entry_is_opened_on_its_page_of_the_history(talks, monkeypatch):
    monkeypatch.setattr(history, "PAGE", 4)
    say_often(talks, 9)
    client = client_of(talks.reader)
    entries = talks.issue.entries.order_by("-said_first", "-recorded_at", "-pk")
    for place, entry in enumerate(entries):
        address = reverse("issues:entry", args=[talks.slug, talks.issue.number, entry.uuid])
        answer = client.get(address)
        assert answer.url.endswith(f"#history-line-{entry.uuid}")
        assert ("after=" in answer.url) == (place >= 4)
        assert f'id="history-line-{entry.uuid}"' in client.get(answer.url).content.decode()


def test_a_hidden_entry_has_no_address(talks):
    own = own_audience(viewer(talks.negotiation, talks.ru))
    hidden = record(talks.issue, "RU", by=talks.ru, **own)
    address = reverse("issues:entry", args=[talks.slug, talks.issue.number, hidden.uuid])
    assert client_of(talks.us).get(address).status_code == 404
    assert client_of(talks.ru).get(address).status_code == 302
