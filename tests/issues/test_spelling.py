"""How words are compared: case, accents, alphabet and the spelling of names aside."""

import pytest

from issues.spelling import MOST_WORDS, fold, has, marked, sound, terms, tokens

SAME = [
    "Darchiev Darchiyev Дарчиев Darchiew Dartschijew DARCHIEV",
    "Lavrov Lavroff Lawrow Лавров",
    "Zelensky Zelenskyy Zelenskiy Зеленский Зеленський",
    "Sergeev Sergeyev Sergejew Сергеев",
    "Alexei Aleksey Alexej Алексей",
    "Yeltsin Eltsin Jelzin Ельцин",
    "Соловьёв Соловьев Soloviev Solovyev",
    "Васильев Vasilyev Vasiliev Wassiljew",
    "Ryabkov Rjabkow Рябков",
    "Coulter Коултер",
    "Müller Muller",
    "ЁЛКА елка",
    "Straße strasse",
    "café CAFE cafe\u0301",
]


@pytest.mark.parametrize("spellings", SAME)
def test_every_spelling_finds_every_other(spellings):
    for typed in spellings.split():
        for written in spellings.split():
            assert has(f"so said {written}, at length", terms(typed)), (typed, written)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("fli", "Direct flights"),
        ("flights", "one flight"),
        ("тарифах", "новые тарифы"),
        ("Дарчиевым", "Darchiyev spoke"),
        ("accord", "l'accord"),
        ("laccord", "l’accord"),
        ("12", "Article 12"),
        ("AND", "this and that"),
        ('"visa* -NEAR(', "visas near the border"),
    ],
)
def test_a_beginning_or_another_form_is_enough(typed, text):
    assert has(text, terms(typed))


@pytest.mark.parametrize(
    ("typed", "text"),
    [("lights", "flights"), ("1", "12"), ("a", "an apple"), ("sees", "session"), ("no yes", "no")],
)
def test_what_does_not_fit(typed, text):
    assert not has(text, terms(typed))


@pytest.mark.parametrize("typed", ["", "  ", "%%% --", '"', "***", "\U0001f680"])
def test_without_letters_nothing_is_looked_for(typed):
    assert terms(typed) == []


def test_only_the_first_words_count():
    assert len(terms(" ".join(f"word{n}" for n in range(50)))) == MOST_WORDS


def test_tokens_are_letters_and_digits_alone():
    for token in tokens(["§en1 a-b_c d'e “x” §", "Ünï¢ødé ½ ² ﬁ ｗｉｄｅ 日本"]).split():
        assert token.isalnum()


def test_folding_and_sound_are_stable():
    for word in ("Darchiyev", "Щербаков", "Zaïre", "ÆØÅ"):
        assert fold(fold(word)) == fold(word)
        assert sound(sound(fold(word))) == sound(fold(word))


def words_of(segments):
    return [segment.text for segment in segments if segment.hit]


def test_what_was_found_is_marked_and_nothing_is_lost():
    text = "Darchiyev <b>met</b> Дарчиев & Rubio's aide."
    segments = marked(text, terms("darchiev rubio"))
    assert words_of(segments) == ["Darchiyev", "Дарчиев", "Rubio's"]
    assert "".join(segment.text for segment in segments) == text


def test_a_passage_begins_near_what_was_found():
    text = "word " * 200 + "flights resume " + "word " * 200
    segments = marked(text, terms("flights"), 120)
    passage = "".join(segment.text for segment in segments)
    assert words_of(segments) == ["flights"]
    assert len(passage) < 140
    assert passage.startswith("… word")
    assert passage.endswith("word …")
    assert marked("nothing here", terms("flights"), 120) == []
