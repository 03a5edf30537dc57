"""What was measured as tables of BENCHMARKS.md, which stand there between marks; others alike."""

import re

from tests.drills.places import ROOT
from tests.drills.report import as_markdown

from .place import machine_text

FILE = ROOT / "BENCHMARKS.md"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
# Each kind of request beside the floor of its kind.
FLOORS = ("floor page", "floor write")


def write(parts, file=None):
    """Puts every part between its marks; what no mark asks for is left out."""
    file = file or FILE
    text = file.read_text()
    for name, part in parts.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = mark.sub(lambda found, part=part: f"{found[1]}\n{part}\n\n{found[2]}", text)
    file.write_text(text)


def everything(found):
    """Every table by the name of its mark."""
    parts = {
        "machine": _machine(found),
        "sizes": _sizes(found["sites"]),
        "inside": _by_database(found["sites"], _inside),
        "growth": _by_database(found["sites"], _growth),
        "served": _by_database(found["sites"], _served),
    }
    with_memory = [site for site in found["sites"] if site.get("memory")]
    if with_memory:
        parts["memory"] = _memory(with_memory)
        parts["limits"] = _limits(with_memory)
    if found.get("browser"):
        parts["browser"] = _browser(found["browser"])
    if found["drills"]:
        parts["drills"] = "\n\n".join(map(as_markdown, found["drills"]))
    return parts


def _machine(found):
    places = {site["database"]: site["machine"] for site in found["sites"]}
    lines = [f"- {machine_text(place)}" for place in places.values()]
    if any(place["load"] > place["cpus"] / 2 for place in places.values()):
        lines.append(
            "- **The machine was busy with other work: times are longer and less even than on a "
            "quiet one, and ratios are no more than a hint.**"
        )
    return "\n".join([*lines, f"- All of it took {found['seconds'] / 60:.0f} minutes."])


def _table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|--:" * (len(heads) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def _sizes(sites):
    heads = ("Database", "items", "entries", "rounds", "MB on disk", "kB per entry")
    rows = []
    for site in sites:
        counts, size = site["counts"], site["megabytes"]
        each = f"{1000 * size / counts['entries']:.1f}"
        numbers = [f"{counts[name]:,}" for name in ("items", "entries", "rounds")]
        rows.append((NAMES[site["database"]], *numbers, size, each))
    return _table(heads, rows)


def _by_database(sites, make):
    """One table for each database, under its name."""
    parts = []
    for engine, name in NAMES.items():
        own = [site for site in sites if site["database"] == engine]
        if own:
            parts.append(f"**{name}**, {make(own)}")
    return "\n\n".join(parts)


def _ratio(row, rows, key):
    """To the floor of the same run: that of writing for what writes."""
    name = FLOORS[1] if row["name"] in ("one entry", FLOORS[1]) else FLOORS[0]
    floor = next(one[key] for one in rows if one["name"] == name)
    return f"{row[key] / floor:.2f}" if floor else "–"


def _inside(sites):
    """The largest but one: what a large site has."""
    site = sites[-2:][0]
    heads = ("Request", "CPU ms", "p95", "× floor", "queries", "kB", "kB compressed")
    rows = [
        (
            *(row["name"], row["cpu_ms"], row["cpu_p95_ms"], _ratio(row, site["inside"], "cpu_ms")),
            *(row["queries"], f"{row['bytes'] / 1000:.1f}", f"{row['bytes_gzip'] / 1000:.1f}"),
        )
        for row in site["inside"]
    ]
    return f"{site['counts']['items']:,} items, in process:\n\n{_table(heads, rows)}"


def _growth(sites):
    first, last = sites[0], sites[-1]
    sizes = [f"{site['counts']['items']:,}" for site in sites]
    heads = ["Request", *(f"{size} items, ms" for size in sizes), "× floor", "growth"]
    rows = []
    for place, row in enumerate(last["inside"]):
        times = [site["inside"][place]["cpu_ms"] for site in sites]
        # As ratios to the floor: the machine may have been slower at one time than at another.
        before, after = (_ratio(s["inside"][place], s["inside"], "cpu_ms") for s in (first, last))
        grown = f"{float(after) / float(before):.2f}" if float(before) else "–"
        rows.append((row["name"], *times, after, grown))
    return f"CPU of a request from {sizes[0]} to {sizes[-1]} items:\n\n{_table(heads, rows)}"


def _served(sites):
    site = sites[-2:][0]
    heads = (
        *("Request", "CPU ms", "× floor", "1: median ms", "p95"),
        *("8: median ms", "p95", "per second"),
    )
    keys = ("one_ms", "one_p95_ms", "eight_ms", "eight_p95_ms", "per_second")
    rows = [
        (
            *(row["name"], row["cpu_ms"], _ratio(row, site["served"], "cpu_ms")),
            *(row[key] for key in keys),
        )
        for row in site["served"]
    ]
    items = f"{site['counts']['items']:,} items"
    about = "through the production server with one worker, 1 and 8 connections"
    return f"{items}, {about}:\n\n{_table(heads, rows)}"


# A person who works opens a page so often.
SECONDS_PER_PAGE = 15


def _limits(sites):
    """What one machine like this can do, by one worker and by two."""
    heads = (
        *("Database, workers", "pages per second", "people who work at a time"),
        *("entries per second", "MB per million entries"),
    )
    rows = []
    for site in sites:
        each = 1000 * site["megabytes"] / site["counts"]["entries"]
        for workers, measured in ((1, site["served"]), (2, site["by_two"])):
            rates = {row["name"]: row["per_second"] for row in measured}
            pages = 3 / sum(1 / rates[name] for name in ("state of play", "list", "item"))
            people = round(pages * SECONDS_PER_PAGE)
            name = f"{NAMES[site['database']]}, {workers}"
            rows.append((name, f"{pages:.0f}", people, rates["one entry"], f"{1000 * each:,.0f}"))
    return _table(heads, rows)


def _memory(sites):
    heads = ["Requests", *(f"{done:,}" for done, _size in sites[0]["memory"])]
    rows = [(f"{NAMES[site['database']]}, MB", *(s for _n, s in site["memory"])) for site in sites]
    return _table(heads, rows)


def _browser(found):
    heads = ("Page", "LCP ms", "layout shift", "longest task ms")
    rows = [(p["name"], p["lcp_ms"], p["shift"], p["task_ms"]) for p in found["pages"]]
    saves = found["saves"]
    line = (
        f"Saving an entry, from the press of the button to the new line in the history: "
        f"median {saves['median_ms']} ms, p95 {saves['p95_ms']} ms of {saves['count']}; "
        f"longest task {saves['task_ms']} ms."
    )
    return f"{_table(heads, rows)}\n\n{line}"
