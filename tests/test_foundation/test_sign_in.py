import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from negotiations.accounts import may_hand_out_link, set_password_link
from negotiations.models import User

PASSWORD = "plum-orchard-7"


@pytest.fixture
def head(db):
    return User.objects.create_user("head", password=PASSWORD)


def sign_in(client, username="head", password=PASSWORD, **extra):
    return client.post("/login/", {"login": username, "password": password} | extra)


def test_signing_in_leads_home_or_back(client, head):
    assert reverse("account_login") == "/login/"
    assert sign_in(client)["Location"] == "/"
    client.logout()
    assert sign_in(client, next="/negotiations/a/")["Location"] == "/negotiations/a/"


def test_next_on_another_host_is_ignored(client, head):
    assert sign_in(client, next="https://elsewhere.example/")["Location"] == "/"


def test_unknown_name_and_wrong_password_read_the_same(client, head):
    wrong = sign_in(client, password="wrong")
    unknown = sign_in(client, username="nobody")
    assert wrong.status_code == unknown.status_code == 422
    assert (
        errors(wrong)
        == errors(unknown)
        == ["The username and/or password you specified are not correct."]
    )


def errors(response):
    return response.context["form"].non_field_errors()


def test_form_names_its_fields_for_password_managers(client, db):
    page = client.get("/login/").content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page


def test_closed_account_cannot_sign_in(client, head):
    User.objects.update(is_active=False)
    response = sign_in(client)
    assert response["Location"] == "/inactive/"
    assert client.get("/inactive/").status_code == 200
    assert "_auth_user_id" not in client.session


def test_too_many_failures_are_stopped(client, head, settings):
    del settings.ACCOUNT_RATE_LIMITS
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/5m/key"}
    cache.clear()
    for _ in range(3):
        sign_in(client, password="wrong")
    response = sign_in(client)
    assert response.status_code == 422
    assert "Wait five minutes" in str(errors(response))
    cache.clear()


def test_failures_from_one_address_are_stopped_whatever_the_name(client, head, settings):
    """With a proxy in front the address is what the proxy says, not what the visitor does."""
    del settings.ACCOUNT_RATE_LIMITS
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/5m/ip"}
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    cache.clear()

    def tried(number, forwarded, **more):
        way = {"HTTP_X_FORWARDED_FOR": forwarded}
        data = {"login": f"name{number}", "password": "wrong"} | more
        return client.post("/login/", data, **way)

    for number in range(3):
        tried(number, f"10.0.0.{number}, 192.0.2.1")
    refused = tried(9, "10.0.0.9, 192.0.2.1", login="head", password=PASSWORD)
    assert "Wait five minutes" in str(errors(refused))
    assert tried(9, "192.0.2.2", login="head", password=PASSWORD).status_code == 302
    cache.clear()


def test_logging_out_needs_a_post_and_clears_the_tab(client, head):
    client.force_login(head)
    assert client.get("/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    response = client.post("/logout/")
    assert response["Location"] == "/login/"
    assert response["Clear-Site-Data"] == '"storage"'
    assert "_auth_user_id" not in client.session


def test_old_cookie_is_dead_after_logging_out(client, head):
    client.force_login(head)
    thief = Client()
    thief.cookies = client.cookies.copy()
    client.post("/logout/")
    assert thief.get("/password/").status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "/signup/",
        "/email/",
        "/confirm-email/",
        "/password/reset/",
        "/login/code/",
        "/reauthenticate/",
    ],
)
def test_no_other_account_page_exists(client, head, address):
    client.force_login(head)
    assert client.get(address).status_code == 404


def test_admin_signs_in_through_the_same_page(client, db):
    response = client.get("/admin/login/?next=/admin/")
    assert response["Location"] == "/login/?next=%2Fadmin%2F"


def test_admin_signs_out_through_the_same_page(client, db):
    client.force_login(User.objects.create_superuser("admin", password=PASSWORD))
    response = client.post("/admin/logout/")
    assert response["Location"] == "/login/"
    assert response["Clear-Site-Data"] == '"storage"'


def test_admin_is_closed_to_people_who_are_not_staff(client, head):
    client.force_login(head)
    assert client.get("/admin/", follow=True).status_code == 403


def test_changing_the_password_keeps_the_person_signed_in(client, head):
    client.force_login(head)
    typed = {"oldpassword": PASSWORD, "password1": "quince-42-tree", "password2": "quince-42-tree"}
    assert client.post("/password/", typed).status_code == 302
    assert client.get("/password/").status_code == 200
    head.refresh_from_db()
    assert head.check_password("quince-42-tree")


def test_wrong_old_password_is_an_error_on_the_form(client, head):
    client.force_login(head)
    response = client.post("/password/", {"oldpassword": "wrong"})
    assert response.status_code == 422
    assert "Error: Change password" in response.content.decode()


@pytest.fixture
def invited(db):
    return User.objects.create_user("newcomer", password=None)


def open_link(client, user):
    link = set_password_link(user)
    assert link.startswith("http://testserver/welcome/")
    return client.get(link.removeprefix("http://testserver"), follow=True)


def test_link_sets_the_password_once(client, invited):
    link = set_password_link(invited).removeprefix("http://testserver")
    page = client.get(link, follow=True)
    form_address = page.redirect_chain[-1][0]
    typed = {"new_password1": "quince-42-tree", "new_password2": "quince-42-tree"}
    assert client.post(form_address, typed)["Location"] == "/login/"
    assert sign_in(client, "newcomer", "quince-42-tree")["Location"] == "/"
    again = Client().get(link, follow=True)
    assert "This link no longer works" in again.content.decode()


def test_link_does_not_carry_a_database_id(invited):
    assert str(invited.uuid) in set_password_link(invited)


def test_weak_password_is_refused_beside_the_field(client, invited):
    form_address = open_link(client, invited).redirect_chain[-1][0]
    response = client.post(form_address, {"new_password1": "abc", "new_password2": "abc"})
    assert response.status_code == 422
    assert response.context["form"].errors["new_password2"]


@pytest.mark.parametrize("field", ["is_active", "uuid"])
def test_link_dies_with_the_account(client, invited, field):
    link = set_password_link(invited).removeprefix("http://testserver")
    values = {"is_active": False} if field == "is_active" else {"uuid": User().uuid}
    User.objects.filter(pk=invited.pk).update(**values)
    assert "This link no longer works" in client.get(link, follow=True).content.decode()


def test_head_gets_no_link_to_an_account_in_use(head, invited):
    admin = User.objects.create_superuser("admin", password=PASSWORD)
    assert may_hand_out_link(head, invited) == (True, "")
    assert not may_hand_out_link(head, admin)[0]
    assert not may_hand_out_link(invited, head)[0]
    assert may_hand_out_link(admin, head) == (True, "")


def test_nobody_gets_a_link_to_a_closed_account(invited):
    admin = User.objects.create_superuser("admin", password=PASSWORD)
    invited.is_active = False
    assert not may_hand_out_link(admin, invited)[0]
