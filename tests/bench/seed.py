"""A large negotiation to measure with: written through the services, alike at every run."""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import product

from django.core.management import call_command
from django.utils import timezone

from issues import services as items
from issues.models import Entry, Issue
from negotiations import services
from negotiations.access import viewer_of
from negotiations.dates import VagueDate
from negotiations.models import Negotiation, Party, Round, Source, Status, StatusScheme, User
from negotiations.services.rounds import Account, Person

SLUG = "bench"
PEOPLE = {"bench-head": None, "bench-north": "NOR", "bench-south": "SOU"}
PARTIES = [("NOR", "Northern League"), ("SOU", "Southern Union")]
CHUNK = 50
DAYS_BETWEEN_ROUNDS = 35
AGENDA_LENGTH = 30
SUB_ITEMS = 4
LONG_HISTORY = 100

FIELDS = (
    *("Tariffs", "Rules of origin", "Customs", "Fisheries", "Energy", "Rail transit", "Ports"),
    *("Air traffic", "Road haulage", "Data", "Patents", "Public orders", "State aid", "Labour"),
    *("Water", "Forests", "Food safety", "Medicines", "Visas", "Border crossings"),
)
MATTERS = (
    *("scope", "definitions", "first reductions", "transition", "exceptions", "quotas"),
    *("inspection", "joint committee", "settlement of disputes", "safeguards"),
)
DETAILS = (
    *("wording of paragraph 1", "list in the annex", "date of effect", "who pays"),
    *("review after three years", "small producers", "islands", "notice to the other side"),
)
SAID = (
    "Will look at the text again before the next round.",
    "The present wording goes too far; the list in the annex has to be shorter.",
    "Accepted in substance, subject to the translation being checked.",
    "Nothing has changed since the last round; instructions are still awaited.",
    "The paper handed over today answers the three questions put in writing.",
    "Cannot go further while transit is not settled.",
    "Both delegations read the article once through and marked four brackets.",
)
SPEAKERS = ("Head of delegation", "Deputy minister", "Spokeswoman", "Chief expert", "")
# The ladder from bottom to top, and what stands beside it.
LADDER = ("Raised", "Under discussion", "Agreed in principle", "Agreed", "Being implemented")
ASIDE = ("Blocked", "Withdrawn")


@dataclass
class Size:
    """How much to write. `rounds` are held but for the last, which is planned."""

    items: int = 1000
    rounds: int = 20
    entries: int = 10_000


@dataclass
class Seed:
    """What is needed while writing: the people, and what entries refer to."""

    negotiation: Negotiation
    size: Size
    dice: random.Random = field(default_factory=lambda: random.Random(20261123))  # noqa: S311

    def __post_init__(self):
        self.today = timezone.localdate()
        self.parties = list(self.negotiation.parties.all())
        statuses = Status.objects.filter(scheme__negotiation=self.negotiation)
        self.statuses = {s.label: s for s in statuses.select_related("scheme")}
        self.viewers = {
            code: viewer_of(User.objects.get(username=name), SLUG) for name, code in PEOPLE.items()
        }
        self.steps = Counter()


def seed(size=None):
    """The negotiation, written unless it is there. Its people have no password."""
    found = Negotiation.objects.filter(slug=SLUG).first()
    if found:
        return found
    if not StatusScheme.objects.filter(negotiation=None).exists():
        call_command("loaddata", "schemes", verbosity=0)
    plan = Seed(_frame(), size or Size())
    rounds = _rounds(plan)
    issues = _items(plan)
    _agendas(plan, rounds, issues)
    _entries(plan, rounds, issues, _sources(plan))
    return plan.negotiation


def _frame():
    head = User(username="bench-head", first_name="Hanna", last_name="Head")
    head.set_unusable_password()
    head.save()
    scheme = StatusScheme.objects.get(slug="diplomatic-consultations", negotiation=None)
    negotiation = services.create_negotiation(
        title="North–South trade agreement", slug=SLUG, by=head, scheme=scheme, parties=PARTIES
    )
    for party in Party.objects.filter(negotiation=negotiation):
        username = next(name for name, code in PEOPLE.items() if code == party.code)
        name = f"Nora {party.name}"
        services.add_person(
            negotiation, username=username, full_name=name, role="recorder", party=party
        )
    return negotiation


def _rounds(plan):
    """Held every five weeks up to some weeks ago; the last one is planned for next month."""
    return [_round(plan, number) for number in range(1, plan.size.rounds + 1)]


def _round(plan, number):
    ago = (plan.size.rounds - number) * DAYS_BETWEEN_ROUNDS - DAYS_BETWEEN_ROUNDS // 2
    first = plan.today - dt.timedelta(ago)
    told = {party: Account(f"{party}: {SAID[number % len(SAID)]}") for party in plan.parties}
    return services.create_round(
        plan.negotiation,
        by=None,
        title=f"Round {number}",
        number=number,
        city=("Aldport", "Sandhaven")[number % 2],
        state=Round.State.HELD if ago > 0 else Round.State.PLANNED,
        first_day=first,
        last_day=first + dt.timedelta(2),
        delegations={party: [Person(f"Head of {party}", "", True)] for party in plan.parties},
        readouts=told if ago > 0 else {},
    )


def _items(plan):
    """Articles under headings, four sub-items each."""
    wanted = plan.size.items // (SUB_ITEMS + 1)
    articles = list(product(FIELDS, MATTERS))[:wanted]
    return items.open_issues(
        plan.negotiation,
        [
            items.ItemData(
                title=f"{subject}: {matter}",
                reference=f"Art. {place}",
                heading=subject,
                sub_items=[
                    items.ItemData(title=f"{matter.capitalize()}, {DETAILS[(place + i) % 8]}")
                    for i in range(SUB_ITEMS)
                ],
            )
            for place, (subject, matter) in enumerate(articles, start=1)
        ],
        by=None,
        # Some of what is said of them may be published.
        audience=Entry.Audience.PUBLIC,
    )


def _agendas(plan, rounds, issues):
    for round_ in rounds:
        held = round_.is_held
        for issue in plan.dice.sample(issues, min(AGENDA_LENGTH, len(issues))):
            outcome = plan.dice.choice(["discussed", "discussed", "not_reached"]) if held else ""
            items.set_agenda_line(round_, issue, by=None, planned=True, outcome=outcome)


def _sources(plan):
    return [
        services.add_source(
            plan.negotiation,
            by=None,
            title=f"Note no. {number} on the talks",
            kind=Source.Kind.WEB,
            url=f"https://press.example.org/notes/{number}",
            publisher=("Northern Gazette", "Ministry of Trade", "Southern Press")[number % 3],
            dated=VagueDate.of_day(plan.today - dt.timedelta(number)),
        )
        for number in range(1, 201)
    ]


# --- Entries ------------------------------------------------------------------------------------


def _entries(plan, rounds, issues, sources):
    """Ten per item on average, one item with a long history; item by item, oldest first."""
    long = min(LONG_HISTORY, plan.size.entries // 2)
    share = Counter(plan.dice.choices(range(len(issues)), k=plan.size.entries - long))
    share[0] += long
    held = [r for r in rounds if r.is_held]
    for start in range(0, len(issues), CHUNK):
        pairs = [
            (issue, data)
            for place, issue in enumerate(issues[start : start + CHUNK], start=start)
            for data in _history(plan, issue, share[place], held, sources)
        ]
        for code, viewer in plan.viewers.items():
            own = [pair for pair in pairs if _typed_by(pair[1]) == code]
            items.record_many(own, viewer=viewer)


def _typed_by(data):
    return data.audience_party.code if data.audience_party else None


def _history(plan, issue, count, held, sources):
    first = held[0].first_day
    span = (plan.today - first).days
    days = sorted(first + dt.timedelta(plan.dice.randrange(span)) for _ in range(count))
    return [_entry(plan, issue, day, held, sources) for day in days]


def _entry(plan, issue, day, held, sources):
    dice = plan.dice
    party = dice.choice(plan.parties)
    voice = dice.choices(Entry.Voice.values, weights=[80, 8, 7, 5])[0]
    audience, only = _audience(dice, party)
    waits = dice.random() < 0.15
    return items.EntryData(
        voice=voice,
        said=_said(dice, day),
        party=party if voice == Entry.Voice.PARTY else None,
        joint_parties=plan.parties if voice == Entry.Voice.JOINT else (),
        speaker=dice.choice(SPEAKERS),
        round=next((r for r in held if r.first_day <= day <= r.last_day), None),
        status=_status(plan, issue, party, voice),
        text=dice.choice(SAID),
        position=dice.choice(SAID) if dice.random() < 0.2 else "",
        waits_for=Entry.WaitsFor.PARTY if waits else "",
        waits_party=dice.choice(plan.parties) if waits else None,
        waits_why=dice.choice(Entry.Why.values) if waits else "",
        waits_text="an answer on the annex" if waits else "",
        next_step="Send the revised text" if dice.random() < 0.1 else "",
        reliability=dice.choice(Entry.Reliability.values),
        audience=audience,
        audience_party=only,
        sources=[dice.choice(sources)] if dice.random() < 0.7 else (),
    )


def _said(dice, day):
    vague = dice.random() < 0.05
    return VagueDate.of_month(day.year, day.month) if vague else VagueDate.of_day(day)


def _audience(dice, party):
    audience = dice.choices(Entry.Audience.values, weights=[50, 35, 15])[0]
    return audience, party if audience == Entry.Audience.DELEGATION else None


def _status(plan, issue, party, voice):
    """Mostly upwards, a step at a time; every party and voice climbs on its own."""
    roll = plan.dice.random()
    if roll < 0.4:
        return None
    if roll < 0.5:
        return plan.statuses[plan.dice.choice(ASIDE)]
    key = (issue.pk, party.pk, voice)
    step = plan.steps[key] + plan.dice.choice([-1, 0, 0, 1, 1])
    plan.steps[key] = max(0, min(step, len(LADDER) - 1))
    return plan.statuses[LADDER[plan.steps[key]]]


def counted(negotiation):
    """How many items, rounds and entries there are now."""
    return {
        "items": Issue.objects.filter(negotiation=negotiation).count(),
        "rounds": negotiation.rounds.count(),
        "entries": Entry.objects.filter(issue__negotiation=negotiation).count(),
    }
