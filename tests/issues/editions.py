"""A negotiation with a public part and a part that is not, for the tests of what is let out."""

import datetime as dt

from django.test import Client
from django.urls import reverse

from issues import services
from negotiations.models import Readout
from negotiations.services import set_readout
from negotiations.services.rounds import Account
from tests import factories
from tests.factories import own_audience, viewer

PUBLIC = {"audience": "public"}
# Each stands somewhere only members or one delegation look.
WITHIN = ("amongus", "forrussia", "ournote", "ourperson", "ourfile")


def make_published(**fields):
    """Talks with public and other entries, a round and sources, and their edition switched on."""
    talks = factories.make_delegations(title="Fish talks", **fields)
    negotiation = talks.negotiation
    talks.recorder.first_name = "ourperson"
    talks.recorder.save()
    talks.round = factories.make_round(
        negotiation, "Round 1", "10 Feb 2025", number=1, note="ournote"
    )
    talks.issues = [factories.make_issue(negotiation, name) for name in ("Quotas", "Mesh size")]
    quotas, mesh = talks.issues
    source = services.NewSource(
        title="Communiqué",
        url="https://example.org/",
        file=factories.make_file("ourfile.pdf"),
    )
    talks.entry = factories.record(
        quotas, "RU", "Raised", by=talks.recorder, text="said aloud", sources=[source], **PUBLIC
    )
    factories.record(
        quotas,
        "US",
        "Agreed",
        "10 Feb 2025",
        text="amongus",
        round=talks.round,
        sources=[services.NewSource(title="amongus source")],
    )
    kept = own_audience(viewer(negotiation, talks.ru))
    factories.record(mesh, "RU", "Blocked", by=talks.ru, text="forrussia", **kept)
    factories.record(
        mesh, "US", "Agreed", "10 Feb 2025", round=talks.round, text="signed", **PUBLIC
    )
    _keep_within(talks)
    ru, us = negotiation.parties.all()
    set_readout(talks.round, party=us, account=Account("A good day."), by=None)
    Readout.objects.update(audience="public")
    set_readout(talks.round, party=ru, account=Account("amongus day", "amongus paper"), by=None)
    services.set_agenda_line(talks.round, quotas, planned=True, audience="public", by=None)
    services.set_agenda_line(talks.round, mesh, planned=True, by=None)
    services.publish(negotiation, may_be_indexed=False, by=talks.head)
    return talks


def _keep_within(talks):
    """Items that are not public, each with an entry that would be."""
    negotiation, russia = talks.negotiation, viewer(talks.negotiation, talks.ru)
    members = factories.make_issue(negotiation, "amongus item", audience="members")
    factories.record(members, "US", "Agreed", text="amongus too")
    own = own_audience(russia) | {"recorded_party": russia.party}
    ours = factories.make_issue(negotiation, "forrussia item", by=talks.ru, **own)
    factories.record(
        ours, "RU", "Agreed", by=talks.ru, text="forrussia too", **own_audience(russia)
    )


def edition_key(issue):
    return issue.negotiation.edition.item_key(issue.pk)


def pages(talks):
    """The address of every kind of page, below whichever door."""
    source = talks.entry.sources.order_by("pk")[0].uuid
    return (
        "",
        f"items/{edition_key(talks.issues[0])}/",
        f"items/{edition_key(talks.issues[1])}/",
        "rounds/",
        "rounds/1/",
        "sources/",
        f"sources/{source}/",
        "corrections/",
    )


def base(talks):
    return reverse("issues:public_state", args=[talks.slug])


def shared(talks, lasts=dt.timedelta(days=1), **narrower):
    """The address of a new share link, and its row."""
    link, secret = services.share(talks.negotiation, by=talks.head, lasts=lasts, **narrower)
    return reverse("issues:shared_state", args=[secret]), link


def read(address, client=None, **options):
    answer = (client or Client()).get(address, **options)
    return answer.status_code, answer.content.decode()
