"""The head's page: the public edition and share links."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from negotiations.access import Role, Viewer, heading, viewer_with
from negotiations.forms import attempt
from negotiations.views.common import page, sent_from

from .. import services
from ..access import link_makers, share_link_of
from ..forms.publishing import EditionForm, ShareForm
from ..models import Edition, Issue, ShareLink
from ..reads.clock import NOW
from ..reads.edition import Door, PublicFrame, count_public
from .pages import person

HERE = "issues:publishing"


@require_GET
def publishing(request: HttpRequest, slug: str) -> HttpResponse:
    """What is public, whether it is published, and who was given a link."""
    viewer = heading(person(request), slug)
    frame = _frame(viewer)
    return _show(request, viewer, frame, ShareForm(None, frame=frame))


@sent_from(HERE)
def edition_on(request: HttpRequest, slug: str) -> HttpResponse:
    """Switch the edition on, or change what search engines are told; after the password again."""
    return _switch_on(request, viewer_with(person(request), slug, Role.HEAD))


@reauthentication_required
def _switch_on(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    form = EditionForm(request.POST)
    form.full_clean()
    edition = services.publish(
        viewer.negotiation, may_be_indexed=form.cleaned_data["may_be_indexed"], by=viewer.user
    )
    messages.success(request, f"The public edition is on, at {edition.get_absolute_url()}")
    return redirect(HERE, viewer.negotiation.slug)


@sent_from(HERE)
def edition_off(request: HttpRequest, slug: str) -> HttpResponse:
    """Switch it off. At once, without a password, in an archived negotiation as well."""
    viewer = heading(person(request), slug)
    services.take_down(viewer.negotiation, by=viewer.user)
    messages.success(request, "The public edition is off: its addresses lead nowhere now.")
    return redirect(HERE, slug)


@sent_from(HERE)
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a link and show it this once."""
    viewer = viewer_with(person(request), slug, Role.HEAD)
    frame = _frame(viewer)
    form = ShareForm(request.POST, frame=frame)
    made = attempt(
        form, lambda _typed: services.share(viewer.negotiation, by=viewer.user, **form.chosen)
    )
    if not made:
        return _show(request, viewer, frame, form)
    link, secret = made
    address = request.build_absolute_uri(reverse("issues:shared_state", args=[secret]))
    context = {"viewer": viewer, "section": "setup", "part": "publishing"}
    context |= {"link": link, "what": link.shows(), "address": address}
    return render(request, "issues/share_link.html", context)


@sent_from(HERE)
def share_withdraw(request: HttpRequest, slug: str, link: UUID) -> HttpResponse:
    """From the next request on the link is dead; in an archived negotiation as well."""
    viewer = heading(person(request), slug)
    services.withdraw_share(share_link_of(viewer, link), by=viewer.user)
    messages.success(request, "Withdrawn: the link no longer works.")
    return redirect(HERE, slug)


def _frame(viewer: Viewer) -> PublicFrame:
    """What the public would read, whether or not there is an edition yet."""
    found = Edition.objects.filter(negotiation=viewer.negotiation).first()
    edition = found or Edition(key="")
    edition.negotiation = viewer.negotiation
    return PublicFrame(
        Door(reverse("issues:public_state", args=[viewer.negotiation.slug]), edition), NOW
    )


def _show(
    request: HttpRequest, viewer: Viewer, frame: PublicFrame, form: ShareForm
) -> HttpResponse:
    edition = frame.door.edition
    context: dict[str, Any] = {
        "viewer": viewer,
        "section": "setup",
        "part": "publishing",
        "edition": edition,
        "edition_form": EditionForm(initial={"may_be_indexed": edition.may_be_indexed}),
        "counts": count_public(frame),
        "links": _links(viewer),
        "may_change": viewer.may_set_up,
    }
    return page(request, "issues/publishing.html", form, context)


def _links(viewer: Viewer) -> list[tuple[ShareLink, str, str]]:
    """Every link there was, what it shows, and why it no longer works, if so.

    An item may be narrowed since, and be called otherwise: no link names it to who lost it.
    """
    rows = ShareLink.objects.filter(negotiation=viewer.negotiation)
    now, makers = timezone.now(), link_makers(viewer.negotiation)
    seen = Issue.objects.in_scope(viewer.scope).filter(pk=OuterRef("issue"))
    links = rows.select_related("made_by", "issue", "round")
    return [
        (one, one.shows(item_is_seen=one.is_seen), one.ended(now, makers))
        for one in links.annotate(is_seen=Exists(seen.order_by()))
    ]
