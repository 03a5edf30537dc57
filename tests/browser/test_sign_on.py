"""Single sign-on in a browser: connected once, then one button; axe finds nothing on the way."""

import pytest
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import expect

from negotiations.models import User
from negotiations.startup import single_sign_on
from tests.browser.looks import assert_in_order
from tests.browsing import Guard, open_context
from tests.fake_provider import CLIENT, SECRET, Provider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "plum-orchard-7"


@pytest.fixture
def provider(settings):
    """It is the one other origin that forms may lead to, as `negotiations.settings` has it."""
    provider = Provider()
    origin, apps = single_sign_on(provider.url, CLIENT, SECRET, name="Ministry", https=False)
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps}}
    settings.PARLEY_OIDC_NAME = "Ministry"
    policy = settings.CONTENT_SECURITY_POLICY
    forms = {"form-action": [*policy["DIRECTIVES"]["form-action"], origin]}
    settings.CONTENT_SECURITY_POLICY = policy | {"DIRECTIVES": policy["DIRECTIVES"] | forms}
    yield provider
    provider.close()


@pytest.fixture
def page(chromium, live_server, provider):
    """The provider is the only other host that is asked, and only where the browser is led."""
    guard = Guard(live_server.url)
    context = open_context(chromium, live_server.url)
    guard.watch(context)
    yield context.new_page()
    context.close()
    assert [one for one in guard.offences if f": {provider.url}/authorize?" not in one] == []
    assert guard.offences


def sign_in(page):
    page.goto("/login/")
    page.get_by_label("User name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_refused_connected_and_signed_in_with_one_button(page, live_server):
    User.objects.create_user("ann", "ann@example.org", PASSWORD)
    page.goto("/login/")
    assert_in_order(page)
    page.get_by_role("button", name="Ministry").click()
    expect(page.get_by_text("You are known there, but not here.")).to_be_visible()
    assert_in_order(page)

    sign_in(page)
    page.goto("/account/")
    assert_in_order(page)
    page.get_by_role("button", name="Ministry").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/account/")
    expect(page.get_by_text("Connected: from now on it signs you in as well.")).to_be_visible()
    assert_in_order(page)
    assert SocialAccount.objects.get().user.username == "ann"

    page.goto("/logout/")
    page.locator("#main").get_by_role("button", name="Sign out").click()
    page.goto("/login/")
    page.get_by_role("button", name="Ministry").click()
    page.wait_for_url(f"{live_server.url}/")
    expect(page.locator("h1")).to_be_visible()
