"""Passkeys in a real browser, and the account pages: no finding, no offence against the policy."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from playwright.sync_api import expect

from negotiations.models import User
from tests import factories
from tests.browsing import PHONE, findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "plum-orchard-7"
OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def person():
    return User.objects.create_user("head", password=PASSWORD)


def with_authenticator(page):
    """A device that says yes to every passkey dialog of this page."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
    return page


def add_passkey(page):
    page.goto("/account/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()


def test_a_passkey_signs_in_alone(new_page, person):
    page = with_authenticator(new_page(person))
    add_passkey(page)
    page.goto("/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.goto("/login/?next=/account/")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Your account").wait_for()
    expect(page.get_by_text("On: whoever has only your password")).to_be_visible()


def test_a_passkey_is_the_second_step_after_the_password(new_page, person):
    page = with_authenticator(new_page(person))
    add_passkey(page)
    page.context.clear_cookies()
    page.goto("/login/?next=/account/")
    page.get_by_label("User name").fill("head")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey instead").click()
    page.get_by_role("heading", name="Your account").wait_for()
    page.get_by_role("link", name="Remove Passkey 1").click()
    page.get_by_role("link", name="Use a security key").click()
    page.get_by_role("button", name="Use passkey").wait_for()
    assert findings(page) == []
    page.get_by_role("button", name="Use passkey").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_text("Off: your password alone")).to_be_visible()


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark", "viewport": PHONE}], ids=str)
def test_account_pages_have_no_finding(new_page, person, look):
    page = new_page(person, **look)
    page.goto("/account/app/")
    assert findings(page) == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="Set up an app with codes").wait_for()
    assert findings(page) == []
    for address in ("/account/", "/account/passkeys/add/", "/account/sign-ins/"):
        page.goto(address)
        assert findings(page) == [], address
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    for address in ("/account/", "/account/app/remove/", "/account/codes/new/"):
        page.goto(address)
        assert findings(page) == [], address
    page.get_by_role("button", name="Make new codes").click()
    page.get_by_role("heading", name="Recovery codes", exact=True).wait_for()
    assert findings(page) == []
    visitor = new_page(**look)
    visitor.goto("/login/")
    assert findings(visitor) == []
    visitor.get_by_label("User name").fill("head")
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.get_by_role("heading", name="Second step").wait_for()
    assert findings(visitor) == []


def test_invitations_and_the_log_have_no_finding(new_page):
    talks = factories.make_talks()
    page, here = new_page(talks.head), f"/negotiations/{talks.slug}"
    page.goto(f"{here}/members/")
    page.get_by_role("button", name="Make invitation").click()
    page.get_by_role("heading", name="Invitation made").wait_for()
    link = page.get_by_label("Link of the invitation").input_value()
    for address in (None, f"{here}/members/", f"{here}/security/", "/security/", link):
        if address:
            page.goto(address)
        assert findings(page) == [], address
    visitor = new_page(viewport=PHONE)
    for address in (link, "/invitation/dead/", "/forgotten/"):
        visitor.goto(address)
        assert findings(visitor) == [], address
