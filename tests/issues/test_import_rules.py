"""Reading tables, columns, dates and words: without a database."""

import datetime as dt
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues.imports import columns, dates, files, rows, tables, words
from negotiations.dates import VagueDate
from tests.issues.importing import csv_bytes, xlsx_bytes

FEW = settings(max_examples=60, deadline=None)
DAYS = st.dates(dt.date(1901, 1, 1), dt.date(2099, 12, 31))


class TestDates:
    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            ("2025-04-10", "10 Apr 2025"),
            ("10.04.2025", "10 Apr 2025"),
            ("10.4.25", "10 Apr 2025"),
            ("10/04/2025", "10 Apr 2025"),
            ("25/12/2025", "25 Dec 2025"),
            ("10 Apr 2025", "10 Apr 2025"),
            ("April 10, 2025", "10 Apr 2025"),
            ("10 апреля 2025 г.", "10 Apr 2025"),
            ("апрель 2025", "Apr 2025"),
            ("мая 2025", "May 2025"),
            ("март 2025", "Mar 2025"),
            ("04.2025", "Apr 2025"),
            ("2025-04", "Apr 2025"),
            ("Sept 2025", "Sep 2025"),
            ("2025", "2025"),
            ("2025 год", "2025"),
            (2025, "2025"),
            (2025.0, "2025"),
            (45757, "10 Apr 2025"),
            ("45757", "10 Apr 2025"),
            (dt.date(2025, 4, 10), "10 Apr 2025"),
        ],
    )
    def test_common_forms(self, cell, text):
        assert str(dates.read_date(cell)[0]) == text

    @pytest.mark.parametrize(
        "cell", ["", "soon", "31.02.2025", "2025-13", "13.2025", 12, 1e12, "Q2 2025", "0/0/0"]
    )
    def test_what_is_none_says_so(self, cell):
        with pytest.raises(ValueError, match=r"."):
            dates.read_date(cell)

    def test_the_order_of_slashes_is_a_choice(self):
        assert str(dates.read_date("04/05/2025")[0]) == "4 May 2025"
        assert str(dates.read_date("04/05/2025", day_first=False)[0]) == "5 Apr 2025"
        with pytest.raises(ValueError, match="no month 13 when the day comes first"):
            dates.read_date("4/13/2025")
        assert dates.guess_day_first(["4/5/2025", "25/12/2025"])
        assert not dates.guess_day_first(["4/5/2025", "12/25/2025"])

    def test_a_time_of_day_is_kept(self):
        assert dates.read_date("2025-04-10 14:30:59")[1] == dt.time(14, 30)
        assert dates.read_date(dt.datetime(2025, 4, 10, 9, 5))[1] == dt.time(9, 5)
        assert dates.read_date(45757.5)[1] == dt.time(12)

    @FEW
    @given(day=DAYS, form=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d %b %Y"]))
    def test_every_day_survives_being_written(self, day, form):
        assert dates.read_date(day.strftime(form))[0] == VagueDate.of_day(day)

    @FEW
    @given(day=DAYS)
    def test_both_epochs_count_the_same_days(self, day):
        since_1900 = (day - dt.date(1899, 12, 30)).days
        if since_1900 in dates.SERIALS and since_1900 not in dates.YEARS:
            assert dates.read_date(since_1900)[0] == VagueDate.of_day(day)
        since_1904 = (day - dt.date(1904, 1, 1)).days
        if since_1904 in dates.SERIALS and since_1904 not in dates.YEARS:
            assert dates.read_date(since_1904, epoch_1904=True)[0] == VagueDate.of_day(day)

    @FEW
    @given(st.text(max_size=30))
    def test_no_text_breaks_it(self, text):
        with suppress(ValueError):
            assert dates.read_date(text)[0].first


CELLS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=12
)
GRIDS = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=2, max_size=6)
)


class TestTables:
    @FEW
    @given(GRIDS, st.sampled_from(list(tables.DELIMITERS)))
    def test_a_csv_is_read_as_it_was_written(self, grid, delimiter):
        text = csv_bytes(grid[0], grid[1:], delimiter=delimiter).decode()
        table = tables.read_csv(text, delimiter)
        assert [list(row.cells) for row in table.rows] == grid[1:]

    @FEW
    @given(st.binary(max_size=300))
    def test_no_bytes_break_it(self, data):
        with suppress(tables.Unreadable):
            assert files.read_file(data)[0].rows

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
    def test_the_encoding_of_russian_is_recognised(self, encoding):
        data = csv_bytes(["Вопрос", "Статус"], [["Рейсы", "Согласовано"]], encoding)
        assert files.read_file(data)[0].header == ["Вопрос", "Статус"]

    def test_western_letters_are_not_taken_for_russian(self):
        data = csv_bytes(["Sujet", "État"], [["Pêche à Genève", "clôturé"]], "cp1252")
        assert files.read_file(data)[0].header == ["Sujet", "État"]

    def test_a_table_waits_as_text_and_comes_back(self):
        table, _how = files.read_file(
            xlsx_bytes(["a", "b"], [["x", dt.date(2025, 4, 1)], [1.5, dt.datetime(2025, 4, 1, 9)]])
        )
        table.rows[0].cells[0] = tables.Fault("broken")
        assert files.load(files.dump(table)) == table

    def test_names_that_repeat_or_lack_are_made_up(self):
        table = tables.read_csv("a,a,,b\n1,2,3,4\n", ",")
        assert table.header == ["a", "a (2)", "Column C", "b"]

    def test_rows_keep_the_numbers_the_spreadsheet_shows(self):
        table = tables.read_csv('\n\na,b\n\n"1\n1",2\n3,4\n', ",")
        assert [row.number for row in table.rows] == [5, 7]

    def test_letters_of_columns(self):
        assert [tables.letter(n) for n in (0, 25, 26, 701)] == ["A", "Z", "AA", "ZZ"]


class TestColumns:
    @pytest.mark.parametrize(
        ("kind", "header", "held"),
        [
            (
                "entries",
                "issue,date,round,from,to,asserted_by,source_url,note",
                "item,date,round,before,status,asserted_by,source_url,text",
            ),
            ("entries", "Вопрос,Дата,Сторона,Статус", "item,date,asserted_by,status"),
            ("rounds", "number,title,start,end,city", "number,title,start,end,city"),
            ("rounds", "№,Название,Начало,Окончание,Город", "number,title,start,end,city"),
            ("items", "No.,Title,Chapter,Part of", "reference,title,heading,parent"),
        ],
    )
    def test_are_guessed_from_their_names(self, kind, header, held):
        guessed = columns.guess_columns(kind, header.split(","))
        assert sorted(guessed, key=guessed.get) == held.split(",")

    def test_are_what_they_were_last_time(self):
        guessed = columns.guess_columns("entries", ["Status", "Foo"], {"foo": "item"})
        assert guessed == {"status": 0, "item": 1}

    @FEW
    @given(st.lists(st.text(max_size=10), max_size=8))
    def test_no_column_holds_two_things(self, header):
        guessed = columns.guess_columns("entries", header)
        assert len(set(guessed.values())) == len(guessed)

    def test_what_is_lacking_is_said(self):
        assert columns.missing("rounds", {}) == ["Choose the column for “Title” or “Number”."]


STATUSES = [("Raised", "Raised", "open"), ("Agreed", "Agr", "settled"), ("Blocked", "B", "held")]
PARTIES = [("RU", "Russia"), ("US", "United States")]


class TestWords:
    @pytest.mark.parametrize(
        ("word", "label"),
        [
            ("AGREED", "Agreed"),
            ("agr", "Agreed"),
            ("Согласовано", "Agreed"),
            ("on hold", "Blocked"),
            ("tabled", "Raised"),
            ("purple", ""),
        ],
    )
    def test_statuses(self, word, label):
        assert words.guess_status(word, STATUSES, {}) == label

    @pytest.mark.parametrize(
        ("word", "meant"),
        [
            ("ru", "RU"),
            ("United States", "US"),
            ("Russia and United States", "RU US"),
            ("US / RU", "RU US"),
            ("Обе стороны", "joint"),
            ("СМИ", "third"),
            ("our assessment", "own"),
            ("Atlantis", ""),
        ],
    )
    def test_speakers(self, word, meant):
        assert words.guess_speaker(word, PARTIES, {}) == meant

    def test_what_was_explained_before_comes_first(self):
        assert words.guess_status("purple", STATUSES, {"purple": "Blocked"}) == "Blocked"
        assert words.guess_status("Agreed", STATUSES, {"agreed": "gone by now"}) == "Agreed"
        assert words.guess_speaker("Moscow", PARTIES, {"moscow": "RU"}) == "RU"

    def test_each_word_counts_once_however_it_is_written(self):
        assert words.distinct(["Agreed", "agreed ", "", "Raised"]) == {"Agreed": 2, "Raised": 1}


class TestRows:
    reading = rows.Reading("entries", {"item": 0, "date": 1, "text": 2})

    def test_values_and_errors_stand_side_by_side(self):
        draft = rows.read_row(tables.Row(2, [" A\n B ", "soon", "x" * 5001]), self.reading)
        assert draft.values == {"item": "A B"}
        assert draft.errors["text"] == "This has 5001 characters; there is room for 5000."
        assert draft.errors.keys() == {"date", "text"}

    def test_repeats_are_those_that_say_the_same_in_all_columns(self):
        same = [tables.Row(n, cells) for n, cells in enumerate([["A", "1", "x"]] * 2, start=2)]
        table = tables.Table(["a", "b", "c"], [*same, tables.Row(9, ["A", "1", "y"])])
        assert rows.repeats(table, self.reading) == {3: 2}
