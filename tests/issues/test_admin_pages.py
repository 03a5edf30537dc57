"""Every page of the admin opens; who is nobody here gets in nowhere."""

import datetime as dt
from copy import deepcopy

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group

from issues import services
from issues.models import AgendaLine, AudienceChange, Entry, Issue, Standing
from negotiations.models import Delegate, Erasure, Negotiation, Readout, Round, Source, Status
from negotiations.services import add_source, open_override
from tests import factories
from tests.admin_pages import browser, make_staff, make_superuser, url

OURS = [
    model for model in admin.site._registry if model._meta.app_label in ("negotiations", "issues")
]
# Added on the page they belong to, or made by nobody's hand.
NEVER_ADDED = {
    *(
        "Letterhead",
        "Delegate",
        "Readout",
        "AgendaLine",
        "Erasure",
        "EntrySource",
        "AudienceChange",
    ),
    *("Redaction", "SightChange", "Standing", "StandingParty", "Note", "Edition", "ShareLink"),
}
# The search index holds the words of every delegation; sheets are drafts that only those at the
# table may read; an import is read on its own pages, by who may see what came with it.
SHOWN_NOWHERE = {"SearchRow", "Sheet", "SheetRow", "Import", "Upload"}
# Invitations and the security log have pages of their own; counts of tries are nobody's to read.
SHOWN_NOWHERE |= {"Vault", "VaultPerson", "VaultUse", "VaultVersion"}
SHOWN_NOWHERE |= {
    "Mail",
    "NotePerson",
    "SightPerson",
    "Invitation",
    "Job",
    "SecurityEvent",
    "SecurityHead",
    "SharedCount",
}
# Figures of every scope.
SHOWN_NOWHERE |= {"StandingCount"}
# The chains of hashes are read by verify_history; nothing in them is for a person's eyes.
SHOWN_NOWHERE |= {"ChainHead", "ChainLink", "PersonErasure"}


def make_world():
    """One row of every model, at least."""
    talks = factories.make_talks()
    negotiation = talks.negotiation
    round_ = factories.make_round(negotiation, "Second round", "10 Apr 2025")
    russia = negotiation.parties.get(code="RU")
    source = add_source(negotiation, by=talks.head, title="A communiqué")
    Readout.objects.create(round=round_, party=russia, text="It went well.", source=source)
    Delegate.objects.create(round=round_, party=russia, name="A. Ivanov", is_head=True)
    issue = factories.make_issue(negotiation, "Flights")
    factories.make_issue(negotiation, "Direct flights", parent=issue)
    services.set_agenda_line(round_, issue, by=talks.head, planned=True)
    entry = factories.record(issue, "RU", "Agreed", sources=[source], round=round_)
    viewer = factories.viewer(negotiation)
    services.change_audience(entry, audience="public", party=None, reason="Known.", viewer=viewer)
    services.redact(factories.record(issue, "US", "Raised"), reason="A slip.", by="admin")
    factories.set_letterhead(negotiation)
    factories.add_note(issue)
    services.share(negotiation, by=talks.head, lasts=dt.timedelta(days=1), issue=issue)
    open_override(russia, reason="A repair.", by=factories.make_user(is_superuser=True))
    Erasure.objects.create(slug_sha256="0" * 64, reason="On request.", entries=3)
    return talks


@pytest.fixture(scope="module")
def made(module_db):
    return make_world()


@pytest.fixture
def world(made, db):
    return deepcopy(made)


def first(model):
    row = model._default_manager.first()
    return row.uuid if model is Entry else row.pk


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_page_opens(world, model):
    client = browser(make_superuser())
    assert client.get(url(model)).status_code == 200
    assert client.get(url(model), {"q": "us"}).status_code == 200
    assert client.get(url(model, "change", first(model))).status_code == 200
    assert client.get(url(model, "history", first(model))).status_code == 200
    added = client.get(url(model, "add"), follow=True).status_code
    assert added == (403 if model.__name__ in NEVER_ADDED else 200)


def test_every_model_has_a_page(db):
    from django.apps import apps

    models = {
        model
        for app in ("negotiations", "issues")
        for model in apps.get_app_config(app).get_models()
        if not model.__name__.startswith("Historical")
    }
    assert {model.__name__ for model in models - set(OURS)} == SHOWN_NOWHERE


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_nobody_else_gets_in(world, client, model):
    assert client.get(url(model)).url == f"/login/?next={url(model)}"
    assert browser(world.head).get(url(model), follow=True).status_code == 403


@pytest.mark.parametrize("model", [Entry, Issue, Round, Negotiation], ids=lambda m: m.__name__)
def test_a_row_links_to_its_page_on_the_site(world, model):
    page = browser(make_superuser()).get(url(model, "change", first(model)))
    path = page.context["absolute_url"]
    assert path.startswith(f"/negotiations/{world.slug}/")
    assert browser(world.head).get(path).status_code == 200


def test_no_redirect_by_number_names_a_hidden_negotiation(world):
    from django.contrib.contenttypes.models import ContentType

    kind = ContentType.objects.get_for_model(Negotiation)
    client = browser(make_staff())
    assert client.get(f"/admin/r/{kind.pk}/{world.negotiation.pk}/").status_code == 404


def test_filters_keep_to_what_exists(world):
    client = browser(make_superuser())
    for model in OURS:
        page = client.get(url(model))
        for one in page.context["cl"].filter_specs:
            for choice in one.choices(page.context["cl"]):
                answer = client.get(url(model) + choice["query_string"])
                assert answer.status_code == 200, (model, choice)


def test_a_date_leads_to_the_rows_of_that_month(world):
    page = browser(make_superuser()).get(url(Entry), {"said_first__year": 2025})
    assert page.context["cl"].result_count == 2


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (Issue, "entries__isnull=1"),
        (Issue, "entries__text__startswith=a"),
        (Issue, "negotiation__memberships__user__password__startswith=p"),
        (Source, "entry_links__isnull=1"),
        (Status, "scheme__negotiation__issues__entries__text__contains=x"),
        (Entry, "recorded_by__password__startswith=p"),
        (Standing, "last_entry__text__startswith=a"),
    ],
)
def test_a_lookup_no_filter_offers_is_refused(world, model, query):
    assert browser(make_superuser()).get(f"{url(model)}?{query}").status_code == 400


def test_models_of_the_library_stay(db):
    assert Group in admin.site._registry


@pytest.mark.parametrize("model", [AudienceChange, Standing, Erasure], ids=lambda m: m.__name__)
def test_derived_rows_are_only_read(world, model):
    client = browser(make_superuser())
    address = url(model, "change", first(model))
    assert client.post(address, {"reason": "x"}).status_code == 403
    assert client.post(url(model, "delete", first(model)), {"post": "yes"}).status_code == 403


ROWS = {
    Issue: lambda talks: factories.make_issue(talks.negotiation),
    Entry: lambda talks: factories.record(factories.make_issue(talks.negotiation), "RU", "Raised"),
    Round: lambda talks: factories.make_round(talks.negotiation),
    AgendaLine: lambda talks: services.set_agenda_line(
        factories.make_round(talks.negotiation),
        factories.make_issue(talks.negotiation),
        by=None,
        planned=True,
    ),
    Readout: lambda talks: Readout.objects.create(
        round=factories.make_round(talks.negotiation),
        party=talks.negotiation.parties.first(),
        text="Fine.",
    ),
    Source: lambda talks: add_source(
        talks.negotiation, by=None, title=f"Paper {next(factories.NUMBERS)}"
    ),
}


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_a_list_asks_as_many_queries_for_more_rows(
    world, model, django_assert_max_num_queries, django_assert_num_queries
):
    client = browser(make_superuser())
    for _ in range(3):
        ROWS[model](world)
    client.get(url(model))
    with django_assert_max_num_queries(20) as few:
        client.get(url(model))
    for _ in range(6):
        ROWS[model](world)
    with django_assert_num_queries(len(few)):
        client.get(url(model))


@pytest.mark.parametrize("model", [Negotiation, Round], ids=lambda model: model.__name__)
def test_a_page_with_inlines_asks_as_many_queries_for_more_rows(
    world, model, django_assert_max_num_queries, django_assert_num_queries
):
    client, address = browser(make_superuser()), url(model, "change", first(model))

    def more():
        round_ = Round.objects.first()
        issue = factories.make_issue(world.negotiation)
        services.set_agenda_line(round_, issue, by=None, planned=True)
        factories.make_round(world.negotiation)
        factories.add_member(world.negotiation)

    more()
    client.get(address)
    with django_assert_max_num_queries(25) as few:
        client.get(address)
    for _ in range(4):
        more()
    with django_assert_num_queries(len(few)):
        client.get(address)
