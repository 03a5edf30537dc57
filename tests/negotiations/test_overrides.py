"""Break-glass: what a superuser may open, who is told, and how it ends."""

import datetime as dt
from copy import deepcopy

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from negotiations.admin.desk import Desk
from negotiations.models import Override, SecurityEvent
from negotiations.services import end_override, open_override
from tests import factories
from tests.admin_pages import make_superuser
from tests.factories import add_member, add_note, add_vault, own_audience, record, viewer

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
REASON = "The entry cannot be opened."


@pytest.fixture(scope="module")
def made(module_db):
    talks = factories.make_delegations()
    talks.ru_head = add_member(talks.negotiation, "head", "RU")
    talks.us_head = add_member(talks.negotiation, "head", "US")
    talks.issue = factories.make_issue(talks.negotiation, "Banking")
    talks.russia = talks.negotiation.parties.get(code="RU")
    russia = viewer(talks.negotiation, talks.ru)
    own = own_audience(russia)
    record(talks.issue, "RU", "Blocked", by=talks.ru, text="kestrel entry", **own)
    add_note(talks.issue, talks.ru, "kestrel note", "delegation")
    factories.make_issue(
        talks.negotiation, "kestrel item", by=talks.ru, recorded_party=russia.party, **own
    )
    add_note(talks.issue, talks.ru, "harrier note", "named")
    add_vault(talks.issue, talks.ru, "harrier vault")
    talks.admin = make_superuser()
    return talks


@pytest.fixture
def talks(made, db):
    return deepcopy(made)


def browser(user, confirmed=True):
    client = Client()
    if user is None:
        return client
    client.force_login(user)
    if confirmed:
        factories.confirm(client)
    return client


def found(client, word):
    """The lists of the admin that show a row with this word to this person."""
    shown = set()
    for name in ("issues_entry", "issues_note", "issues_issue"):
        page = client.get(reverse(f"admin:{name}_changelist"), {"q": word})
        if page.context["cl"].result_count:
            shown.add(name)
    return shown


def told(user, talks):
    """What the log of the negotiation says of it to this head, and the first page."""
    client = browser(user, confirmed=False)
    log = client.get(f"/negotiations/{talks.slug}/security/?kind=override").content.decode()
    return REASON in log, REASON in client.get("/").content.decode()


def test_a_superuser_sees_nothing_of_a_delegation_without_it(talks):
    assert found(browser(talks.admin), "kestrel") == set()


def test_opened_on_its_page_it_shows_the_delegations_own(talks):
    client, add = browser(talks.admin), reverse("admin:negotiations_override_add")
    address = f"{add}?negotiation={talks.negotiation.pk}"
    assert client.get(address).status_code == 200
    typed = {"party": talks.russia.pk, "reason": REASON}
    assert client.post(address, typed).status_code == 302
    assert found(client, "kestrel") == {"issues_entry", "issues_note", "issues_issue"}
    assert found(browser(make_other_superuser()), "kestrel") == set()


def make_other_superuser():
    return factories.make_user(is_superuser=True, is_staff=True)


def test_it_asks_for_the_password_once_more(talks):
    client = browser(talks.admin, confirmed=False)
    address = f"{reverse('admin:negotiations_override_add')}?negotiation={talks.negotiation.pk}"
    assert client.get(address)["Location"].startswith("/account/confirm/?next=")
    typed = {"party": talks.russia.pk, "reason": REASON}
    assert client.post(address, typed).status_code == 422
    assert not Override.objects.exists()


def test_without_a_reason_it_stays_shut(talks):
    client = browser(talks.admin)
    address = f"{reverse('admin:negotiations_override_add')}?negotiation={talks.negotiation.pk}"
    client.post(address, {"party": talks.russia.pk, "reason": " "})
    assert not Override.objects.exists()
    with pytest.raises(ValidationError):
        open_override(talks.russia, reason=" ", by=talks.admin)


def test_only_a_superuser_who_is_not_cleared_opens_it(talks):
    for person in (talks.ru_head, talks.head):
        with pytest.raises(ValidationError):
            open_override(talks.russia, reason=REASON, by=person)
    cleared = factories.make_user(is_superuser=True)
    add_member(talks.negotiation, "viewer", "RU", user=cleared)
    with pytest.raises(ValidationError, match="You belong to"):
        open_override(talks.russia, reason=REASON, by=cleared)


def test_the_vault_and_what_names_people_stay_shut(talks):
    open_override(talks.russia, reason=REASON, by=talks.admin)
    assert found(browser(talks.admin), "harrier") == set()


def test_it_opens_no_page_but_the_admin(talks):
    open_override(talks.russia, reason=REASON, by=talks.admin)
    page = browser(talks.admin).get(talks.issue.get_absolute_url()).content.decode()
    assert "kestrel" not in page


def test_the_heads_of_the_delegation_are_told_at_once_and_no_others(talks):
    open_override(talks.russia, reason=REASON, by=talks.admin)
    assert told(talks.ru_head, talks) == (True, True)
    assert told(talks.us_head, talks) == told(talks.head, talks) == (False, False)


def test_where_a_delegation_has_no_head_the_others_are_told(talks):
    talks.russia.memberships.filter(role="head").delete()
    open_override(talks.russia, reason=REASON, by=talks.admin)
    assert told(talks.head, talks) == (True, True)


def test_after_an_hour_it_is_over(talks):
    with time_machine.travel(NOW, tick=False) as clock:
        open_override(talks.russia, reason=REASON, by=talks.admin)
        clock.shift(dt.timedelta(minutes=59))
        assert found(browser(talks.admin), "kestrel")
        clock.shift(dt.timedelta(minutes=1))
        assert found(browser(talks.admin), "kestrel") == set()


def test_it_is_ended_by_a_button_and_that_is_a_line_too(talks):
    opened = open_override(talks.russia, reason=REASON, by=talks.admin)
    client = browser(talks.admin)
    typed = {"action": "end_now", "_selected_action": opened.pk}
    client.post(reverse("admin:negotiations_override_changelist"), typed)
    assert found(client, "kestrel") == set()
    end_override(opened, by=talks.admin)
    lines = SecurityEvent.objects.filter(kind="override").values_list("detail", flat=True)
    assert [line.partition(",")[2][:6] for line in lines] == [" ended", " until"]


def test_who_is_no_superuser_any_more_sees_nothing(talks):
    open_override(talks.russia, reason=REASON, by=talks.admin)
    talks.admin.is_superuser = False
    talks.admin.save()
    assert Desk(talks.admin).own_parties == []


def test_staff_who_are_no_superusers_have_no_such_page(talks):
    staff = factories.make_user(is_staff=True)
    address = reverse("admin:negotiations_override_changelist")
    assert browser(staff).get(address).status_code == 403


# --- The banner -----------------------------------------------------------------------------------

PAGES = ("index", "issues_entry_changelist", "negotiations_override_add", "password_change")


def banner(client, name="index"):
    """The page of the admin with this name, when it says what is open."""
    page = client.get(reverse(f"admin:{name}"), follow=True)
    assert page.status_code == 200
    text = page.content.decode()
    return text if "without clearance, until" in text else ""


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_admin_says_what_is_open(talks, name):
    client = browser(talks.admin)
    assert not banner(client, name)
    open_override(talks.russia, reason=REASON, by=talks.admin)
    assert REASON in banner(client, name)
    assert not banner(browser(make_other_superuser()), name)


def end(client, opened, **typed):
    return client.post(reverse("admin:negotiations_override_end", args=[opened.uuid]), typed)


def test_it_is_ended_there_and_one_is_back_where_one_was(talks):
    opened = open_override(talks.russia, reason=REASON, by=talks.admin)
    client, here = browser(talks.admin), reverse("admin:issues_entry_changelist")
    assert reverse("admin:negotiations_override_end", args=[opened.uuid]) in banner(client)
    for _twice in range(2):
        assert end(client, opened, back=here)["Location"] == here
    assert found(client, "kestrel") == set()
    assert not banner(client)
    assert SecurityEvent.objects.filter(kind="override").count() == 2


def test_nobody_else_ends_it_and_nothing_leads_elsewhere(talks):
    opened = open_override(talks.russia, reason=REASON, by=talks.admin)
    staff = factories.make_user(is_staff=True)
    answers = [end(browser(person), opened) for person in (make_other_superuser(), staff)]
    assert [answer.status_code for answer in answers] == [404, 403]
    assert end(browser(None), opened)["Location"].startswith("/login/")
    page = reverse("admin:negotiations_override_end", args=[opened.uuid])
    assert browser(talks.admin).get(page).status_code == 405
    away = end(browser(talks.admin), opened, back="https://elsewhere.example/")
    assert away["Location"] == reverse("admin:index")


def test_two_that_are_open_cost_no_more_queries_than_one(talks):
    client, counts = browser(talks.admin), []
    for code in ("RU", "US"):
        open_override(talks.negotiation.parties.get(code=code), reason=REASON, by=talks.admin)
        with CaptureQueriesContext(connection) as captured:
            assert banner(client)
        counts.append(len(captured))
    assert counts[0] == counts[1]
