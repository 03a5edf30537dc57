import pytest
from django.core.exceptions import ImproperlyConfigured

from negotiations.startup import site_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://parley.example.org",
            ("https://parley.example.org", "parley.example.org", True),
        ),
        ("https://parley.example.org/", ("https://parley.example.org", "parley.example.org", True)),
        ("http://desk.local:8080", ("http://desk.local:8080", "desk.local", False)),
    ],
)
def test_address_gives_origin_host_and_scheme(url, expected):
    assert site_address(url, local=False) == expected


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "Set PARLEY_URL to the address"),
        ("parley.example.org", "Set PARLEY_URL to the address"),
        ("ftp://parley.example.org", "Set PARLEY_URL to the address"),
        ("https://*", "without a wildcard"),
        ("https://*.example.org", "without a wildcard"),
        ("https://.example.org", "without a wildcard"),
        ("https://example.org/parley", "must end after the host"),
    ],
)
def test_unfit_address_is_refused_with_a_sentence(url, sentence):
    with pytest.raises(ImproperlyConfigured, match=sentence):
        site_address(url, local=False)


def test_only_a_local_copy_may_go_without_an_address():
    assert site_address("", local=True) == ("", "", False)


def test_a_local_copy_with_an_address_is_held_to_it():
    with pytest.raises(ImproperlyConfigured):
        site_address("https://*", local=True)
