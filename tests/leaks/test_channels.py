"""The list of known channels is whole, and the tests it names are there."""

import re
from pathlib import Path

from .channels import CHANNELS

TESTS = Path(__file__).resolve().parent.parent


def named(channel):
    tests = CHANNELS[channel]
    return [] if isinstance(tests, str) else tests


def test_every_channel_is_listed_once():
    assert [channel.split()[0] for channel in CHANNELS] == [f"L{n}" for n in range(1, 43)]


def test_every_channel_has_a_test_or_a_reason():
    assert [channel for channel in CHANNELS if not CHANNELS[channel]] == []


def test_every_named_test_is_there():
    for channel in CHANNELS:
        for name in named(channel):
            file, _colons, test = name.partition("::")
            assert re.search(rf"def {test}\(", (TESTS / file).read_text()), name
