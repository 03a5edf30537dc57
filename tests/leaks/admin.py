"""The administrator's pages: every list, every row, every search box."""

import re

from django.contrib import admin
from django.db.models import ForeignKey, ManyToManyField
from django.urls import reverse

from . import crawl as crawling
from .world import RUSSIA

ROLES = ("superuser", "us_staff")
DOORS = ("head", "ex")
# The administrator sees database ids, and with them the gaps: see L41.
KEY = re.compile(r'(?<=[/"=])\d+(?=[/"&])|(?<=Content-Length: )\d+')
NOBODY = 10**9 + 7


def crawl(world, clients):
    """Lists, searches and choices, as everybody who may and some who may not."""
    for role in (*ROLES, *DOORS):
        for address in addresses() if role in ROLES else doors():
            yield (role, address, 0), answer(clients[role], address)


def answer(client, address):
    """What this person gets there."""
    found = client.get(address)
    text = KEY.sub("key", crawling.plain(crawling.decoded(found)))
    return crawling.Answer(address.partition("?")[2], found.status_code, text)


def models():
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def addresses():
    yield reverse("admin:index")
    for app in ("issues", "negotiations"):
        yield reverse("admin:app_list", args=[app])
    for model in models():
        listed = page(model, "changelist")
        yield from (listed, f"{listed}?q={RUSSIA}", f"{listed}?q=they")
        yield page(model, "add")
    yield from choices()


def doors():
    yield reverse("admin:index")
    yield from (page(model, "changelist") for model in models())


def choices():
    """The search box of every kind of row that another may refer to, reached by one of these."""
    columns = {}
    for model in models():
        for column in model._meta.get_fields():
            if isinstance(column, ForeignKey | ManyToManyField):
                columns.setdefault(column.related_model, (model._meta, column.name))
    for meta, name in columns.values():
        asked = f"app_label={meta.app_label}&model_name={meta.model_name}&field_name={name}"
        base = f"{reverse('admin:autocomplete')}?{asked}"
        yield from (f"{base}&term=", f"{base}&term={RUSSIA}")


def everything():
    """The ids of all rows there are, by model."""
    return {model: set(model._default_manager.values_list("pk", flat=True)) for model in models()}


def unlike_missing(client, model, key):
    """The pages of a hidden row that answer otherwise than those of one that is not there."""
    for name in ("change", "history", "delete"):
        told = {_told(client, model, name, given) for given in (key, NOBODY)}
        if len(told) > 1:
            yield page(model, name, key)


def _told(client, model, name, key):
    answer = client.get(page(model, name, key), follow=True)
    text = crawling.plain(crawling.decoded(answer)).replace(f"“{key}”", "“key”")
    return KEY.sub("key", text)
