"""What is in a scope: for each audience, each kind of viewer."""

import pytest

from negotiations.scopes import MEMBERS_SCOPE, PUBLIC_SCOPE, Scope

A, B = 1, 2
AUDIENCES = [("public", None), ("members", None), ("delegation", A), ("delegation", B)]


@pytest.mark.parametrize(
    ("scope", "sees"),
    [
        (PUBLIC_SCOPE, AUDIENCES[:1]),
        (MEMBERS_SCOPE, AUDIENCES[:2]),
        (Scope.of_party(A), AUDIENCES[:3]),
        (Scope.of_party(B), [*AUDIENCES[:2], AUDIENCES[3]]),
    ],
)
def test_sees(scope, sees):
    assert [audience for audience in AUDIENCES if scope.sees(*audience)] == sees


@pytest.mark.parametrize("scope", [PUBLIC_SCOPE, MEMBERS_SCOPE, Scope.of_party(A)])
@pytest.mark.parametrize("party", [None, A])
def test_an_audience_nobody_knows_is_seen_by_nobody(scope, party):
    assert not scope.sees("secret", party)


def test_every_scope_has_its_own_key():
    scopes = [PUBLIC_SCOPE, MEMBERS_SCOPE, Scope.of_party(A), Scope.of_party(B)]
    assert len({scope.key for scope in scopes}) == len(scopes)
