import pytest

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
    assert page.title().startswith("Error: ")
    assert page.get_by_role("alert").filter(has_text="not correct").is_visible()
    assert page.get_by_label("User name").input_value() == "head"
    fill_in(page, PASSWORD)
    assert page.url.endswith("/password/")


def test_back_after_signing_out_shows_nothing(new_page, head):
    page = new_page(head)
    page.goto("/password/")
    page.goto("/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/")
    page.go_back()
    page.go_back()
    assert page.get_by_role("heading", level=1).inner_text() == "Sign in"


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
    member.get_by_role("button", name="Change password").click()
    assert findings(member) == []
