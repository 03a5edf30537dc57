"""The Russia–US case as fixture rows, from the collected facts and the mapping table.

Nothing is read from or written to the database, and the same input gives the same rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.core.management.base import CommandError

from negotiations.dates import DAY, PRECISION_RANK, VagueDate, parse_date

Json = dict[str, Any]

# The day the facts were compiled: nothing in the case counts as known before it.
RECORDED_DAY = dt.date(2026, 11, 23)
RECORDED_AT = f"{RECORDED_DAY}T00:00:00Z"
# The whole case was read in public sources.
PUBLIC = {"audience": "public"}


@dataclass(frozen=True)
class Builder:
    """The two inputs and the template of the scheme; `rows` is the whole fixture."""

    facts: Json
    mapping: Json
    scheme: list[Json]

    @property
    def slug(self) -> str:
        return str(self.mapping["negotiation"]["slug"])

    def rows(self) -> Iterator[Json]:
        """Every object of the fixture, each after those it refers to.

        Raises CommandError where the mapping does not fit the facts.
        """
        self.check_mapping()
        yield self.negotiation()
        yield from self.parties()
        yield from self.statuses()
        yield from self.sources()
        for place, (facts, table) in enumerate(self.rounds(), 1):
            yield self.round(place, facts, table)
            yield from self.delegates(place, table)
            yield from self.readouts(place, facts, table)
        yield from self.issues()
        yield from self.agenda()
        yield from self.entries()

    # --- The frame --------------------------------------------------------------------------

    def negotiation(self) -> Json:
        meta = self.facts["meta"]
        fields = {
            "slug": self.slug,
            "title": self.mapping["negotiation"]["title"],
            "description": f"{meta['method']} Compiled {day_text(meta['compiled'])}; "
            f"the newest event is of {day_text(meta['newest_item'])}.",
            "created_at": RECORDED_AT,
        }
        return row("negotiations.negotiation", fields)

    def parties(self) -> Iterator[Json]:
        for order, (name, code) in enumerate(self.mapping["party"].items(), 1):
            fields = {"negotiation": [self.slug], "code": code, "name": name, "order": order}
            yield row("negotiations.party", fields)

    def party(self, code: str) -> list[str]:
        return [self.slug, code]

    def statuses(self) -> Iterator[Json]:
        """The negotiation's own copy of the scheme."""
        for template in self.scheme:
            fields = dict(template["fields"])
            if "scheme" in fields:
                fields["scheme"] = [fields["scheme"][0], self.slug]
            else:
                fields["negotiation"] = [self.slug]
            yield row(template["model"], fields)

    def status(self, label: str) -> list[str]:
        return [self.mapping["negotiation"]["scheme"], self.slug, label]

    def sources(self) -> Iterator[Json]:
        found: dict[str, Json] = {}
        for facts, _table in self.rounds():
            for source in (*facts["sources"], *(r["source"] for r in facts["readouts"])):
                found.setdefault(source["url"], source)
        for issue in self.facts["issues"]:
            for event in issue["events"]:
                found.setdefault(event["source"]["url"], event["source"])
        for source in found.values():
            yield self.source(source)

    def source(self, source: Json) -> Json:
        fields = {
            "uuid": source_uuid(source),
            "negotiation": [self.slug],
            "kind": "web",
            "title": source["title"],
            "publisher": source["publisher"],
            "url": source["url"],
            "date_precision": "",
        }
        if source["date"] != "n.d.":
            date = parse_date(source["date"])
            fields |= {"date_first": str(date.first), "date_precision": date.precision}
        return row("negotiations.source", fields | PUBLIC)

    # --- Rounds -----------------------------------------------------------------------------

    def rounds(self) -> list[tuple[Json, Json]]:
        """The facts and the table's word on each round, in the order of places."""
        known = {facts["slug"]: facts for facts in self.facts["rounds"]}
        return [(known[table["slug"]], table) for table in self.mapping["round"]]

    def places(self) -> dict[str, int]:
        return {table["slug"]: place for place, (_f, table) in enumerate(self.rounds(), 1)}

    def round(self, place: int, facts: Json, table: Json) -> Json:
        fields = {
            "negotiation": [self.slug],
            "place": place,
            "number": table.get("number"),
            "title": facts["title"],
            "short": table.get("short", ""),
            "level": facts["level"] or "",
            "is_side_meeting": facts["kind"] != "round",
            "city": facts["city"] or "",
            "venue": facts["venue"] or "",
            "expected": table.get("expected", ""),
            "expected_by": str(table["expected_by"]) if "expected_by" in table else None,
            "state": table["state"],
            "duration": facts["duration"] or "",
            "note": round_note(facts, table),
            "sources": [[source_uuid(source)] for source in facts["sources"]],
        }
        return row("negotiations.round", fields | round_days(facts))

    def delegates(self, place: int, table: Json) -> Iterator[Json]:
        for order, delegate in enumerate(table.get("delegates", []), 1):
            fields = {
                "round": [self.slug, place],
                "party": self.party(delegate["party"]),
                "name": delegate["name"],
                "function": delegate["function"],
                "is_head": delegate.get("head", False),
                "order": order,
            }
            yield row("negotiations.delegate", fields)

    def readouts(self, place: int, facts: Json, table: Json) -> Iterator[Json]:
        for readout in facts["readouts"]:
            if readout["party"] in table.get("no_readout", []):
                continue
            fields = {
                "round": [self.slug, place],
                "party": self.party(self.mapping["party"][readout["party"]]),
                "text": readout["summary"],
                "source": [source_uuid(readout["source"])],
            }
            yield row("negotiations.readout", fields | PUBLIC)

    # --- Items ------------------------------------------------------------------------------

    def numbers(self) -> dict[str, int]:
        slugs = [slug for heading in self.mapping["heading"] for slug in heading["items"]]
        return {slug: number for number, slug in enumerate(slugs, 1)}

    def issues(self) -> Iterator[Json]:
        known = {issue["slug"]: issue for issue in self.facts["issues"]}
        numbers = self.numbers()
        place = sub_place = 0
        for heading in self.mapping["heading"]:
            for slug in heading["items"]:
                facts = known[slug]
                place, sub_place = (place, sub_place + 1) if facts["parent"] else (place + 1, 0)
                fields = {
                    "negotiation": [self.slug],
                    "number": numbers[slug],
                    "title": facts["title"],
                    "description": facts["description"],
                    "parent": [self.slug, numbers[facts["parent"]]] if facts["parent"] else None,
                    "heading": heading["title"],
                    "place": place,
                    "sub_place": sub_place,
                    "raised_by": self.sides(facts["raised_by"]),
                    "recorded_at": RECORDED_AT,
                }
                yield row("issues.issue", fields | PUBLIC)

    def sides(self, name: str) -> list[list[str]]:
        """The parties behind the facts' word: one of them, or both."""
        codes = self.mapping["party"]
        return [self.party(code) for party, code in codes.items() if name in (party, "both")]

    def agenda(self) -> Iterator[Json]:
        numbers = self.numbers()
        for place, (_facts, table) in enumerate(self.rounds(), 1):
            planned, discussed = table.get("planned", []), table.get("discussed", [])
            named = sorted({*planned, *discussed}, key=numbers.__getitem__)
            for order, slug in enumerate(named, 1):
                fields = {
                    "round": [self.slug, place],
                    "issue": [self.slug, numbers[slug]],
                    "planned": slug in planned,
                    "outcome": "discussed" if slug in discussed else "",
                    "order": order,
                }
                yield row("issues.agendaline", fields | PUBLIC)

    # --- Entries ----------------------------------------------------------------------------

    def exceptions(self) -> dict[tuple[str, int], Json]:
        return {(table["item"], table["n"]): table for table in self.mapping["event"]}

    def entries(self) -> Iterator[Json]:
        known = {issue["slug"]: issue for issue in self.facts["issues"]}
        exceptions = self.exceptions()
        for slug in self.numbers():
            for n, event in enumerate(known[slug]["events"]):
                uuid = stable_uuid("entry", slug, n)
                yield self.entry(slug, n, event, exceptions.get((slug, n), {}))
                fields = {
                    "entry": [uuid],
                    "source": [source_uuid(event["source"])],
                    "recorded_at": RECORDED_AT,
                }
                yield row("issues.entrysource", fields)

    def entry(self, slug: str, n: int, event: Json, table: Json) -> Json:
        label = self.label(event, table)
        speaker = event["speaker"] or ""
        fields = {
            "uuid": stable_uuid("entry", slug, n),
            "batch": stable_uuid("batch", slug, n),
            "issue": [self.slug, self.numbers()[slug]],
            **self.voice(event),
            "speaker": speaker,
            "speaker_function": self.mapping["function"].get(speaker, ""),
            **entry_days(parse_date(event["date"])),
            "recorded_at": RECORDED_AT,
            "round": [self.slug, self.places()[event["round"]]] if event["round"] else None,
            "status": self.status(label) if label else None,
            "text": event["summary"],
            "reliability": event["confidence"],
            **PUBLIC,
            **self.carried(table),
        }
        return row("issues.entry", fields)

    def label(self, event: Json, table: Json) -> str:
        """The status the entry carries: the exception's, else the general rule's; "" for none."""
        return str(table.get("status", self.mapping["suggested"][event["suggested_status"]]))

    def voice(self, event: Json) -> Json:
        voice = self.mapping["voice"][event["asserted_by"]]
        sides = self.sides(event["asserted_by"])
        return {
            "voice": voice,
            "party": sides[0] if voice == "party" else None,
            "joint_parties": sides if voice == "joint" else [],
        }

    def carried(self, table: Json) -> Json:
        """What the event says besides a status: position, what the item waits for, next step."""
        waits, _colon, waits_code = table.get("waits_for", "").partition(":")
        who = table.get("next_step_party", "")
        return {
            "position": table.get("position", ""),
            "waits_for": waits,
            "waits_party": self.party(waits_code) if waits_code else None,
            "waits_why": table.get("waits_why", ""),
            "waits_text": table.get("waits_text", ""),
            "next_step": table.get("next_step", ""),
            "next_step_party": self.party(who) if who not in ("", "both") else None,
            "next_step_who": "both sides" if who == "both" else "",
        }

    # --- Does the table fit? ----------------------------------------------------------------

    def check_mapping(self) -> None:
        """Raises CommandError with the first place where table and facts do not fit."""
        self.check_lists()
        exceptions = self.exceptions()
        for issue in self.facts["issues"]:
            for n, event in enumerate(issue["events"]):
                table = exceptions.pop((issue["slug"], n), {})
                problem = self.problem_of(event, table)
                if problem:
                    raise CommandError(f"{issue['slug']} n {n}, {event['date']}: {problem}")
        if exceptions:
            raise CommandError(f"The facts have no such event: {sorted(exceptions)[0]}")

    def check_lists(self) -> None:
        items = sorted(issue["slug"] for issue in self.facts["issues"])
        if sorted(self.numbers()) != items:
            raise CommandError("The headings do not list every item exactly once.")
        rounds = sorted(facts["slug"] for facts in self.facts["rounds"])
        if sorted(table["slug"] for table in self.mapping["round"]) != rounds:
            raise CommandError("The table does not list every round exactly once.")

    def problem_of(self, event: Json, table: Json) -> str:
        rule = self.mapping["suggested"][event["suggested_status"]]
        if table and table["date"] != event["date"]:
            return f"the table expects {table['date']}"
        if "status" not in table:
            return "needs a judgement in the table" if rule == "judge" else ""
        if table["status"] == rule:
            return "departs from the general rule to say the same"
        return "" if table.get("reason") else "departs from the general rule without a reason"


def row(model: str, fields: Json) -> Json:
    return {"model": model, "fields": fields}


def stable_uuid(kind: str, *parts: object) -> str:
    """The same UUID for the same thing in every build: loading twice must find it again."""
    return str(uuid5(NAMESPACE_URL, "/".join(["parley:russia-us", kind, *map(str, parts)])))


def source_uuid(source: Json) -> str:
    return stable_uuid("source", source["url"])


def day_text(date: str) -> str:
    return str(parse_date(date))


def entry_days(date: VagueDate) -> Json:
    return {
        "said_first": str(date.first),
        "said_last": str(date.last),
        "precision": date.precision,
        "precision_rank": PRECISION_RANK[date.precision],
        "counts_from": str(min(date.last, RECORDED_DAY)),
    }


def round_days(facts: Json) -> Json:
    if not facts["start"]:
        return {"first_day": None, "last_day": None, "precision": DAY}
    first, last = parse_date(facts["start"]), parse_date(facts["end"])
    return {
        "first_day": str(first.first),
        "last_day": str(last.last),
        "precision": first.precision,
    }


def round_note(facts: Json, table: Json) -> str:
    """What the model has no field for: the agenda as reported, remarks, missing readouts."""
    parts = [f"Agenda as reported: {'; '.join(facts['agenda'])}."] if facts["agenda"] else []
    if facts["notes"]:
        parts.append(facts["notes"])
    parts += [
        readout["summary"]
        for readout in facts["readouts"]
        if readout["party"] in table.get("no_readout", [])
    ]
    if facts["confidence"] != "high":
        parts.append(f"Reliability of what is known about it: {facts['confidence']}.")
    return "\n".join(parts)
