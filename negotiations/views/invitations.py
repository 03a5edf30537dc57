from __future__ import annotations

from typing import cast
from uuid import UUID

from allauth.core.internal.ratelimit import consume_or_429
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from negotiations import mail, services
from negotiations.access import Role, invitation_of, viewer_with
from negotiations.forms import attempt
from negotiations.forms.invitations import ForgottenForm, InviteForm, JoinForm
from negotiations.htmx import HtmxRequest
from negotiations.models import Mail

from .common import page, say_refusal, sent, sent_from
from .members import HERE, INVITE_IDS, members_page, parties_of


@sent_from(HERE)
def invite(request: HtmxRequest, slug: str) -> HttpResponse:
    """Make an invitation, mail it if there is an address, and show its link this once."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    form = InviteForm(request.POST, viewer=viewer, parties=parties_of(viewer), auto_id=INVITE_IDS)
    site = request.build_absolute_uri("/") if settings.PARLEY_MAIL else ""
    made = attempt(
        form,
        lambda typed: services.invite(viewer.negotiation, by=request.user, mail_from=site, **typed),
    )
    if not made:
        return members_page(request, viewer, form)
    invitation, token = made
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    mailed = bool(invitation.email and site)
    transaction.on_commit(mail.wake)
    context = {"viewer": viewer, "section": "members", "part": "members", "link": link}
    context |= {"invitation": invitation, "mailed": mailed}
    return render(request, "negotiations/invitation_link.html", context)


@sent_from(HERE)
def invitation_withdraw(request: HtmxRequest, slug: str, invitation: UUID) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    services.withdraw_invitation(invitation_of(viewer, invitation), by=request.user)
    messages.success(request, "Withdrawn: the link no longer works.")
    return redirect(HERE, slug)


@require_http_methods(["GET", "POST"])
@login_not_required
def invitation(request: HtmxRequest, token: str) -> HttpResponse:
    """Behind the link: join with the account one is signed in with, or make one."""
    found = services.open_invitation(token)
    form = JoinForm(sent(request) if not request.user.is_authenticated else None)
    context = {"invitation": found, "next": request.path}
    if found and request.method == "POST" and request.user.is_authenticated:
        if say_refusal(request, lambda: services.join(found, user=request.user)):
            return redirect(found.negotiation)
    elif found and request.method == "POST":
        made = attempt(form, lambda typed: services.join_as_new(found, **_account(typed)))
        if made:
            messages.success(request, "Your account is ready. Sign in with it.")
            return redirect(
                f"{reverse('account_login')}?next={found.negotiation.get_absolute_url()}"
            )
    return page(request, "account/invitation.html", form, context)


@require_http_methods(["GET", "POST"])
@login_not_required
def forgotten(request: HttpRequest) -> HttpResponse:
    """Mail a set-password link; the answer is the same whether anybody has the address."""
    if not settings.PARLEY_MAIL:
        raise Http404("No mail is configured.")
    form = ForgottenForm(sent(request))
    if not form.is_valid():
        return page(request, "account/forgotten.html", form, {})
    address = form.cleaned_data["email"]
    refusal = consume_or_429(
        request, app="allauth.account", action="reset_password", key=address.casefold()
    )
    if refusal:
        return cast("HttpResponse", refusal)
    # Who has the address is looked up when it is sent: this takes equally long for any.
    services.post_mail(Mail.Kind.PASSWORD, address, request.build_absolute_uri("/"))
    transaction.on_commit(mail.wake)
    return render(request, "account/forgotten_sent.html", {"address": address})


def _account(typed: dict[str, str]) -> dict[str, str]:
    return {name: typed[name] for name in ("username", "full_name", "password")}
