"""Whether a person said once more who they are, just now: by password, code or passkey."""

from __future__ import annotations

import time

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode

from negotiations.models import User


def is_confirmed(request: HttpRequest) -> bool:
    """Whether this sign-in was confirmed within the last minutes; signing in is not enough."""
    user = request.user if isinstance(request.user, User) else None
    known = get_authentication_records(request, user)
    times = [one["at"] for one in known if one.get("reauthenticated")]
    return bool(times) and time.time() - times[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def ask_to_confirm(request: HttpRequest) -> HttpResponse:
    """To the page that asks, and back. What was sent already stays in the browser, nowhere else."""
    way = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
    page = f"{resolve_url('account_reauthenticate')}?{way}"
    if request.method in {"GET", "HEAD"}:
        return redirect(page)
    kept = [(name, value) for name, values in request.POST.lists() for value in values]
    sent = [pair for pair in kept if pair[0] != "csrfmiddlewaretoken"]
    return render(request, "account/confirm_first.html", {"sent": sent, "page": page}, status=422)
