"""What every page owes its reader, whatever its state."""

from tests.browsing import CONTRAST, DESK, PHONE, findings


def assert_in_order(page):
    """No finding in any of the four looks; nothing makes the page itself scroll sideways."""
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    assert findings(page) == []
    assert sideways(page) <= 0
    # Colours are all that the dark look changes, and width changes none of them.
    page.emulate_media(color_scheme="dark")
    assert findings(page, only=CONTRAST) == []
    page.set_viewport_size(PHONE)
    assert findings(page, without=[CONTRAST]) == []
    assert sideways(page) <= 0


def sideways(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")
