"""The stylesheet names nothing that no page has."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHEET = ROOT / "negotiations/static/negotiations/parley.css"
# Put on elements by htmx and by Django's own forms.
OTHERS = {"htmx-request", "errorlist"}
# A party's place among the parties, counted by the pictures; a status's category.
PUT_TOGETHER = re.compile(r"p\d|s-[a-z]+")


def written():
    """Everything that makes markup: templates, code and scripts."""
    apps = ("negotiations", "issues")
    places = [ROOT / "templates", *(ROOT / app for app in apps)]
    files = [path for place in places for path in place.rglob("*")]
    return "\n".join(
        path.read_text() for path in files if path.suffix in {".html", ".svg", ".py", ".js"}
    )


def test_every_class_is_on_some_page():
    plain = re.sub(r"/\*.*?\*/", "", SHEET.read_text(), flags=re.S)
    # Outside of braces only: a decimal such as .5rem is no class.
    selectors = " ".join(re.findall(r"([^{}]+)\{", plain))
    names = set(re.findall(r"\.([a-zA-Z][\w-]*)", selectors)) - OTHERS
    text = written()
    unused = {name for name in names if not re.search(rf"(?<![\w-]){name}(?![\w-])", text)}
    assert {name for name in unused if not PUT_TOGETHER.match(name)} == set()
