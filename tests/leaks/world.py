"""Talks with every kind of confidential value there is, each under a word of its own.

A word begins with the bird that says who may read it: see BIRDS. `base` is what both worlds have,
`secrets` what only the second has, `later` what happens after that in both.
"""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from uuid import UUID, uuid4

import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile

from issues import services
from issues.access import open_sheet_of
from issues.exports import jobs
from issues.models import Import
from issues.reads.clock import NOW as PRESENT
from issues.services import importing
from negotiations import services as frame
from negotiations.services.rounds import Account
from tests import factories
from tests.admin_pages import make_staff, make_superuser
from tests.factories import add_member, entry_data, own_audience, record, viewer
from tests.issues.importing import csv_bytes

NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
RUSSIA, AUTHOR, SIDE, AMERICA = "kestrel", "petrel", "osprey", "wren"
MEMBERS, ELSEWHERE, BLANKED, NAMED = "merlin", "heron", "dodo", "hobby"
VAULT, THEIRS = "harrier", "siskin"

# Where mail goes: somebody's here, and somebody's who is to be invited.
ADDRESS = "person@example.org"
QUIET, OLD = "quiet-talks", "old-talks"

# Whose each bird is; everybody else must never meet it. Nobody may read what was redacted.
BIRDS = {
    RUSSIA: {"ru", "ru_peer", "ru_head"},
    SIDE: {"ru", "ru_head"},  # drafts: their author and the head of the side
    AUTHOR: {"ru"},
    NAMED: {"ru", "ru_peer"},  # what one of them keeps for people by name
    VAULT: {"ru"},  # for one person alone, not for the head of the side either
    AMERICA: {"us", "us_head", "us_staff"},
    THEIRS: {"us", "us_head"},
    MEMBERS: {
        *("ru", "ru_peer", "ru_head", "us", "us_head", "us_staff"),
        *("head", "recorder", "reader", "superuser"),
    },
    # Another negotiation: a superuser repairs every one.
    ELSEWHERE: {"ru", "superuser"},
    BLANKED: set(),
}
# What stands in an address for a thing that is hidden, or in the first world for nothing at all.
HIDEABLE = ("uuid", "source", "sheet", "batch", "note", "own note", "vault")
NOTHING = {name: UUID(int=n) for n, name in enumerate(HIDEABLE, 1)}
NOTHING["number"] = "RU-1"


def base():
    """Three items, two rounds, people in every role, an archived negotiation, one elsewhere."""
    world = factories.make_delegations(title="Talks", description=f"{MEMBERS}about")
    negotiation = world.negotiation
    world.ru_peer = add_member(negotiation, "recorder", "RU")
    world.ru_head = add_member(negotiation, "head", "RU")
    world.us_head = add_member(negotiation, "head", "US")
    world.ex = add_member(negotiation, "recorder", "RU")
    world.us_staff = make_staff(negotiation, "head", "US")
    world.superuser = make_superuser()
    world.person = add_member(negotiation, user=factories.make_user("person", email=ADDRESS))
    first = factories.make_round(negotiation, "R1", "27 Feb 2025", number=1)
    world.round = factories.make_round(
        negotiation, "R2", "10 Apr 2025", number=2, note=f"{MEMBERS}note"
    )
    names = (f"{MEMBERS}item", "Flights", "Fees")
    world.issues = [
        factories.make_issue(negotiation, name, heading="Money", audience=audience)
        for name, audience in zip(names, ("members", "public", "public"), strict=True)
    ]
    a, b, c = world.issues
    factories.set_letterhead(negotiation, heading=f"{MEMBERS}letterhead")
    world.source = frame.add_source(
        negotiation, by=world.recorder, title=f"{MEMBERS}source", file=_file(f"{MEMBERS}file")
    )
    world.entry = record(
        a, "RU US", "Agreed", "27 Feb 2025", by=world.recorder, round=first, sources=[world.source]
    )
    record(b, "RU", "Raised", "10 Apr 2025", by=world.ru, waits_for="both", text=f"{MEMBERS}said")
    world.known = b.entries.get()
    world.aside = record(b, "RU", said="3 Apr 2025", by=world.ru)
    record(b, "US", "Under discussion", "11 Apr 2025", by=world.us)
    blanked = record(c, "US", "Raised", by=world.us, text=f"{BLANKED}text", position=f"{BLANKED}x")
    services.redact(blanked, reason="Put here by mistake", by="Administrator")
    world.note = factories.add_note(a, by=world.recorder, text=f"{MEMBERS}noted")
    world.vault = factories.add_vault(a, world.us, f"{THEIRS}line", "US", [world.us_head])
    # That somebody opened a vault is the same line with or without something in it.
    world.opened = services.open_vault(viewer(negotiation, world.ru))
    _let_out(world)
    world.archived = _archived(world)
    world.batch = uuid4()
    world.brought = factories.make_issue(
        negotiation, "Brought", heading="Money", audience="members"
    )
    _narrowed(world)
    world.quiet = _quiet(world)
    _elsewhere(world)
    world.hidden, world.slug, world.waiting = dict(NOTHING), negotiation.slug, ""
    return world


def _let_out(world):
    """What is public, corrected in public, and read there and behind a link."""
    negotiation, flights = world.negotiation, world.issues[1]
    source = services.NewSource(title="Communiqué", url="https://example.org/communique")
    said = record(
        flights, "US", "Raised", "1 Mar 2025", by=world.us, sources=[source], audience="public"
    )
    america = viewer(negotiation, world.us)
    put_right = entry_data(negotiation, "US", "Raised", "2 Mar 2025", audience="public")
    services.correct(said, put_right, viewer=america, reason="A day later")
    russia = viewer(negotiation, world.ru)
    world.published = record(flights, "RU", "Raised", "1 Mar 2025", by=world.ru, audience="public")
    put_right = replace(put_right, party=russia.party)
    services.correct(world.published, put_right, viewer=russia, reason="A day later")
    services.publish(negotiation, may_be_indexed=True, by=world.head)
    _link, world.secret = services.share(negotiation, by=world.head, lasts=dt.timedelta(days=30))
    world.communique = said.sources.get()


def _narrowed(world):
    """What both sides worked on until one of them kept it to itself, and what the other wrote."""
    negotiation, flights = world.negotiation, world.issues[1]
    russia, america = viewer(negotiation, world.ru), viewer(negotiation, world.us_head)
    world.ours = services.open_issue(
        negotiation, title="Ours", by=world.us_head, **america.written_for("members")
    )
    shown = russia.written_for("members") | {"by": world.ru}
    world.narrowed = services.open_issue(
        negotiation, title=f"{RUSSIA}narrowed", **shown | {"audience": "public"}
    )
    services.share(negotiation, by=world.us_head, lasts=dt.timedelta(days=30), issue=world.narrowed)
    below = {"parent": world.narrowed}
    services.open_issue(
        negotiation, title=f"{RUSSIA}inside", by=world.ru, **russia.written_for(), **below
    )
    services.open_issue(
        negotiation, title=f"{AMERICA}apart", by=world.us_head, **america.written_for(), **below
    )
    source = frame.add_source(negotiation, title=f"{RUSSIA}since", **shown)
    record(flights, "US", by=world.us_head, sources=[source])
    _typed_there(world, own_audience(america))
    for thing in (world.narrowed, source):
        services.change_sight(
            thing, audience="delegation", party=russia.party, reason=RUSSIA, viewer=russia
        )


def _typed_there(world, own):
    """A sheet that was released for one's own side, and drafts."""
    about = (world.narrowed, world.round)
    released = factories.make_sheet(*about, by=world.us_head, text=f"{AMERICA}released")
    said = entry_data(world.negotiation, "US", "Blocked", text=f"{AMERICA}released", **own)
    services.release_sheet(
        released, [(released.rows.get(), said)], viewer=viewer(world.negotiation, world.us_head)
    )
    world.released = released
    for issue in (world.narrowed, world.issues[1]):
        factories.make_sheet(issue, world.round, by=world.us_head, text=f"{AMERICA}draft")


def _archived(world):
    """Another negotiation of the same delegations; it is archived at the end."""
    old = factories.make_negotiation(title="Old talks", slug=OLD, head=world.head)
    for user, code in ((world.ru, "RU"), (world.us_head, "US")):
        add_member(old, "head", code, user=user)
    issue = factories.make_issue(old, "Fish")
    record(issue, "RU", "Agreed", by=world.head, text=f"{MEMBERS}old")
    return old


def _quiet(world):
    """One more of the same delegations, in which nobody else has said anything yet."""
    quiet = factories.make_negotiation(title="Quiet talks", slug=QUIET, head=world.us_head)
    add_member(quiet, "recorder", "RU", user=world.ru)
    factories.make_issue(quiet, "Whales", audience="members")
    return quiet


def _elsewhere(world):
    """A negotiation of which only one of them is a member."""
    other = factories.make_negotiation(
        ("XX", "YY"), title=f"{ELSEWHERE}talks", slug=f"{ELSEWHERE}talks"
    )
    add_member(other, "recorder", user=world.ru)
    source = services.NewSource(title=f"{ELSEWHERE}source", url="https://example.org/")
    record(
        factories.make_issue(other, f"{ELSEWHERE}item"),
        "XX",
        "Agreed",
        text=f"{ELSEWHERE}text",
        sources=[source],
    )
    factories.make_round(other, f"{ELSEWHERE}round", "1 Feb 2025")


def _file(name):
    return SimpleUploadedFile(f"{name}.pdf", b"%PDF-1.7 " + name.encode())


def _secret(bird, us):
    """Every column of an entry that takes words."""
    return {
        "text": f"{bird}text",
        "position": f"{bird}position",
        "waits_for": "party",
        "waits_party": us,
        "waits_text": f"{bird}waits",
        "next_step": f"{bird}step",
        "next_step_who": f"{bird}who",
        "next_step_by": dt.date(2026, 1, 5),
        "speaker": f"{bird}speaker",
        "speaker_function": f"{bird}function",
        "original_text": f"{bird}original",
        "original_language": f"{bird}tongue",
        "holds_since": f"{bird}since",
    }


def secrets(world):
    """All that Russia's people can do among themselves."""
    _entries(world)
    _items(world)
    _at_the_round(world)
    _undone(world)
    _hung_on(world)
    _drafts(world)
    _notes(world)
    _vault(world)
    _files(world)
    _elsewhere_too(world)


def _elsewhere_too(world):
    """In talks of which the other side keeps nothing to itself."""
    old = world.archived
    russia, issue = viewer(old, world.ru), old.issues.get()
    record(issue, "RU", "Blocked", by=world.ru, text=f"{RUSSIA}old", **own_audience(russia))
    services.open_issue(old, title=f"{RUSSIA}apart", by=world.ru, **russia.written_for())


def _entries(world):
    a, b, c = world.issues
    russia, us = viewer(world.negotiation, world.ru), world.negotiation.parties.get(code="US")
    own, said = own_audience(russia), _secret(RUSSIA, us)
    source = services.NewSource(
        title=f"{RUSSIA}source",
        publisher=f"{RUSSIA}press",
        reference=f"{RUSSIA}number",
        language=f"{RUSSIA}ish",
        url=f"https://{RUSSIA}.example.org/",
        file=_file(f"{RUSSIA}file"),
    )
    hidden = record(a, "RU", "Blocked", "1 May 2025", by=world.ru, sources=[source], **said, **own)
    world.hidden["uuid"], world.hidden["source"] = hidden.uuid, hidden.sources.get().uuid
    _log(world, hidden.sources.get())
    record(c, "US", "Closed", "9 Apr 2025", by=world.ru, round=world.round, **said, **own)
    record(c, "third", "Withdrawn", by=world.ru, sources=[world.communique], **said, **own)
    record(c, "own", "Agreed", by=world.ru, reliability="low", **said, **own)
    changed = entry_data(world.negotiation, "RU", "Blocked", "10 Apr 2025", **said, **own)
    for told in (world.known, world.aside):
        services.correct(told, changed, viewer=russia, reason=f"{RUSSIA}reason")
    gone = record(b, "RU", "Agreed", by=world.ru, **said, **own)
    services.retract(gone, viewer=viewer(world.negotiation, world.ru_head), reason=f"{RUSSIA}gone")
    services.add_source(gone, services.NewSource(title=f"{RUSSIA}second"), viewer=russia)
    services.redact(record(c, "RU", "Agreed", by=world.ru, **own), reason=RUSSIA, by=RUSSIA)
    # Before what others know of, and after the last round.
    record(b, "RU", "Agreed", "5 Mar 2025", by=world.ru, **said, **own)
    record(world.ours, "RU", "Raised", "9 Apr 2025", by=world.ru, **said, **own)
    record(world.ours, "RU", "Agreed", "10 Mar 2026", by=world.ru, **said, **own)
    narrowed = record(b, "RU", "Closed", "2 May 2025", by=world.ru, **said)
    services.change_audience(
        narrowed,
        audience="delegation",
        party=russia.party,
        reason=f"{RUSSIA}narrowed",
        viewer=russia,
    )


def _items(world):
    """Items of their own, one below a common item, with all that items have."""
    negotiation, (_a, b, _c) = world.negotiation, world.issues
    russia = viewer(negotiation, world.ru)
    said = _secret(RUSSIA, negotiation.parties.get(code="US"))
    kept = russia.written_for() | {"by": world.ru, "description": f"{RUSSIA}about"}
    items = [
        services.open_issue(negotiation, title=f"{RUSSIA}{name}", **more, **kept)
        for name, more in (
            ("first", {"heading": "Money", "reference": f"{RUSSIA}ref", "owner": world.ru}),
            ("under", {"parent": b}),
            ("apart", {"heading": f"{RUSSIA}heading", "raised_by": [russia.party]}),
            ("ours", {"parent": world.ours}),
        )
    ]
    # What others will call theirs as well.
    for title in ("Opened", "One"):
        services.open_issue(negotiation, title=title, **kept)
    services.open_issue(negotiation, title=f"{RUSSIA}below", parent=items[0], **kept)
    for issue in items:
        record(issue, "RU", "Blocked", "9 Apr 2025", by=world.ru, **said, **own_audience(russia))
    services.move_issue(items[0], step=-1)
    marked = services.open_issue(negotiation, title=f"{RUSSIA}wrong", **kept)
    services.mark_in_error(marked, version=1, by=world.ru, reason=f"{RUSSIA}slip")
    world.own_items = items


def _at_the_round(world):
    """On the agenda, what was said of the round, and papers that are cited there or nowhere."""
    negotiation, (_a, b, c) = world.negotiation, world.issues
    russia = viewer(negotiation, world.ru)
    kept = russia.written_for()
    marked = [b, c, world.brought, world.ours, *world.own_items]
    for mark in ("planned", "discussed"):
        services.mark_agenda(world.round, marked, mark=mark, by=world.ru, party=russia.party)
    for party in negotiation.parties.all():
        told = Account(f"{RUSSIA}readout", f"{RUSSIA}title", f"https://{RUSSIA}.org/", **kept)
        frame.set_readout(world.round, party=party, account=told, by=world.ru)
    source = frame.add_source(
        negotiation, by=world.ru, title=f"{RUSSIA}paper", file=_file(f"{RUSSIA}paper"), **kept
    )
    world.round.sources.add(source)
    for entry in (world.known, world.published):
        services.add_source(entry, source, viewer=russia)


def _log(world, source):
    """The administrator's log keeps the title of what was changed there."""
    LogEntry.objects.create(
        user=world.ru_head,
        content_type=ContentType.objects.get_for_model(source),
        object_id=str(source.pk),
        object_repr=str(source),
        action_flag=CHANGE,
        change_message=f"{RUSSIA}log",
    )


def _hung_on(world):
    """On what others brought in from a table; and before anybody else said anything."""
    russia = viewer(world.negotiation, world.ru)
    said = entry_data(
        world.negotiation, "RU", "Blocked", text=f"{RUSSIA}hung", **own_audience(russia)
    )
    services.record(world.brought, replace(said, round=world.round), viewer=russia)
    services.record(world.brought, said, viewer=russia, batch=world.batch)
    first = own_audience(viewer(world.quiet, world.ru))
    with time_machine.travel(NOW - dt.timedelta(days=30), tick=False):
        record(
            world.quiet.issues.get(), "RU", "Blocked", by=world.ru, text=f"{RUSSIA}first", **first
        )


def _undone(world):
    """What its author took back: the source that came with it as well."""
    b, russia = world.issues[1], viewer(world.negotiation, world.ru)
    said = _secret(AUTHOR, world.negotiation.parties.get(code="US"))
    source = services.NewSource(title=f"{AUTHOR}source")
    undone = record(b, "RU", "Closed", "3 May 2025", by=world.ru, sources=[source], **said)
    services.undo([undone], viewer=russia)
    within = record(b, "RU", "Closed", "3 May 2025", by=world.ru, **said, **own_audience(russia))
    services.undo([within], viewer=russia)


def _drafts(world):
    """Typed at the table and not released; by one who has left since, too."""
    for author, bird in ((world.ru, SIDE), (world.ex, SIDE)):
        person = viewer(world.negotiation, author)
        sheet = open_sheet_of(person, "", world.round, None)
        row = services.RowData(uuid4(), world.issues[0], who="party:RU", text=f"{bird}draft")
        top = services.TopData({"source_title": f"{bird}top", "audience": "delegation"})
        services.save_sheet(sheet, [row], viewer=person, top=top)
        world.hidden["sheet"] = sheet.uuid


def _notes(world):
    """For a delegation, for people by name, changed and removed ones; on an item with others."""
    for issue in world.issues:
        note = factories.add_note(issue, world.ru, f"{RUSSIA}note", "delegation")
        russia = viewer(world.negotiation, world.ru)
        services.update_note(note, version=1, text=f"**{RUSSIA}changed**", viewer=russia)
        for audience, people in (("named", [world.ru_peer]), ("named", []), ("delegation", [])):
            services.change_note_sight(
                note,
                audience=audience,
                people=world.negotiation.memberships.filter(user__in=people),
                reason=f"{RUSSIA}shown",
                viewer=russia,
            )
    world.hidden["own note"] = world.issues[0].notes.get(audience="delegation").uuid
    removed = factories.add_note(issue, world.ru, f"{RUSSIA}removed", "delegation")
    services.remove_note(removed, viewer=russia)
    people = [world.ru_peer, world.ex]
    named = factories.add_note(world.issues[0], world.ru, f"{NAMED}note", "named", people)
    world.hidden["note"] = named.uuid


def _vault(world):
    """On an item with lines of the other side, on one with none, and twice on one."""
    russia = viewer(world.negotiation, world.ru)
    for issue in world.issues:
        kept = factories.add_vault(issue, world.ru, f"{VAULT}line", event=world.opened)
        words = {"fallback": f"{VAULT}changed"}
        services.change_vault(
            kept, version=1, words=words, people=[], viewer=russia, event=world.opened
        )
    world.hidden["vault"] = kept.uuid
    factories.add_vault(issue, world.ru, f"{NAMED}line", "US", [world.ru_peer], event=world.opened)


def _files(world):
    """A table that came in, one that waits, and a file that was prepared."""
    russia = viewer(world.negotiation, world.ru)
    made = Import.objects.create(
        negotiation=world.negotiation,
        by=world.ru,
        kind="entries",
        file_name=f"{RUSSIA}table.csv",
        sha256="0" * 64,
        meaning={
            "columns": {f"{RUSSIA}column": "text"},
            "status": {f"{RUSSIA}word": "Agreed", "agreed": "Blocked"},
        },
        left=f"{RUSSIA}left",
        **own_audience(russia),
    )
    world.hidden["batch"] = made.uuid
    rows = [[f"{AUTHOR}row", "10.04.2025", "RU", "Agreed", f"{AUTHOR}cell", ""]]
    importing.stage(russia, kind="entries", file_name=f"{AUTHOR}.csv", data=csv_bytes(rows=rows))
    jobs.start(russia, f"{AUTHOR}session", "json", PRESENT)


def later(world):
    """What everybody sees happen afterwards: numbers, places and times must not tell."""
    negotiation, (a, b, _c) = world.negotiation, world.issues
    frame.remove_member(world.ex.memberships.get(negotiation=negotiation))
    made = factories.make_issue(negotiation, "Later", heading="Money", audience="members")
    factories.make_issue(negotiation, "Last", heading="Fish", audience="members")
    factories.make_issue(negotiation, "Below", parent=b, audience="members")
    services.move_issue(made, step=-1)
    services.mark_agenda(world.round, [_c, made], mark="discussed", by=world.recorder)
    for party in negotiation.parties.all():
        frame.set_readout(
            world.round, party=party, account=Account(f"{MEMBERS}readout"), by=world.head
        )
    factories.make_round(negotiation, "R3", "1 Mar 2026", number=3)
    last = {"state": "under_way", "last_day": NOW.date()}
    factories.make_round(negotiation, "R4", "5 Mar 2026", number=4, **last)
    record(world.ours, "US", "Raised", "12 Mar 2026", by=world.us_head)
    source = services.NewSource(title="Seen later", url="https://example.org/later")
    record(b, "US", "Agreed", "12 Apr 2025", by=world.us, sources=[source])
    america = viewer(negotiation, world.us)
    said = _secret(AMERICA, america.party)
    record(b, "US", "Blocked", "13 Apr 2025", by=world.us, **said, **own_audience(america))
    world.sheet = factories.make_sheet(b, world.round, by=world.recorder)
    world.imported = Import.objects.create(
        negotiation=negotiation,
        by=world.recorder,
        kind="entries",
        file_name="table.csv",
        at=NOW - dt.timedelta(days=1),
        batch=world.batch,
        made_items=[world.brought.pk, world.narrowed.pk],
    )
    record(world.quiet.issues.get(), "US", text="Seen later", by=world.us_head)
    factories.add_note(b, world.us, f"{AMERICA}note", "delegation")
    factories.add_note(a, text="Seen later")
    record(world.archived.issues.get(title="Fish"), "US", "Agreed", by=world.us_head)
    frame.archive_negotiation(world.archived, by=world.head)


def people(world):
    """Everybody by the name of their role; nobody signed in is None."""
    names = set().union(*BIRDS.values()) | {"ex", "stranger"}
    return {name: getattr(world, name) for name in sorted(names)} | {"anonymous": None}


def copied(world):
    """The same rows, for a world of its own."""
    return SimpleNamespace(**vars(world) | {"hidden": dict(world.hidden)})
