"""SQLite and two workers on one machine: all of it killed while people write, and started again.

python -m tests.drills.one [--seconds 60]
"""

import argparse
import os
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from .case import SLUG, prepare, settings, verdict
from .people import Load, Reader, Writer
from .places import Web, free_port, wait_for
from .report import report

WRITERS, READERS, WORKERS = 8, 8, 2
LOCKED = "database is locked"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    load, events, wrong = run(parser.parse_args().seconds)
    title = f"SQLite, {WORKERS} workers; {WRITERS} writers, {READERS} readers"
    report("one", title, load, events, wrong)


def run(seconds):
    """The load, what was broken when, and what is wrong afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="parley-drill-")))
        port = free_port()
        database = f"sqlite:///{folder / 'drill.sqlite3'}"
        environment = settings(folder, database, port, PARLEY_WORKERS=str(WORKERS))
        os.environ.update(environment)
        numbers, sessions = prepare(WRITERS + READERS)
        web = Web(folder, environment, port)
        stack.callback(web.stop)
        wait_for(port)
        load = Load(port, SLUG, numbers, until=time.monotonic() + seconds)
        events = drill(load, sessions, web, seconds)
        wrong = verdict(load)
        if LOCKED in web.log.read_text():
            wrong.append(f"the server said “{LOCKED}”")
    return load, events, wrong


def drill(load, sessions, web, seconds):
    people = [
        (Writer if place < WRITERS else Reader)(load, session, place)
        for place, session in enumerate(sessions)
    ]
    for one in people:
        one.start()
    begun, events = time.monotonic(), []
    for share in (0.25, 0.5, 0.75):
        time.sleep(max(0, begun + share * seconds - time.monotonic()))
        events.append(("all processes killed and started again", time.monotonic()))
        web.kill()
        web.start()
    for one in people:
        one.join(seconds + 90)
    return events


if __name__ == "__main__":
    main()
