"""Talks with something for every line of a paper, and how its three forms are read back."""

import io
import re

from django.test import Client
from django.urls import reverse
from docx import Document
from pypdf import PdfReader

from issues import services
from tests import factories

CYRILLIC = "Посольство ждёт ответа"


def make_paper_talks():
    """Two rounds, three items: one both speak of, one only Russia, one without a status."""
    talks = factories.make_delegations()
    negotiation = talks.negotiation
    first = factories.make_round(negotiation, "First", "27 Feb 2025", number=1)
    factories.make_round(negotiation, "Second", "10 Apr 2025", number=2)
    names = ("Visas", "Flights", "Fees")
    talks.issues = [factories.make_issue(negotiation, name, heading="Travel") for name in names]
    visas, flights, fees = talks.issues
    talks.sub = factories.make_issue(negotiation, "Transit visas", parent=visas)
    readout = services.NewSource(
        title="Readout", publisher="Ministry", url="https://example.org/readout?a=1&b=2"
    )
    factories.record(
        visas,
        "RU",
        "Agreed",
        "10 Apr 2025",
        speaker="Ivan Petrov",
        speaker_function="Deputy Minister",
        text=CYRILLIC,
        sources=[readout],
        round=first,
        audience="public",
    )
    us = negotiation.parties.get(code="US")
    factories.record(
        visas,
        "US",
        "Under discussion",
        "11 Apr 2025",
        text="Not yet settled.",
        position="Fewer papers for everybody",
        sources=[services.NewSource(title="Briefing", publisher="State")],
        waits_for="party",
        waits_party=us,
        waits_text="an answer from the capital",
        next_step="Send the draft",
        next_step_party=us,
    )
    factories.record(flights, "RU", "Blocked", "1 Mar 2025", audience="public", text="No flights.")
    return talks


def sign_in(user):
    client = Client()
    client.force_login(user)
    return client


def paper_address(talks, name, **query):
    args = [talks.slug, talks.issues[0].number] if name == "paper_brief" else [talks.slug]
    return reverse(f"issues:{name}", args=args, query=query)


def pdf_pages(content):
    """The text of each page, in one line each."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def word(content):
    return Document(io.BytesIO(content))


def word_text(content):
    """All text of a Word file, the tables' included, line by line."""
    document = word(content)
    lines = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        for row in table.rows:
            lines += [cell.text for cell in row.cells]
    return "\n".join(lines)


def page_text(answer):
    """What a page says, without its tags."""
    main = re.search(r"<main.*</main>", answer.content.decode(), re.DOTALL)[0]
    inline = re.sub(r"</?(?:b|a|span)\b[^>]*>", "", main)
    return " ".join(re.sub(r"<[^>]+>", " ", inline).split())
