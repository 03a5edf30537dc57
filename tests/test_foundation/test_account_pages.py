import re

import pytest
from playwright.sync_api import expect

from negotiations.accounts import set_password_link
from negotiations.models import User
from tests.browsing import findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "plum-orchard-7"
PHONE = {"viewport": {"width": 390, "height": 800}}
LOOKS = [{}, {"color_scheme": "dark"}, PHONE]


@pytest.fixture
def head():
    return User.objects.create_user("head", password=PASSWORD)


def fill_in(page, password):
    page.get_by_label("User name").fill("head")
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")
    page.wait_for_load_state()


@pytest.mark.parametrize("javascript", [True, False])
def test_signing_in_after_a_slip(new_page, head, javascript):
    page = new_page(java_script_enabled=javascript)
    page.goto("/login/?next=/password/")
    fill_in(page, "wrong")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("alert").filter(has_text="not correct")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("head")
    fill_in(page, PASSWORD)
    page.wait_for_url(re.compile(r"^[^?]+/password/$"))


def test_back_after_signing_out_shows_nothing(new_page, head):
    page = new_page(head)
    page.goto("/password/")
    page.goto("/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/")
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_account_pages_have_no_accessibility_finding(new_page, head, look):
    newcomer = User.objects.create_user("newcomer", password=None)
    link = set_password_link(newcomer).removeprefix("http://testserver")
    visitor, member = new_page(**look), new_page(head, **look)
    for page, address in [
        (visitor, "/login/"),
        (visitor, link),
        (visitor, "/welcome/00000000-0000-0000-0000-000000000000/x/"),
        (visitor, "/inactive/"),
        (member, "/logout/"),
        (member, "/password/"),
        (member, "/nothing/here/"),
    ]:
        page.goto(address)
        assert findings(page) == [], address
    member.goto("/password/")
    # Empty, the browser would not send it, and the page would be the one seen before.
    for field in member.locator("input[type=password]").all():
        field.fill("wrong")
    member.get_by_role("button", name="Change password").click()
    expect(member).to_have_title(re.compile("^Error: "))
    assert findings(member) == []
