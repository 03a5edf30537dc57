"""The one table of who may do what: every address, method and role. A new route must be in it."""

import datetime as dt
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from issues.models import Edition, Entry, Import, Issue, ShareLink
from issues.services import publish, share
from negotiations.models import Invitation, Negotiation
from negotiations.services import add_source, archive_negotiation, invite
from negotiations.startup import single_sign_on
from tests import factories

pytestmark = pytest.mark.django_db

# From nobody to the head of a negotiation; what a role may, those after it may as well.
ANYBODY, PERSON, VIEWER, RECORDER, HEAD = "anybody", "person", "viewer", "recorder", "head"
ROLES = [ANYBODY, PERSON, VIEWER, RECORDER, HEAD]

# What every form is sent with: enough for an action without a form of its own to find its object.
SENT = {"status": "Raised", "step": "down", "heading": "Money", "retired": "yes", "whose": "US"}


@dataclass
class Route:
    """One line of the table. `missing`: what an address could name and this negotiation lacks."""

    name: str
    method: str
    minimum: str
    missing: tuple = field(default=())

    def __str__(self):
        return f"{self.method} {self.name}"


NUMBER = ({"number": 99},)
ENTRY = ({"number": 99}, {"number": 2}, {"uuid": "entry elsewhere"}, {"uuid": "nowhere"})
PLACE = ({"place": 99},)
SHEET = ({"sheet": "sheet elsewhere"}, {"sheet": "nowhere"})
SOURCE = ({"source": "source elsewhere"}, {"source": "nowhere"})
NOTE = ({"number": 99}, {"number": 2}, {"note": "note elsewhere"}, {"note": "nowhere"})
VAULT = ({"number": 99}, {"number": 2}, {"vault": "vault elsewhere"}, {"vault": "nowhere"})
PARTY = ({"code": "XX"}, {"code": "ru"})
TABLE_NAME = ({"table": "secrets"},)
BATCH = ({"batch": UUID(int=0)},)
INVITATION = ({"invitation": "invitation elsewhere"}, {"invitation": "nowhere"})
LINK = ({"link": "link elsewhere"}, {"link": "nowhere"})
MEMBER = ({"username": "stranger"}, {"username": "nobody-at-all"})

TABLE = [
    Route("negotiations:own_security", "GET", PERSON),
    Route("account_login", "GET", ANYBODY),
    Route("account_login", "POST", ANYBODY),
    Route("account_logout", "GET", ANYBODY),
    Route("account_inactive", "GET", ANYBODY),
    Route("welcome", "GET", ANYBODY),
    Route("forgotten", "GET", ANYBODY),
    Route("forgotten", "POST", ANYBODY),
    Route("invitation", "GET", ANYBODY),
    Route("invitation", "POST", ANYBODY),
    Route("healthz", "GET", ANYBODY),
    Route("readyz", "GET", ANYBODY),
    Route("openid_connect_login", "POST", ANYBODY),
    Route("openid_connect_callback", "GET", ANYBODY),
    Route("mfa_end_connection", "POST", PERSON),
    Route("issues:robots", "GET", ANYBODY),
    *(
        Route(f"issues:{door}_{page}", "GET", ANYBODY, SOURCE if page == "source" else ())
        for door in ("public", "shared")
        for page in ("state", "item", "rounds", "round", "sources", "source", "corrections")
    ),
    Route("account_change_password", "GET", PERSON),
    Route("account_change_password", "POST", PERSON),
    Route("mfa_authenticate", "GET", ANYBODY),
    Route("mfa_login_webauthn", "GET", ANYBODY),
    Route("mfa_index", "GET", PERSON),
    Route("account_reauthenticate", "GET", PERSON),
    Route("mfa_reauthenticate", "GET", PERSON),
    Route("mfa_reauthenticate_webauthn", "GET", PERSON),
    Route("mfa_activate_totp", "GET", PERSON),
    Route("mfa_deactivate_totp", "GET", PERSON),
    Route("mfa_view_recovery_codes", "GET", PERSON),
    Route("mfa_generate_recovery_codes", "GET", PERSON),
    Route("mfa_add_webauthn", "GET", PERSON),
    Route("mfa_remove_webauthn", "GET", PERSON),
    Route("usersessions_list", "GET", PERSON),
    Route("usersessions_list", "POST", PERSON),
    Route("preview_stop", "GET", PERSON),
    Route("preview_stop", "POST", PERSON),
    Route("issues:home", "GET", PERSON),
    Route("issues:search", "GET", PERSON),
    Route("negotiations:negotiation_new", "GET", PERSON),
    Route("negotiations:negotiation_new", "POST", PERSON),
    Route("issues:negotiation_from_file", "GET", PERSON),
    Route("issues:negotiation_from_file", "POST", PERSON),
    Route("issues:file_schema", "GET", PERSON),
    # Reading
    Route("issues:state_of_play", "GET", VIEWER),
    Route("issues:show_as_of", "GET", VIEWER),
    Route("issues:issue_list", "GET", VIEWER),
    Route("issues:issue_detail", "GET", VIEWER, NUMBER),
    Route("issues:round_list", "GET", VIEWER),
    Route("issues:round_detail", "GET", VIEWER, PLACE),
    Route("issues:changes", "GET", VIEWER),
    Route("issues:source_detail", "GET", VIEWER, SOURCE),
    Route("issues:source_file", "GET", VIEWER, SOURCE),
    Route("issues:mark_read", "POST", VIEWER),
    Route("issues:files", "GET", VIEWER),
    Route("issues:file_table", "GET", VIEWER, TABLE_NAME),
    Route("issues:file_prepare", "GET", VIEWER),
    Route("issues:file_prepare", "POST", VIEWER),
    Route("issues:file_download", "GET", VIEWER),
    Route("issues:file_cancel", "POST", VIEWER),
    Route("issues:silence", "GET", VIEWER),
    Route("issues:unanswered", "GET", VIEWER),
    Route("issues:next_steps", "GET", VIEWER),
    Route("issues:paper_state", "GET", VIEWER),
    Route("issues:paper_moved", "GET", VIEWER),
    Route("issues:paper_brief", "GET", VIEWER, NUMBER),
    Route("negotiations:letterhead_logo", "GET", VIEWER),
    Route("issues:pictures", "GET", VIEWER),
    Route("issues:issue_chart", "GET", VIEWER, NUMBER),
    Route("negotiations:members", "GET", VIEWER),
    Route("negotiations:parties", "GET", VIEWER),
    Route("negotiations:scheme", "GET", VIEWER),
    Route("issues:entry", "GET", VIEWER, ENTRY),
    Route("issues:notes", "GET", VIEWER, NUMBER),
    Route("issues:vault", "GET", VIEWER, NUMBER),
    Route("issues:note", "GET", VIEWER, NOTE),
    # Recording
    Route("issues:notes", "POST", RECORDER, NUMBER),
    Route("issues:note_edit", "GET", RECORDER, NOTE),
    Route("issues:note_edit", "POST", RECORDER, NOTE),
    Route("issues:note_audience", "GET", RECORDER, NOTE),
    Route("issues:note_audience", "POST", RECORDER, NOTE),
    Route("issues:note_remove", "POST", RECORDER, NOTE),
    Route("issues:note_restore", "POST", RECORDER, NOTE),
    Route("issues:vault", "POST", RECORDER, NUMBER),
    Route("issues:vault_edit", "GET", RECORDER, VAULT),
    Route("issues:vault_edit", "POST", RECORDER, VAULT),
    Route("issues:entries", "GET", RECORDER, NUMBER),
    Route("issues:entries", "POST", RECORDER, NUMBER),
    Route("issues:entry_correct", "GET", RECORDER, ENTRY),
    Route("issues:entry_correct", "POST", RECORDER, ENTRY),
    Route("issues:entry_retract", "GET", RECORDER, ENTRY),
    Route("issues:entry_retract", "POST", RECORDER, ENTRY),
    Route("issues:entry_source", "GET", RECORDER, ENTRY),
    Route("issues:entry_source", "POST", RECORDER, ENTRY),
    Route("issues:entry_undo", "POST", RECORDER, ENTRY),
    Route("issues:still_so", "GET", RECORDER, NUMBER),
    Route("issues:still_so", "POST", RECORDER, NUMBER),
    Route("issues:ask", "GET", RECORDER, NUMBER),
    Route("issues:ask", "POST", RECORDER, NUMBER),
    Route("issues:step_done", "GET", RECORDER, ENTRY),
    Route("issues:step_done", "POST", RECORDER, ENTRY),
    Route("issues:entry_audience", "GET", RECORDER, ENTRY),
    Route("issues:entry_audience", "POST", RECORDER, ENTRY),
    Route("issues:agenda_mark", "POST", RECORDER, PLACE),
    Route("issues:issue_record", "GET", RECORDER),
    Route("issues:issue_record", "POST", RECORDER),
    Route("issues:round_sheet", "GET", RECORDER, PLACE),
    Route("issues:round_sheet", "POST", RECORDER, PLACE),
    Route("issues:source_sheet", "GET", RECORDER, SOURCE),
    Route("issues:source_sheet", "POST", RECORDER, SOURCE),
    Route("issues:sheet", "GET", RECORDER, SHEET),
    Route("issues:sheet_undo", "POST", RECORDER, SHEET),
    Route("issues:issue_new", "GET", RECORDER),
    Route("issues:issue_new", "POST", RECORDER),
    Route("issues:issue_paste", "GET", RECORDER),
    Route("issues:issue_paste", "POST", RECORDER),
    Route("issues:import_start", "GET", RECORDER),
    Route("issues:import_start", "POST", RECORDER),
    Route("issues:import_columns", "GET", RECORDER),
    Route("issues:import_columns", "POST", RECORDER),
    Route("issues:import_words", "GET", RECORDER),
    Route("issues:import_words", "POST", RECORDER),
    Route("issues:import_check", "GET", RECORDER),
    Route("issues:import_check", "POST", RECORDER),
    Route("issues:import_run", "POST", RECORDER),
    Route("issues:import_progress", "GET", RECORDER),
    Route("issues:import_discard", "POST", RECORDER),
    Route("issues:import_sample", "GET", RECORDER, ({"kind": "people"},)),
    Route("issues:import_detail", "GET", RECORDER, BATCH),
    Route("issues:import_retract", "GET", RECORDER, BATCH),
    Route("issues:import_retract", "POST", RECORDER, BATCH),
    Route("issues:issue_edit", "GET", RECORDER, NUMBER),
    Route("issues:issue_edit", "POST", RECORDER, NUMBER),
    # Setting up
    Route("issues:issue_order", "GET", HEAD),
    Route("issues:heading_move", "POST", HEAD),
    Route("issues:issue_move", "POST", HEAD, NUMBER),
    Route("issues:issue_mark", "GET", HEAD, NUMBER),
    Route("issues:issue_mark", "POST", HEAD, NUMBER),
    Route("issues:issue_restore", "POST", HEAD, NUMBER),
    # Besides the head whoever wrote the thing down: see issues/test_sight_pages.py.
    Route("issues:issue_audience", "GET", HEAD, NUMBER),
    Route("issues:issue_audience", "POST", HEAD, NUMBER),
    Route("issues:agenda_audience", "GET", HEAD, (*NUMBER, *PLACE, {"number": 2})),
    Route("issues:agenda_audience", "POST", HEAD, (*NUMBER, *PLACE, {"number": 2})),
    Route("issues:readout_audience", "GET", HEAD, (*PLACE, *PARTY, {"code": "US"})),
    Route("issues:readout_audience", "POST", HEAD, (*PLACE, *PARTY, {"code": "US"})),
    Route("issues:source_audience", "GET", HEAD, SOURCE),
    Route("issues:source_audience", "POST", HEAD, SOURCE),
    Route("negotiations:security", "GET", HEAD),
    Route("issues:publishing", "GET", HEAD),
    Route("issues:edition_on", "POST", HEAD),
    Route("issues:edition_off", "POST", HEAD),
    Route("issues:share", "POST", HEAD),
    Route("issues:share_withdraw", "POST", HEAD, LINK),
    Route("negotiations:preview", "GET", HEAD),
    Route("negotiations:preview", "POST", HEAD),
    Route("negotiations:negotiation_edit", "GET", HEAD),
    Route("negotiations:negotiation_edit", "POST", HEAD),
    Route("negotiations:letterhead", "GET", HEAD),
    Route("negotiations:letterhead", "POST", HEAD),
    Route("negotiations:negotiation_archive", "POST", HEAD),
    Route("negotiations:negotiation_unarchive", "POST", HEAD),
    Route("negotiations:members", "POST", HEAD),
    Route("negotiations:person_add", "POST", HEAD),
    Route("negotiations:invite", "POST", HEAD),
    Route("negotiations:invitation_withdraw", "POST", HEAD, INVITATION),
    Route("negotiations:member_edit", "POST", HEAD, MEMBER),
    Route("negotiations:member_link", "POST", HEAD, MEMBER),
    Route("negotiations:member_remove", "POST", HEAD, MEMBER),
    Route("negotiations:parties", "POST", HEAD),
    Route("negotiations:party_edit", "POST", HEAD, PARTY),
    Route("negotiations:party_move", "POST", HEAD, PARTY),
    Route("negotiations:party_remove", "POST", HEAD, PARTY),
    Route("negotiations:scheme", "POST", HEAD),
    Route("negotiations:status_edit", "POST", HEAD),
    Route("negotiations:status_move", "POST", HEAD),
    Route("negotiations:status_retire", "POST", HEAD),
    Route("negotiations:status_remove", "POST", HEAD),
    Route("negotiations:round_new", "GET", HEAD),
    Route("negotiations:round_new", "POST", HEAD),
    Route("negotiations:round_edit", "GET", HEAD, PLACE),
    Route("negotiations:round_edit", "POST", HEAD, PLACE),
    Route("negotiations:round_move", "GET", HEAD, PLACE),
    Route("negotiations:round_move", "POST", HEAD, PLACE),
    Route("negotiations:round_remove", "GET", HEAD, PLACE),
    Route("negotiations:round_remove", "POST", HEAD, PLACE),
]
WITHIN = [route for route in TABLE if route.minimum in (VIEWER, RECORDER, HEAD)]
NESTED = [route for route in WITHIN if route.missing]
# What an archived negotiation lets its head do: open it again, and look.
STILL = {"negotiations:negotiation_unarchive", "negotiations:preview"}
# And what must always be possible: to take back what was let out.
STILL |= {"issues:edition_off", "issues:share_withdraw"}
CHANGING = [route for route in WITHIN if route.method == "POST" and route.minimum != VIEWER]
READING = [route for route in WITHIN if route.method == "GET" and route.minimum == VIEWER]


def routes(patterns, prefix="", outer=()):
    """Every name in the URLconf, with its namespace and what its address names.

    The admin keeps its own house.
    """
    for pattern in patterns:
        if str(pattern.pattern).startswith("admin/"):
            continue
        names = (*outer, *pattern.pattern.converters)
        if isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}", names
        elif isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern.url_patterns, prefix + inner, names)


@cache
def named_by():
    """What the address of each route names."""
    return dict(routes(get_resolver().url_patterns))


def test_every_route_is_in_the_table():
    assert set(named_by()) == {route.name for route in TABLE}


@pytest.fixture
def talks(settings):
    """Two items under a heading, an entry, a round, and somebody who may be removed."""
    # Single sign-on is there, though nobody answers at its address.
    _origin, apps = single_sign_on("http://127.0.0.1:9", "parley", "s", name="x", https=False)
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps}}
    talks = factories.make_talks()
    issue = factories.make_issue(talks.negotiation, heading="Money")
    factories.make_issue(talks.negotiation, heading="Money")
    round_ = factories.make_round(talks.negotiation, day="10 Apr 2025")
    factories.put_at(round_, issue, says="So it was.")
    talks.source = add_source(
        talks.negotiation, by=None, title="A readout", file=factories.make_file(), audience="public"
    )
    talks.entry = factories.record(
        issue, "RU", by=talks.recorder, sources=[talks.source], audience="public"
    )
    talks.note = factories.add_note(issue, by=talks.recorder)
    talks.vault = factories.add_vault(issue, by=talks.recorder, people=[talks.head])
    factories.set_letterhead(talks.negotiation)
    talks.sheet = factories.make_sheet(issue, talks.negotiation.rounds.get(), by=talks.recorder)
    invite(talks.negotiation, by=talks.head, role="viewer")
    publish(talks.negotiation, may_be_indexed=False, by=talks.head)
    _link, talks.secret = share(talks.negotiation, by=talks.head, lasts=dt.timedelta(days=1))
    talks.imported = Import.objects.create(
        negotiation=talks.negotiation, by=talks.recorder, kind="entries", file_name="table.csv"
    )
    person = factories.add_member(talks.negotiation)
    person.username = "person"
    person.set_unusable_password()
    person.save()
    talks.stranger.username = "stranger"
    talks.stranger.save()
    return talks


@pytest.fixture
def clients(talks):
    """A browser for each role, signed in once."""
    users = {
        ANYBODY: None,
        PERSON: talks.stranger,
        VIEWER: talks.reader,
        RECORDER: talks.recorder,
        HEAD: talks.head,
        "superuser": factories.make_user(is_superuser=True),
    }
    return {role: signed_in(user) for role, user in users.items()}


def signed_in(user):
    client = Client()
    if user:
        client.force_login(user)
    return client


@contextmanager
def undone():
    """What happens within leaves no trace in the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def invitation_in(talks):
    """The one that waits there, if any."""
    waiting = Invitation.objects.filter(negotiation__slug=talks.slug).first()
    return waiting.uuid if waiting else UUID(int=0)


def key_in(talks):
    """The key of its first public item, if any."""
    edition = Edition.objects.filter(negotiation__slug=talks.slug).first()
    public = Issue.objects.filter(negotiation__slug=talks.slug, audience="public")
    issue = public.order_by("pk").first()
    return edition.item_key(issue.pk) if edition and issue else "x"


def link_in(talks):
    """The name of its latest share link, if any."""
    link = ShareLink.objects.filter(negotiation__slug=talks.slug).first()
    return link.uuid if link else UUID(int=0)


# What an address may name, and how it is called in these talks.
NAMES = {
    "slug": lambda talks: talks.slug,
    "number": lambda _talks: 1,
    "place": lambda _talks: 1,
    "code": lambda _talks: "RU",
    "username": lambda _talks: "person",
    "uuid": lambda talks: talks.entry.uuid,
    "source": lambda talks: talks.source.uuid,
    "sheet": lambda talks: talks.sheet.uuid,
    "note": lambda talks: talks.note.uuid,
    "vault": lambda talks: talks.vault.uuid,
    "batch": lambda talks: talks.imported.uuid,
    "kind": lambda _talks: "entries",
    "table": lambda _talks: "entries",
    "invitation": invitation_in,
    "key": key_in,
    "link": link_in,
    "secret": lambda talks: getattr(talks, "secret", "x"),
    "uidb64": lambda talks: talks.head.uuid,
    "token": lambda _talks: "x",
    "pk": lambda _talks: 1,
}


def address_of(name, talks, **other):
    """The route's address in these talks; `other` takes the place of what exists."""
    names = named_by()[name]
    named = {one: other[one] if one in other else NAMES[one](talks) for one in names}
    return reverse(name, kwargs=named)


def send(client, method, address, **options):
    if method == "GET":
        return client.get(address, **options)
    return client.post(address, SENT | {"until": timezone.now().isoformat()}, **options)


def is_let_in(answer):
    """Whether the view did its work: a page, a way on, or what was wrong with the form."""
    to_login = answer.headers.get("Location", "").startswith("/login/?next=")
    return answer.status_code in (200, 302, 409, 422) and not to_login


def test_who_may(talks, clients, subtests):
    """First everybody who may not, then who may from the head down: an author's undo comes last."""
    for route in TABLE:
        address, place = address_of(route.name, talks), ROLES.index(route.minimum)
        for role in [*ROLES[:place], *reversed(ROLES[place:])]:
            with subtests.test(f"{role}: {route}"), undone():
                answer = send(clients[role], route.method, address)
                if ROLES.index(role) >= place:
                    assert is_let_in(answer), answer.status_code
                elif role == ANYBODY:
                    assert answer.status_code == 302
                    assert answer["Location"].startswith("/login/?next=")
                else:
                    assert answer.status_code == (404 if role == PERSON else 403)


# Differs on every answer, whatever the page.
TOKEN = re.compile(rb'csrfmiddlewaretoken" value="\w+"')


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "item"}])
def test_a_stranger_cannot_tell_it_from_what_is_missing(talks, clients, headers):
    told = set()
    for route in WITHIN:
        for slug in (talks.slug, "no-such-talks"):
            address = address_of(route.name, talks, slug=slug)
            answer = send(clients[PERSON], route.method, address, headers=headers)
            told.add((answer.status_code, TOKEN.sub(b"", answer.content)))
    assert {status for status, _page in told} == {404}
    assert len(told) == 1


def test_what_is_not_of_this_negotiation_is_missing(talks, clients, subtests):
    elsewhere = {"nowhere": uuid4(), **somewhere_else(talks)}
    factories.confirm(clients[HEAD])  # before that the vault tells nothing but that it asks
    for route in NESTED:
        for missing in route.missing:
            with subtests.test(f"{route} {missing}"), undone():
                given = {name: elsewhere.get(value, value) for name, value in missing.items()}
                address = address_of(route.name, talks, **given)
                assert send(clients[HEAD], route.method, address).status_code == 404


def somewhere_else(talks):
    """Another negotiation of the same head, with plenty of everything; the UUIDs there, by name."""
    other = factories.make_negotiation(("XX", "YY"), head=talks.head)
    source = add_source(other, by=talks.head, title="Another")
    entry = factories.record(factories.make_issue(other), "XX", sources=[source])
    sheet = factories.make_sheet(other.issues.get(), factories.make_round(other))
    note = factories.add_note(other.issues.get())
    vault = factories.add_vault(other.issues.get())
    other.issues.update(number=99)
    other.rounds.update(place=99)
    factories.add_member(other, user=talks.stranger)
    made, _token = invite(other, by=talks.head, role="viewer")
    link, _secret = share(other, by=talks.head, lasts=dt.timedelta(days=1))
    uuids = {
        "invitation": made.uuid,
        "link": link.uuid,
        "entry": entry.uuid,
        "source": source.uuid,
        "sheet": sheet.uuid,
        "note": note.uuid,
        "vault": vault.uuid,
    }
    return {f"{name} elsewhere": uuid for name, uuid in uuids.items()}


def test_nothing_is_changed_in_an_archived_negotiation(talks, clients, subtests):
    archive_negotiation(talks.negotiation, by=talks.head)
    for route in CHANGING:
        with subtests.test(str(route)), undone():
            answer = send(clients[HEAD], "POST", address_of(route.name, talks))
            assert answer.status_code == (302 if route.name in STILL else 403)


def test_who_reads_what_is_archived_and_what_is_everybodys(talks, clients, subtests):
    archive_negotiation(talks.negotiation, by=talks.head)
    for route in READING:
        for role in (VIEWER, "superuser"):
            with subtests.test(f"{role}: {route}"):
                assert is_let_in(send(clients[role], "GET", address_of(route.name, talks)))


def test_a_superuser_sets_up_every_negotiation(talks, clients, subtests):
    """But reads nobody's drafts, and nothing of the vault."""
    for route in WITHIN:
        if route.method == "GET" and route.name not in {"issues:sheet", "issues:vault_edit"}:
            with subtests.test(str(route)):
                assert is_let_in(send(clients["superuser"], "GET", address_of(route.name, talks)))


def test_a_page_takes_only_the_methods_of_the_table(talks, clients, subtests):
    """An action is not set off by a link; signing in again may lead to it, and on to its page."""
    listed = {(route.name, route.method) for route in WITHIN}
    for name in sorted({route.name for route in WITHIN}):
        for method in ("GET", "POST"):
            if (name, method) not in listed:
                with subtests.test(f"{method} {name}"):
                    answer = send(clients[HEAD], method, address_of(name, talks))
                    assert answer.status_code in ((302, 405) if method == "GET" else (405,))
    assert Negotiation.objects.filter(archived_at=None).get().issues.count() == 2
    assert Entry.objects.count() == 1


def test_the_admin_is_for_staff(talks, clients, subtests):
    for model in admin.site._registry:
        for page in ("changelist", "add"):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
            for role in ROLES:
                with subtests.test(f"{role}: {name}"):
                    assert clients[role].get(reverse(name)).status_code in (302, 403)
