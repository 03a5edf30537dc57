"""The vault: opened, written and changed, each time under a line of the security log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction

from negotiations.access import Role, Viewer, can, members_of
from negotiations.exceptions import Conflict
from negotiations.models import Membership, Party, SecurityEvent
from negotiations.services import write_line

from ..models import Issue, Vault, VaultPerson, VaultUse, VaultVersion

GONE = "These lines are not for you any more."


def open_vault(viewer: Viewer) -> SecurityEvent:
    """The line that says that somebody opened a vault, written before anything is looked up.

    It is the same whether there is something in it or not, and whatever is done there: who reads
    the log learns nothing of what exists.
    """
    return write_line(
        kind=SecurityEvent.Kind.VAULT,
        by=viewer.accountable,
        negotiation=viewer.negotiation,
        side=viewer.party,
    )


def note_reading(versions: Iterable[VaultVersion], event: SecurityEvent) -> None:
    """Ties what was read to its line, for those who are named."""
    VaultUse.objects.bulk_create(VaultUse(version=one, event=event) for one in versions)


def add_vault(
    issue: Issue,
    *,
    party: Party,
    words: Mapping[str, str],
    people: Iterable[Membership],
    viewer: Viewer,
    event: SecurityEvent,
) -> Vault:
    """Puts the lines of one party on an item into the vault; the viewer is among those named.

    Raises ValidationError for whoever only reads or is no member, by field for an empty one, for
    people of another side, and where the viewer has lines of this party already.
    """
    _check_writer(viewer)
    mine = Vault.objects.visible_to(viewer)
    if mine.filter(issue=issue, party=party).exists():
        raise ValidationError({"party": f"You have lines of {party} here: change those."})
    with transaction.atomic():
        vault: Vault = Vault.objects.create(issue=issue, party=party, side=viewer.party)
        _write(vault, 1, words, people, viewer, event)
    return vault


def change_vault(
    vault: Vault,
    *,
    version: int,
    words: Mapping[str, str],
    people: Iterable[Membership],
    viewer: Viewer,
    event: SecurityEvent,
) -> VaultVersion:
    """A new version beside the earlier ones, by somebody whom the present one names.

    Raises Conflict when somebody was faster, ValidationError as `add_vault`.
    """
    _check_writer(viewer)
    with transaction.atomic():
        Vault.objects.select_for_update(no_key=True).get(pk=vault.pk)
        if not Vault.objects.visible_to(viewer).filter(pk=vault.pk).exists():
            raise ValidationError(GONE)
        latest: VaultVersion = vault.versions.latest("number")
        if latest.number != version:
            raise Conflict(latest)
        return _write(vault, version + 1, words, people, viewer, event)


def _write(
    vault: Vault,
    number: int,
    words: Mapping[str, str],
    people: Iterable[Membership],
    viewer: Viewer,
    event: SecurityEvent,
) -> VaultVersion:
    if not any(words.values()):
        raise ValidationError({"red_line": "Write at least one of the four."})
    named = _named(vault, people, viewer)
    version: VaultVersion = VaultVersion.objects.create(
        vault=vault, number=number, made_by=viewer.user, **words
    )
    VaultPerson.objects.bulk_create(
        VaultPerson(version=version, user=row.user, membership=row.pk) for row in named
    )
    VaultUse.objects.create(version=version, event=event, wrote=True)
    return version


def _named(vault: Vault, people: Iterable[Membership], viewer: Viewer) -> list[Membership]:
    """Those named and the viewer, as they are members of the vault's side now."""
    side = {row.pk: row for row in members_of(viewer.negotiation, vault.side)}
    own = viewer.membership.pk if viewer.membership else 0
    wanted = {row.pk for row in people} | {own}
    if not wanted <= side.keys():
        raise ValidationError({"people": "Only people of your own side can be named."})
    return [side[pk] for pk in sorted(wanted)]


def _check_writer(viewer: Viewer) -> None:
    allowed, why_not = can(viewer, Role.RECORDER)
    if allowed and viewer.membership is None:
        allowed, why_not = False, "Only members of this negotiation keep something in its vault."
    if not allowed:
        raise ValidationError(why_not)
