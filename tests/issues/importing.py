"""What the tests of imports share: tables, files of every make, and the way through the pages."""

import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

HEADER = ["Item", "Date", "Who says so", "Status", "Note", "Link"]
ROWS = [
    ["Banking", "10.04.2025", "RU", "Agreed", "They said so.", "https://example.org/a"],
    ["Banking", "Apr 2025", "US", "Under discussion", "", "https://example.org/a"],
    ["Flights", "2025-05-12", "both", "Raised", "One text.", ""],
]


def csv_bytes(header=HEADER, rows=ROWS, encoding="utf-8", delimiter=","):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def xlsx_bytes(header=HEADER, rows=ROWS, change=None):
    """A workbook; `change(book, sheet)` does the rest."""
    book = Workbook()
    sheet = book.active
    for row in [header, *rows]:
        sheet.append(row)
    if change:
        change(book, sheet)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def address(talks, name, *args):
    return reverse(f"issues:import_{name}", args=[talks.slug, *args])


def upload(client, talks, data, kind="entries", name="table.csv"):
    """Sends the file; the answer."""
    file = SimpleUploadedFile(name, data)
    return client.post(address(talks, "start"), {"kind": kind, "file": file})


def typed(form):
    """What a browser would send of the form as it stands."""
    values = {field.html_name: field.value() for field in form}
    return {
        name: value
        for name, value in values.items()
        if value not in (None, False) and not hasattr(value, "read")
    }


def send(client, address, **changes):
    """Opens the page and sends its form with these changes; the answer."""
    form = client.get(address).context["form"]
    return client.post(address, typed(form) | changes)


def check(client, talks):
    """Goes on checking until every row is; the page."""
    waiting = client.get(address(talks, "check"))
    while not waiting.context.get("preview"):
        token = str(waiting.context["upload"].token)
        waiting = client.post(address(talks, "check"), {"token": token})
    return waiting


def run(client, talks, **options):
    token = str(client.get(address(talks, "check")).context["upload"].token)
    return client.post(address(talks, "run"), {"token": token}, **options)


def bring_in(client, talks, data=None, kind="entries", **words):
    """The whole way with what is guessed; the answer to the last step."""
    assert upload(client, talks, data or csv_bytes(), kind).status_code == 302
    assert send(client, address(talks, "columns")).status_code == 302
    if kind == "entries":
        answer = send(client, address(talks, "words"), **words)
        assert answer.status_code == 302, answer.context["form"].errors
    check(client, talks)
    return run(client, talks)
