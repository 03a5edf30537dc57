"""The coverage gate: every route in every representation has its row, every model its page."""

import ast
import inspect
import re

from django.contrib import admin
from django.urls import URLPattern, get_resolver

from issues.exports.jobs import KINDS
from issues.exports.tables import TABLES
from issues.filters import IssueFilter
from issues.views import papers

from . import table
from .admin import addresses, models


def routes(patterns, prefix=""):
    """The name of each route with its view."""
    for pattern in patterns:
        if str(pattern.pattern).startswith("admin/"):
            continue
        if isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}", inspect.unwrap(pattern.callback)
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern.url_patterns, prefix + inner)


ROUTES = dict(routes(get_resolver().url_patterns))
ASKED = {(route.name, visit.fragment) for route in table.ROUTES for visit in table.visits(route)}


def fragments(view):
    """The elements this view, and what it calls in its module, answers htmx with."""
    module = inspect.getmodule(view)
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.FunctionDef)
    }
    found, waiting, known = set(), [view.__name__], set()
    while waiting:
        name = waiting.pop()
        if name in known or name not in functions:
            continue
        known.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Call):
                waiting.append(getattr(node.func, "id", ""))
                found |= set(_targets(node, module))
    return found


def _targets(call, module):
    name = getattr(call.func, "id", "")
    given = call.args[1:2] if name == "wants_fragment" else []
    if name == "render_page_or_partial":
        given = [keyword.value for keyword in call.keywords if keyword.arg == "target"]
    for value in given:
        yield value.value if isinstance(value, ast.Constant) else getattr(module, value.id)


def test_every_route_has_a_row():
    assert {route.name for route in table.ROUTES} == set(ROUTES)
    assert all(table.visits(route) for route in table.ROUTES)


def test_every_fragment_has_a_row():
    wanted = {
        (name, target)
        for name, view in ROUTES.items()
        if inspect.isfunction(view)
        for target in fragments(view)
    }
    assert len(wanted) > 30
    assert wanted - ASKED == set()


def test_every_row_is_of_a_route():
    asked = {(route.name, route.method) for route in table.ROUTES}
    rows = [(table.SEEN, "GET"), (table.SENT_TO, "POST")]
    assert {(name, method) for found, method in rows for name in found} <= asked


def test_every_file_has_a_row():
    asked = {visit.place.get("table") for visit in table.SEEN["issues:file_table"]}
    assert asked == set(TABLES)
    downloads = table.SEEN["issues:file_download"]
    assert [visit.made for visit in downloads] == list(KINDS)


def test_every_form_of_a_paper_has_a_row():
    forms = set(re.findall(r'case "(\w+)":', inspect.getsource(papers._answer)))
    assert forms == {"pdf", "docx"}
    for name in ("paper_state", "paper_moved", "paper_brief"):
        queries = {visit.query for visit in table.SEEN[f"issues:{name}"]}
        assert {f"format={form}" for form in forms} <= queries


def test_every_filter_has_a_row():
    assert table.covered_filters() == set(IssueFilter.base_filters)


def test_every_model_of_the_admin_has_a_row():
    asked = set(addresses())
    for model in models():
        name = f"/{model._meta.app_label}/{model._meta.model_name}/"
        assert any(name in address for address in asked)
    assert set(models()) == set(admin.site._registry)
