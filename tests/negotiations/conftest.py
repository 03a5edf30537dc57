import pytest

from tests import factories


@pytest.fixture
def talks(db):
    return factories.make_talks()
