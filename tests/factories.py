"""What tests need made, through the services that pages use. Plain functions; no magic names."""

import io
from itertools import count
from types import SimpleNamespace
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from issues import services as items
from issues.access import open_sheet_of
from issues.models import Entry, VaultVersion
from negotiations import services
from negotiations.access import Viewer
from negotiations.dates import parse_date
from negotiations.models import Membership, Negotiation, Status, StatusScheme, User
from negotiations.pictures import logo_png
from negotiations.services.rounds import Account

NUMBERS = count(1)
PARTY_NAMES = {"RU": "Russia", "US": "United States", "UN": "United Nations"}
STATUSES = (
    ("Raised", "Raised", "open", 1),
    ("Under discussion", "Talks", "engaged", 2),
    ("Agreed in principle", "In princ", "settling", 3),
    ("Agreed", "Agreed", "settled", 4),
    ("Being implemented", "Doing", "settled", 5),
    ("Closed", "Closed", "done", 6),
    ("Blocked", "Blocked", "held", None),
    ("Withdrawn", "Dropped", "dropped", None),
)


def make_user(username=None, **fields):
    user = User(username=username or f"person{next(NUMBERS)}", **fields)
    user.set_password("a long password")
    user.save()
    return user


def make_scheme(slug="consultations"):
    """The template "Diplomatic consultations"; the second call finds the first one's."""
    found = StatusScheme.objects.filter(slug=slug, negotiation=None).first()
    if found:
        return found
    scheme = StatusScheme.objects.create(slug=slug, name="Diplomatic consultations")
    for order, (label, short, category, rung) in enumerate(STATUSES, start=1):
        Status.objects.create(
            scheme=scheme,
            label=label,
            short=short,
            test=f"{label}, as a test understands it.",
            category=category,
            rung=rung,
            order=order,
        )
    return scheme


def make_negotiation(parties=("RU", "US"), head=None, **fields):
    """A negotiation with the default scheme, headed by `head` or by somebody new."""
    return services.create_negotiation(
        title=fields.pop("title", f"Talks {next(NUMBERS)}"),
        by=head or make_user(),
        scheme=fields.pop("scheme", None) or make_scheme(),
        parties=[(code, PARTY_NAMES.get(code, f"Party {code}")) for code in parties],
        **fields,
    )


def add_member(negotiation, role="viewer", party=None, user=None):
    """Somebody (new, unless given) with this role, tied to the party with this code; the user."""
    user = user or make_user()
    tied = negotiation.parties.get(code=party) if party else None
    services.add_member(negotiation, user=user, role=role, party=tied)
    return user


def head_of(negotiation):
    return negotiation.memberships.filter(role="head").first().user


def viewer(negotiation, user=None):
    """`user`, or the head, as services and reads want to know them."""
    membership = Membership.objects.get(negotiation=negotiation, user=user or head_of(negotiation))
    return Viewer(
        membership.user, membership.negotiation, membership, membership.role, membership.party
    )


def make_issue(negotiation, title=None, **fields):
    """An item that hides nothing by itself, unless `fields` say who may see it."""
    title = title or f"Item {next(NUMBERS)}"
    fields.setdefault("audience", "public")
    return items.open_issue(negotiation, by=fields.pop("by", None), title=title, **fields)


def make_round(negotiation, title=None, day=None, **fields):
    """A round; with `day` ("10 Apr 2025") it was held then."""
    if day:
        when = parse_date(day)
        fields = {"state": "held", "first_day": when.first, "last_day": when.last} | fields
    title = title or f"Round {next(NUMBERS)}"
    return services.create_round(negotiation, by=None, title=title, **fields)


def put_at(round_, issue=None, party="RU", says="", **shown):
    """An item on the agenda of a round, and what a party said of it; `shown`: for whom."""
    if issue:
        items.set_agenda_line(round_, issue, by=None, planned=True, **shown)
    if says:
        told = Account(says, **shown)
        teller = round_.negotiation.parties.get(code=party)
        services.set_readout(round_, party=teller, account=told, by=None)


def picture(kind="PNG", size=(60, 20), colour="red"):
    """The bytes of a picture."""
    found = io.BytesIO()
    Image.new("RGB", size, colour).save(found, kind)
    return found.getvalue()


def set_letterhead(negotiation, **fields):
    """A letterhead with a heading, a footer and a logo, unless `fields` say otherwise."""
    fields = {"heading": "Ministry", "footer": "Room 5", "logo": logo_png(picture())} | fields
    return services.update_letterhead(negotiation, version=0, by=None, **fields)


def status(negotiation: Negotiation, label):
    return negotiation.scheme.statuses.get(label=label)


def entry_data(negotiation, who="", says="", said="1 Feb 2025", **fields):
    """What one entry says: `who` is a party's code, several ("RU US": one text), third or own.

    `says` is the label of a status.
    """
    parties = list(negotiation.parties.filter(code__in=who.split()))
    voice = {0: who or "own", 1: "party"}.get(len(parties), "joint")
    return items.EntryData(
        voice=voice,
        said=parse_date(said),
        party=parties[0] if voice == Entry.Voice.PARTY else None,
        joint_parties=parties if voice == Entry.Voice.JOINT else (),
        status=status(negotiation, says) if says else None,
        text=fields.pop("text", "They said so."),
        **fields,
    )


def record(issue, who="", says="", said="1 Feb 2025", by=None, **fields):
    """One entry, as `entry_data`; `by` is the recording person (the head). Returns the entry."""
    data = entry_data(issue.negotiation, who, says, said, **fields)
    return items.record(issue, data, viewer=viewer(issue.negotiation, by)).entries[0]


def make_file(name="minutes.pdf", content=b"%PDF-1.7 minutes"):
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, content)


def make_sheet(issue, round_, by=None, **words):
    """The open sheet of `by` (the head) at a round, with one more row on it."""
    person = viewer(issue.negotiation, by)
    sheet = open_sheet_of(person, "", round_, None)
    words = {"who": "party:RU", "status": "Agreed", "text": "They said so."} | words
    items.save_sheet(sheet, [items.RowData(uuid4(), issue, **words)], viewer=person)
    return sheet


def add_note(issue, by=None, text="Ask them first.", audience="members", people=()):
    """A note of `by` (the head); `people` are users, for a note that names people."""
    person = viewer(issue.negotiation, by)
    named = issue.negotiation.memberships.filter(user__in=people)
    return items.add_note(issue, text=text, audience=audience, people=named, viewer=person)


def add_vault(issue, by=None, words="Not below ten.", party="RU", people=(), event=None):
    """What `by` (the head) keeps in the vault, with the same words in every line."""
    person = viewer(issue.negotiation, by)
    return items.add_vault(
        issue,
        party=issue.negotiation.parties.filter(code=party).first()
        or issue.negotiation.parties.first(),
        words=dict.fromkeys(VaultVersion.WORDS, words),
        people=issue.negotiation.memberships.filter(user__in=people),
        viewer=person,
        event=event or items.open_vault(person),
    )


def confirm(client):
    """The person at this browser says who they are once more, by the password of `make_user`."""
    answer = client.post("/account/confirm/", {"password": "a long password", "next": "/"})
    assert answer.status_code == 302


def own_audience(viewer):
    """The fields that keep an entry within the viewer's delegation."""
    return {"audience": Entry.Audience.DELEGATION, "audience_party": viewer.party}


def make_talks(**fields):
    """A negotiation with somebody in every role: .negotiation, .head, .recorder, .reader, ..."""
    negotiation = make_negotiation(**fields)
    return SimpleNamespace(
        negotiation=negotiation,
        slug=negotiation.slug,
        head=head_of(negotiation),
        recorder=add_member(negotiation, "recorder"),
        reader=add_member(negotiation, "viewer"),
        stranger=make_user(),
    )


def make_delegations(**fields):
    """The same, and .ru and .us: a recorder tied to each of two parties."""
    talks = make_talks(**fields)
    talks.ru = add_member(talks.negotiation, "recorder", "RU")
    talks.us = add_member(talks.negotiation, "recorder", "US")
    return talks
