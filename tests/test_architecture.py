"""What the layout promises: who imports whom, how big, and how templates are built."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("negotiations", "issues")
MODULES = sorted(
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html"))
PARTIALS = [path for path in TEMPLATES if path.name.startswith("_")]


def name(path):
    return str(path.relative_to(ROOT))


def imported_modules(path):
    """Every module `path` imports, relative imports resolved, inside functions too."""
    package = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: -node.level]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imports(path, prefix):
    return [m for m in imported_modules(path) if m == prefix or m.startswith(f"{prefix}.")]


@pytest.mark.parametrize("path", [p for p in MODULES if p.is_relative_to(ROOT / "negotiations")])
def test_the_frame_never_imports_items(path):
    assert imports(path, "issues") == []


def test_pure_rules_know_no_database():
    paths = [p for p in MODULES if p.is_relative_to(ROOT / "issues" / "standing")]
    assert paths
    assert [m for path in paths for m in imports(path, "django")] == []


LOWER = ("models", "access", "services", "reads", "standing", "filters", "forms")


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_lower_layers_know_no_views(path):
    layer = path.relative_to(ROOT).with_suffix("").parts[1]
    if layer in LOWER:
        assert [m for app in APPS for m in imports(path, f"{app}.views")] == []
    if layer in {"models", "access"}:
        assert [m for app in APPS for m in imports(path, f"{app}.services")] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_services_know_no_request(path):
    if "services" in path.parts or path.stem == "services":
        assert "HttpRequest" not in path.read_text()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_stay_short(path):
    assert len(path.read_text().splitlines()) <= 400


def test_views_fetch_through_access_and_reads():
    """`Model.objects.get` in a view skips the question who asks."""
    views = [path for path in MODULES if "views" in path.relative_to(ROOT).as_posix()]
    direct = re.compile(r"objects\.get\(|get_object_or_404")
    assert views
    assert [name(path) for path in views if direct.search(path.read_text())] == []


def test_functions_are_short():
    """Half of all functions within 8 lines, nine in ten under 30, as the house style asks."""
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 8
    assert lengths[len(lengths) * 9 // 10] < 30


# Comments, and all that is in template tags, are not part of what the browser gets.
UNSENT = re.compile(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}", re.DOTALL)


def sent(path):
    return UNSENT.sub("", path.read_text())


@pytest.mark.parametrize("path", PARTIALS, ids=name)
def test_partial_has_one_root_named_after_its_file(path):
    markup = re.sub(r"\{%.*?%\}", "", sent(path), flags=re.DOTALL).strip()
    opening = re.match(r"<(\w+)([^>]*)>", markup)
    expected = path.stem.removeprefix("_").replace("_", "-")
    assert opening, "starts with an element"
    assert markup.endswith(f"</{opening[1]}>"), "ends with the same element"
    # Repeated ones carry what tells them apart before or after the name.
    variable = r"\{\{[^\"]*\}\}"
    assert re.search(rf'\bid="({variable}-)?{expected}(-{variable})?"', opening[2])


FORBIDDEN = {
    "inline script": r"<script(?![^>]*\bsrc=)",
    "inline style": r"<style|\sstyle=",
    "event handler": r"\son\w+=",
    # A filter stands right after an event; brackets in a selector after from: are harmless.
    "evaluated htmx": r"hx-on|js:|hx-vars|hx-trigger=\"(?:[^\"]*,)?\s*[\w:.-]+\[",
    "htmx 4 drops it": r"hx-boost|hx-prompt|hx-params|hx-ext|hx-disable=",
    "another host": r"(?:src|href)=\"(?:https?:)?//",
    "unescaped text": r"\|\s*safe\b|autoescape off",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_template_holds_nothing_forbidden(path, what):
    assert not re.search(FORBIDDEN[what], sent(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_says_at_its_head_which_variables_it_needs(path):
    head = "\n".join(path.read_text().splitlines()[:3])
    assert re.search(r"\{#|\{% comment", head)
