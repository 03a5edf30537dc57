"""How tests read a page: as words, row by row, or to the byte but for its tokens."""

import re


def page(client, address, user, **query):
    """The HTML that `user` gets; it must be a page."""
    client.force_login(user)
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def words(html):
    """The text, without tags and with single spaces."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def read(client, address, user, **query):
    return words(page(client, address, user, **query))


def row_of(html, title):
    """The table row that tells of the item or round with this title, in words."""
    rows = [part.split("</tr>")[0] for part in html.split("<tr data-row")[1:]]
    return words(next(f"<{row}" for row in rows if title in row))


def bare(client, address, user, **query):
    """The page without what differs at every request."""
    html = page(client, address, user, **query)
    html = re.sub(r'name="(csrfmiddlewaretoken|until)" value="[^"]*"', "", html)
    return re.sub(r"\d\d:\d\d \w+", "", html)
