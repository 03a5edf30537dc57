"""What the vault holds for the viewer, and who opened it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Prefetch

from negotiations.access import Viewer
from negotiations.models import Party, User

from ..models import Issue, Vault, VaultPerson, VaultUse, VaultVersion

LINES = {
    "red_line": "Red line",
    "fallback": "Fallback",
    "bottom_line": "Bottom line",
    "instruction": "Instruction",
}
MOST_USES = 30


@dataclass(frozen=True)
class VersionView:
    """One version: what it says line by line, and whom it names."""

    version: VaultVersion
    lines: list[tuple[str, str]]
    people: list[User]


@dataclass(frozen=True)
class UseView:
    """Who read or wrote it, and when."""

    by: User | None
    at: dt.datetime
    wrote: bool


@dataclass(frozen=True)
class VaultView:
    """One party's lines as they stand, what they were before, and who was there."""

    vault: Vault
    party: Party | None
    now: VersionView
    before: list[VersionView]
    uses: list[UseView]

    @property
    def url(self) -> str:
        return self.vault.get_absolute_url()

    @property
    def whose(self) -> str:
        return str(self.party) if self.party else "a party that was removed since"


def read_vaults(viewer: Viewer, issue: Issue) -> list[VaultView]:
    """Everything on the item that names the viewer; the queries do not grow with it."""
    people = Prefetch("people", VaultPerson.objects.select_related("user"))
    versions = VaultVersion.objects.select_related("made_by").prefetch_related(people)
    rows = Vault.objects.visible_to(viewer).filter(issue=issue)
    found = list(rows.prefetch_related(Prefetch("versions", versions)))
    parties = {party.pk: party for party in viewer.negotiation.parties.all()}
    uses = _uses(found)
    for vault in found:
        vault.issue = issue
    return [_view(vault, parties.get(vault.party_id or 0), uses[vault.pk]) for vault in found]


def _view(vault: Vault, party: Party | None, uses: list[UseView]) -> VaultView:
    now, *before = [_version(one) for one in reversed(vault.versions.all())]
    return VaultView(vault, party, now, before, uses[:MOST_USES])


def _version(version: VaultVersion) -> VersionView:
    lines = [(label, getattr(version, name)) for name, label in LINES.items()]
    people = sorted((row.user for row in version.people.all()), key=str)
    return VersionView(version, lines, people)


def _uses(vaults: list[Vault]) -> dict[int, list[UseView]]:
    found: dict[int, list[UseView]] = {vault.pk: [] for vault in vaults}
    rows = VaultUse.objects.filter(version__vault__in=found).order_by("-pk")
    for use in rows.select_related("version", "event__by"):
        found[use.version.vault_id].append(UseView(use.event.by, use.event.at, use.wrote))
    return found
