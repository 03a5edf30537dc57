from __future__ import annotations

from collections.abc import Sequence

from django.core.management.commands.loaddata import Command as DjangoLoaddata

from issues import services
from negotiations.models import Negotiation


class Command(DjangoLoaddata):
    """Django's loaddata; standings and the search index are derived: rebuilt after loading.

    What was loaded has no links in the chains yet; loading the same again adds none.
    """

    def loaddata(self, fixture_labels: Sequence[str]) -> None:
        super().loaddata(fixture_labels)
        for negotiation in Negotiation.objects.using(self.using):
            services.rebuild_negotiation(negotiation)
            services.rebuild_search(negotiation)
            services.chain_negotiation(negotiation)
