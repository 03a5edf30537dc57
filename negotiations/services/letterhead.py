from __future__ import annotations

from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from negotiations.exceptions import Conflict
from negotiations.models import Letterhead, Negotiation, User

from .rows import lock, save
from .sources import delete_files


def update_letterhead(
    negotiation: Negotiation,
    *,
    version: int,
    by: User | None,
    heading: str = "",
    footer: str = "",
    paper: str = Letterhead.Paper.A4,
    logo: bytes | None = None,
    remove_logo: bool = False,
) -> Letterhead:
    """Set what stands on the papers, under a version (0: nothing has been set yet).

    `logo` is a PNG as `pictures.logo_png` makes it; without one the present logo stays unless
    `remove_logo`. Raises Conflict when somebody saved first.
    """
    with transaction.atomic():
        lock(negotiation)
        found = Letterhead.objects.filter(negotiation=negotiation).first()
        current = found or Letterhead(negotiation=negotiation)
        if current.version != version:
            raise Conflict(current)
        if found is None:
            current.version = 1
        before = current.logo.name
        name = _stored(logo) if logo else "" if remove_logo else before
        save(current, by=by, heading=heading, footer=footer, paper=paper, logo=name)
        if before and before != name:
            delete_files([before])
    return current


def _stored(logo: bytes) -> str:
    """The name under which the picture now lies with the uploaded files."""
    return default_storage.save(f"letterheads/{uuid4()}.png", ContentFile(logo))
