from __future__ import annotations

from django.core.management.base import CommandError

from issues import services
from issues.management.erasing import ErasingCommand
from negotiations.models import Negotiation


class Command(ErasingCommand):
    help = "Removes a negotiation with all its history; a tombstone with the reason is kept."
    named_by = "slug"

    def found(self, name: str) -> Negotiation:
        negotiation = Negotiation.objects.filter(slug=name).first()
        if negotiation is None:
            raise CommandError(f"There is no negotiation “{name}”.")
        return negotiation

    def erase(self, row: Negotiation, *, reason: str, by: str) -> str:
        tombstone = services.erase_negotiation(row, reason=reason, by=by)
        return f"Erased, with {tombstone.entries} entries."
