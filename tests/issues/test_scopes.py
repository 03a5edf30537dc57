"""What one delegation keeps to itself changes no byte of anybody else's pages (design §2)."""

import datetime as dt
import re
from copy import deepcopy
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from issues import services
from issues.models import Entry, Standing
from negotiations import services as frame
from negotiations.access import Viewer, scopes_of
from negotiations.scopes import MEMBERS, PUBLIC
from tests import factories
from tests.factories import add_member, entry_data, own_audience, record, viewer

NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
CANARY = "canary"
# Random on every answer: tokens of forms, and where a page says when it was made.
NOISE = re.compile(r'name="(?:csrfmiddlewaretoken|token|until)" value="[^"]*"')


@pytest.fixture(scope="module")
def made(module_db):
    """Three items, two rounds, and what everybody knows of them."""
    with time_machine.travel(NOW, tick=False):
        talks = factories.make_delegations()
        negotiation = talks.negotiation
        talks.ru_head = add_member(negotiation, "head", "RU")
        first = factories.make_round(negotiation, "R1", "27 Feb 2025", number=1)
        talks.round = factories.make_round(negotiation, "R2", "10 Apr 2025", number=2)
        talks.issues = [factories.make_issue(negotiation, title) for title in "ABC"]
        a, b, _c = talks.issues
        source = services.NewSource(title="A readout", url="https://example.org/")
        record(a, "RU US", "Agreed", "27 Feb 2025", round=first, sources=[source])
        talks.known = record(b, "RU", "Raised", "10 Apr 2025", by=talks.ru, waits_for="both")
        talks.other = record(b, "US", "Under discussion", "11 Apr 2025", by=talks.us)
        return talks


@pytest.fixture
def talks(made, db):
    with time_machine.travel(NOW, tick=False):
        yield deepcopy(made)


def keep_secrets(talks):
    """All that Russia's people can do among themselves; the entries."""
    a, b, c = talks.issues
    russia = viewer(talks.negotiation, talks.ru)
    own = own_audience(russia)
    united_states = talks.negotiation.parties.get(code="US")
    secret = {
        "text": f"{CANARY} text",
        "position": f"{CANARY} position",
        "waits_for": "party",
        "waits_party": united_states,
        "waits_text": f"{CANARY} waits",
        "next_step": f"{CANARY} step",
        "speaker": f"{CANARY} speaker",
    }
    source = services.NewSource(title=f"{CANARY} source")
    record(a, "RU", "Blocked", "1 May 2025", by=talks.ru, sources=[source], **secret, **own)
    record(c, "US", "Closed", "9 Apr 2025", by=talks.ru, round=talks.round, **secret, **own)
    record(c, "third", "Withdrawn", by=talks.ru, **secret, **own)
    said = entry_data(talks.negotiation, "RU", "Blocked", "10 Apr 2025", **secret, **own)
    services.correct(talks.known, said, viewer=russia, reason=f"{CANARY} reason")
    undone = record(b, "RU", "Closed", by=talks.ru, **secret, **own)
    services.undo([undone], viewer=russia)
    gone = record(b, "RU", "Agreed", by=talks.ru, **secret, **own)
    services.retract(gone, viewer=viewer(talks.negotiation, talks.ru_head), reason=CANARY)
    services.add_source(gone, services.NewSource(title=f"{CANARY} second"), viewer=russia)
    services.redact(record(c, "RU", "Agreed", by=talks.ru, **own), reason=CANARY, by=CANARY)


FILTERS = [
    *("q=canary", "status=Blocked", "status=Closed", "category=held", "category=none"),
    *("says=only", "says=differ", "said_by=RU", "said_by=US", "waits=US", "waits=both"),
    *("round=1", "round=2", "moved=down", "moved=up", "sort=status", "sort=-said"),
]
CLOCKS = ["as_of=2025-05-02", "known=2026-03-20", "as_of=2025-05-02&known=2026-03-20"]


def addresses(talks):
    """Every page of the negotiation that is only read, in every state."""

    def page(name, *args, queries=()):
        address = reverse(name, args=[*args])
        return [address, *(f"{address}?{query}" for query in queries)]

    slug, numbers = talks.slug, [issue.number for issue in talks.issues]
    yield from page("issues:home")
    looked = ["a", "they said", CANARY, "can", "so", "10", "readout&kind=sources"]
    found = [f"q={words}" for words in looked]
    found += [f"{words}&in={talks.slug}" for words in found]
    found += [f"q=they&kind={kind}" for kind in ("items", "entries", "sources")]
    yield from page("issues:search", queries=found)
    more = ["empty=1", "rounds=all", "since=1", *CLOCKS, *FILTERS]
    yield from page("issues:state_of_play", slug, queries=more)
    yield from page("issues:issue_list", slug, queries=[*CLOCKS, *FILTERS[::3], *FILTERS[-2:]])
    for number in numbers:
        yield from page("issues:issue_detail", slug, number, queries=CLOCKS)
        yield from page("issues:entries", slug, number, queries=["round=2"])
    yield from page("issues:round_list", slug)
    for place in (1, 2):
        yield from page("issues:round_detail", slug, place, queries=CLOCKS)
    since = ["from=round-1&to=round-2", "from=2025-01-01&to=2026-03-20", "from=read"]
    yield from page("issues:changes", slug, queries=since)
    asked = ["", "?rounds=1", "?days=400", "?party=US", *(f"?{clock}" for clock in CLOCKS)]
    for name in ("silence", "unanswered", "next_steps"):
        base = reverse(f"issues:{name}", args=[slug])
        yield from (base + query for query in asked)
    yield from page("issues:pictures", slug, queries=["turns=all", *CLOCKS])
    for number in numbers:
        yield from page("issues:issue_chart", slug, number, queries=CLOCKS)
        yield from page("issues:still_so", slug, number)
        yield from page("issues:ask", slug, number)
    number = talks.known.issue.number
    for name in ("entry_correct", "entry_retract", "entry_source"):
        yield from page(f"issues:{name}", slug, number, talks.known.uuid)
    yield from page("issues:paper_state", slug, queries=["empty=1", *CLOCKS, *FILTERS[::4]])
    yield from page("issues:paper_moved", slug, queries=since)
    for number in numbers:
        yield from page("issues:paper_brief", slug, number, queries=CLOCKS[:1])
    yield from page("negotiations:letterhead", slug)
    for name in ("members", "parties", "scheme", "negotiation_edit"):
        yield from page(f"negotiations:{name}", slug)
    yield from page("negotiations:round_edit", slug, 2)
    yield from page("issues:issue_order", slug)


@pytest.fixture
def outsiders(talks):
    """The head of the other delegation, and one tied to none: they reach every page there is."""
    talks.us_head = add_member(talks.negotiation, "head", "US")
    return {name: sign_in(getattr(talks, name)) for name in ("head", "us_head")}


def sign_in(user):
    client = Client()
    client.force_login(user)
    return client


def everything(client, talks):
    found = {}
    for address in addresses(talks):
        answer = client.get(address)
        assert answer.status_code in (200, 400, 403), address
        found[address] = (answer.status_code, NOISE.sub("", answer.content.decode()))
    return found


def test_no_byte_changes_outside(talks, outsiders):
    before = {name: everything(client, talks) for name, client in outsiders.items()}
    keep_secrets(talks)
    for name, client in outsiders.items():
        for address, page in everything(client, talks).items():
            assert page == before[name][address], f"{name}: {address}"
            assert CANARY in address or CANARY not in page[1], f"{name}: {address}"


def test_inside_it_shows(talks):
    """The test above would pass if nothing were ever shown."""
    client, base = sign_in(talks.ru), f"/negotiations/{talks.slug}/"
    pages = [f"{base}{page}" for page in ("", "issues/", "rounds/", "rounds/2/", "changes/")]
    pages += [f"{base}issues/{number}/" for number in (1, 2, 3)]
    before = {address: NOISE.sub("", client.get(address).content.decode()) for address in pages}
    keep_secrets(talks)
    for address in pages:
        assert NOISE.sub("", client.get(address).content.decode()) != before[address], address


def test_figures_and_periods_outside_are_as_if_it_had_not_been(talks):
    scopes = [PUBLIC, MEMBERS, f"party-{talks.us.memberships.get().party_id}"]
    kept = Standing.objects.filter(scope__in=scopes).order_by("pk")
    before = list(kept.values()), list(kept.values("party_rows__pk", "party_rows__status"))
    keep_secrets(talks)
    assert (
        list(kept.values()),
        list(kept.values("party_rows__pk", "party_rows__status")),
    ) == before


@pytest.mark.parametrize("name", ["entry_correct", "entry_retract", "entry_source", "entry_undo"])
def test_hidden_entry_answers_as_one_that_is_not_there(talks, outsiders, name):
    own = own_audience(viewer(talks.negotiation, talks.ru))
    issue = talks.issues[0]
    hidden = record(issue, "RU", by=talks.ru, **own)
    for client in outsiders.values():
        answers = set()
        for uuid in (hidden.uuid, uuid4()):
            address = reverse(f"issues:{name}", args=[talks.slug, issue.number, uuid])
            answer = client.post(address, {"reason": "So."})
            answers.add((answer.status_code, NOISE.sub("", answer.content.decode())))
        ((status, _page),) = answers
        assert status == 404
    assert not hidden.corrections.exists()


def test_source_of_a_hidden_entry_cannot_be_chosen(talks, outsiders):
    own = own_audience(viewer(talks.negotiation, talks.ru))
    new = services.NewSource(title=f"{CANARY} source")
    hidden = record(talks.issues[0], "RU", by=talks.ru, sources=[new], **own).sources.get()
    address = reverse("issues:entries", args=[talks.slug, 1])
    form = {"who": "own", "said": "2025", "text": "So.", "audience": "members"}
    for uuid in (hidden.uuid, uuid4()):
        answer = outsiders["us_head"].post(address, form | {"source": str(uuid)})
        assert answer.status_code == 422
        assert "source" in answer.context["form"].errors
    assert Entry.objects.filter(sources=hidden).count() == 1


class TestWhichScopesThereAre:
    def keys(self, negotiation):
        kept = Standing.objects.filter(issue__negotiation=negotiation)
        return set(kept.values_list("scope", flat=True))

    def test_public_members_and_parties_with_people(self, db):
        negotiation = factories.make_negotiation()
        factories.make_issue(negotiation)
        assert self.keys(negotiation) == {"public", "members"}
        member = add_member(negotiation, "viewer", "RU").memberships.get()
        scope = f"party-{member.party_id}"
        assert self.keys(negotiation) == {"public", "members", scope}
        assert {scope.key for scope in scopes_of(negotiation)} == {"public", "members", scope}
        frame.remove_member(member)
        assert self.keys(negotiation) == {"public", "members"}

    def test_new_scope_sees_what_was_kept_before(self, talks):
        own = own_audience(viewer(talks.negotiation, talks.ru))
        record(talks.issues[2], "RU", "Blocked", by=talks.ru, **own)
        for user in (talks.ru, talks.ru_head):
            frame.remove_member(user.memberships.get())
        russia = talks.negotiation.parties.get(code="RU")
        assert f"party-{russia.pk}" not in self.keys(talks.negotiation)
        add_member(talks.negotiation, "viewer", "RU")
        standing = Standing.objects.get(
            issue=talks.issues[2], scope=f"party-{russia.pk}", until=None
        )
        assert standing.headline.label == "Blocked"

    def test_superuser_sees_no_delegations_own(self, talks):
        admin = factories.make_user(is_superuser=True)
        scope = Viewer(admin, talks.negotiation, None, "head", None).scope
        own = own_audience(viewer(talks.negotiation, talks.ru))
        hidden = record(talks.issues[0], "RU", by=talks.ru, **own)
        assert hidden not in Entry.objects.visible_to(admin, scope)
