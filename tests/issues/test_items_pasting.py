"""Reading a pasted list. No database."""

import pytest

from issues.pasting import read_items


def shape(text):
    """Each item as "reference|title", its sub-items in a list after it."""
    found = read_items(text)
    assert found.errors == []

    def told(item):
        words = f"{item.reference}|{item.title}"
        return [words, [told(one) for one in item.sub_items]] if item.sub_items else words

    return [told(item) for item in found.items]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("Direct flights", "|Direct flights"),
        ("Art. 12 Visas", "Art. 12|Visas"),
        ("Article 12: Visas", "Article 12|Visas"),
        ("ARTICLE 5(2) – Visas", "ARTICLE 5(2)|Visas"),
        ("Annex II Schedules", "Annex II|Schedules"),
        ("§ 7 Costs", "§ 7|Costs"),
        ("1.2 Transfers", "1.2|Transfers"),
        ("3) Transfers", "3|Transfers"),
        ("3. Transfers", "3|Transfers"),
        ("- Transfers", "|Transfers"),
        ("• 1.2 Transfers", "1.2|Transfers"),
        # What only looks like a reference.
        ("25-mile rule", "|25-mile rule"),
        ("2025 budget", "|2025 budget"),
        ("Article on visas", "|Article on visas"),
        ("Articles 1 to 3", "|Articles 1 to 3"),
        ("Chapter civil", "|Chapter civil"),
        ("Annexation", "|Annexation"),
    ],
)
def test_a_leading_reference_is_told_from_the_title(line, read):
    assert shape(line) == [read]


def test_indented_lines_are_sub_items():
    text = "Banking\n  Transfers\n  Dues\n\nFlights\n\tRoutes\n"
    assert shape(text) == [["|Banking", ["|Transfers", "|Dues"]], ["|Flights", ["|Routes"]]]


def test_a_common_margin_is_no_indent():
    assert shape("    Banking\n      Transfers\n    Flights") == [
        ["|Banking", ["|Transfers"]],
        "|Flights",
    ]


def test_sub_items_may_be_indented_less_than_the_first():
    assert shape("A\n    a\n  b") == [["|A", ["|a", "|b"]]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("A\n  a\n      deep", "Line 3 is indented twice"),
        ("  a\nA", "Line 1 is indented, but"),
        ("A\n\nArt. 12", "Line 3 has a reference and no title"),
        ("x" * 201, "Line 1 is longer than 200"),
        ("A\nB\na", "Line 3 repeats line 1"),
        ("A\n  b\n  B", "Line 3 repeats line 2"),
        ("\n".join(f"Item number {n}" for n in range(501)), "501 lines; paste 500"),
    ],
)
def test_each_line_that_cannot_be_one_is_named(text, sentence):
    assert any(error.startswith(sentence) or sentence in error for error in read_items(text).errors)


def test_the_same_title_under_two_parents_is_no_repetition():
    assert shape("A\n  x\nB\n  x") == [["|A", ["|x"]], ["|B", ["|x"]]]


def test_nothing_is_read_from_empty_lines():
    assert shape(" \n\n") == []
