from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from negotiations.models import (
    ROUTE_WORDS,
    Membership,
    Negotiation,
    Party,
    Status,
    StatusScheme,
    User,
)
from negotiations.signals import frame_changed

from .rows import locked, save
from .security import Kind, note

COPIED = ("label", "short", "test", "category", "rung", "order")


def create_negotiation(
    *,
    title: str,
    by: User,
    scheme: StatusScheme,
    parties: Sequence[tuple[str, str]],
    slug: str | None = None,
    description: str = "",
    rule: str = Negotiation.Rule.PARTIES,
    round_word: str = "Round",
    item_word: str = "Item",
    freshness_months: int = 6,
) -> Negotiation:
    """Open a negotiation: `by` becomes its head, the statuses of `scheme` become its own.

    `parties` are (code, name) in display order, at least two. Without `slug` one is made from the
    title. Raises ValidationError for a title `by` already uses or for parties that clash.
    """
    title = title.strip()
    with transaction.atomic():
        _refuse_twice(title, by)
        _refuse_clash(parties)
        negotiation = Negotiation()
        save(
            negotiation,
            by=by,
            slug=slug or _free_slug(title),
            title=title,
            description=description,
            rule=rule,
            round_word=round_word,
            item_word=item_word,
            freshness_months=freshness_months,
        )
        _copy_scheme(scheme, negotiation, by)
        for order, (code, name) in enumerate(parties, start=1):
            save(Party(negotiation=negotiation), by=by, code=code, name=name, order=order)
        save(Membership(negotiation=negotiation, user=by), by=by, role=Membership.Role.HEAD)
    return negotiation


def update_negotiation(
    negotiation: Negotiation, *, version: int, by: User | None, **fields: Any
) -> Negotiation:
    """Change plain fields (title, description, rule, words, freshness) under a version.

    Raises Conflict when somebody saved first. A new rule sends `frame_changed`.
    """
    with transaction.atomic():
        current = locked(negotiation, version)
        changed = save(current, by=by, **fields)
        if "rule" in changed:
            frame_changed.send(Negotiation, negotiation=current)
        if "second_factor" in changed:
            asked = "asked for" if current.second_factor else "no longer asked for"
            note(Kind.RULES, by=by, negotiation=current, detail=f"second factor {asked}")
    return current


def archive_negotiation(negotiation: Negotiation, *, by: User) -> None:
    """From now on it can be read and no longer changed. Archiving twice keeps the first time."""
    with transaction.atomic():
        current = Negotiation.objects.select_for_update(no_key=True).get(pk=negotiation.pk)
        save(current, by=by, archived_at=current.archived_at or timezone.now())


def unarchive_negotiation(negotiation: Negotiation, *, by: User) -> None:
    """Open an archived negotiation for changes again."""
    with transaction.atomic():
        current = Negotiation.objects.select_for_update(no_key=True).get(pk=negotiation.pk)
        save(current, by=by, archived_at=None)


def _refuse_twice(title: str, by: User) -> None:
    """A form sent twice opens one negotiation. Only `by`'s own count: others stay unknown."""
    if Negotiation.objects.filter(title__iexact=title, memberships__user=by).exists():
        raise ValidationError({"title": "You are already in a negotiation with this title."})


def _refuse_clash(parties: Iterable[tuple[str, str]]) -> None:
    codes, names = zip(*parties, strict=True) if parties else ((), ())
    if len(codes) < 2:
        raise ValidationError({"parties": "A negotiation has at least two parties."})
    if len({code.casefold() for code in codes}) < len(codes):
        raise ValidationError({"parties": "Two parties have the same code."})
    if len({name.casefold() for name in names}) < len(names):
        raise ValidationError({"parties": "Two parties have the same name."})


def _free_slug(title: str) -> str:
    slug = slugify(title)[:50].strip("-") or "negotiation"
    while slug in ROUTE_WORDS or Negotiation.objects.filter(slug=slug).exists():
        # Not "-2": a count would tell how many others there are.
        slug = f"{slugify(title)[:50].strip('-') or 'negotiation'}-{secrets.token_hex(2)}"
    return slug


def _copy_scheme(scheme: StatusScheme, negotiation: Negotiation, by: User) -> None:
    copy = StatusScheme.objects.create(
        slug=scheme.slug,
        name=scheme.name,
        description=scheme.description,
        negotiation=negotiation,
    )
    for status in scheme.statuses.filter(retired=False):
        values = {name: getattr(status, name) for name in COPIED}
        save(Status(scheme=copy), by=by, **values)
