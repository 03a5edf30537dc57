"""Both worlds in one database: each is seen, then rolled back."""

from dataclasses import dataclass, field
from unittest.mock import patch

import time_machine
from django.core import mail
from django.urls import reverse

from negotiations.eyes import THE_PUBLIC
from tests.test_permissions import undone

from . import admin, crawl, world


@dataclass
class Seen:
    """Everything that came back in one world, what was logged, and what the admin tells apart."""

    answers: dict = field(default_factory=dict)
    lines: list = field(default_factory=list)
    told_apart: list = field(default_factory=list)
    papers: dict = field(default_factory=dict)
    borrowed: dict = field(default_factory=dict)
    mails: list = field(default_factory=list)


def look(talks, clients, roles):
    """Everybody's answers in the world as it is."""
    mail.outbox = []
    with crawl.listening() as listener:
        seen = Seen(dict(crawl.crawl(talks, clients, roles)))
        seen.answers |= dict(admin.crawl(talks, clients))
    seen.lines = listener.lines
    seen.mails = [str(sent.message()) for sent in mail.outbox]
    return seen


def without(talks, clients):
    """What outsiders see in the world that has no secrets."""
    with undone():
        first = world.copied(talks)
        world.later(first)
        return look(first, clients, crawl.OUTSIDE)


def within(talks, clients):
    """What they, and some insiders, see in the one that has them."""
    with undone():
        second = world.copied(talks)
        before = admin.everything()
        world.secrets(second)
        hidden = {model: rows - before[model] for model, rows in admin.everything().items()}
        world.later(second)
        seen = look(second, clients, (*crawl.OUTSIDE, *crawl.OTHERS))
        seen.papers = dict(crawl.crawl(second, clients, ["ru_head"], limit=_is_paper))
        seen.borrowed = dict(_with_other_eyes(second, clients["ru_head"]))
        seen.told_apart = [
            address
            for model, rows in hidden.items()
            for key in sorted(rows)[:3]
            for address in admin.unlike_missing(clients["superuser"], model, key)
        ]
    return seen


def _is_paper(_role, _number, visit, _count):
    """A delegation's head makes these for everybody, and one for themselves."""
    return visit.query.startswith(("audience=members", "format=docx"))


def _with_other_eyes(talks, client):
    """What Russia's head sees who looks with the eyes of the other side, and of the public."""
    for whose in ("US", THE_PUBLIC):
        with undone():
            client.post(reverse("negotiations:preview", args=[talks.slug]), {"whose": whose})
            asked = crawl.crawl(talks, {whose: client}, [whose], limit=_is_first_read)
            yield from ((key, answer) for key, answer in asked)


def _is_first_read(_role, number, visit, _count):
    return number == 0 and not visit.typed and not visit.is_slow


def as_with_many():
    """Lists in an order of one's choice are read as where there are more items than here."""
    return patch("issues.filters.MANY", 0)


def twins():
    """The two worlds, one after the other."""
    with time_machine.travel(world.NOW, tick=False), as_with_many(), undone():
        talks = world.base()
        clients = crawl.signed_in(talks)
        return without(talks, clients), within(talks, clients)
