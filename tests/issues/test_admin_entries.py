"""Entries in the admin: added, read, corrected and retracted; never changed, never deleted."""

from copy import deepcopy
from uuid import uuid4

import pytest

from issues import services
from issues.models import Entry, EntrySource, Issue, Standing
from negotiations.models import Source
from negotiations.services import add_source, archive_negotiation
from tests import factories
from tests.admin_pages import browser, complaints, make_staff, make_superuser, send, told, url


@pytest.fixture
def admin(db):
    return make_superuser()


@pytest.fixture
def client(admin):
    return browser(admin)


@pytest.fixture
def talks(module_talks, db):
    return deepcopy(module_talks)


@pytest.fixture
def issue(talks):
    return factories.make_issue(talks.negotiation, "Flights")


@pytest.fixture
def entry(issue):
    return factories.record(issue, "RU", "Agreed", text="We agree.")


def page_of(entry, view="change"):
    return url(Entry, view, entry.uuid)


def add_url(issue):
    return f"{url(Entry, 'add')}?issue={issue.pk}"


def headline(issue):
    return str(Standing.objects.get(issue=issue, scope="members", until=None).headline)


def in_order(issue):
    return services.differences(issue.negotiation) == []


SAID = {"who": "party:RU", "said": "10 Apr 2025", "status": "Agreed", "text": "We agree."}


def test_an_added_entry_makes_the_standing_follow(client, admin, issue):
    answer = send(client, add_url(issue), **SAID)
    entry = Entry.objects.get()
    assert answer.url == page_of(entry)
    assert (entry.recorded_by, entry.when, entry.audience) == (admin, "10 Apr 2025", "members")
    assert headline(issue) == "Agreed"
    assert in_order(issue)
    assert "Agreed" in told(client.get(answer.url))


def test_a_month_a_time_and_a_new_source_are_typed_as_on_the_site(client, issue):
    source = {"source": "new", "source_url": "https://example.org/a", "source_title": "Note"}
    send(client, add_url(issue), **SAID | {"said": "Jun 2025"} | source)
    entry = Entry.objects.get()
    assert (entry.when, entry.sources.get().title) == ("Jun 2025", "Note")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"said": "soon"}, "no date Parley can read"),
        ({"said": "1 Jan 2100"}, "lies in the future"),
        ({"text": "", "status": ""}, "Say what was said, or choose a status."),
        ({"audience": "delegation"}, "delegation is not one of the available choices"),
    ],
)
def test_what_the_rules_refuse_stands_beside_the_field(client, issue, change, sentence):
    answer = send(client, add_url(issue), **SAID | {"speaker": "A. Ivanov"} | change)
    assert answer.status_code == 422
    assert sentence in complaints(answer)
    assert "A. Ivanov" in answer.content.decode()
    assert not Entry.objects.exists()


def test_a_form_sent_twice_is_recorded_once(client, issue):
    page = client.get(add_url(issue))
    fields = SAID | {
        "token": page.context["adminform"].form["token"].value(),
        "audience": "members",
    }
    for _ in range(2):
        assert client.post(add_url(issue), fields).status_code == 302
    assert Entry.objects.count() == 1


def test_the_item_is_asked_for_first(client, issue):
    factories.make_issue(issue.negotiation, "Visas")
    page = client.get(url(Entry, "add")).content.decode()
    assert "Flights" in page
    assert 'name="said"' not in page


@pytest.mark.parametrize("key", ["999", "x", ""])
def test_no_such_item_is_not_found(client, issue, key):
    assert client.get(f"{url(Entry, 'add')}?issue={key}").status_code == 404


def test_nothing_is_added_to_an_item_entered_in_error(client, talks, issue):
    services.mark_in_error(issue, version=1, by=talks.head, reason="Twice.")
    assert client.get(add_url(issue)).status_code == 404


def test_an_archived_negotiation_takes_no_entry(client, talks, entry):
    archive_negotiation(talks.negotiation, by=talks.head)
    assert client.get(add_url(entry.issue)).status_code == 403
    assert client.get(page_of(entry, "correct")).status_code == 403
    assert client.get(page_of(entry)).status_code == 200


# --- Reading ------------------------------------------------------------------------------------


def test_an_entry_is_read_with_all_it_says(client, talks, issue):
    source = add_source(talks.negotiation, by=None, title="Communiqué")
    said = {"position": "No visas first.", "next_step": "Send a draft", "sources": [source]}
    entry = factories.record(issue, "RU US", "Agreed", **said)
    page = client.get(page_of(entry)).content.decode()
    for text in ("They said so.", "No visas first.", "Send a draft", "Communiqué", "RU, US"):
        assert text in page
    assert "jointly, one text: RU, US" in client.get(url(Entry)).content.decode()


def test_an_entry_cannot_be_changed(client, entry):
    page = client.get(page_of(entry))
    assert not page.context["has_change_permission"]
    assert page.context["adminform"].form.fields == {}
    assert client.post(page_of(entry), {"text": "Other words."}).status_code == 403
    entry.refresh_from_db()
    assert entry.text == "We agree."


def test_an_entry_cannot_be_deleted(client, entry):
    assert client.get(page_of(entry, "delete")).status_code == 403
    assert client.post(page_of(entry, "delete"), {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes", "index": 0}
    client.post(url(Entry), bulk)
    assert Entry.objects.filter(pk=entry.pk).exists()


def test_entries_have_their_public_id_in_addresses_and_no_other(client, entry):
    page = client.get(url(Entry)).content.decode()
    assert page_of(entry) in page
    assert client.get(url(Entry, "change", entry.pk)).url == "/admin/"
    assert 'name="_selected_action"' not in page


def test_the_log_of_the_admin_holds_no_words_of_an_entry(client, issue):
    from django.contrib.admin.models import LogEntry

    send(client, add_url(issue), **SAID)
    assert not LogEntry.objects.filter(object_repr__contains="We agree").exists()


# --- Correcting ---------------------------------------------------------------------------------


def test_a_correction_replaces_and_keeps_what_was_there(client, entry):
    answer = send(
        client, page_of(entry, "correct"), status="Blocked", text="No.", reason="Misheard."
    )
    made = Entry.objects.get(kind="correction")
    assert answer.url == page_of(made)
    assert (made.corrects, made.reason, made.party) == (entry, "Misheard.", entry.party)
    assert headline(entry.issue) == "Blocked"
    assert in_order(entry.issue)
    old = client.get(page_of(entry)).content.decode()
    assert page_of(made) in old
    assert "Misheard." in old
    assert page_of(entry) in client.get(page_of(made)).content.decode()
    assert "replaced or taken back" in client.get(url(Entry)).content.decode()


def test_a_correction_needs_a_reason(client, entry):
    answer = send(client, page_of(entry, "correct"), text="No.")
    assert answer.status_code == 422
    assert "reason" in answer.context["adminform"].form.errors
    assert Entry.objects.count() == 1


def test_a_correction_never_has_a_wider_audience(client, entry):
    answer = send(client, page_of(entry, "correct"), reason="Known.", audience="public")
    assert answer.status_code == 422
    assert "never has a wider audience" in complaints(answer)


def test_the_second_of_two_corrections_gets_a_conflict(client, talks, entry):
    services.retract(entry, viewer=factories.viewer(talks.negotiation), reason="Not said.")
    answer = send(client, page_of(entry, "correct"), text="No.", reason="Misheard.")
    assert answer.status_code == 409
    assert "It is replaced already" in complaints(answer)
    assert answer.context["adminform"].form["text"].value() == "No."
    assert Entry.objects.count() == 2


def test_an_entry_is_retracted_with_a_reason(client, entry):
    refused = send(client, page_of(entry, "retract"), reason="")
    assert refused.status_code == 422
    answer = send(client, page_of(entry, "retract"), reason="Never said.")
    assert answer.url == page_of(entry)
    assert Entry.objects.get(kind="retraction").corrects == entry
    assert headline(entry.issue) == "None"
    assert in_order(entry.issue)


def test_a_second_source_needs_no_correction(client, talks, entry):
    send(client, page_of(entry, "source"), title="Second report", publisher="TASS")
    assert EntrySource.objects.get(entry=entry).source.title == "Second report"
    assert "Second report" in client.get(page_of(entry)).content.decode()


def test_acts_on_no_entry_are_not_found(client, talks):
    for act in ("correct", "retract", "source"):
        assert client.get(url(Entry, act, uuid4())).status_code == 404


# --- Rights -------------------------------------------------------------------------------------


def test_a_viewer_on_the_staff_writes_nothing(talks, entry):
    client = browser(make_staff(talks.negotiation, "viewer"))
    assert client.get(page_of(entry)).status_code == 200
    assert client.post(add_url(entry.issue), SAID).status_code == 403
    for act in ("correct", "retract", "source"):
        assert client.post(page_of(entry, act), {"reason": "x"}).status_code == 403
    assert Entry.objects.count() == 1


def test_a_recorder_corrects_only_what_they_recorded(talks, entry):
    client = browser(make_staff(talks.negotiation, "recorder"))
    answer = client.post(page_of(entry, "retract"), {"reason": "x"}, follow=True)
    assert "Only its author or a head corrects an entry." in told(answer)
    assert Entry.objects.count() == 1


def test_staff_without_the_permission_to_add_write_nothing(talks, entry):
    user = make_staff(talks.negotiation)
    user.user_permissions.set(user.user_permissions.exclude(codename="add_entry"))
    client = browser(user)
    assert client.get(add_url(entry.issue)).status_code == 403
    assert client.get(page_of(entry, "correct")).status_code == 403


# --- Who sees what ------------------------------------------------------------------------------


@pytest.fixture
def secret(talks, issue):
    """What the Russian delegation wrote down for itself, with a source of its own."""
    russia = talks.negotiation.parties.get(code="RU")
    person = factories.add_member(talks.negotiation, "recorder", "RU")
    note = add_source(talks.negotiation, by=person, title="Canary note")
    return factories.record(
        issue,
        *("RU", "Blocked"),
        by=person,
        text="Canary words.",
        audience="delegation",
        audience_party=russia,
        sources=[note],
    )


def everything(client, entry):
    """All pages of the admin on which something of a hidden entry could stand, as one text."""
    from django.contrib import admin

    addresses = [url(model) for model in admin.site._registry if model._meta.app_label != "account"]
    addresses += [f"{url(Entry)}?q=words", f"{url(Source)}?q=note", url(Source, "add")]
    addresses += [f"{url(Entry)}?audience__exact=delegation", add_url(entry.issue)]
    addresses += [url(Issue, "change", entry.issue_id), url(Issue, "history", entry.issue_id)]
    query = "app_label=negotiations&model_name=readout&field_name=source&term=note"
    addresses += [f"/admin/autocomplete/?{query}", "/admin/"]
    return "".join(client.get(address, follow=True).content.decode() for address in addresses)


def test_what_a_delegation_keeps_to_itself_is_nowhere_in_the_admin(client, secret, issue):
    assert "Canary" not in everything(client, secret)
    assert "party-" not in client.get(url(Standing)).content.decode()
    assert client.get(url(Entry)).context["cl"].result_count == 0
    assert (
        client.get(url(Standing)).context["cl"].result_count
        == Standing.objects.filter(scope__in=["public", "members"]).count()
    )


@pytest.mark.parametrize("view", ["change", "history", "correct", "retract", "source"])
def test_its_pages_are_as_if_it_were_not_there(client, secret, view):
    hidden = client.get(page_of(secret, view), follow=True)
    missing = client.get(url(Entry, view, uuid4()), follow=True)
    assert hidden.status_code == missing.status_code
    assert "Canary" not in hidden.content.decode()


def test_pages_of_what_hangs_on_it_are_not_there_either(client, talks, secret):
    viewer = factories.viewer(talks.negotiation, secret.recorded_by)
    (source,) = secret.sources.all()
    slip = factories.record(secret.issue, "RU", "Raised", by=viewer.user)
    to = {"audience": "delegation", "party": viewer.party}
    change = services.change_audience(slip, reason="Canary reason.", viewer=viewer, **to)
    own = Standing.objects.filter(scope=viewer.scope.key).first()
    link = secret.source_links.get()
    for row in (source, change, own, own.party_rows.first(), link):
        assert client.get(url(type(row), "change", row.pk)).url == "/admin/"
        assert client.get(url(type(row), "history", row.pk)).url == "/admin/"


def test_its_own_delegation_reads_it(talks, secret):
    client = browser(make_staff(talks.negotiation, "head", "RU"))
    assert "Canary words." in client.get(url(Entry)).content.decode()
    assert client.get(page_of(secret)).status_code == 200
    assert "Canary note" in client.get(url(Source)).content.decode()


def test_the_other_delegation_does_not(talks, secret):
    client = browser(make_staff(talks.negotiation, "head", "US"))
    assert "Canary" not in everything(client, secret)


def test_a_correction_others_cannot_see_leaves_no_mark(talks, client, entry):
    person = factories.add_member(talks.negotiation, "head", "RU")
    mine = factories.record(entry.issue, "RU", "Agreed", by=person, text="Ours.")
    before = client.get(page_of(mine)).content.decode()
    viewer = factories.viewer(talks.negotiation, person)
    data = services.EntryData(
        voice="party",
        party=viewer.party,
        said=factories.parse_date("2 Feb 2025"),
        text="Canary words.",
        audience="delegation",
        audience_party=viewer.party,
    )
    services.correct(mine, data, viewer=viewer, reason="Canary reason.")
    assert strip_token(client.get(page_of(mine)).content.decode()) == strip_token(before)
    assert "replaced or taken back" not in client.get(url(Entry)).content.decode()


def strip_token(page):
    return "".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_what_was_undone_shows_to_its_author_only(client, talks, issue):
    entry = factories.record(issue, "RU", "Agreed", text="Canary words.")
    services.undo([entry], viewer=factories.viewer(talks.negotiation))
    assert "Canary" not in client.get(url(Entry)).content.decode()
    author = browser(talks.head)
    talks.head.is_staff = talks.head.is_superuser = True
    talks.head.save()
    assert "Canary" in author.get(url(Entry)).content.decode()


def test_staff_see_no_entry_of_other_negotiations(talks, entry):
    other = make_staff(factories.make_negotiation())
    client = browser(other)
    assert client.get(url(Entry)).context["cl"].result_count == 0
    assert client.get(page_of(entry)).url == "/admin/"
    assert client.get(add_url(entry.issue)).status_code == 404
