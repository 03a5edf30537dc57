"""The public edition: what is public and nothing else, for whoever comes by, until it is off."""

import datetime as dt
import re
from copy import deepcopy
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues import services
from negotiations.models import SecurityEvent
from tests import factories
from tests.factories import entry_data, viewer

from .editions import PUBLIC, WITHIN, base, edition_key, make_published, pages, read, shared

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(module_db):
    return make_published()


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def everything(talks, client=None):
    """Every page as one text."""
    told = [read(f"{base(talks)}{rest}", client) for rest in pages(talks)]
    assert {status for status, _text in told} == {200}
    return "\n".join(text for _status, text in told)


def test_every_page_opens_without_an_account(talks):
    told = everything(talks)
    for words in ("Quotas", "said aloud", "Communiqué", "A good day.", "Round 1"):
        assert words in told


def test_nothing_that_is_not_public_and_no_name_is_in_it(talks):
    told = everything(talks)
    assert [word for word in WITHIN if word in told] == []
    names = [str(talks.head), talks.recorder.username, talks.ru.username]
    assert [name for name in names if name in told] == []


def test_standing_is_that_of_the_public_scope(talks):
    """The US has agreed for members only; to the public it has said nothing."""
    _status, told = read(base(talks))
    assert "RU 1 Feb 2025 · US nothing on record" in re.sub("last said ", "", told)


@pytest.mark.parametrize("why", ["off", "never on", "no such slug"])
def test_off_never_on_or_not_there_answers_alike(talks, why):
    slug = talks.slug
    if why == "off":
        services.take_down(talks.negotiation, by=talks.head)
    elif why == "never on":
        slug = factories.make_negotiation().slug
    else:
        slug = "no-such-talks"
    told = {
        read(f"/public/{slug}/{rest}")
        for rest in (*pages(talks), "items/x/", "rounds/99/", "?as_of=2025-03-01", "?page=7")
    }
    missing = read(f"{reverse('issues:public_state', args=['nobody'])}")
    assert told == {missing}
    assert missing[0] == 404
    assert "Nothing is published at this address." in missing[1]


def test_what_is_missing_within_answers_as_an_edition_that_is_off(talks):
    missing = read("/public/nobody/")
    for rest in ("items/x/", "rounds/99/", f"sources/{uuid4()}/"):
        assert read(f"{base(talks)}{rest}") == missing


@pytest.mark.parametrize("title", ["amongus item", "forrussia item"])
def test_an_item_that_is_not_public_is_missing_even_to_who_knows_its_key(talks, title):
    key = edition_key(talks.negotiation.issues.get(title=title))
    assert read(f"{base(talks)}items/{key}/") == read("/public/nobody/")


def test_sources_and_agenda_that_are_not_public_are_missing(talks):
    hidden = talks.negotiation.sources.filter(title__startswith="amongus")
    assert hidden.count() == 2
    for source in hidden:
        assert read(f"{base(talks)}sources/{source.uuid}/") == read("/public/nobody/")
    assert read(f"{base(talks)}rounds/1/")[1].count(">planned<") == 1


def test_items_that_are_taken_out_vanish(talks):
    address = f"{base(talks)}items/{edition_key(talks.issues[0])}/"
    services.mark_in_error(talks.issues[0], version=1, by=talks.head, reason="Twice")
    assert read(address) == read("/public/nobody/")


def test_no_address_and_no_page_tells_how_many_items_there_are(talks):
    """Neither numbers nor ids: a gap would tell of what is not public."""
    talks.negotiation.issues.filter(pk=talks.issues[1].pk).update(number=7654321)
    told = everything(talks)
    assert "7654321" not in told
    assert not re.search(r'(?:id|href)="[^"]*\b(?:items/|told-)\d+\b', told)


def test_the_address_of_an_item_stays(talks):
    key = edition_key(talks.issues[0])
    factories.make_issue(talks.negotiation, "Before all", **{})
    services.take_down(talks.negotiation, by=talks.head)
    services.publish(talks.negotiation, may_be_indexed=True, by=talks.head)
    talks.negotiation.refresh_from_db()
    assert edition_key(talks.negotiation.issues.get(title="Quotas")) == key
    assert len(key) == 16


def test_no_cookie_is_set_and_no_script_is_sent(talks):
    for rest in (*pages(talks), "items/none/"):
        answer = Client().get(f"{base(talks)}{rest}")
        assert not answer.cookies
        assert "<script" not in answer.content.decode()
        assert "<form" not in re.sub(
            r'<form class="bar no-print" method="get".*?</form>', "", answer.content.decode()
        )


def test_whoever_is_signed_in_reads_the_same(talks):
    client = Client()
    client.force_login(talks.head)
    assert everything(talks, client) == everything(talks)


def test_nothing_is_kept_by_any_cache(talks):
    for rest in pages(talks):
        assert Client().get(f"{base(talks)}{rest}")["Cache-Control"] == "no-store"


def test_search_engines_are_told_not_to_list_it_unless_that_was_chosen(talks):
    address = base(talks)
    answer = Client().get(address)
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert 'name="robots" content="noindex' in answer.content.decode()
    assert f"Allow: {address}" not in read("/robots.txt")[1]
    services.publish(talks.negotiation, may_be_indexed=True, by=talks.head)
    answer = Client().get(address)
    assert answer["X-Robots-Tag"] == "all"
    assert 'name="robots"' not in answer.content.decode()
    assert f"Allow: {address}\nDisallow: /\n" in read("/robots.txt")[1]
    for query in ("?as_of=2025-02-05", "?page=9"):
        assert Client().get(f"{address}{query}")["X-Robots-Tag"] == "noindex, nofollow"
    services.take_down(talks.negotiation, by=talks.head)
    assert "Allow" not in read("/robots.txt")[1]
    assert Client().get(address)["X-Robots-Tag"] == "noindex, nofollow"


# --- Through time ---------------------------------------------------------------------------------


def test_an_edition_as_of_a_day_stays_as_it_was():
    """Whatever is recorded, corrected or cited afterwards, and however late it is read."""
    with time_machine.travel("2025-03-01 12:00Z", tick=False):
        talks = make_published()
    dated = "?as_of=2025-03-01&known=2025-03-01"
    with time_machine.travel("2025-03-02 12:00Z", tick=False):
        before = [read(f"{base(talks)}{rest}{dated}") for rest in pages(talks)]
    with time_machine.travel("2025-06-02 12:00Z", tick=False):
        person = viewer(talks.negotiation)
        said = entry_data(talks.negotiation, "RU", "Agreed", "1 Feb 2025", **PUBLIC)
        services.correct(talks.entry, said, viewer=person, reason="Misheard")
        factories.record(talks.issues[1], "US", "Closed", "20 Feb 2025", **PUBLIC)
        late = services.NewSource(title="Found later", url="https://example.org/later")
        services.add_source(talks.entry, late, viewer=person)
        new = factories.make_issue(talks.negotiation, "Seals")
        factories.record(new, "US", "Raised", **PUBLIC)
    with time_machine.travel("2026-03-01 12:00Z", tick=False):
        assert [read(f"{base(talks)}{rest}{dated}") for rest in pages(talks)] == before
        assert "Seals" in read(base(talks))[1]
        assert "Misheard" in read(f"{base(talks)}corrections/")[1]


def test_each_page_names_the_address_that_stays(talks):
    yesterday = (dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).date().isoformat()
    for rest in pages(talks):
        address = f"{base(talks)}{rest}"
        assert f'href="{address}?as_of={yesterday}&amp;known={yesterday}"' in read(address)[1]
    dated = f"{base(talks)}?as_of=2025-02-05"
    assert f'href="{base(talks)}?as_of=2025-02-05&amp;known=2025-02-05"' in read(dated)[1]


def test_links_stay_in_the_day_of_the_page(talks):
    day = dt.date.today().isoformat()
    _status, told = read(f"{base(talks)}?as_of={day}&known={day}")
    assert f"items/{edition_key(talks.issues[0])}/?as_of={day}&amp;known={day}" in told


def test_a_day_that_is_typed_leads_to_what_was_known_then(talks):
    for typed in ("2025-03-01", "1 Mar 2025"):
        answer = Client().get(f"{base(talks)}rounds/", {"day": typed})
        assert answer["Location"] == f"{base(talks)}rounds/?as_of=2025-03-01&known=2025-03-01"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("as_of=soon", "is no date"),
        ("known=2999-01-01", "lies in the future"),
        ("day=2999-01-01", "lies in the future"),
        ("day=2025", "Write the day too"),
        ("day=x", "is no date"),
        ("page=7", "There is no page"),
        ("page=x", "There is no page"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence(talks, query, sentence):
    status, told = read(f"{base(talks)}?{query}")
    assert status == 400
    assert sentence in told


# --- Corrections ----------------------------------------------------------------------------------


def test_corrections_say_what_when_and_why(talks):
    said = entry_data(talks.negotiation, "RU", "Agreed", text="said otherwise", **PUBLIC)
    services.correct(talks.entry, said, viewer=viewer(talks.negotiation), reason="Misheard")
    again = factories.record(talks.issues[1], "RU", text="never meant", **PUBLIC)
    services.retract(again, viewer=viewer(talks.negotiation), reason="Not said at all")
    _status, told = read(f"{base(talks)}corrections/")
    for words in ("said aloud", "said otherwise", "Misheard", "never meant", "Not said at all"):
        assert words in told
    assert told.index("Taken back") < told.index("Corrected:")


def test_what_was_corrected_among_members_is_no_correction_here(talks):
    inside = factories.record(talks.issues[0], "US", text="amongus")
    services.retract(inside, viewer=viewer(talks.negotiation), reason="amongus reason")
    narrow = entry_data(talks.negotiation, "RU", "Agreed", text="amongus too")
    services.correct(talks.entry, narrow, viewer=viewer(talks.negotiation), reason="amongus why")
    assert "amongus" not in everything(talks)
    assert "Nothing that was published has been corrected" in read(f"{base(talks)}corrections/")[1]


def test_what_was_undone_was_never_there(talks):
    undone = factories.record(talks.issues[0], "RU", text="amongus slip", **PUBLIC)
    services.undo([undone], viewer=viewer(talks.negotiation))
    assert "amongus" not in everything(talks)


def test_a_redaction_is_told_without_its_reason(talks):
    services.redact(talks.entry, reason="amongus reason", by="ourperson")
    told = everything(talks)
    assert "amongus" not in told
    assert "ourperson" not in told
    assert "Redacted " in told


# --- Empty, long, and what it costs ---------------------------------------------------------------


def test_with_nothing_public_it_says_so():
    negotiation = factories.make_negotiation()
    head = factories.head_of(negotiation)
    services.publish(negotiation, may_be_indexed=False, by=head)
    for rest, words in (
        ("", "published yet"),
        ("rounds/", "No round yet."),
        ("sources/", "No source has been published yet."),
        ("corrections/", "Nothing that was published has been corrected"),
        ("?as_of=2025-01-01&known=2025-01-01", "published by then"),
    ):
        assert words in read(f"/public/{negotiation.slug}/{rest}")[1]


def grow(talks, count):
    person = viewer(talks.negotiation)
    for number in range(count):
        issue = factories.make_issue(talks.negotiation)
        source = services.NewSource(title=f"Source {number}", url="https://example.org/")
        for place, who in enumerate(("RU", "US")):
            entry = factories.record(
                issue, who, "Raised", round=talks.round, sources=[source], **PUBLIC
            )
            if place:
                services.retract(entry, viewer=person, reason="No")


def test_queries_do_not_grow_with_rows(talks):
    grow(talks, 3)
    address, _link = shared(talks)
    asked = [f"{door}{rest}" for door in (base(talks), address) for rest in pages(talks)]
    asked += [
        f"{base(talks)}{rest}?as_of=2025-03-01&known={dt.date.today()}" for rest in pages(talks)
    ]
    few = [queries(one) for one in asked]
    grow(talks, 6)
    assert [queries(one) for one in asked] == few


def queries(address):
    read(address)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert read(address)[0] == 200
    return len(found)


# --- Switching it ---------------------------------------------------------------------------------


def browser(user):
    """Signed in with a password just now."""
    client = Client()
    client.post("/login/", {"login": user.username, "password": "a long password"})
    return client


def test_switching_on_asks_for_the_password_again(talks):
    services.take_down(talks.negotiation, by=talks.head)
    client = browser(talks.head)
    address = reverse("issues:edition_on", args=[talks.slug])
    answer = client.post(address, {"may_be_indexed": "on"})
    assert answer["Location"].startswith("/account/confirm/")
    assert read(base(talks))[0] == 404
    client.post(answer["Location"], {"password": "wrong"})
    assert read(base(talks))[0] == 404
    client.post(answer["Location"], {"password": "a long password", "next": address})
    assert Client().get(base(talks))["X-Robots-Tag"] == "all"


def test_switching_off_is_one_click_and_at_once(talks):
    client = browser(talks.head)
    client.post(reverse("issues:edition_off", args=[talks.slug]))
    assert read(base(talks))[0] == 404
    kinds = SecurityEvent.objects.filter(negotiation=talks.negotiation).values_list("kind", "by")
    assert ("published", talks.head.pk) in kinds
    assert ("unpublished", talks.head.pk) in kinds


def test_it_is_off_until_somebody_switches_it_on():
    negotiation = factories.make_negotiation()
    assert read(f"/public/{negotiation.slug}/")[0] == 404


def test_the_page_counts_what_becomes_visible(talks):
    services.take_down(talks.negotiation, by=talks.head)
    _status, told = read(reverse("issues:publishing", args=[talks.slug]), browser(talks.head))
    counts = dict(re.findall(r"<dt>(\w+)</dt>\s*<dd>(\d+)", told))
    assert counts == {"Items": "2", "Entries": "2", "Rounds": "1", "Readouts": "1", "Sources": "1"}
    assert "It is <b>off</b>" in told


def test_a_head_reads_it_before_it_is_switched_on(talks):
    """As the public, with the banner; with their own eyes it is not there."""
    services.take_down(talks.negotiation, by=talks.head)
    client = browser(talks.head)
    assert read(base(talks), client)[0] == 404
    client.post(reverse("negotiations:preview", args=[talks.slug]), {"whose": ":public"})
    status, told = read(base(talks), client)
    assert status == 200
    assert 'id="eyes"' in told
    assert "Quotas" in told
    assert read(base(talks))[0] == 404
    assert read(base(talks), browser(talks.reader))[0] == 404


# --- Order ----------------------------------------------------------------------------------------


def in_order(talks):
    """Titles on the first page of the edition, as they stand there."""
    text = read(base(talks))[1]
    titles = ("Quotas", "Mesh size", "Boats", "Harbours")
    return sorted((title for title in titles if title in text), key=text.index)


@pytest.mark.parametrize("hidden", [False, True])
def test_items_that_are_not_public_decide_nothing_in_its_order(hidden):
    """Without numbers too: neither which heading comes first nor what stands where."""
    talks = factories.make_talks()
    talks.negotiation.refresh_from_db()
    services.publish(talks.negotiation, may_be_indexed=False, by=talks.head)
    for title, heading in (("Boats", "Gear"), ("Harbours", "Ports")):
        if hidden:
            factories.make_issue(
                talks.negotiation, f"Kept {title}", heading="Money", audience="members"
            )
        factories.make_issue(talks.negotiation, title, heading=heading)
    moved = factories.make_issue(talks.negotiation, "Quotas", heading="Money")
    factories.make_issue(talks.negotiation, "Mesh size", heading="Gear")
    assert in_order(talks) == ["Boats", "Mesh size", "Harbours", "Quotas"]
    services.update_issue(moved, version=moved.version, by=talks.head, heading="Ports")
    assert in_order(talks) == ["Boats", "Mesh size", "Harbours", "Quotas"]


def test_what_the_head_arranges_holds_for_the_public():
    talks = factories.make_talks()
    services.publish(talks.negotiation, may_be_indexed=False, by=talks.head)
    for title, heading in (("Boats", "Gear"), ("Mesh size", "Gear"), ("Harbours", "Ports")):
        item = factories.make_issue(talks.negotiation, title, heading=heading)
    services.move_heading(talks.negotiation, heading="Ports", step=-1)
    assert in_order(talks) == ["Harbours", "Boats", "Mesh size"]
    item = talks.negotiation.issues.get(title="Mesh size")
    services.move_issue(item, step=-1)
    assert in_order(talks) == ["Harbours", "Mesh size", "Boats"]


def test_what_becomes_public_comes_after_what_was(talks):
    member = factories.make_issue(talks.negotiation, "Boats", audience="members")
    factories.make_issue(talks.negotiation, "Harbours")
    services.change_sight(
        member, audience="public", party=None, reason="Known", viewer=viewer(talks.negotiation)
    )
    assert in_order(talks)[-2:] == ["Harbours", "Boats"]
