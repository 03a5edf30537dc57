from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from negotiations import services
from negotiations.access import (
    Role,
    Viewer,
    can_manage,
    member_of,
    member_of_it,
    open_invitations,
    viewer_with,
)
from negotiations.accounts import may_hand_out_link, set_password_link
from negotiations.forms import MemberForm, NewMemberForm, PersonForm, attempt
from negotiations.forms.invitations import InviteForm
from negotiations.htmx import HtmxRequest
from negotiations.models import Membership, Party, SecurityEvent, User

from .common import page, say_refusal, sent_from

HERE = "negotiations:members"


@require_http_methods(["GET", "POST"])
def members(request: HtmxRequest, slug: str) -> HttpResponse:
    """Who is in, for every member; the head adds somebody who has an account."""
    if request.method == "GET":
        return members_page(request, member_of_it(request.user, slug))
    viewer = viewer_with(request.user, slug, Role.HEAD)
    form = NewMemberForm(request.POST, viewer=viewer, parties=parties_of(viewer), auto_id=ADD_IDS)
    made = attempt(
        form,
        lambda typed: services.add_member(
            viewer.negotiation,
            user=form.account,
            role=typed["role"],
            party=typed["party"],
            by=request.user,
        ),
    )
    if made:
        messages.success(request, f"{made.user} is a member.")
        return redirect(HERE, slug)
    return members_page(request, viewer, form)


@sent_from(HERE)
def person_add(request: HtmxRequest, slug: str) -> HttpResponse:
    """Make an account and show the link by which its owner sets a password."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    form = PersonForm(request.POST, viewer=viewer, parties=parties_of(viewer), auto_id=PERSON_IDS)
    made = attempt(
        form, lambda typed: services.add_person(viewer.negotiation, by=request.user, **typed)
    )
    if made:
        return _link_page(request, viewer, made.user)
    return members_page(request, viewer, form)


@sent_from(HERE)
def member_edit(request: HtmxRequest, slug: str, username: str) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    member = _managed(viewer, username)
    form = MemberForm(
        request.POST,
        viewer=viewer,
        parties=parties_of(viewer),
        user=member.user,
        auto_id=_ids(member),
    )
    saved = attempt(form, lambda typed: services.update_member(member, by=request.user, **typed))
    if saved:
        messages.success(request, f"{saved.user}: saved.")
        return redirect(HERE, slug)
    return members_page(request, viewer, form, at=member)


@sent_from(HERE)
def member_remove(request: HtmxRequest, slug: str, username: str) -> HttpResponse:
    viewer = viewer_with(request.user, slug, Role.HEAD)
    member = _managed(viewer, username)
    if not say_refusal(request, lambda: services.remove_member(member, by=request.user)):
        return redirect(HERE, slug)
    messages.success(request, f"{member.user} is no longer a member.")
    if member.user == request.user:
        return redirect("issues:home")
    return redirect(HERE, slug)


@sent_from(HERE)
def member_link(request: HtmxRequest, slug: str, username: str) -> HttpResponse:
    """Show a set-password link of somebody who never signed in."""
    viewer = viewer_with(request.user, slug, Role.HEAD)
    return _link_page(request, viewer, _managed(viewer, username).user)


# --- The page -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class MemberRow:
    """A member in the list. Without `form` the viewer does not decide about them."""

    membership: Membership
    form: MemberForm | None
    may_link: bool
    open: bool


ADD_IDS, PERSON_IDS, INVITE_IDS = "id_add_%s", "id_person_%s", "id_invite_%s"


def _ids(member: Membership) -> str:
    return f"id_{member.user.username}_%s"


def parties_of(viewer: Viewer) -> list[Party]:
    return list(viewer.negotiation.parties.all())


def _managed(viewer: Viewer, username: str) -> Membership:
    """The member, if the viewer decides about them."""
    member = member_of(viewer, username)
    allowed, reason = can_manage(viewer, member.user, member.party)
    if not allowed:
        raise PermissionDenied(reason)
    return member


def members_page(
    request: HttpRequest,
    viewer: Viewer,
    form: MemberForm | None = None,
    at: Membership | None = None,
) -> HttpResponse:
    """The list; a refused `form` belongs to the member `at`, or is one of the two to add."""
    parties = parties_of(viewer)
    kinds: dict[str, tuple[type[MemberForm], str]] = {
        "add_form": (NewMemberForm, ADD_IDS),
        "person_form": (PersonForm, PERSON_IDS),
    }
    kinds["invite_form"] = (InviteForm, INVITE_IDS)
    context: dict[str, Any] = {
        name: form if type(form) is kind else kind(viewer=viewer, parties=parties, auto_id=ids)
        for name, (kind, ids) in kinds.items()
    }
    context |= {"viewer": viewer, "section": "members", "part": "members"}
    context["invitations"] = open_invitations(viewer) if viewer.may_set_up else []
    rows = viewer.negotiation.memberships.select_related("user", "party")
    context["rows"] = [_row(viewer, parties, row, form if row == at else None) for row in rows]
    return page(request, "negotiations/members.html", form or context["add_form"], context)


def _row(
    viewer: Viewer, parties: list[Party], member: Membership, refused: MemberForm | None
) -> MemberRow:
    if not viewer.may_set_up or not can_manage(viewer, member.user, member.party)[0]:
        return MemberRow(member, None, may_link=False, open=False)
    form = refused or MemberForm(
        initial=MemberForm.typed_from(member),
        viewer=viewer,
        parties=parties,
        user=member.user,
        auto_id=_ids(member),
    )
    never_signed_in = not member.user.has_usable_password() and not member.user.last_login
    return MemberRow(member, form, may_link=never_signed_in, open=refused is not None)


def _link_page(request: HttpRequest, viewer: Viewer, person: User) -> HttpResponse:
    """The link stands on this page only: not in a message, a log or an address."""
    allowed, reason = may_hand_out_link(viewer.user, person)
    if not allowed:
        raise PermissionDenied(reason)
    context = {"viewer": viewer, "section": "members", "part": "members", "person": person}
    context["link"] = set_password_link(person)
    services.note(
        SecurityEvent.Kind.LINK, by=viewer.user, about=person, negotiation=viewer.negotiation
    )
    return render(request, "negotiations/member_link.html", context)
