"""What nobody types breaks no page, tells nothing and is not half written: a short run."""

import logging

import pytest

from . import fuzz


@pytest.fixture
def target(db, caplog):
    caplog.set_level(logging.CRITICAL)
    with fuzz.at_work() as target:
        yield target


def test_no_form_and_no_address_breaks(target):
    """Each with all of it odd, then with some; `python -m tests.leaks.fuzz` goes on for longer."""
    assert len(target.forms) > 100
    assert len(target.addresses) > 80
    assert fuzz.attack(target, examples=2) == []
