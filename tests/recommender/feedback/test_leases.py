"""One worker at a time, a dead one is followed, a deadly run ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from recommender.feedback import leases
from recommender.feedback.requests import cancel_run, request_run
from recommender.models import TrainingRun

pytestmark = pytest.mark.django_db


def expire_lease() -> None:
    TrainingRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_second_request_joins_the_waiting_run() -> None:
    first, is_new = request_run("api")
    again, is_new_too = request_run("admin")
    assert (first.pk, is_new, is_new_too) == (again.pk, True, False)


def test_after_a_run_has_ended_a_request_makes_a_new_one() -> None:
    first, _ = request_run("api")
    assert cancel_run(first.pk)
    second, is_new = request_run("api")
    assert is_new and second.pk != first.pk


def test_only_one_worker_gets_a_run() -> None:
    run, _ = request_run("api")
    assert leases.find_claimable() == [run.pk]
    assert leases.claim(run.pk) is not None
    assert leases.claim(run.pk) is None
    assert leases.find_claimable() == []


def test_a_run_whose_worker_fell_silent_is_taken_over_with_a_higher_token() -> None:
    run, _ = request_run("api")
    first = leases.claim(run.pk)
    expire_lease()
    assert leases.find_claimable() == [run.pk]
    second = leases.claim(run.pk)
    assert first is not None and second is not None
    assert second.fencing_token == first.fencing_token + 1
    assert not leases.renew(first, 0.5, "fitting")
    assert first.lost.is_set()
    assert leases.renew(second, 0.5, "fitting")


def test_a_late_worker_cannot_fail_the_run_of_the_new_one() -> None:
    run, _ = request_run("api")
    first = leases.claim(run.pk)
    expire_lease()
    leases.claim(run.pk)
    assert first is not None
    leases.release_failed(first, "out of memory")
    run.refresh_from_db()
    assert run.state == TrainingRun.State.RUNNING


def test_a_run_that_keeps_killing_its_workers_fails_with_the_reason() -> None:
    run, _ = request_run("api")
    for _ in range(leases.MAX_ATTEMPTS):
        assert leases.claim(run.pk) is not None
        expire_lease()
    assert leases.claim(run.pk) is None
    run.refresh_from_db()
    assert run.state == TrainingRun.State.FAILED
    assert "given up after 3 attempts" in run.reason


def test_a_cancelled_run_stops_its_worker_at_the_next_report(monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = request_run("api")
    lease = leases.claim(run.pk)
    assert lease is not None and cancel_run(run.pk)
    assert not leases.renew(lease, 0.2, "fitting")
    report = leases.Heartbeat(lease)._report
    with pytest.raises(leases.LeaseLostError):
        report(0.3, "fitting")


def test_progress_and_step_are_seen_while_the_run_works() -> None:
    run, _ = request_run("api")
    lease = leases.claim(run.pk)
    assert lease is not None and leases.renew(lease, 0.25, "fitting recall")
    run.refresh_from_db()
    assert (run.progress, run.step) == (0.25, "fitting recall")
