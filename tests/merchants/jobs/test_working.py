"""A job runs once, survives its worker, stops when it is called off, and tells why it failed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.jobs import requests, working
from merchants.models import Account, Job, Team
from recommender import engine

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    team = Team.objects.create(name="Alpha")
    return Account.objects.create(team=team, handle="alpha", market="GB")


def ask(account: Account, key: str = "k1") -> Job:
    job, _new = requests.request_job(account, Job.Kind.REACH, "A draft", {"a": 1}, key, None)
    return job


def echo(job: Job, report: working.Report) -> dict[str, Any]:
    report(0.5, "half way")
    return {"seen": job.request}


def test_the_same_key_is_one_job_and_another_key_another(account: Account) -> None:
    first = ask(account)
    again, is_new = requests.request_job(account, Job.Kind.REACH, "A draft", {"a": 1}, "k1", None)
    assert (again.pk, is_new) == (first.pk, False)
    assert ask(account, "k2").pk != first.pk


def test_a_job_is_brought_to_its_result_once(account: Account) -> None:
    job = ask(account)
    assert working.find_waiting() == [job.pk]
    done = working.work_on(job.pk, {Job.Kind.REACH: echo})
    assert done is not None and done.state == Job.State.DONE
    assert done.result == {"seen": {"a": 1}} and done.progress == 1 and done.finished_at is not None
    assert working.work_on(job.pk, {Job.Kind.REACH: echo}) is None
    assert working.find_waiting() == []


def test_a_killed_workers_job_is_done_by_the_next_and_the_late_result_is_refused(account: Account) -> None:
    job = ask(account)
    dead = engine.claim(job.pk, Job)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert working.find_waiting() == [job.pk]
    done = working.work_on(job.pk, {Job.Kind.REACH: echo})
    assert done is not None and done.state == Job.State.DONE and done.attempts == 2
    assert dead is not None and not working.finish_job(dead, {"late": True})
    job.refresh_from_db()
    assert job.result == {"seen": {"a": 1}}


def test_a_job_that_is_called_off_stops_at_its_next_report(account: Account) -> None:
    job = ask(account)

    def cancelled_midway(running: Job, report: working.Report) -> dict[str, Any]:
        assert requests.cancel_job(job.pk)
        engine.held_by(engine.Lease(job.pk, 1, Job)).update(progress=0.9)
        return {"too": "late"}

    ended = working.work_on(job.pk, {Job.Kind.REACH: cancelled_midway})
    assert ended is not None and ended.state == Job.State.CANCELLED
    assert ended.result is None and ended.progress < 0.9
    assert not requests.cancel_job(job.pk)


def test_a_request_that_cannot_be_answered_fails_with_its_sentence(account: Account) -> None:
    job = ask(account)

    def refuse(job: Job, report: working.Report) -> dict[str, Any]:
        raise ValueError("topic 'x' is not known to the engine; choose among lipstick")

    ended = working.work_on(job.pk, {Job.Kind.REACH: refuse})
    assert ended is not None and ended.state == Job.State.FAILED
    assert ended.reason.startswith("topic 'x' is not known")


def test_an_unexpected_error_fails_the_job_without_its_secrets(account: Account) -> None:
    job = ask(account)

    def burst(job: Job, report: working.Report) -> dict[str, Any]:
        raise RuntimeError("password=hunter2")

    ended = working.work_on(job.pk, {Job.Kind.REACH: burst})
    assert ended is not None and ended.state == Job.State.FAILED
    assert "RuntimeError" in ended.reason and "hunter2" not in ended.reason


def test_a_team_may_not_fill_the_queue(account: Account) -> None:
    for number in range(requests.MOST_UNFINISHED):
        ask(account, f"k{number}")
    with pytest.raises(requests.TooManyJobsError, match="8 jobs of your team"):
        ask(account, "one more")
    other = Account.objects.create(team=Team.objects.create(name="Beta"), handle="beta")
    assert ask(other).state == Job.State.QUEUED


def test_remaining_time_goes_on_as_it_has(account: Account) -> None:
    job = ask(account)
    assert requests.guess_remaining_seconds(job) is None
    now = timezone.now()
    job.state, job.started_at, job.progress = Job.State.RUNNING, now - timedelta(seconds=10), 0.25
    assert requests.guess_remaining_seconds(job, now) == 30
