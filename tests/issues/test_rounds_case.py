"""The rounds of the Russia–US case, and what moved between two, as their pages tell them."""

from django.urls import reverse

from negotiations.models import Negotiation
from tests import factories

from .reading import page, read, row_of, words
from .test_fixture_case import CaseTest as _Case


class RoundsTest(_Case):
    @classmethod
    def setUpTestData(cls):
        cls.negotiation = Negotiation.objects.get()
        cls.reader = factories.make_user("root", is_superuser=True)

    def address(self, **which):
        round_ = self.negotiation.rounds.get(**which)
        return reverse("issues:round_detail", args=[self.negotiation.slug, round_.place])

    def test_moscow_round_was_cancelled_and_has_no_standing(self):
        text = read(self.client, self.address(city="Moscow"), self.reader)
        assert "Cancelled · June 2025 · Moscow" in text
        assert "nothing stood or moved at it" in text
        assert "Moved forward" not in text

    def test_december_round_has_a_russian_account_only(self):
        text = read(self.client, self.address(city="Washington"), self.reader)
        assert "Dec 2025" in text
        assert text.count("No readout found.") == 1
        assert "United States No delegate named. No readout found." in text

    def test_second_round_moved_banking_and_confirmed_it(self):
        html = page(self.client, self.address(number=2), self.reader)
        row = row_of(html, "Banking and financing")
        assert "Under discussion → Agreed ▲ Now confirmed" in row
        assert "Both say so, separately: RU 10 Apr 2025 · US 10 Apr 2025" in row

    def test_between_the_istanbul_rounds_banking_was_confirmed(self):
        places = self.negotiation.rounds.filter(number__in=(1, 2)).values_list("place", flat=True)
        ends = dict(zip(("from", "to"), (f"round-{place}" for place in places), strict=True))
        changes = reverse("issues:changes", args=[self.negotiation.slug])
        html = page(self.client, changes, self.reader, **ends)
        assert "Under discussion → Agreed ▲ now confirmed" in row_of(html, "Banking and financing")
        assert "Made from public entries only" in words(html)
