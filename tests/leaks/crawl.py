"""Goes everywhere as everybody, and keeps what came back: decoded, without what is random."""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.test import Client
from pypdf import PdfReader

# Imported, it notes when a sign-in began; without that it counts as over.
from negotiations import sessions  # noqa: F401
from negotiations.log import JsonLines, Lines, Ours
from negotiations.mail import send_waiting
from tests.test_permissions import undone

from . import table
from .world import BIRDS, people

# Random ids, keys and secrets, and the fingerprints over them, whole or as papers have them:
# test_chains.py holds that these follow from what their reader sees alone. Each begins with what
# is found quickly: a crawl looks through hundreds of megabytes.
IDS = re.compile(
    r"[0-9a-f]{8}(?:-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|(?<!\w[0-9a-f]{8})(?:[0-9a-f]{56}|(?:\s+[0-9a-f]{8}){3})\b)"
)
KEYS = re.compile(
    r"(items/|item-|/s/|/invitation/)(?:(?<=items/)[a-z2-7]{16}(?=/)|(?<=item-)[a-z2-7]{16}\b"
    r"|(?<=/s/|on/)[\w-]{43}(?=/))"
)
# Random on every answer, or the moment it was made.
NOISE = re.compile(r'name="(?:csrfmiddlewaretoken|token|until)" value="[^"]*"')
# Says how long the bytes are, which differs with random ids inside what is packed.
LENGTH = "Content-Length"


@dataclass(frozen=True)
class Answer:
    """One answer as it is compared: `text` is everything that was sent, unpacked."""

    where: str
    status: int
    text: str

    def birds(self, role):
        """The words in it that this role may not read, but for those it typed itself."""
        told = _said({bird for bird in BIRDS if role not in BIRDS[bird]}, self.text)
        asked = [re.escape(word) for word in re.findall(r"\w+", self.where) if word in self.text]
        if not (told and asked):
            return told
        return _said(told, re.sub(rf"(\b|%3D)({'|'.join(asked)})\b", "", self.text))


def _said(birds, text):
    text = text.lower()
    return {bird for bird in birds if bird in text}


def decoded(answer):
    """Headers, way and body in one text; files unpacked."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = dict(answer.headers)
    if content[:2] == b"PK":
        headers.pop(LENGTH, None)
        body = "\n".join(_unzipped(content))
    elif b"%%EOF" in content[-9:]:
        headers.pop(LENGTH, None)
        body = _pdf(content)
    else:
        body = content.decode("utf-8", "replace")
    way = [f"{status} {url}" for url, status in getattr(answer, "redirect_chain", ())]
    told = [f"{name}: {value}" for name, value in sorted(headers.items())]
    cookies = [f"{name}" for name in sorted(answer.cookies)]
    return "\n".join([*way, *told, *cookies, body])


def _unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield f"{name}\n{archive.read(name).decode('utf-8', 'replace')}"


def _pdf(content):
    reader = PdfReader(io.BytesIO(content))
    pages = [page.extract_text() for page in reader.pages]
    titles = [str(entry.get("/Title")) for entry in reader.outline if isinstance(entry, dict)]
    links = [_links(page) for page in reader.pages if "/Annots" in page]
    return "\n".join([str(dict(reader.metadata or {})), *titles, *pages, *links])


def _links(page):
    return str([str(mark.get_object().get("/A")) for mark in page["/Annots"]])


def plain(text):
    """Without tokens; ids by the order in which they come."""
    known = {}

    def name(one):
        return known.setdefault(one, f"id-{len(known)}")

    text = IDS.sub(lambda found: name(found[0]), NOISE.sub("", text))
    return KEYS.sub(lambda found: found[1] + name(found[0].removeprefix(found[1])), text)


def signed_in(world):
    """A browser for everybody, and a second where somebody looks with fewer eyes."""
    clients = {}
    for role, user in people(world).items():
        clients[role] = Client()
        if user:
            clients[role].force_login(user)
    return clients


# Every row of the table; the rest of the roles take the first of each route and a sample.
FULL = ("us_head",)
SOME = ("head", "recorder", "reader", "superuser")
DOORS = ("ex",)
# Without an account: what is open to everybody, in full.
OPEN = ("anonymous",)
OUTSIDE = (*FULL, *SOME, *DOORS, *OPEN)
# What comes to these is looked at in the second world alone.
OTHERS = ("ru_peer", "stranger")


def wants(role, number, visit, count):
    """Whether this role makes this visit: what its scope shares with another it need not repeat."""
    if role in FULL or (role in OPEN and visit.is_open):
        return not visit.is_slow
    if role == "head" and (visit.is_slow or visit.before or number % 4 == 0):
        return True
    first = number == 0 or bool(visit.names) or (visit.fragment and number == count - 1)
    # The page itself of every item and round: what is kept of one for all is met on each.
    plain_page = visit.place and not (visit.query or visit.fragment or visit.before or visit.typed)
    return bool(first or plain_page) and not visit.is_slow


def crawl(world, clients, roles, limit=wants) -> Iterator[tuple[tuple, Answer]]:
    """Every answer, by role, route and place in the table."""
    for role in roles:
        for route in table.ROUTES:
            asked = table.visits(route)
            for number, visit in enumerate(asked):
                if limit(role, number, visit, len(asked)):
                    key = (role, str(route), number)
                    yield key, visited(clients[role], route, visit, world)


def visited(client, route, visit, world):
    """One visit. It leaves no trace, not even in a log; whoever signs out is signed in again."""
    kept = client.cookies.copy()
    try:
        with undone():
            if visit.before:
                visit.before(client, world)
            answer = ask(client, route, visit, world)
            if route.method == "POST":
                send_waiting()  # what was left there to be mailed goes out before it is undone
            return answer
    finally:
        client.cookies = kept


def ask(client, route, visit, world):
    address = table.address(route, visit, world)
    options = {"follow": route.method == "POST"}
    if visit.fragment:
        options["headers"] = {"HX-Request": "true", "HX-Target": visit.fragment}
    if route.name == "account_logout" and route.method == "GET":
        options["follow"] = False
    if route.method == "GET":
        answer = client.get(address, **options)
    else:
        answer = client.post(address, table.body(visit, world), **options)
    return Answer(address.partition("?")[2], answer.status_code, plain(decoded(answer)))


class Listener(logging.Handler):
    """Keeps every line that is logged, in both forms."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        Ours().filter(record)
        self.lines += [form.format(record) for form in (Lines(), JsonLines())]


@contextmanager
def listening():
    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        yield listener
    finally:
        logging.getLogger().removeHandler(listener)
