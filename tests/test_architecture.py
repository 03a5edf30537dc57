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


def test_the_frame_never_imports_items():
    frame = [path for path in MODULES if path.is_relative_to(ROOT / "negotiations")]
    assert [name(path) for path in frame if imports(path, "issues")] == []


def test_pure_rules_know_no_database():
    paths = [p for p in MODULES if p.is_relative_to(ROOT / "issues" / "standing")]
    assert paths
    assert [m for path in paths for m in imports(path, "django")] == []


LOWER = ("models", "access", "services", "reads", "standing", "filters", "forms")


def of_layers(*layers):
    return [p for p in MODULES if p.relative_to(ROOT).with_suffix("").parts[1] in layers]


def test_lower_layers_know_no_views():
    wrong = [p for p in of_layers(*LOWER) for app in APPS if imports(p, f"{app}.views")]
    wrong += [
        p for p in of_layers("models", "access") for app in APPS if imports(p, f"{app}.services")
    ]
    assert [name(path) for path in wrong] == []


def test_services_know_no_request():
    assert [name(p) for p in of_layers("services") if "HttpRequest" in p.read_text()] == []


def test_modules_stay_short():
    assert [name(p) for p in MODULES if len(p.read_text().splitlines()) > 400] == []


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


def root_is_named(path):
    markup = re.sub(r"\{%.*?%\}", "", sent(path), flags=re.DOTALL).strip()
    opening = re.match(r"<(\w+)([^>]*)>", markup)
    expected = path.stem.removeprefix("_").replace("_", "-")
    # Repeated ones carry what tells them apart before or after the name.
    variable = r"\{\{[^\"]*\}\}"
    named = rf'\bid="({variable}-)?{expected}(-{variable})?"'
    return opening and markup.endswith(f"</{opening[1]}>") and re.search(named, opening[2])


def test_partial_has_one_root_named_after_its_file():
    assert [name(path) for path in PARTIALS if not root_is_named(path)] == []


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


@pytest.mark.parametrize("what", FORBIDDEN)
def test_templates_hold_nothing_forbidden(what):
    assert [name(path) for path in TEMPLATES if re.search(FORBIDDEN[what], sent(path))] == []


def test_templates_say_at_their_head_which_variables_they_need():
    heads = {path: "\n".join(path.read_text().splitlines()[:3]) for path in TEMPLATES}
    silent = [name(p) for p, head in heads.items() if not re.search(r"\{#|\{% comment", head)]
    assert silent == []
