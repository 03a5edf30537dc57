from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Q

from issues.imports.columns import ENTRIES, ITEMS, ROUNDS, missing, plain
from issues.imports.rows import labels
from issues.imports.tables import Unreadable
from issues.models import Upload
from issues.services import importing
from negotiations import services
from negotiations.access import Viewer, viewer_of
from negotiations.models import Negotiation, StatusScheme, User

SHOWN = 50
# Rounds and items first: entries refer to them.
FILES = ((ROUNDS, "rounds"), (ITEMS, "items"), (ENTRIES, "entries"))


class Command(BaseCommand):
    help = (
        "Opens a negotiation from tables (CSV or XLSX): everything, or nothing when a row is "
        "wrong. Rounds: number,title,start,end,city. Items: title,reference,heading,parent. "
        "Entries: issue,date,round,from,to,asserted_by,source_url,note."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--title", required=True)
        add(
            "--party",
            action="extend",
            nargs="+",
            required=True,
            metavar="CODE=NAME",
            help="twice or more",
        )
        add("--scheme", required=True, help="the statuses, such as diplomatic-consultations")
        add("--by", metavar="USER", help="who becomes the head; else the first superuser")
        for _kind, name in FILES:
            add(f"--{name}", metavar="FILE")
        meaning = "what a word of the file means: a status, a code, joint, third or own"
        add("--word", action="extend", nargs="+", default=[], metavar="WORD=MEANING", help=meaning)
        add("--audience", choices=["members", "public"], default="members")
        add("--month-first", action="store_true", help="04/05/2025 is the fifth of April")
        add("--dry-run", action="store_true", help="check and report, write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Checks and writes in one transaction, and reports. Raises CommandError for bad rows."""
        self.options = options
        self.words = dict(_pair(word) for word in options["word"])
        self.uploads: list[Upload] = []
        try:
            with transaction.atomic():
                self._bring_in(self._negotiation())
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except ValidationError as refusal:
            raise CommandError("\n".join([*refusal.messages, "Nothing was imported."])) from refusal
        finally:
            for upload in self.uploads:
                importing.remove_files(upload)
        self.stdout.write("This was a dry run." if options["dry_run"] else "Done.")

    def _negotiation(self) -> Negotiation:
        self.by = self._person()
        return services.create_negotiation(
            title=self.options["title"],
            by=self.by,
            scheme=self._scheme(),
            parties=_parties(self.options["party"]),
        )

    def _person(self) -> User:
        named = self.options["by"]
        people = User.objects.order_by("pk")
        found = people.filter(username=named) if named else people.filter(is_superuser=True)
        if (by := found.first()) is None:
            raise CommandError("Say with --by USER who is to be the head.")
        return by

    def _scheme(self) -> StatusScheme:
        wanted, schemes = self.options["scheme"], StatusScheme.objects.filter(negotiation=None)
        found = schemes.filter(Q(slug=wanted) | Q(name__iexact=wanted)).first()
        if found is None:
            known = ", ".join(schemes.values_list("slug", flat=True))
            raise CommandError(f"There is no scheme “{wanted}”. There are: {known or 'none'}.")
        return found

    def _bring_in(self, negotiation: Negotiation) -> None:
        viewer = viewer_of(self.by, negotiation.slug)
        self.stdout.write(f"{negotiation}, at /negotiations/{negotiation.slug}/")
        for kind, name in FILES:
            if self.options[name]:
                self._bring_in_file(kind, Path(self.options[name]), viewer)

    def _bring_in_file(self, kind: str, path: Path, viewer: Viewer) -> None:
        upload = self._staged(kind, path, viewer)
        if kind == ENTRIES:
            self._explain_words(upload, path, viewer)
        while not upload.is_checked:
            importing.check_some(upload, viewer)
        if faults := importing.checked(upload).faults:
            raise ValidationError(_report(faults, path, kind))
        made = importing.run_import(upload, viewer, tell=lambda *_told: None)
        opened = f", {len(made.made_items)} items opened" if made.made_items else ""
        self.stdout.write(f"{path.name}: {made.row_count} rows{opened}")

    def _staged(self, kind: str, path: Path, viewer: Viewer) -> Upload:
        try:
            data = path.read_bytes()
            upload = importing.stage(viewer, kind=kind, file_name=path.name, data=data)
        except (OSError, Unreadable) as error:
            raise CommandError(f"{path.name}: {error}") from error
        self.uploads.append(upload)
        if lacking := missing(kind, upload.columns):
            raise CommandError(f"{path.name}: {' '.join(lacking)}")
        if self.options["month_first"]:
            importing.update_upload(upload, options=upload.options | {"day_first": False})
        return upload

    def _explain_words(self, upload: Upload, path: Path, viewer: Viewer) -> None:
        """What was given by --word, else what a word sounds like; an unknown word is an error."""
        found = importing.words_in(upload, importing.table_of(upload))
        given = {plain(word): meant for word, meant in self.words.items()}
        known = {"status": given, "asserted_by": given}
        guessed = importing.meanings(found, viewer, known)
        unknown = [word for of in guessed.values() for word, meant in of.items() if not meant]
        if unknown:
            hint = " ".join(f"--word '{word}=…'" for word in unknown[:SHOWN])
            raise CommandError(f"{path.name}: say what these words mean: {hint}")
        for word, meant in (pair for of in guessed.values() for pair in of.items()):
            if plain(word) != plain(meant):
                self.stdout.write(f"  “{word}” is taken for “{meant}”")
        choices = {"audience": self.options["audience"], "open_items": True}
        importing.update_upload(
            upload, words=importing.as_kept(guessed), options=upload.options | choices
        )


def _pair(text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left.strip() or not right.strip():
        raise CommandError(f"Write “{text}” as LEFT=RIGHT.")
    return left.strip(), right.strip()


def _parties(typed: list[str]) -> list[tuple[str, str]]:
    """Code and name of each; a name alone gets a code of its first letters."""
    parties: list[tuple[str, str]] = []
    for text in typed:
        if "=" in text:
            parties.append(_pair(text))
        else:
            name = text.strip()
            initials = "".join(word[0] for word in name.split())
            code = (initials if len(initials) > 1 else name[:2]).upper()
            taken = {other for other, _name in parties}
            parties.append((name[:3].upper() if code in taken else code, name))
    return parties


def _report(faults: dict[int, dict[str, str]], path: Path, kind: str) -> list[str]:
    names = labels(kind)
    lines = [
        f"{path.name}, row {number}: {names.get(field, 'the row')}: {sentence}"
        for number, found in faults.items()
        for field, sentence in found.items()
    ]
    more = [f"… and {len(lines) - SHOWN} more."] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more
