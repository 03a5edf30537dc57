"""How tests take files away: through the pages, as a browser would."""

import csv
import json
from io import BytesIO, StringIO

from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def taken(answer):
    assert answer.status_code == 200, answer.status_code
    return b"".join(answer.streaming_content)


def table(client, slug, name, **query):
    return taken(client.get(reverse("issues:file_table", args=[slug, name]), query))


def rows(client, slug, name, **query):
    """The rows of a table, by the names of its columns."""
    text = table(client, slug, name, **query).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def prepared(client, slug, kind, **clock):
    """A prepared file, downloaded."""
    address = reverse("issues:file_prepare", args=[slug])
    client.post(address, {"kind": kind, **clock})
    for _step in range(100):
        if client.get(address).context["job"].is_ready:
            break
        client.post(address)
    return taken(client.get(reverse("issues:file_download", args=[slug])))


def document(client, slug, **clock):
    return json.loads(prepared(client, slug, "json", **clock))


def workbook(client, slug, **clock):
    return load_workbook(BytesIO(prepared(client, slug, "xlsx", **clock)))
