"""A job in pieces: any number of workers gives the same, a killed one loses nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.jobs import parts, requests, working
from merchants.models import Account, Job, JobPart, Team
from recommender import engine

pytestmark = pytest.mark.django_db
N_PARTS = 6


@pytest.fixture
def job() -> Job:
    team = Team.objects.create(name="Alpha")
    account = Account.objects.create(team=team, handle="alpha", market="GB")
    return requests.request_job(account, Job.Kind.REACH, "A draft", {}, "k1", None)[0]


def square(number: int) -> dict[str, Any]:
    return {"square": number**2}


def work_with(meanwhile: Callable[[Job, int], None]) -> working.Work:
    """A kind of job in pieces; `meanwhile` happens whenever its worker looks around."""

    def work(job: Job, report: working.Report) -> dict[str, Any]:
        def tell(done: int, number: int) -> None:
            report(done / N_PARTS, f"piece {number}")
            meanwhile(job, done)

        found = parts.work_in_parts(job, N_PARTS, "same", square, tell)
        return {"squares": [told["square"] for told in found]}

    return work


def run(job: Job, meanwhile: Callable[[Job, int], None]) -> Job:
    done = working.work_on(job.pk, {Job.Kind.REACH: work_with(meanwhile)})
    assert done is not None
    return done


@pytest.mark.parametrize("n_helpers", [0, 1, 4])
def test_pieces_are_joined_in_their_order_whoever_works_on_them(job: Job, n_helpers: int) -> None:
    taken: list[int] = []

    def note(number: int) -> dict[str, Any]:
        taken.append(number)
        return square(number)

    def helped(running: Job, done: int) -> None:
        for _ in range(n_helpers):
            parts.take_one(running, note)

    done = run(job, helped)
    assert done.result == {"squares": [0, 1, 4, 9, 16, 25]}
    assert bool(taken) is (n_helpers > 0)
    assert not JobPart.objects.exists()


def test_a_piece_whose_worker_was_killed_is_taken_again(job: Job) -> None:
    dead: list[engine.Lease] = []

    def kill_one(running: Job, done: int) -> None:
        if not dead:
            part = running.parts.get(number=0)
            lease = engine.claim(part.pk, JobPart)
            assert lease is not None
            dead.append(lease)
            JobPart.objects.filter(pk=part.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    assert run(job, kill_one).result == {"squares": [0, 1, 4, 9, 16, 25]}
    assert not parts.finish_part(dead[0], {"square": -1})


def test_what_is_done_stays_done_when_the_jobs_own_worker_is_killed(job: Job) -> None:
    calls: list[int] = []

    class Killed(BaseException):
        pass

    def counted(number: int) -> dict[str, Any]:
        calls.append(number)
        return square(number)

    def work(running: Job, report: working.Report) -> dict[str, Any]:
        def tell(done: int, number: int) -> None:
            if done == 3 and len(calls) == 3 and running.attempts == 1:
                raise Killed

        return {"parts": parts.work_in_parts(running, N_PARTS, "same", counted, tell)}

    with pytest.raises(Killed):
        working.work_on(job.pk, {Job.Kind.REACH: work})
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    done = working.work_on(job.pk, {Job.Kind.REACH: work})
    assert done is not None and done.state == Job.State.DONE
    assert sorted(calls) == list(range(N_PARTS))


def test_a_cancelled_job_stops_and_its_pieces_go(job: Job) -> None:
    def cancel(running: Job, done: int) -> None:
        if done == 2:
            requests.cancel_job(running.pk)
            raise engine.LeaseLostError("cancelled")

    assert run(job, cancel).state == Job.State.CANCELLED
    assert parts.find_waiting_parts() == []
    assert not JobPart.objects.exists()


def test_helpers_are_woken_and_take_what_is_left(job: Job) -> None:
    helped: list[int] = []

    def help_once(running: Job, done: int) -> None:
        if done == 1:
            woken = parts.find_waiting_parts()
            assert 0 < len(woken) <= 4
            helped.append(parts.help_with(woken[0], lambda job: ("same", square)))

    assert run(job, help_once).result == {"squares": [0, 1, 4, 9, 16, 25]}
    assert helped == [N_PARTS - 1]


def test_a_worker_that_sees_another_engine_helps_with_nothing(job: Job) -> None:
    def refuse(running: Job, done: int) -> None:
        if done == 1:
            woken = parts.find_waiting_parts()
            assert parts.help_with(woken[0], lambda job: ("other", lambda number: {"square": -1})) == 0

    assert run(job, refuse).result == {"squares": [0, 1, 4, 9, 16, 25]}


def test_a_piece_that_failed_for_good_fails_the_job(job: Job) -> None:
    def break_one(running: Job, done: int) -> None:
        running.parts.filter(number=5).update(state=Job.State.FAILED, reason="given up")

    assert run(job, break_one).state == Job.State.FAILED
