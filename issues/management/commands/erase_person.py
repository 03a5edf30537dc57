from __future__ import annotations

from django.core.management.base import CommandError

from issues import services
from issues.management.erasing import ErasingCommand
from negotiations.models import User


class Command(ErasingCommand):
    help = "Blanks the names of a person and closes the account; what they recorded stays."
    named_by = "username"
    them = "them"

    def found(self, name: str) -> User:
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is nobody with the user name “{name}”.")
        return person

    def erase(self, row: User, *, reason: str, by: str) -> str:
        erasure = services.erase_person(row, reason=reason, by=by)
        return f"Erased. The account is now called {erasure.person.username}."
