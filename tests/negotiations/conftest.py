from copy import deepcopy

import pytest


@pytest.fixture
def talks(module_talks, db):
    return deepcopy(module_talks)
