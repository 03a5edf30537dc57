from __future__ import annotations

import getpass
import os
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from negotiations.models import StatusScheme, User


class Command(BaseCommand):
    help = "Prepare the database: tables, the status schemes, the first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--username",
            default=os.environ.get("PARLEY_ADMIN_USERNAME", ""),
            help="the first administrator; else PARLEY_ADMIN_USERNAME, else asked for",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is still missing, so that it can be run again after every upgrade.

        The password comes from PARLEY_ADMIN_PASSWORD or is asked for; without either, and with a
        weak or taken one, CommandError says what to do and nobody is made.
        """
        call_command("migrate", interactive=False, verbosity=0)
        if not StatusScheme.objects.filter(negotiation=None).exists():
            # Once only: what an administrator renamed since must stay.
            call_command("loaddata", "schemes", verbosity=0)
        if User.objects.filter(is_superuser=True, is_active=True).exists():
            self.stdout.write("The database is ready; there is an administrator already.")
            return
        user = make_administrator(options["username"] or ask("User name of the administrator: "))
        self.stdout.write(f"The database is ready. {user.username} can sign in.")


def make_administrator(username: str) -> User:
    user = User(username=username, is_staff=True, is_superuser=True)
    password = os.environ.get("PARLEY_ADMIN_PASSWORD") or ask_password()
    try:
        validate_password(password, user)
        user.set_password(password)
        user.full_clean()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    user.save()
    return user


def ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise CommandError(
            "Set PARLEY_ADMIN_USERNAME and PARLEY_ADMIN_PASSWORD, or run this in a terminal."
        )
    return input(question).strip()


def ask_password() -> str:
    if not sys.stdin.isatty():
        raise CommandError("Set PARLEY_ADMIN_PASSWORD, or run this in a terminal.")
    first = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != first:
        raise CommandError("The two passwords differ; run the command again.")
    return first
