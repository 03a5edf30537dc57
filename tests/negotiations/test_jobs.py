"""Jobs: any process tells how far they are, one at a time does them, none that died keeps them."""

import datetime as dt
import time
from threading import Event

import pytest
import time_machine
from django.core.files.storage import default_storage

from issues.exports import jobs

# As it is before the suite has files written at once.
from issues.exports.jobs import wake
from issues.reads.clock import NOW as PRESENT
from negotiations import services
from negotiations.access import job_of
from negotiations.models import Job
from negotiations.models.jobs import STALE
from negotiations.queue import queue_age
from tests import factories
from tests.factories import viewer

NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
LATER = NOW + STALE + dt.timedelta(seconds=1)


@pytest.fixture
def talks(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    talks = factories.make_talks()
    factories.record(factories.make_issue(talks.negotiation), "RU", "Raised")
    return talks


def ask(talks, session="a", person=None, kind="json"):
    """A job that nobody has begun."""
    asker = viewer(talks.negotiation, person)
    return services.begin_job(
        talks.negotiation,
        user=asker.user,
        session=session,
        scope=asker.scope.key,
        kind=kind,
        task={"begun": NOW.isoformat(), "last_id": 10**9},
        total=1,
        file_name="talks.json",
    )


def state(job):
    job.refresh_from_db()
    return job.state


@time_machine.travel(NOW, tick=False)
def test_jobs_are_done_in_the_order_they_came_in_each_by_one(talks):
    first, second = ask(talks, "a"), ask(talks, "b")
    assert [services.claim_job(), services.claim_job(), services.claim_job()] == [
        *(first, second, None)
    ]


def test_what_a_dead_process_left_is_taken_over(talks):
    with time_machine.travel(NOW, tick=False):
        job = ask(talks)
        dead = services.claim_job()
        assert services.beat_job(dead, 1)
    with time_machine.travel(NOW + STALE, tick=False):
        assert services.claim_job() is None
    with time_machine.travel(LATER, tick=False):
        jobs.do_waiting()
        assert state(job) == Job.State.READY
        # Who was only taken for dead finds that the job is gone, and spoils nothing.
        assert not services.beat_job(dead, 1)
        assert not services.finish_job(dead, 1)
        services.refuse_job(dead, "Too late.")
    assert state(job) == Job.State.READY
    assert default_storage.exists(job.file)


def test_job_that_nobody_survives_is_given_up_and_says_so(talks):
    moment = NOW
    with time_machine.travel(moment, tick=False):
        job = ask(talks)
    for _try in range(3):
        with time_machine.travel(moment, tick=False):
            assert services.claim_job() == job
        moment += STALE * 2
    with time_machine.travel(moment, tick=False):
        assert services.claim_job() is None
        found = job_of(viewer(talks.negotiation), "a")
    assert found.refused == "It could not be written. Prepare the file again."


def test_writer_stops_once_its_job_was_given_up_by_the_person(talks, monkeypatch):
    job, kind = ask(talks), jobs.KINDS["json"]
    closed = []

    def write(path, _snapshot):
        try:
            path.write_text("half")
            services.forget_job(job)
            yield from range(1, 100)
        finally:
            closed.append(path.exists())

    monkeypatch.setattr(jobs, "BEAT_SECONDS", 0)
    monkeypatch.setitem(jobs.KINDS, "json", jobs.Kind("json", "", write, kind.total, kind.unit))
    jobs.do_waiting()
    assert closed == [False]
    assert not Job.objects.exists()


def test_writer_that_fails_says_so_and_the_next_job_is_done(talks, monkeypatch, caplog):
    broken, fine = ask(talks, "a", kind="xlsx"), ask(talks, "b")

    def write(_path, _snapshot):
        raise RuntimeError("canary")

    kind = jobs.KINDS["xlsx"]
    monkeypatch.setitem(jobs.KINDS, "xlsx", jobs.Kind("xlsx", "", write, kind.total, kind.unit))
    jobs.do_waiting()
    assert (state(broken), state(fine)) == (Job.State.REFUSED, Job.State.READY)
    assert "canary" not in broken.reason
    assert "A file could not be written." in caplog.text


def test_people_see_their_own_jobs_of_their_own_sign_in(talks):
    job = ask(talks, "a", talks.reader)
    assert job_of(viewer(talks.negotiation, talks.reader), "a") == job
    assert job_of(viewer(talks.negotiation, talks.reader), "b") is None
    assert job_of(viewer(talks.negotiation, talks.head), "a") is None


@pytest.mark.parametrize("seconds", [0, 90])
def test_age_of_the_queue_is_that_of_the_oldest_job_nobody_is_at(talks, seconds):
    with time_machine.travel(NOW, tick=False):
        ask(talks, "a")
        ask(talks, "b")
        assert queue_age() == dt.timedelta()
    with time_machine.travel(NOW + dt.timedelta(seconds=seconds), tick=False):
        assert queue_age() == dt.timedelta(seconds=seconds)
        jobs.do_waiting()
        assert queue_age() == dt.timedelta()


def test_left_job_is_as_old_as_the_last_sign_of_its_writer(talks):
    with time_machine.travel(NOW, tick=False):
        ask(talks)
    with time_machine.travel(NOW + dt.timedelta(minutes=5), tick=False):
        services.claim_job()
        assert queue_age() == dt.timedelta()
    with time_machine.travel(NOW + dt.timedelta(minutes=6), tick=False):
        assert queue_age() == dt.timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_thread_of_the_process_writes_it_beside_the_requests(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(jobs, "wake", wake)
    talks = factories.make_talks()
    begun = Event()
    kind = jobs.KINDS["json"]

    def write(path, snapshot):
        begun.set()
        yield from kind.write(path, snapshot)

    monkeypatch.setitem(jobs.KINDS, "json", jobs.Kind("json", "", write, kind.total, kind.unit))
    person = viewer(talks.negotiation)
    jobs.start(person, "a", "json", PRESENT)
    job = jobs.look(person, "a", 30)
    assert begun.is_set()
    assert job.is_ready
    while threads_at_work():
        time.sleep(0.01)


def threads_at_work():
    """Their connections are closed by themselves: the database of the test can go."""
    free = [jobs._free.acquire(blocking=False) for _thread in range(jobs.THREADS)]
    for one in free:
        if one:
            jobs._free.release()
    return not all(free)
