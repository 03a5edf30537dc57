"""Headers on every answer, requests other sites make, sign-ins that ran out, second factors."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect, resolve_url
from django.urls import resolve
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django_htmx.middleware import HtmxDetails

from negotiations import eyes, origin, site
from negotiations.exceptions import Moved, SecondFactorNeeded

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


# A probe knows this machine by its number, and must not fail because a session cannot be read.
PROBES = {"/healthz": site.healthz, "/readyz": site.readyz}


def answer_probes(get_response: Handler) -> Handler:
    """Answer health probes before the host, a cookie or the database is looked at."""

    def middleware(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return get_response(request)
        request.resolver_match = resolve(request.path_info)  # the log names routes
        return probe(request)

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


def note_origin(get_response: Handler) -> Handler:
    """Let the security log know the address that a request came from."""
    from allauth.account.adapter import get_adapter

    def middleware(request: HttpRequest) -> HttpResponse:
        token = origin.address.set(lambda: get_adapter().get_client_ip(request))
        try:
            return get_response(request)
        finally:
            origin.address.reset(token)

    return middleware


def end_old_sessions(get_response: Handler) -> Handler:
    """Sign out who began too long ago or did nothing for too long; what follows asks to sign in."""
    from negotiations import sessions

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            if sessions.is_over(request.session):
                logout(request)
            else:
                sessions.note_seen(request.session, request.user)
        return get_response(request)

    return middleware


class BorrowedEyesMiddleware:
    """Let a head look at a negotiation as others would, and change nothing meanwhile."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = eyes.borrowed_in(request.session) if request.user.is_authenticated else None
        request.eyes = known  # type: ignore[attr-defined]
        token = eyes.borrowed.set(known)
        try:
            return self.get_response(request)
        finally:
            eyes.borrowed.reset(token)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Refuse to change anything of any negotiation; the account and the admin are open."""
        route = request.resolver_match
        ours = route is not None and route.app_name in {"negotiations", "issues"}
        if request.eyes and ours and request.method not in {"GET", "HEAD"}:  # type: ignore[attr-defined]
            raise PermissionDenied(LOOKING)
        return None


LOOKING = "You look at a negotiation as others would see it: nothing can be changed until you stop."
STAFF_SENTENCE = "Staff sign in with a second factor here. Set one up, then go on."
DESK_SENTENCE = "A negotiation that you see here asks for a second factor. Set one up, then go on."
# What somebody without a second factor may still open: the pages to set one up, and the way out.
OPEN_TO_ALL = (
    "account_",
    "mfa_",
    "openid_connect_",
    "usersessions_",
    "welcome",
    "forgotten",
    "invitation",
    "healthz",
    "readyz",
    "robots",
    "public_",
    "shared_",
)


class SecondFactorMiddleware:
    """Lead whoever lacks a second factor that is asked for to the page where it is set up."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Staff everywhere, where the site asks for it; the admin, where a negotiation does."""
        from negotiations import factors

        route, user = request.resolver_match, request.user
        if route is None or not user.is_authenticated:
            return None
        if (route.url_name or "").startswith(OPEN_TO_ALL):
            return None
        if factors.staff_lacks_one(user):
            return lead_to_set_up(request, STAFF_SENTENCE)
        in_admin = route.app_name == "admin" and user.is_staff
        if in_admin and factors.desk_lacks_one(user):
            return lead_to_set_up(request, DESK_SENTENCE)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A negotiation that asks for it, wherever in a page it is opened."""
        if isinstance(exception, SecondFactorNeeded):
            return lead_to_set_up(request, str(exception))
        return None


class MovedMiddleware:
    """Leads from an address that a thing had to the one it has."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Moved):
            return None
        # What was sent there was meant for what it was: whoever sent it looks again.
        here = request.get_full_path() if request.method == "GET" else exception.old
        return redirect(here.replace(exception.old, exception.new, 1))


def lead_to_set_up(request: HttpRequest, sentence: str) -> HttpResponse:
    """To the person's own account, with the reason; a fragment takes the whole page there."""
    from negotiations.second_factor import ONWARD

    messages.warning(request, sentence)
    account = resolve_url("mfa_index")
    if getattr(request, "htmx", False):
        answer = HttpResponse(sentence, status=HTTPStatus.FORBIDDEN, content_type="text/plain")
        answer["HX-Redirect"] = account
        return answer
    if request.method == "GET":
        request.session[ONWARD] = request.get_full_path()
    return redirect(account)
