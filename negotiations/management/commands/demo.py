from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from negotiations import services
from negotiations.models import Membership, Negotiation, User
from negotiations.server import prepare_static_files, require_free_port, run_server

Role = Membership.Role
HOST = "127.0.0.1"
CASE = "russia-us"

# User name, what they are for, role in the case, code of their party.
PEOPLE = (
    ("admin", "administrator", None, ""),
    ("head", "head of delegation", Role.HEAD, ""),
    ("recorder", "note-taker", Role.RECORDER, ""),
    ("viewer", "reads only", Role.VIEWER, ""),
    ("ru", "note-taker of the Russian delegation", Role.RECORDER, "RU"),
    ("us", "note-taker of the US delegation", Role.RECORDER, "US"),
    ("stranger", "not a member", None, ""),
)


class Command(BaseCommand):
    help = "Start the demo: the Russia-US case and its people in a database of their own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8000"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing, print address and sign-ins, and serve until stopped.

        Refuses to run outside the demo, and in a database that real people already use.
        """
        if not settings.PARLEY_DEMO:
            raise CommandError("This makes people with a known password: set PARLEY_DEMO=1 first.")
        password = os.environ.get("PARLEY_DEMO_PASSWORD") or "parley-demo"
        port = options["port"]
        require_free_port(HOST, port)
        call_command("migrate", interactive=False, verbosity=0)
        load_demo(password)
        prepare_static_files()
        self._welcome(port, password)
        connection.close()
        run_server(HOST, port)

    def _welcome(self, port: int, password: str) -> None:
        self.stdout.write(f"\nParley is at http://{HOST}:{port}/\n\nSign in as\n")
        for username, purpose, _role, _party in PEOPLE:
            self.stdout.write(f"  {username:<10}{purpose}")
        self.stdout.write(f"\nwith the password {password}\nStop with Ctrl+C; the data stays.\n")


def load_demo(password: str) -> None:
    """Load the case and make its people unless they are there, all with this password."""
    people = User.objects.filter(is_demo=True)
    if not people.exists() and User.objects.exists():
        raise CommandError(
            "This database is in use. Unset DATABASE_URL: the demo makes a database of its own."
        )
    if not Negotiation.objects.filter(slug=CASE).exists():
        call_command("loaddata", "schemes", "russia_us", verbosity=0)
    if not people.exists():
        make_people(make_password(password))
    stored = set(people.values_list("password", flat=True))
    if not all(check_password(password, encoded) for encoded in stored):
        people.update(password=make_password(password))


@transaction.atomic
def make_people(encoded: str) -> None:
    """Create the demo people with this encoded password and make them members of the case."""
    negotiation = Negotiation.objects.get(slug=CASE)
    parties = {party.code: party for party in negotiation.parties.all()}
    for username, _purpose, role, code in PEOPLE:
        is_admin = username == "admin"
        user = User.objects.create(
            username=username,
            password=encoded,
            is_demo=True,
            is_staff=is_admin,
            is_superuser=is_admin,
        )
        if role:
            services.add_member(negotiation, user=user, role=role, party=parties.get(code))
