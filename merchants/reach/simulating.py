"""The work of a reach job, and how one is asked for."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from merchants.jobs.parts import Do, help_with, work_in_parts
from merchants.jobs.requests import request_job
from merchants.jobs.working import Report, Work
from merchants.models import Account, Job
from merchants.reach.past import list_past
from merchants.reach.questions import read_run
from recommender import engine

if TYPE_CHECKING:
    from collections.abc import Mapping


def simulate(job: Job, report: Report) -> dict[str, Any]:
    """One reach job in pieces that other workers may take: what was asked in, the answer out."""
    report(0.01, "building the engine with your video in it")
    run = read_run(job.request)
    opened = engine.open_run(run)
    markets = engine.list_part_markets(run)

    def tell(done: int, number: int) -> None:
        report(0.05 + 0.6 * done / len(markets), f"asking the engine: {markets[number]}")

    fingerprint = engine.fingerprint_run(opened)
    found = work_in_parts(job, len(markets), fingerprint, partial(engine.work_on_part, opened), tell)
    return engine.close_run(opened, found, report)


def help_out(part_id: int) -> int:
    """Take pieces of a reach job that another worker runs; how many were done."""
    return help_with(part_id, _open_job)


def _open_job(job: Job) -> tuple[str, Do]:
    opened = engine.open_run(read_run(job.request))
    return engine.fingerprint_run(opened), partial(engine.work_on_part, opened)


#: What each kind of job does.
WORKS: Mapping[str, Work] = {Job.Kind.REACH: simulate}


def ask(
    account: Account, title: str, asked: dict[str, Any], key: str, user_id: int | None
) -> tuple[Job, bool]:
    """Ask for a simulation of a checked draft; the account's imported past is added as it is now.

    Returns the job of this key and whether this call made it.

    Raises
    ------
    TooManyJobsError
        If the team has enough unfinished jobs.
    ValueError
        If the draft cannot be asked about; the message names the field.
    """
    request = {
        **asked,
        "creator_id": account.creator_id,
        "past": list_past(account),
        "topics": list(engine.list_topics())[:12],
    }
    read_run(request)  # refuses now what would fail later
    return request_job(account, Job.Kind.REACH, title, request, key or hash_request(request), user_id)


def hash_request(request: dict[str, Any]) -> str:
    """The same for the same request: without a key of the caller's, asking twice is one job."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def ask_again(job: Job, observed: list[tuple[int, float]], user_id: int | None) -> tuple[Job, bool]:
    """The same simulation once real counts are in: same seed, same futures, weighed by how near they came."""
    request = {**job.request, "observed": observed}
    return request_job(job.account, job.kind, job.title, request, hash_request(request), user_id)
