"""`manage.py sweep`: what nobody needs any more goes, and nothing else."""

import os
import time
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from issues.exports import jobs
from issues.models import Upload
from issues.reads.clock import NOW
from issues.services import importing
from negotiations import services
from negotiations.models import Job
from tests import factories
from tests.factories import viewer
from tests.issues.importing import csv_bytes

DAY = 24 * 60 * 60


@pytest.fixture
def store(db, settings, tmp_path):
    """One file of every kind that a row names, and beside each one that nothing names."""
    settings.MEDIA_ROOT = tmp_path
    talks = factories.make_talks()
    person = viewer(talks.negotiation, talks.recorder)
    file = SimpleUploadedFile("note.txt", b"Words.")
    services.add_source(talks.negotiation, by=talks.head, title="Note", file=file)
    factories.set_letterhead(talks.negotiation, heading="Head")
    importing.stage(person, kind="entries", file_name="t.csv", data=csv_bytes())
    jobs.start(person, "a", "json", NOW)
    needed = names(tmp_path)
    assert {name.split("/")[0] for name in needed} == {
        *("exports", "imports", "letterheads", "sources")
    }
    for folder in ("exports", "imports", "letterheads", "sources"):
        (tmp_path / folder / "0123456789abcdef.part").write_text("nobody's")
    return SimpleNamespace(root=tmp_path, needed=needed)


def names(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def grow_old(root):
    for path in root.rglob("*"):
        os.utime(path, (time.time() - DAY - 60,) * 2)


def swept():
    out = StringIO()
    call_command("sweep", stdout=out)
    return out.getvalue().splitlines()


def test_files_that_no_row_names_go_after_a_day_and_no_others(store):
    before = names(store.root)
    assert "0 files that belong to nothing" in swept()
    assert names(store.root) == before
    grow_old(store.root)
    assert "4 files that belong to nothing" in swept()
    assert names(store.root) == store.needed


def test_what_waited_too_long_goes(store, django_capture_on_commit_callbacks):
    with (
        time_machine.travel(time.time() + DAY + 60, tick=False),
        django_capture_on_commit_callbacks(execute=True),
    ):
        told = swept()
    assert told[:2] == ["1 files that were prepared", "1 tables that waited for more than a day"]
    assert not Job.objects.exists()
    assert not Upload.objects.exists()
    assert {Path(name).parts[0] for name in names(store.root)} == {"letterheads", "sources"}


def test_sign_ins_that_are_over_go(db, settings):
    client = Client()
    client.force_login(factories.make_user())
    session = client.session
    session.set_expiry(-1)
    session.save()
    swept()
    assert not type(session)().exists(session.session_key)


def test_what_a_killed_backup_left_goes(db, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    (tmp_path / ".backup-killed").mkdir()
    assert "1 folders that killed backups left" in swept()
    assert not (tmp_path / ".backup-killed").exists()
