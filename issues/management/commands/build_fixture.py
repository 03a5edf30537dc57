"""Builds the fixture of the Russia–US case; the facts themselves are not in the repository."""

from __future__ import annotations

import json
import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from issues.management.case_builder import Builder, Json

FIXTURES = Path(settings.BASE_DIR) / "fixtures"


def template_rows(slug: str) -> list[Json]:
    """The rows of one scheme in schemes.json: the scheme, then its statuses."""
    rows = json.loads((FIXTURES / "schemes.json").read_text(encoding="utf-8"))
    return [
        found
        for found in rows
        if slug in (found["fields"].get("slug"), found["fields"].get("scheme", [None])[0])
    ]


class Command(BaseCommand):
    help = "Build fixtures/russia_us.json from the collected facts and russia_us_mapping.toml."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("facts", type=Path, help="The facts file (JSON).")
        parser.add_argument("--output", type=Path, default=FIXTURES / "russia_us.json")

    def handle(self, *, facts: Path, output: Path, **_options: Any) -> None:
        mapping = tomllib.loads((FIXTURES / "russia_us_mapping.toml").read_text(encoding="utf-8"))
        builder = Builder(
            facts=json.loads(facts.read_text(encoding="utf-8")),
            mapping=mapping,
            scheme=template_rows(mapping["negotiation"]["scheme"]),
        )
        rows = list(builder.rows())
        output.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        self.stdout.write(f"{len(rows)} objects written.")
