"""What goes wrong between browser and server is said on the page, and nothing typed is lost."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from issues.models import Entry
from tests.factories import make_issue, make_talks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "plum-orchard-7"


@pytest.fixture
def talks():
    talks = make_talks()
    talks.recorder.set_password(PASSWORD)
    talks.recorder.save()
    talks.issue = make_issue(talks.negotiation, "Return of property")
    return talks


@pytest.fixture
def item(talks, new_page):
    """The item's page with an entry typed in and not sent."""
    page = new_page(talks.recorder)
    page.goto(talks.issue.get_absolute_url())
    page.locator("label", has_text="RU").first.click()
    page.get_by_label("When it was said or done").fill("24 Jun 2025")
    page.get_by_label("What was said").fill("No change in their refusal.")
    return page


def save(page):
    page.locator("#entry-save").click()


def alert(page):
    return page.locator("#alert")


def typed_text(page):
    return page.get_by_label("What was said").input_value()


def test_expired_sign_in_keeps_what_was_typed_until_signed_in_again(item, talks):
    Session.objects.all().delete()
    save(item)
    alert(item).get_by_text("You have been signed out").wait_for()
    assert typed_text(item) == "No change in their refusal."
    assert Entry.objects.count() == 0
    with item.context.expect_page() as opened:
        alert(item).get_by_role("button", name="Sign in").click()
    login = opened.value
    login.get_by_label("User name").fill(talks.recorder.username)
    login.get_by_label("Password").fill(PASSWORD)
    login.get_by_label("Password").press("Enter")
    login.wait_for_url(f"**{talks.issue.get_absolute_url()}")
    save(item)
    item.get_by_text("Saved.").first.wait_for()
    assert Entry.objects.get().text == "No change in their refusal."


def test_expired_sign_in_while_reading_leads_to_the_login_page_and_back(talks, new_page):
    page = new_page(talks.recorder)
    address = f"/negotiations/{talks.slug}/issues/"
    page.goto(address)
    Session.objects.all().delete()
    page.locator("[data-filter]").fill("property")
    page.wait_for_url("**/login/?next=**")
    page.get_by_label("User name").fill(talks.recorder.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.wait_for_url(f"**{address}**")
    expect(page.get_by_role("link", name="Return of property", exact=True)).to_be_visible()


def test_lost_network_is_said_and_the_second_try_records_once(item):
    item.context.set_offline(True)
    save(item)
    alert(item).get_by_text("could not be reached").wait_for()
    assert typed_text(item) == "No change in their refusal."
    item.context.set_offline(False)
    alert(item).get_by_role("button", name="Try again").click()
    item.get_by_text("Saved.").first.wait_for()
    assert Entry.objects.count() == 1


def test_server_error_is_said_and_keeps_the_input(item):
    item.route("**/entries/", lambda route: route.fulfill(status=500, body="<p>trace</p>"))
    save(item)
    alert(item).get_by_text("Something went wrong on the server").wait_for()
    assert "trace" not in alert(item).inner_text()
    assert typed_text(item) == "No change in their refusal."
