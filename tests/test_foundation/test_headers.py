import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from negotiations import urls
from negotiations.models import User

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def failing(request):
    raise RuntimeError("secret detail")


def wrong_date(request):
    raise BadRequest("The date 31 Feb 2026 does not exist.")


def wrong_role(request):
    raise PermissionDenied("This needs the role head.")


def plain(request):
    return HttpResponse("fine")


# The site as it is, and a page for each way a page can end.
handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
urlpatterns = [
    path("failing/", failing),
    path("wrong-date/", wrong_date),
    path("wrong-role/", wrong_role),
    path("plain/", plain),
    *urls.urlpatterns,
]

ANSWERS = [
    ("/plain/", 200),
    ("/login/", 302),  # signed in already
    ("/logout/", 200),
    ("/wrong-date/", 400),
    ("/wrong-role/", 403),
    ("/nothing/here/", 404),
    ("/failing/", 500),
    ("/healthz", 200),
    ("/readyz", 200),
    ("/robots.txt", 200),
    ("/welcome/00000000-0000-0000-0000-000000000000/x/", 200),
]


@pytest.fixture
def person(db, settings):
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create(username="head"))
    return client


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true", "HX-Target": "x"}])
@pytest.mark.parametrize(("address", "status"), ANSWERS)
def test_every_answer_is_guarded_and_stored_nowhere(person, address, status, htmx):
    response = person.get(address, headers=htmx)
    assert response.status_code == status
    assert_guarded(response)
    assert response["Cache-Control"] == "no-store"
    assert {"HX-Request", "HX-Target"} <= set(response["Vary"].split(", "))


def test_static_file_is_guarded_and_may_be_stored(client):
    response = client.get("/static/django_htmx/htmx-2.min.js")
    assert response.status_code == 200
    assert_guarded(response)
    assert "no-store" not in response["Cache-Control"]


def assert_guarded(response, policy=POLICY, referrer="same-origin"):
    assert set(response["Content-Security-Policy"].split("; ")) == policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == referrer
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


def test_refusals_say_their_sentence(person):
    assert "The date 31 Feb 2026 does not exist." in person.get("/wrong-date/").content.decode()
    assert "This needs the role head." in person.get("/wrong-role/").content.decode()


def test_error_page_tells_nothing_of_the_cause(person):
    page = person.get("/failing/").content.decode()
    assert "Something went wrong" in page
    assert "secret detail" not in page


def test_missing_page_does_not_repeat_its_reason(person):
    assert "nothing/here" not in person.get("/nothing/here/").content.decode()


def test_htmx_gets_one_sentence_not_a_page(person):
    response = person.get("/wrong-role/", headers={"HX-Request": "true"})
    assert response.status_code == 403
    assert "<html" not in response.content.decode()
    assert 'id="refusal"' in response.content.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
def test_other_sites_may_not_probe(person, headers):
    response = person.get("/plain/", headers=headers | {"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert_guarded(response)


def test_link_on_another_site_may_be_followed_but_not_posted(person):
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert person.get("/plain/", headers=headers).status_code == 200
    assert person.post("/plain/", headers=headers).status_code == 403


def test_own_pages_are_not_other_sites(person):
    headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert person.post("/plain/", headers=headers).status_code == 200
