"""Three web processes behind nginx and one PostgreSQL, killed one after the other under load.

python -m tests.drills.many [--seconds 60]
"""

import argparse
import os
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from .case import SLUG, prepare, settings, verdict
from .people import Load, Reader, Writer
from .places import Cluster, Nginx, Web, free_port, wait_for
from .report import report

WRITERS, READERS, WEBS = 8, 32, 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="parley-drill-")))
        cluster = Cluster(folder)
        stack.callback(cluster.stop)
        port = free_port()
        environment = settings(folder, cluster.url, port)
        os.environ.update(environment)
        numbers, sessions = prepare(WRITERS + READERS)
        webs = [Web(folder, environment) for _web in range(WEBS)]
        for web in webs:
            stack.callback(web.stop)
        for web in webs:
            wait_for(web.port)
        nginx = Nginx(folder, port, webs)
        stack.callback(nginx.stop)
        wait_for(port)
        load = Load(port, SLUG, numbers, until=time.monotonic() + seconds)
        events = drill(load, sessions, webs, cluster, seconds)
        wrong = verdict(load)
    title = f"{WEBS} web processes, nginx, PostgreSQL; {WRITERS} writers, {READERS} readers"
    report("many", title, load, events, wrong)


def drill(load, sessions, webs, cluster, seconds):
    """Runs the load and breaks things meanwhile; what was broken when."""
    people = [
        (Writer if place < WRITERS else Reader)(load, session, place)
        for place, session in enumerate(sessions)
    ]
    for one in people:
        one.start()
    begun, events = time.monotonic(), []

    def at(share, name, *acts):
        time.sleep(max(0, begun + share * seconds - time.monotonic()))
        events.append((name, time.monotonic()))
        for act in acts:
            act()

    for place, web in enumerate(webs, start=1):
        # One by one: whoever runs this site waits until the last one is back.
        name = f"web process {place} killed and started again"
        at(0.15 * place, name, web.kill, web.start, lambda web=web: wait_for(web.port))
    at(0.65, "database stopped without notice and started again", cluster.stop, cluster.start)
    both = [act for web in webs[:2] for act in (web.kill, web.start)]
    at(0.85, "two of three web processes killed and started again", *both)
    for one in people:
        one.join(seconds + 90)
    return events


if __name__ == "__main__":
    main()
