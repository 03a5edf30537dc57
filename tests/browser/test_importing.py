"""A table on its way into the record, with and without scripts; each step looked at."""

import pytest
from playwright.sync_api import expect

from tests.browser.looks import assert_in_order
from tests.browser.talks import open_talks

pytestmark = pytest.mark.browser

TABLE = """Вопрос;Дата;Кто;Статус;Примечание
Fish quotas;10.04.2025;Norway;Согласовано;Так сказали
Ports;апрель 2025;EU;В скобках;
"""
BROKEN = TABLE + "Pilots;скоро;Norway;Согласовано;\n"


def assert_at(page, heading):
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def upload(page, talks, text, encoding="cp1251"):
    page.goto(f"{talks.url}import/")
    file = {"name": "table.csv", "mimeType": "text/csv", "buffer": text.encode(encoding)}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload and look").click()
    assert_at(page, "What do the columns hold?")


def explain(page):
    page.get_by_role("button", name="Continue").click()
    assert_at(page, "What do its words mean here?")
    page.get_by_label("В скобках").select_option("new, counts as: In talks")
    page.get_by_role("button", name="Check all rows").click()
    assert_at(page, "Check and import")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_table_is_imported_and_taken_back(visit, javascript):
    page = visit("head", java_script_enabled=javascript)
    talks = open_talks(page)
    upload(page, talks, TABLE)
    explain(page)
    if not javascript:
        page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_text("All 2 rows are in order.")).to_be_visible()
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_text("“table.csv” is imported: 2 rows.")).to_be_visible()
    page.goto(talks.item(4))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ports")
    expect(page.locator("main")).to_contain_text("В скобках")
    page.goto(f"{talks.url}import/")
    page.get_by_role("link", name="table.csv").click()
    page.get_by_label("Why").fill("The wrong year")
    page.get_by_role("button", name="Retract all").click()
    expect(page.get_by_text("“table.csv” is retracted.")).to_be_visible()
    assert page.goto(talks.item(4)).status == 404


def test_every_step_has_no_finding(visit):
    page = visit("head")
    talks = open_talks(page)
    page.goto(f"{talks.url}import/")
    page.get_by_text("What a table may hold").click()
    expect(page.locator("details[open]")).to_be_visible()
    assert_in_order(page)
    upload(page, talks, BROKEN)
    assert_in_order(page)
    page.get_by_role("button", name="Continue").click()
    assert_at(page, "What do its words mean here?")
    assert_in_order(page)
    page.get_by_label("В скобках").select_option("new, counts as: In talks")
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_text("1 row cannot be imported")).to_be_visible()
    assert_in_order(page)
    upload(page, talks, TABLE)
    explain(page)
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("heading", name="Retract all")).to_be_visible()
    assert_in_order(page)
