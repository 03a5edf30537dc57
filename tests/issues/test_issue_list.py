"""The list of items: order, pages, the address as state, an entry from a row."""

import random
import re
from copy import deepcopy
from html import unescape

import pytest
import time_machine
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from issues import services
from tests import factories
from tests.factories import record

from .reading import row_of, words

SORTS = ["", "number", "-number", "title", "-title", "status", "-status", "said", "-said"]


@pytest.fixture
def talks(module_talks, db):
    return deepcopy(module_talks)


def get(client, talks, query="", user=None, **options):
    client.force_login(user or talks.reader)
    address = reverse("issues:issue_list", args=[talks.slug])
    return client.get(f"{address}?{query}", **options)


def html(client, talks, query="", user=None):
    return get(client, talks, query, user).content.decode()


def titles(answer):
    return [row.issue.title for row in answer.context["rows"]]


def open_many(talks, count):
    made = [services.ItemData(f"Item {number:03}") for number in range(count)]
    return services.open_issues(talks.negotiation, made, by=talks.head)


class TestRows:
    def test_row_says_where_it_stands_and_who_says_so(self, client, talks):
        issue = factories.make_issue(talks.negotiation, "Banking", reference="Art. 1")
        record(issue, "RU", "Agreed", "1 Feb 2026", waits_for="outside", waits_text="the court")
        with time_machine.travel("2026-03-01 10:00Z"):
            row = row_of(html(client, talks), "Banking")
        expected = "Art. 1 Banking Agreed Only RU says so RU 1 Feb 2026 · US nothing on record"
        assert f"{expected} 1 Feb 2026 somebody outside: the court" in row

    def test_items_without_status_are_listed_too(self, client, talks):
        open_many(talks, 2)
        assert titles(get(client, talks)) == ["Item 000", "Item 001"]
        assert "2 items" in html(client, talks)

    def test_an_entry_is_added_from_a_row_by_whoever_may(self, client, talks):
        open_many(talks, 1)
        assert "Add entry" not in html(client, talks)
        (link,) = re.findall(
            r'href="([^"]*/entries/[^"]*)"', html(client, talks, "", talks.recorder)
        )
        form = client.get(unescape(link))
        assert form.status_code == 200
        assert form.context["back"] == reverse("issues:issue_list", args=[talks.slug])

    def test_link_back_keeps_the_address(self, client, talks):
        open_many(talks, 1)
        page = html(client, talks, "q=Item&sort=-title", talks.recorder)
        (link,) = re.findall(r'href="([^"]*/entries/[^"]*)"', page)
        assert client.get(unescape(link)).context["back"].endswith("?q=Item&sort=-title")

    def test_empty_list_and_empty_finding_say_what_to_do(self, client, talks):
        assert "nothing on the agenda yet" in html(client, talks)
        assert "Open the first item" in html(client, talks, "", talks.recorder)
        open_many(talks, 1)
        page = html(client, talks, "q=nothing")
        assert "No item fits this filter." in page
        assert "nothing on the agenda" not in page

    def test_own_word_for_an_item_is_used(self, client, talks):
        talks.negotiation.item_word = "Article"
        talks.negotiation.save()
        assert "<h1>Articles</h1>" in html(client, talks)


@pytest.mark.parametrize("many", [0, 500])
class TestOrder:
    @pytest.fixture(autouse=True)
    def as_if_many(self, many, monkeypatch):
        """Of many items a page reads its own; few are sorted at once. Both say the same."""
        monkeypatch.setattr("issues.filters.MANY", many)

    @pytest.fixture
    def equals(self, talks):
        """Many that are alike in all that one can sort by but number and place: these run apart."""
        issues = open_many(talks, 120)
        for issue in random.Random(7).sample(issues, 60):
            record(issue, "RU", "Agreed", "1 Feb 2026")
        talks.negotiation.issues.update(title="Same", place=200 - F("number"))
        return issues

    def test_each_row_is_on_exactly_one_page(self, client, talks, equals, subtests):
        for sort in SORTS:
            with subtests.test(sort):
                numbers = [
                    row.issue.number
                    for page in (1, 2, 3)
                    for row in get(client, talks, f"sort={sort}&page={page}").context["rows"]
                ]
                assert sorted(numbers) == list(range(1, 121))
                if sort in ("title", "-title"):  # all the same: the order they were opened in
                    assert numbers == list(range(1, 121))
                elif sort.strip("-") in ("status", "said"):
                    assert [numbers[:60], numbers[60:]] == [
                        sorted(numbers[:60]),
                        sorted(numbers[60:]),
                    ]

    ORDERS = {
        "": "cba",
        "number": "cba",
        "-number": "abc",
        "title": "abc",
        "-title": "cba",
        "status": "bca",
        "-status": "cba",
        "said": "cba",
        "-said": "bca",
    }

    def test_order(self, client, talks, subtests):
        """Whatever has no status and no entry comes last, either way round."""
        for title in ("c", "B", "a"):
            factories.make_issue(talks.negotiation, title)
        record(talks.negotiation.issues.get(title="B"), "RU", "Raised", "5 Feb 2026")
        record(talks.negotiation.issues.get(title="c"), "RU", "Agreed", "4 Feb 2026")
        for sort, expected in self.ORDERS.items():
            with subtests.test(sort):
                assert "".join(titles(get(client, talks, f"sort={sort}"))).lower() == expected

    @pytest.mark.parametrize("known", ["", f"&known={timezone.localdate()}"])
    def test_status_goes_up_the_ladder_with_blocked_and_dropped_below_it(
        self, client, talks, known
    ):
        """As in the headline rule: held and dropped are less advanced than every rung."""
        ladder = ["Blocked", "Withdrawn", "Raised", "Agreed", "Being implemented", "Closed"]
        for label in [*reversed(ladder), ""]:
            factories.make_issue(talks.negotiation, label or "Nothing yet")
            if label:
                record(talks.negotiation.issues.get(title=label), "RU", label, "5 Feb 2026")
        for sort, expected in (("status", ladder), ("-status", ladder[::-1])):
            found = titles(get(client, talks, f"sort={sort}{known}"))
            assert found == [*expected, "Nothing yet"]

    def test_head_of_a_column_turns_the_order_round(self, client, talks):
        open_many(talks, 1)

        def head(query):
            heads = html(client, talks, query).split("<thead>")[1].split("</thead>")[0]
            return next(part for part in heads.split("<th ")[1:] if ">Item" in part)

        assert "?sort=title" in head("")
        assert "aria-sort" not in head("")
        assert "?sort=-title" in head("sort=title")
        assert 'aria-sort="ascending"' in head("sort=title")
        assert "?sort=title" in head("sort=-title")
        assert 'aria-sort="descending"' in head("sort=-title")

    def test_headings_stand_in_the_order_of_the_agenda_only(self, client, talks):
        factories.make_issue(talks.negotiation, "Banking", heading="Money")
        assert 'scope="rowgroup"' in html(client, talks)
        assert 'scope="rowgroup"' not in html(client, talks, "sort=title")


class TestPagesAndAddress:
    def test_fifty_rows_a_page_and_where_one_is(self, client, talks):
        open_many(talks, 51)
        assert len(titles(get(client, talks))) == 50
        last = get(client, talks, "page=2")
        assert titles(last) == ["Item 050"]
        assert "51–51 of 51" in words(last.content.decode())

    def test_links_keep_every_other_part_of_the_address(self, client, talks):
        open_many(talks, 101)
        page = html(client, talks, "q=Item&sort=-title&page=2")
        links = [unescape(link) for link in re.findall(r'href="(\?[^"]*)"', page)]
        assert "?q=Item&sort=-title&page=1" in links
        assert "?q=Item&sort=-title&page=3" in links
        for link in links:
            if "page=" not in link:  # another order begins on the first page
                assert link.startswith("?q=Item&sort=")

    def test_address_alone_makes_the_page(self, client, talks):
        open_many(talks, 3)
        page = html(client, talks, "q=001&sort=-title&category=none")
        assert 'value="001"' in page
        assert '<option value="none" selected>' in page
        assert '<option value="-title" selected>' in page
        assert words(page).count("Item 001") >= 1
        assert "Item 002" not in page

    def test_sorting_is_no_filter(self, client, talks):
        assert not get(client, talks, "sort=title").context["filter"].is_active
        assert get(client, talks, "q=x").context["filter"].is_active

    def test_fragment_is_the_table_alone(self, client, talks):
        open_many(talks, 1)
        htmx = {"HX-Request": "true", "HX-Target": "issue-table"}
        part = get(client, talks, "q=Item", headers=htmx).content.decode()
        assert part.lstrip().startswith('<div id="issue-table"')
        assert "<html" not in part
        assert "Item 000" in part
        for headers in ({"HX-Target": "item"}, {"HX-History-Restore-Request": "true"}):
            page = get(client, talks, headers=htmx | headers).content.decode()
            assert page.count("<html") == page.count('id="issue-table"') == 1

    def test_error_of_a_filter_comes_with_the_fragment(self, client, talks):
        open_many(talks, 1)
        htmx = {"HX-Request": "true", "HX-Target": "issue-table"}
        part = get(client, talks, "status=x", headers=htmx).content.decode()
        assert 'role="alert"' in part
        assert "Status: Select a valid choice" in words(part)
        assert "<tr data-row" not in part

    def test_refused_addresses_are_told_to_htmx_in_a_sentence(self, client, talks):
        answer = get(client, talks, "page=9", headers={"HX-Request": "true"})
        assert answer.status_code == 400
        assert words(answer.content.decode()) == "There is no page “9”; there are 1."


def test_filters_offer_what_this_negotiation_has(client, talks):
    other = factories.make_negotiation(("XX", "YY"))
    factories.make_round(other, "Elsewhere")
    factories.make_round(talks.negotiation, "Here")
    form = get(client, talks).context["filter"].form
    parties = [("RU", "Russia"), ("US", "United States")]
    assert [choice for choice in form.fields["said_by"].choices if choice[0]] == parties
    assert [choice for choice in form.fields["raised_by"].choices if choice[0]] == parties
    assert [choice for choice in form.fields["round"].choices if choice[0]] == [
        ("1", "Here · no date")
    ]
    assert "moved" not in re.findall(r'name="(\w+)"', html(client, talks))
