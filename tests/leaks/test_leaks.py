"""Nobody meets a word that is not theirs, and no byte tells outside that it was said."""

import logging
import re

import pytest

from tests.test_permissions import READING

from . import worlds
from .crawl import listening
from .world import AUTHOR, BIRDS, RUSSIA, SIDE

pytestmark = pytest.mark.django_db

# Without anything typed or prepared these have nothing to show.
ALL_ALONE = {"GET issues:show_as_of"}


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker):
    """Both worlds, seen by everybody, once for all tests here."""
    with django_db_blocker.unblock():
        return worlds.twins()


@pytest.fixture(scope="module")
def without(seen):
    return seen[0]


@pytest.fixture(scope="module")
def within(seen):
    return seen[1]


def birds(world):
    """Every answer with a word that its reader may not see."""
    found = {key: answer.birds(key[0]) for key, answer in world.answers.items()}
    return {key: birds for key, birds in found.items() if birds}


def test_no_word_reaches_whom_it_is_not_for(seen):
    assert [birds(world) for world in seen] == [{}, {}]


def test_no_byte_differs_between_the_worlds(without, within):
    """First the addresses, then the first of them in full: pytest shows where it differs."""
    differing = [key for key, answer in without.answers.items() if within.answers[key] != answer]
    for key in differing:
        assert within.answers[key].text == without.answers[key].text, differing
    assert differing == []


def test_no_word_is_logged(seen):
    lines = [line for world in seen for line in world.lines]
    assert [line for line in lines if any(bird in line for bird in BIRDS)] == []


def test_no_word_is_mailed(seen):
    mails = [mail for world in seen for mail in world.mails]
    assert [mail for mail in mails if any(bird in mail for bird in BIRDS)] == []


def test_mail_went_out(seen):
    """The test above would pass if none were ever sent."""
    for world in seen:
        told = " ".join(world.mails)
        assert "You are invited to Parley" in told
        assert "Set a new password for Parley" in told


def test_what_is_logged_would_be_heard():
    with listening() as listener:
        logging.getLogger("django").error("So it is.")
    assert len(listener.lines) == 2


def test_hidden_row_of_the_admin_answers_as_one_that_is_not_there(within):
    assert within.told_apart == []


def test_no_visit_breaks(seen):
    assert [
        key for world in seen for key, answer in world.answers.items() if answer.status >= 500
    ] == []


def test_whoever_may_read_was_let_in_everywhere(within):
    """The tests above would pass if everybody had been sent to sign in."""
    for role in ("head", "us_head", "ru_peer", "superuser"):
        told = {
            str(route): within.answers[role, str(route), 0].status
            for route in READING
            if (role, str(route), 0) in within.answers
        }
        assert len(told) > 15
        assert {name for name, status in told.items() if status not in (200, 302)} <= ALL_ALONE


def test_inside_it_is_seen(within):
    """The tests above would pass if nothing were ever shown."""
    shown = {
        key[1]
        for key, answer in within.answers.items()
        if RUSSIA in answer.text and key[0] == "ru_peer"
    }
    assert len(shown) > 25


def test_with_other_eyes_nothing_of_ones_own_side_is_seen(within):
    """Whoever may see all of it looks as the other side, and as the public."""
    asked = within.borrowed.items()
    told = {key for key, answer in asked if re.search(f"{RUSSIA}|{SIDE}|{AUTHOR}", answer.text)}
    assert told == set()
    assert [key for key, answer in asked if answer.status >= 500] == []
    assert {key[0] for key, answer in asked if "Flights" in answer.text} == {"US", ":public"}


def test_a_paper_for_all_members_holds_no_more_than_theirs(within):
    """Made by somebody who sees more; for themselves the same paper has it."""
    told = {answer.where: set() for answer in within.papers.values()}
    for answer in within.papers.values():
        told[answer.where] |= {bird for bird in (RUSSIA, SIDE, AUTHOR) if bird in answer.text}
    assert told.pop("format=docx") == {RUSSIA}
    assert told == {"audience=members": set(), "audience=members&format=docx": set()}
