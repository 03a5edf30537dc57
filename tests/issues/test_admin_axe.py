"""Every list, form and empty form of the admin: axe finds nothing that is ours to mend."""

import re

import pytest
from django.contrib import admin

from tests.admin_pages import make_superuser, url
from tests.browsing import findings

from .test_admin_pages import NEVER_ADDED, OURS, first, make_world

# Django's own markup, which no setting reaches: the rule, what it is said of, and why it stays.
DJANGOS_OWN = [
    ("target-size", r".", "its filters and tables are dense; every row has a page of its own"),
    ("empty-table-header", r"<th", "the column of links and ticks of its inline tables"),
    ("link-in-text-block", r"^<a href=\"/admin/", "its breadcrumbs have colour and no line"),
    ("aria-prohibited-attr", r"help-tooltip", "the choice of groups on an account's page"),
    ("aria-input-field-name", r"select2", "the select2 it ships, before anything is chosen"),
    ("label", r"select2-search__field", "the same select2's search box"),
]


# Colours are Django's theme throughout, and the slowest to measure.
COLOURS = ["color-contrast"]


def is_djangos_own(rule, html):
    return any(rule == known and re.search(part, html) for known, part, _why in DJANGOS_OWN)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_no_page_has_a_finding(new_page):
    make_world()
    # axe tries out styles of its own; the policy on these pages has its test elsewhere.
    page, found = new_page(make_superuser(), bypass_csp=True), []
    for model in OURS:
        addresses = [url(model), url(model, "change", first(model))]
        if model.__name__ not in NEVER_ADDED:
            addresses.append(url(model, "add"))
        for address in addresses:
            page.goto(address)
            found += [
                (address, *one)
                for one in findings(page, without=COLOURS)
                if not is_djangos_own(*one)
            ]
    assert found == []


def test_no_page_about_addresses_that_nobody_uses():
    assert "emailaddress" not in {model._meta.model_name for model in admin.site._registry}
