"""Somebody's membership ends: all they asked before is asked again, and nothing answers."""

import datetime as dt

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.urls import reverse

from issues.models import Entry
from issues.services import importing, share, take_down, withdraw_share
from negotiations.services import add_member, remove_member
from tests import factories
from tests.factories import own_audience, viewer
from tests.test_permissions import WITHIN, address_of

from . import crawl, table, world
from .world import AMERICA, MEMBERS


@pytest.fixture
def talks(db):
    """The American recorder has everything under way that can be."""
    with time_machine.travel(world.NOW, tick=False):
        talks = world.base()
        world.later(talks)
        talks.client = crawl.signed_in(talks)["us"]
        talks.sheet = factories.make_sheet(talks.issues[1], talks.round, by=talks.us)
        america = viewer(talks.negotiation, talks.us)
        talks.entry = factories.record(
            talks.issues[0], "US", "Raised", by=talks.us, **own_audience(america)
        )
        table.words(talks.client, talks)
        table.prepare("json")(talks.client, talks)
        yield talks


def all_rows():
    """Every row of both apps; sessions are of neither."""
    models = [
        model
        for app in ("issues", "negotiations")
        for model in apps.get_app_config(app).get_models()
    ]
    return {model: sorted(model._base_manager.values_list(), key=str) for model in models}


def replay(talks):
    """Everything of the table within the negotiation, on what was this person's own."""
    for route in WITHIN:
        for visit in table.visits(route):
            if not visit.before and not visit.is_slow and not visit.names:
                yield route, crawl.ask(talks.client, route, visit, talks)


def test_nothing_answers_and_nothing_changes(talks):
    remove_member(talks.us.memberships.get())
    before = all_rows()
    found = {(str(route), answer.status) for route, answer in replay(talks)}
    assert {(route, status) for route, status in found if status != 404} == set()
    assert all_rows() == before


def test_pages_of_ones_own_tell_nothing_of_it(talks):
    remove_member(talks.us.memberships.get())
    for address in (reverse("issues:home"), f"{reverse('issues:search')}?q=they"):
        told = talks.client.get(address).content.decode()
        assert talks.negotiation.title not in told
        assert MEMBERS not in told


def let_out(talks):
    """Every page that needs no account, by either door, at every clock."""
    for route in table.ROUTES:
        if route.name.startswith(("issues:public_", "issues:shared_")):
            for visit in table.visits(route):
                yield str(route), visit, crawl.visited(Client(), route, visit, talks)


def test_what_was_let_out_is_taken_back(talks):
    """The edition off and the link withdrawn: each answers as if it had never been."""
    before = {str(route) for route, _visit, answer in let_out(talks) if answer.status == 200}
    assert len(before) == 14
    take_down(talks.negotiation, by=talks.head)
    for link in talks.negotiation.share_links.all():
        withdraw_share(link, by=talks.head)
    assert {answer.status for _route, _visit, answer in let_out(talks)} == {404}
    assert (
        len({answer.text for _route, _visit, answer in let_out(talks)}) == 2
    )  # one has no-referrer


def test_a_link_ends_with_its_makers_membership(talks):
    talks.client.force_login(talks.us_head)
    _link, talks.secret = share(talks.negotiation, by=talks.us_head, lasts=dt.timedelta(days=1))
    shared = reverse("issues:shared_state", args=[talks.secret])
    assert Client().get(shared).status_code == 200
    remove_member(talks.us_head.memberships.get(negotiation=talks.negotiation))
    assert Client().get(shared).status_code == 404


def test_it_all_worked_before(talks):
    """The tests above would pass if the person had never been let in."""
    for name in ("entry_correct", "sheet", "file_download", "import_check", "entry"):
        answer = talks.client.get(address_of(f"issues:{name}", talks))
        assert answer.status_code in (200, 302), name
    assert importing.staged(viewer(talks.negotiation, talks.us))
    assert Entry.objects.filter(recorded_by=talks.us, audience="delegation").count() == 2


def test_what_was_under_way_is_lost(talks):
    """Let in again on no side: the file for a delegation is not handed out, its draft not shown."""
    remove_member(talks.us.memberships.get())
    add_member(talks.negotiation, user=talks.us, role="recorder", party=None)
    download = talks.client.get(address_of("issues:file_download", talks), follow=True)
    assert "has changed meanwhile" in download.content.decode()
    for name in ("sheet", "entry", "entry_correct"):
        assert talks.client.get(address_of(f"issues:{name}", talks)).status_code == 404
    told = talks.client.get(address_of("issues:issue_detail", talks, number=2)).content.decode()
    assert AMERICA not in told
