"""Erasing a negotiation: no row, no earlier row and no log of it is left, but for the tombstone."""

import datetime as dt
from collections import Counter
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from issues import services, triggers
from issues.exports import jobs
from issues.models import Entry, Import, Issue, Upload
from issues.reads.clock import NOW
from negotiations import services as frame
from negotiations.models import Erasure, Job, Membership, Negotiation, Party, Round, Status
from negotiations.services.rounds import Account, Person
from tests import factories
from tests.factories import entry_data, own_audience, record, viewer

CANARY = "canary"
MODELS = list(apps.get_models(include_auto_created=True))
KEPT = {"User", "ContentType", "Permission", "Erasure"}


def everything():
    """How many rows each table holds."""
    return Counter({model: model._base_manager.count() for model in MODELS})


def dump():
    """All that the database holds, as text."""
    with connection.cursor() as cursor:
        for model in MODELS:
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            yield from (f"{model.__name__}: {row}" for row in cursor.fetchall())


def fill(head):
    """A negotiation with a row in every table, and earlier ones that were removed since."""
    negotiation = factories.make_negotiation(
        title=f"{CANARY} talks", head=head, slug=f"{CANARY}-talks", description=CANARY
    )
    russia, america = negotiation.parties.all()
    source = frame.add_source(negotiation, by=head, title=f"{CANARY} source")
    round_ = factories.make_round(negotiation, f"{CANARY} round", "10 Apr 2025", host=russia)
    frame.set_delegates(round_, party=russia, people=[Person(CANARY)], by=head)
    account = Account(CANARY, source_title=f"{CANARY} readout")
    frame.set_readout(round_, party=russia, account=account, by=head)
    round_.sources.add(source)
    factories.set_letterhead(negotiation, heading=CANARY)
    gone = remove_slips(negotiation, head)
    delegate = factories.add_member(negotiation, "recorder", "RU")
    issue = factories.make_issue(negotiation, CANARY, by=head, raised_by=[russia])
    factories.make_issue(negotiation, f"{CANARY} child", by=head, parent=issue)
    services.set_agenda_line(round_, issue, by=head, planned=True)
    fill_history(issue, round_, source, delegate)
    factories.make_sheet(issue, round_, by=delegate, text=CANARY)
    Import.objects.create(negotiation=negotiation, by=head, kind="items", file_name=CANARY)
    Upload.objects.create(negotiation=negotiation, user=head, kind="items", file_name=CANARY)
    jobs.start(viewer(negotiation), CANARY, "json", NOW)
    address, site = f"{CANARY.lower()}@example.org", "https://parley.example.org/"
    frame.invite(negotiation, by=head, role="viewer", email=address, mail_from=site)
    services.publish(negotiation, may_be_indexed=True, by=head)
    services.share(negotiation, by=head, lasts=dt.timedelta(days=1), issue=issue)
    for _each in range(2):  # one that stays named, one that is shown to all
        note = factories.add_note(issue, text=CANARY, audience="named", people=[delegate])
    factories.add_vault(issue, words=CANARY, people=[delegate])
    administrator = factories.make_user(is_superuser=True)
    frame.open_override(russia, reason=CANARY, by=administrator)
    person = viewer(negotiation)
    services.change_note_sight(note, audience="members", reason=CANARY, viewer=person)
    services.change_sight(issue, audience="members", party=None, reason=CANARY, viewer=person)
    leave_traces(round_, issue, gone, head)
    return negotiation


def fill_history(issue, round_, source, delegate):
    person = viewer(issue.negotiation)
    fields = {"text": CANARY, "sources": [source], "round": round_}
    target = record(issue, "RU", "Agreed", **fields)
    data = entry_data(issue.negotiation, "RU", "Raised", text=CANARY)
    services.correct(target, data, viewer=person, reason=CANARY)
    record(issue, "RU US", "Agreed", text=CANARY)
    services.redact(record(issue, "US"), reason=CANARY, by="admin")
    services.change_audience(
        record(issue, "US"), audience="public", party=None, reason=CANARY, viewer=person
    )
    own = own_audience(viewer(issue.negotiation, delegate))
    record(issue, "RU", "Blocked", by=delegate, text=CANARY, **own)


def remove_slips(negotiation, head):
    """Rows that no longer exist, known only from edit histories; the round among them."""
    frame.remove_member(
        Membership.objects.get(user=factories.add_member(negotiation), negotiation=negotiation),
        by=head,
    )
    frame.remove_party(
        frame.add_party(negotiation, code="XX", name=f"{CANARY} party", by=head), by=head
    )
    gone = factories.make_round(negotiation, f"{CANARY} gone")
    russia = negotiation.parties.first()
    frame.set_delegates(gone, party=russia, people=[Person(f"{CANARY} ghost")], by=head)
    frame.remove_round(gone, by=head)
    return gone


def leave_traces(round_, issue, gone, head):
    """What edit histories and the admin's log keep."""
    services.set_agenda_line(round_, issue, by=head, planned=False)
    services.set_agenda_line(round_, issue, by=head, planned=True)
    log(head, issue)
    log(head, gone, key=Round.history.filter(title=gone.title).first().id)


def log(user, row, key=None):
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(key or row.pk),
        object_repr=f"{CANARY} {row}",
        action_flag=ADDITION,
        change_message=CANARY,
    )


@pytest.fixture
def head(db):
    return factories.make_user()


def erase(negotiation, reason="The parties asked for it."):
    return services.erase_negotiation(negotiation, reason=reason, by="the data officer")


def test_nothing_is_left_but_the_tombstone(head):
    factories.make_scheme()
    for model in MODELS:
        ContentType.objects.get_for_model(model, for_concrete_model=False)
    before = everything()
    negotiation = fill(head)
    filled = everything()
    ours = [m for m in MODELS if m._meta.app_label in ("issues", "negotiations")]
    assert [m.__name__ for m in ours if not filled[m]] == EMPTY
    entries = Entry.objects.count()
    stone = erase(negotiation)
    left = {m.__name__: n for m, n in (everything() - before).items() if m.__name__ not in KEPT}
    assert left == {}
    assert [line for line in dump() if CANARY in line] == []
    assert (stone.entries, stone.erased_by) == (entries, "the data officer")
    assert Erasure.objects.count() == 1


# Permissions of one's own, and what only this test's own act fills.
EMPTY = [
    *("User_groups", "User_user_permissions", "Erasure"),
    *("SharedCount", "PersonErasure"),
]


def test_no_file_is_left(head, django_capture_on_commit_callbacks):
    negotiation = fill(head)
    names = [negotiation.letterhead.logo.name, Job.objects.get().file]
    assert all(map(default_storage.exists, names))
    with django_capture_on_commit_callbacks(execute=True):
        erase(negotiation)
    assert not any(map(default_storage.exists, names))


def test_other_negotiations_keep_every_row(head):
    kept, gone = factories.make_negotiation(head=head), fill(factories.make_user())
    issue = factories.make_issue(kept)
    record(issue, "RU US", "Agreed", sources=[services.NewSource(title="Kept")])
    log(head, issue)
    erase(gone)
    assert Issue.objects.get() == issue
    assert Entry.objects.get().sources.get().title == "Kept"
    assert Party.objects.count() == 2
    assert Status.objects.filter(scheme__negotiation=kept).count() == 8
    assert LogEntry.objects.count() == 1
    assert services.differences(kept) == []


def test_triggers_are_back(head):
    erase(fill(head))
    assert triggers.missing("default") == set()


def test_reason_is_needed(head):
    negotiation = fill(head)
    with pytest.raises(ValidationError, match="reason"):
        erase(negotiation, reason=" ")
    assert Negotiation.objects.filter(pk=negotiation.pk).exists()


def test_failure_leaves_everything_and_the_triggers(head, monkeypatch):
    negotiation = fill(head)
    before = everything()
    with monkeypatch.context() as broken:
        broken.setattr("issues.services.removal.LogEntry.objects", None)
        with pytest.raises(AttributeError):
            erase(negotiation)
    assert everything() == before
    assert triggers.missing("default") == set()


def test_command_asks_for_the_address_first(head, monkeypatch):
    negotiation, out = fill(head), StringIO()
    options = {"reason": "Asked for.", "by": "admin", "stdout": out}
    monkeypatch.setattr("builtins.input", lambda _question: "something else")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_negotiation", negotiation.slug, **options)
    with pytest.raises(CommandError, match="no negotiation"):
        call_command("erase_negotiation", "missing", **options)
    call_command("erase_negotiation", negotiation.slug, yes=True, **options)
    assert not Negotiation.objects.exists()
    assert "Erased" in out.getvalue()
