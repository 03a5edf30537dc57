"""The rounds of the Russia–US case as their pages tell them."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from negotiations.access import viewer_of
from tests import factories

from .reading import page, read, row_of

pytestmark = pytest.mark.django_db


def of_round(round_):
    return reverse("issues:round_detail", args=[round_.negotiation.slug, round_.place])


@pytest.fixture
def case(db):
    call_command("loaddata", "schemes", "russia_us", verbosity=0)
    admin = factories.make_user("root", is_superuser=True)
    return viewer_of(admin, "russia-us")


def test_moscow_round_was_cancelled_and_has_no_standing(client, case):
    moscow = case.negotiation.rounds.get(city="Moscow")
    text = read(client, of_round(moscow), case.user)
    assert "Cancelled · June 2025 · Moscow" in text
    assert "nothing stood or moved at it" in text
    assert "Moved forward" not in text


def test_december_round_has_a_russian_account_only(client, case):
    december = case.negotiation.rounds.get(city="Washington")
    text = read(client, of_round(december), case.user)
    assert "Dec 2025" in text
    assert text.count("No readout found.") == 1
    assert "United States No delegate named. No readout found." in text


def test_second_round_moved_banking_and_confirmed_it(client, case):
    second = case.negotiation.rounds.get(number=2)
    row = row_of(page(client, of_round(second), case.user), "Banking and financing")
    assert "Under discussion → Agreed ▲ Now confirmed" in row
    assert "Both say so, separately: RU 10 Apr 2025 · US 10 Apr 2025" in row
