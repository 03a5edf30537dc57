"""Files in a browser: progress that goes on by itself or by a button, and the way back in."""

import json
from itertools import count

import pytest
from playwright.sync_api import expect

from issues.exports import jobs
from tests import factories
from tests.browser.looks import assert_in_order

pytestmark = pytest.mark.browser


@pytest.fixture
def talks(live_server, settings, tmp_path, monkeypatch):
    """Talks whose files take several requests: each finds the writer busy twice."""
    settings.MEDIA_ROOT = tmp_path
    for name in ("FIRST_STEP", "STEP", "LONG_STEP"):
        monkeypatch.setattr(f"issues.views.files.{name}", -1)
    asked = count(1)
    do = jobs.do_waiting
    monkeypatch.setattr(jobs, "wake", lambda: do() if next(asked) % 6 == 0 else None)
    talks = factories.make_talks()
    factories.record(factories.make_issue(talks.negotiation), "RU", "Raised")
    return talks


def begin(page, talks, button="Prepare workbook"):
    page.goto(f"/negotiations/{talks.slug}/files/")
    page.get_by_role("button", name=button).click()
    page.locator("#file-bar").wait_for()


def download(page):
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download").click()
    return caught.value


def test_file_prepares_itself_and_is_downloaded(talks, new_page):
    page = new_page(talks.reader)
    begin(page, talks)
    page.locator("#announce").get_by_text("is ready").wait_for(state="attached")
    assert download(page).suggested_filename.startswith(f"{talks.slug}-")


def test_without_script_a_button_goes_on(talks, new_page):
    page = new_page(talks.reader, java_script_enabled=False)
    begin(page, talks)
    for _press in range(9):
        if page.get_by_role("button", name="Continue").count():
            with page.expect_navigation():
                page.get_by_role("button", name="Continue").click()
    assert download(page).suggested_filename.endswith(".xlsx")
    page.goto(f"/negotiations/{talks.slug}/files/prepare/")
    expect(page.get_by_text("was downloaded")).to_be_visible()


def test_progress_and_its_end_have_no_finding(talks, new_page):
    page = new_page(talks.reader)

    def hold(route):
        if "hx-request" not in route.request.headers:
            route.continue_()

    page.route("**/files/prepare/", hold)
    begin(page, talks)
    assert_in_order(page)
    page.unroute("**/files/prepare/")
    page.reload()
    page.get_by_role("link", name="Download").wait_for()
    assert_in_order(page)


def test_what_is_wrong_in_a_file_has_no_finding(talks, new_page):
    page = new_page(talks.reader)
    page.goto("/negotiations/new/from-file/")
    content = json.dumps({"format": "parley-negotiation", "version": 1, "entries": "none"}).encode()
    file = {"name": "talks.json", "mimeType": "application/json", "buffer": content}
    page.get_by_label("File").set_input_files(files=[file])
    page.get_by_role("button", name="Import").click()
    page.locator("#problems").wait_for()
    assert_in_order(page)
