"""The vault of an item: read and written after the password was asked for once more.

Who is not named gets the same page, to the byte, as where there is nothing; every request that
comes so far is one line of the security log, whatever it finds.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from negotiations.access import Role, Viewer, member_of_it, viewer_with
from negotiations.confirming import ask_to_confirm, is_confirmed
from negotiations.exceptions import Conflict
from negotiations.forms import attempt
from negotiations.htmx import HtmxRequest
from negotiations.models import SecurityEvent
from negotiations.views.common import ConflictView, beside, page, sent

from .. import services
from ..access import issue_of, vault_of
from ..forms.vault import NewVaultForm, VaultForm
from ..models import Issue, Vault, VaultVersion
from ..numbers import Number
from ..reads.vault import read_vaults


@require_http_methods(["GET", "POST"])
def vault(request: HtmxRequest, slug: str, number: Number) -> HttpResponse:
    """What names the viewer on this item; for who records, the form for more."""
    viewer = member_of_it(request.user, slug)
    if request.method == "POST":
        viewer = viewer_with(request.user, slug, Role.RECORDER)
    issue = issue_of(viewer, number)
    if not is_confirmed(request):
        return ask_to_confirm(request)
    event = services.open_vault(viewer)
    form = NewVaultForm(sent(request), viewer=viewer)
    if request.method == "POST" and _added(form, issue, viewer, event):
        messages.success(request, "In the vault.")
        return redirect("issues:vault", slug, str(number))
    vaults = read_vaults(viewer, issue)
    services.note_reading([one.now.version for one in vaults], event)
    may_write = viewer.may_record and viewer.membership is not None
    context = _context(viewer, issue) | {"vaults": vaults, "may_write": may_write}
    return page(request, "issues/vault.html", form, context)


def _added(form: NewVaultForm, issue: Issue, viewer: Viewer, event: SecurityEvent) -> Vault | None:
    def write(typed: dict[str, Any]) -> Vault:
        given = {"party": typed["party"], "people": typed["people"], "words": form.words}
        return services.add_vault(issue, viewer=viewer, event=event, **given)

    return attempt(form, write)


@require_http_methods(["GET", "POST"])
def vault_edit(request: HtmxRequest, slug: str, number: Number, vault: UUID) -> HttpResponse:
    """A new version of what names the viewer; the second editor sees both."""
    viewer = viewer_with(request.user, slug, Role.RECORDER)
    issue = issue_of(viewer, number)
    if not is_confirmed(request):
        return ask_to_confirm(request)
    event = services.open_vault(viewer)
    found = vault_of(viewer, issue, vault)
    latest: VaultVersion = found.versions.latest("number")
    typed = VaultForm.typed_from(latest)
    form = VaultForm(sent(request), viewer=viewer, side=found.side, initial=typed)
    changed, conflict = _changed(form, found, viewer, event)
    if changed:
        messages.success(request, "In the vault, beside what was there before.")
        return redirect("issues:vault", slug, str(number))
    services.note_reading([latest], event)
    context = _context(viewer, issue) | {"conflict": conflict}
    return page(request, "issues/vault_edit.html", form, context)


def _changed(
    form: VaultForm, found: Vault, viewer: Viewer, event: SecurityEvent
) -> tuple[VaultVersion | None, ConflictView | None]:
    def write(typed: dict[str, Any]) -> VaultVersion:
        given = {"version": typed["version"], "people": typed["people"], "words": form.words}
        return services.change_vault(found, viewer=viewer, event=event, **given)

    try:
        return (attempt(form, write) if form.is_bound else None), None
    except Conflict as conflict:
        current: VaultVersion = conflict.current
        theirs = VaultForm(VaultForm.typed_from(current), viewer=viewer, side=found.side)
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["version"] = current.number  # type: ignore[index]
        return None, beside(form, theirs, by=current.made_by, when=current.made_at)


def _context(viewer: Viewer, issue: Issue) -> dict[str, Any]:
    address = reverse("issues:vault", args=[viewer.negotiation.slug, issue.address])
    return {"viewer": viewer, "section": "items", "issue": issue, "vault_url": address}
