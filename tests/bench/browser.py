"""What a person at a browser waits for, in chromium on loopback. Started by `all`.

    python -m tests.bench.browser --out FILE [--saves 30]

The database (DATABASE_URL) has been seeded. Nothing is throttled; the server is the production one.
"""

import argparse
import json
import os
import time
from datetime import date
from pathlib import Path
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from negotiations.models import Negotiation, User  # noqa: E402
from negotiations.server import prepare_static_files  # noqa: E402
from tests.bench.measure import p95, session_of  # noqa: E402
from tests.bench.network import server  # noqa: E402
from tests.bench.place import machine  # noqa: E402
from tests.bench.probes import ASKS, usual_item  # noqa: E402
from tests.bench.seed import SLUG  # noqa: E402
from tests.conftest import CHROMIUM  # noqa: E402
from tests.drills.places import free_port  # noqa: E402

PAGES = {"state of play": "", "list": "issues/", "item": "issues/{}/", "rounds": "rounds/"}
WATCH = """
window.seen = {lcp: 0, shift: 0, task: 0};
const watch = (type, note) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(note));
    observer.observe({type, buffered: true});
};
watch("largest-contentful-paint", (entry) => { seen.lcp = entry.startTime; });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
watch("longtask", (entry) => { seen.task = Math.max(seen.task, entry.duration); });
"""
# From the press of the button to the frame in which the new line stands in the history.
SAVE = """
(text) => new Promise((done) => {
    const begun = performance.now();
    const look = () => {
        if (document.querySelector("#item").textContent.includes(text)) {
            requestAnimationFrame(() => done(performance.now() - begun));
        } else requestAnimationFrame(look);
    };
    document.querySelector("#entry-save").click();
    look();
})
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--saves", type=int, default=30)
    asked = parser.parse_args()
    # The kept one may be from an earlier version.
    call_command("migrate", interactive=False, verbosity=0)
    prepare_static_files()
    user = User.objects.get(username=ASKS)
    number = usual_item(Negotiation.objects.get(slug=SLUG))
    session, port = session_of(user), free_port()
    # Without https a browser does not send the cookies of the bench's own settings.
    plain = {
        "DJANGO_SETTINGS_MODULE": "negotiations.settings",
        "PARLEY_URL": f"http://127.0.0.1:{port}",
    }
    with server(port=port, **plain) as serving:
        told = at_the_browser(f"http://127.0.0.1:{serving.port}", session, number, asked.saves)
    asked.out.write_text(json.dumps({"machine": machine()} | told, indent=1))


def at_the_browser(base, session, number, saves):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = chromium.new_context(viewport={"width": 1360, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
        context.add_init_script(WATCH)
        page = context.new_page()
        root = f"{base}/negotiations/{SLUG}/"
        found = [_page(page, name, root + path.format(number)) for name, path in PAGES.items()]
        saved = _saves(page, root + PAGES["item"].format(number), saves)
        chromium.close()
    return {"pages": found, "saves": saved}


def _page(page, name, address, visits=5):
    """A first visit for the files that stay in the cache, then some that count."""
    page.goto(address)
    seen = []
    for _visit in range(visits):
        page.goto(address, wait_until="load")
        page.wait_for_timeout(300)
        seen.append(page.evaluate("seen"))
    return {
        "name": name,
        "lcp_ms": round(median(one["lcp"] for one in seen)),
        "shift": round(max(one["shift"] for one in seen), 4),
        "task_ms": round(max(one["task"] for one in seen)),
    }


def _saves(page, address, count):
    times, tasks = [], []
    for turn in range(count):
        page.goto(address)
        text = f"Said once more, {turn} {time.time_ns()}."
        page.locator("label", has_text="NOR").first.click()
        page.get_by_label("When it was said or done").fill(f"{date.today():%-d %b %Y}")
        page.get_by_label("What was said").fill(text)
        page.evaluate("seen.task = 0")
        times.append(page.evaluate(SAVE, text))
        tasks.append(page.evaluate("seen.task"))
    return {
        "count": count,
        "median_ms": round(median(times)),
        "p95_ms": round(p95(times)),
        "task_ms": round(max(tasks)),
    }


if __name__ == "__main__":
    main()
