"""What a drill says at its end, on screen and in var/drills."""

import json
import sys

from tests.bench.place import machine

from .people import figures, recoveries
from .places import ROOT


def report(name, title, load, events, wrong, notes=()):
    """Prints it, keeps it, and ends the process with 1 where something is wrong."""
    told = {
        "title": title,
        "machine": machine(),
        "seconds": round(max(a.at for a in load.asked) - min(a.at for a in load.asked)),
        "figures": figures(load),
        "acknowledged": len(load.acknowledged),
        "unanswered": len(load.sent - load.acknowledged),
        "recoveries": recoveries(load, events),
        "notes": list(notes),
        "wrong": wrong,
    }
    folder = ROOT / "var" / "drills"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(told, indent=1))
    print(as_markdown(told))
    sys.exit(1 if wrong else 0)


def as_markdown(told):
    lines = [
        f"{told['title']}, {told['seconds']} s.",
        "",
        "| | requests | failed | share | median ms | p95 ms | longest ms | failures |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for name, found in told["figures"].items():
        share = 100 * found["failed"] / max(1, found["requests"])
        how = ", ".join(f"{what} × {count}" for what, count in found["how"].items())
        times = (found[key] for key in ("median_ms", "p95_ms", "longest_ms"))
        cells = (name, found["requests"], found["failed"], f"{share:.2f} %", *times, how or "none")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", "| Event | requests that failed | the last one after s |", "|---|--:|--:|"]
    lines += [f"| {name} | {count} | {after:g} |" for name, count, after in told["recoveries"]]
    lines += ["", f"{told['acknowledged']:,} entries acknowledged; {_verdict(told)}"]
    return "\n".join([*lines, *told["notes"]])


def _verdict(told):
    if told["wrong"]:
        return "**wrong: " + "; ".join(told["wrong"]) + "**."
    return (
        "each is there exactly once, the standings check clean, the chains verify, "
        "and no page disagreed with itself."
    )
