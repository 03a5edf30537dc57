import pytest
from django.test import Client

from negotiations.models import User

FROM_PAGE = {
    "HX-Request": "true",
    "HX-Current-URL": "http://testserver/negotiations/a/?status=2",
    "HX-Target": "issue-table",
}
BACK = "/login/?next=%2Fnegotiations%2Fa%2F%3Fstatus%3D2"


@pytest.mark.django_db
def test_reading_with_an_expired_sign_in_leads_to_the_login_page(client):
    response = client.get("/password/", headers=FROM_PAGE)
    assert response.status_code == 401
    assert response["HX-Redirect"] == BACK
    assert "<" not in response.content.decode()


@pytest.mark.django_db
def test_sending_with_an_expired_sign_in_leaves_the_page_alone(client):
    response = client.post("/password/", headers=FROM_PAGE)
    assert response.status_code == 401
    assert "HX-Redirect" not in response
    assert response["HX-Reswap"] == "none"
    assert response["X-Parley-Login"] == BACK


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/trap", "javascript:alert(1)", ""])
def test_the_way_back_stays_on_this_host(client, elsewhere):
    response = client.get("/password/", headers=FROM_PAGE | {"HX-Current-URL": elsewhere})
    assert response["HX-Redirect"] == "/login/?next=%2F"


@pytest.mark.django_db
def test_without_htmx_it_is_a_plain_redirect(client):
    response = client.get("/password/")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/password/")


@pytest.mark.django_db
def test_other_redirects_pass(client):
    client.force_login(User.objects.create(username="head"))
    response = client.get("/login/", headers=FROM_PAGE)
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.fixture
def checked(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="head"))
    client.get("/password/")
    return client


def test_form_from_before_the_sign_in_is_refused_with_what_to_do(checked):
    response = checked.post("/password/", {"csrfmiddlewaretoken": "x" * 64})
    assert response.status_code == 403
    page = response.content.decode()
    assert "load the page again" in page
    assert "<html" in page


def test_the_same_refusal_for_htmx_is_one_sentence(checked):
    response = checked.post("/password/", headers=FROM_PAGE)
    assert response.status_code == 403
    assert "load the page again" in response.content.decode()
    assert "<html" not in response.content.decode()
