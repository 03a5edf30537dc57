"""Talks of a test's own, made by the head through the pages' own forms, without a window."""

import re
from itertools import count
from types import SimpleNamespace

NUMBERS = count(1)
PLAIN = {"rule": "parties", "round_word": "Round", "item_word": "Item", "freshness_months": "6"}
PARTIES = {"code_1": "NO", "name_1": "Norway", "code_2": "EU", "name_2": "European Union"}
ITEMS = "Fish quotas\nHarbour fees\nPilots"


def open_talks(page, items=ITEMS, **members):
    """A negotiation with these items, headed by whoever is signed in at `page`.

    `members`: name of a demo person and role. Returns .url, .item(number) and .send(path, fields).
    """
    title = f"Talks {next(NUMBERS)} on fish"
    made = send(
        page,
        "/negotiations/new/",
        title=title,
        scheme="diplomatic-consultations",
        **PLAIN,
        **PARTIES,
    )
    url = re.sub(r"issues/paste/$", "", made)
    talks = SimpleNamespace(title=title, url=url)
    talks.send = lambda path, **fields: send(page, url + path, **fields)
    talks.item = lambda number: f"{url}issues/{number}/"
    talks.send("issues/paste/", lines=items, audience="public")
    for username, role in members.items():
        talks.send("members/", username=username, role=role)
    return talks


def add_entry(talks, number, who, status="", said="10 Apr 2025", **fields):
    """One entry; `who` is a party's code, third or own."""
    voice = f"party:{who}" if who.isupper() else who
    fields = {"text": f"{who}: {status}", "audience": "members"} | fields
    talks.send(f"issues/{number}/entries/", who=voice, status=status, said=said, **fields)


def add_round(talks, title, day, **fields):
    talks.send("rounds/new/", title=title, state="held", begins=day, **fields)


def send(page, path, **fields):
    """Posts a form with the window's cookies; the path it leads to. It must be accepted."""
    request = page.context.request
    token = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}.get("csrftoken")
    refusal = re.compile(r'class="error"[^>]*>([^<]+)')
    answer = request.post(path, form={"csrfmiddlewaretoken": token, **fields}, max_redirects=0)
    # What the page says next is about the test's own doing only.
    page.context.clear_cookies(name="messages")
    assert answer.status == 302, f"{path}: {answer.status} {refusal.findall(answer.text())}"
    return answer.headers["location"]
