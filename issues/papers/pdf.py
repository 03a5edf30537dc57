"""A paper as a PDF: the HTML of the print page, the same stylesheet, and nothing from outside."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from .document import Paper

LOGO = "paper:logo"
SHEETS = {"a4": "A4", "letter": "Letter"}
# The libraries below share state between threads, and one long paper at a time is load enough.
_ONE_AT_A_TIME = threading.Lock()


class NoPdf(Exception):
    """This machine lacks what a PDF is made with."""


def write_pdf(paper: Paper) -> bytes:
    """The paper as a PDF with headings as bookmarks. The same paper gives the same bytes.

    Raises NoPdf where the libraries are missing.
    """
    engine = _engine()
    html = render_to_string("issues/paper_pdf.html", {"paper": paper, "logo": LOGO})
    size = f"@page {{ size: {SHEETS[paper.size]} }}"
    with _ONE_AT_A_TIME:
        fetcher = fetcher_of({LOGO: paper.head.logo} if paper.head.logo else {})
        document = engine.HTML(string=html, base_url=None, url_fetcher=fetcher)
        styles = [engine.CSS(string=css, url_fetcher=fetcher) for css in (_stylesheet(), size)]
        # Tagged: a screen reader finds headings, tables and lists in it.
        found: bytes = document.write_pdf(stylesheets=styles, pdf_tags=True)
    return found


def _engine() -> Any:
    """WeasyPrint, loaded when the first PDF is asked for: it takes a second and 30 MB."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        raise NoPdf(
            "This server cannot make PDFs: the library Pango is missing. "
            "Print this page to a PDF instead, or take the Word file."
        ) from error
    return weasyprint


def fetcher_of(given: dict[str, bytes]) -> Any:
    """Hands out the pictures in `given`; every other address, file or host, does not exist."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Given(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in given:
                raise ValueError("A paper takes nothing from outside.")
            return URLFetcherResponse(url, given[url], {"Content-Type": "image/png"})

    return Given(allowed_protocols=())


@cache
def _stylesheet() -> str:
    path = finders.find("negotiations/paper.css")
    return Path(str(path)).read_text()
