"""Headers on every answer, requests other sites make, and a sign-in that ran out."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django_htmx.middleware import HtmxDetails

Handler: TypeAlias = Callable[[HttpRequest], HttpResponse]

UNUSED_FEATURES = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES)


def isolation_headers(get_response: Handler) -> Handler:
    """Forbid other sites to embed anything of ours, and pages to use the device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        return response

    return middleware


def refuse_other_sites(get_response: Handler) -> Handler:
    """Answer 403 to what another site sets off, except a person following a link to a page.

    Whether an image or a script "loads" would otherwise tell that site what exists here.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.headers.get("Sec-Fetch-Site") == "cross-site" and not _is_followed_link(request):
            return HttpResponseForbidden(
                "Another site may not ask for this.", content_type="text/plain; charset=utf-8"
            )
        return get_response(request)

    return middleware


def _is_followed_link(request: HttpRequest) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    )


def never_stored(get_response: Handler) -> Handler:
    """Keep pages out of every cache: one address answers with a page or with a piece of it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    return middleware


def expired_sign_in(get_response: Handler) -> Handler:
    """Turn "go and sign in" for an htmx request into 401; htmx would swap the login page in.

    Reading: `HX-Redirect` takes the browser to the login page and back to where it was. Sending:
    `X-Parley-Login` names the login page and the page stays, so that nothing typed is lost.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        login = resolve_url(settings.LOGIN_URL)
        htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
        if not htmx or response.get("Location", "").partition("?")[0] != login:
            return response
        # Only a path on this host is taken from the header: it is the client's word.
        back = htmx.current_url_abs_path or "/"
        target = f"{login}?{urlencode({'next': back})}"
        answer = HttpResponse(
            "You have been signed out.",
            status=HTTPStatus.UNAUTHORIZED,
            content_type="text/plain; charset=utf-8",
        )
        if request.method in {"GET", "HEAD"}:
            answer["HX-Redirect"] = target
        else:
            answer["HX-Reswap"] = "none"
            answer["X-Parley-Login"] = target
        return answer

    return middleware
