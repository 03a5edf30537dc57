"""Fetches one item or entry; negotiation and role come from `negotiations.access`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from negotiations.access import Viewer, findable, scope_filter, viewer_of
from negotiations.exceptions import Moved
from negotiations.eyes import borrowed
from negotiations.models import Membership, Negotiation, Party, Readout, Round, Source, User
from negotiations.prepared import prepared
from negotiations.scopes import Scope

from .models import (
    AgendaLine,
    Edition,
    Entry,
    Import,
    Issue,
    Note,
    ShareLink,
    Sheet,
    SightChange,
    Vault,
)
from .numbers import Number
from .reads.sources import visible_sources

# Of several audiences that the viewer sees, their own delegation's before the common one.
OWN_FIRST = F("audience_party").desc(nulls_last=True)


def issue_of(viewer: Viewer, number: Number) -> Issue:
    """The item with this number as the viewer sees it.

    Raises Http404, marked ones included, and Moved to who could see it for the number that an
    item had before it left their delegation.
    """
    rows = _numbered(viewer.negotiation.pk, viewer.scope, *number)
    if not rows:
        _lead_on(viewer, number)
    return _found(next(iter(rows), None), viewer)


def _lead_on(viewer: Viewer, number: Number) -> None:
    if viewer.party is None or number.series != viewer.party.code:
        return
    given_up = SightChange.objects.filter(old_party=viewer.party, old_number=number.number)
    there = Issue.objects.visible_to(viewer).filter(pk__in=given_up.values("row"))
    for issue in there:
        addresses = (number, issue.address)
        slug = viewer.negotiation.slug
        raise Moved(*(reverse("issues:issue_detail", args=[slug, one]) for one in addresses))


@prepared
def _numbered(negotiation: int, scope: Scope, series: str, number: int) -> QuerySet[Issue]:
    rows = Issue.objects.shown_in(negotiation, scope).filter(series=series, number=number)
    return rows.select_related("parent", "owner")


def issue_to_repair(viewer: Viewer, number: Number) -> Issue:
    """The same, and items marked as entered in error as well. Raises Http404."""
    rows = Issue.objects.in_scope(viewer.scope).numbered(number)
    rows = rows.filter(negotiation=viewer.negotiation)
    return _found(rows.select_related("parent", "owner").first(), viewer)


def entry_of(viewer: Viewer, issue: Issue, uuid: UUID) -> Entry:
    """The entry of this item, if the viewer may see it. Raises Http404."""
    visible = Entry.objects.visible_to(viewer.user, viewer.scope).filter(issue=issue, uuid=uuid)
    entry = visible.select_related(
        "party", "status", "round", "waits_party", "next_step_party", "audience_party"
    ).first()
    if entry is None:
        raise Http404("No entry at this address.")
    entry.issue = issue
    return entry


def note_of(viewer: Viewer, issue: Issue, uuid: UUID) -> Note:
    """The note on this item, removed ones included, if the viewer may see it. Raises Http404."""
    rows = Note.objects.visible_to(viewer).filter(issue=issue, uuid=uuid)
    note = rows.select_related("author", "audience_party").first()
    if note is None:
        raise Http404("No note at this address.")
    note.issue = issue
    return note


def vault_of(viewer: Viewer, issue: Issue, uuid: UUID) -> Vault:
    """What the vault holds on this item under this name, if the viewer is named. Raises Http404."""
    rows = Vault.objects.visible_to(viewer).filter(issue=issue, uuid=uuid)
    vault: Vault | None = rows.select_related("side").first()
    if vault is None:
        raise Http404("Nothing at this address.")
    vault.issue = issue
    return vault


def line_of(viewer: Viewer, round_: Round, issue: Issue) -> AgendaLine:
    """The item's line at this round: the viewer's side's own, else the common. Raises Http404."""
    rows = AgendaLine.objects.in_scope(viewer.scope).filter(round=round_, issue=issue)
    line = rows.select_related("audience_party").order_by(OWN_FIRST).first()
    if line is None:
        raise Http404("It is not on this agenda.")
    line.round, line.issue = round_, issue
    return line


def readout_of(viewer: Viewer, round_: Round, party: Party) -> Readout:
    """What `party` said of the round, as the viewer's side keeps it or as all have it. Http404."""
    rows = Readout.objects.filter(scope_filter(viewer.scope), round=round_, party=party)
    readout = rows.select_related("audience_party").order_by(OWN_FIRST).first()
    if readout is None:
        raise Http404("No readout at this address.")
    readout.round, readout.party = round_, party
    return readout


def source_of(viewer: Viewer, uuid: UUID) -> Source:
    """The source with this id, if the viewer may see it. Raises Http404."""
    source = visible_sources(viewer).filter(uuid=uuid).first()
    if source is None:
        raise Http404("No source at this address.")
    return source


def sheet_of(viewer: Viewer, uuid: UUID) -> Sheet:
    """The sheet, if it is the viewer's own or on the side they head. Raises Http404."""
    sheets = Sheet.objects.visible_to(viewer).filter(uuid=uuid)
    sheet = sheets.select_related("author", "released_by", "round", "from_source").first()
    if sheet is None:
        raise Http404("No sheet at this address.")
    sheet.negotiation = viewer.negotiation
    return sheet


def open_sheet_of(
    viewer: Viewer, author: str, round_: Round | None, source: Source | None
) -> Sheet:
    """The open sheet of `author` (a user name; empty: the viewer) at a round or from a source.

    One's own is made when something is first saved on it. Raises Http404 for another's that is
    not there or not for the viewer.
    """
    place = {"from_source": source} if source else {"round": round_, "from_source": None}
    sheets = Sheet.objects.visible_to(viewer).filter(released_at=None, **place)
    sheets = sheets.select_related("author", "changed_by", "party")
    own = author in ("", viewer.user.username)
    named = {"author": viewer.user} if own else {"author__username": findable(author)}
    sheet = sheets.filter(**named).first()
    if sheet is None and not own:
        raise Http404("No sheet at this address.")
    sheet = sheet or Sheet(author=viewer.user, party=viewer.party)
    sheet.negotiation, sheet.round, sheet.from_source = viewer.negotiation, round_, source
    return sheet


def import_of(viewer: Viewer, uuid: UUID) -> Import:
    """The import with this name, if the viewer may know of it. Raises Http404."""
    rows = Import.objects.visible_to(viewer).filter(uuid=uuid)
    made = rows.select_related("by", "retracted_by", "audience_party").first()
    if made is None:
        raise Http404("No import at this address.")
    return made


# --- Doors for people without an account ----------------------------------------------------------


def published_at(user: Any, slug: str) -> Edition:
    """The public edition at this slug; also one that is off, to a head who looks as the public.

    Raises Http404 alike for one that is off and for one that never was.
    """
    rows = Edition.objects.select_related("negotiation")
    found = rows.filter(negotiation__slug=slug).first()
    if found and found.is_on:
        return found
    if borrowed.get() is not None and user.is_authenticated:
        viewer = viewer_of(user, slug)
        if viewer.is_public:
            return found or Edition(negotiation=viewer.negotiation, key="", changed_by=user)
    raise Http404("No public edition at this address.")


def shared_by(secret: str) -> tuple[ShareLink, Edition]:
    """The link with this secret while it works. Raises Http404 alike for any that does not."""
    rows = ShareLink.objects.select_related("negotiation", "issue", "round")
    link = rows.filter(sha256=ShareLink.hash_of(secret)).first()
    makers = link_makers(link.negotiation) if link else set()
    if link is None or not link.is_whole or link.ended(timezone.now(), makers):
        raise Http404("No link with this secret.")
    edition = Edition.objects.get(negotiation=link.negotiation)
    edition.negotiation = link.negotiation
    return link, edition


def link_makers(negotiation: Negotiation) -> set[int]:
    """The ids of those who have made a link here and may still: by being a head, or a superuser."""
    makers = User.objects.filter(pk__in=negotiation.share_links.values("made_by"), is_active=True)
    heads = Q(memberships__negotiation=negotiation, memberships__role=Membership.Role.HEAD)
    members = negotiation.memberships.values("user")
    outside = Q(is_superuser=True) & ~Q(pk__in=members)
    return set(makers.filter(heads | outside).order_by().values_list("pk", flat=True))


def share_link_of(viewer: Viewer, uuid: UUID) -> ShareLink:
    """The link of the viewer's negotiation with this name. Raises Http404."""
    link = ShareLink.objects.filter(negotiation=viewer.negotiation, uuid=uuid).first()
    if link is None:
        raise Http404("No link at this address.")
    link.negotiation = viewer.negotiation
    return link


def _found(issue: Issue | None, viewer: Viewer) -> Issue:
    if issue is None:
        raise Http404("No item at this address.")
    # Saves a query for each address that is made of the item.
    issue.negotiation = viewer.negotiation
    if issue.parent:
        issue.parent.negotiation = viewer.negotiation
    return issue
