"""One update from claimed run to verdict: read what came in since, move the live version's weights, judge.

It goes through the gate of a full retraining. Viewers who judge teach no update, so that what goes live is
what was judged. A version promoted meanwhile wins: the next update goes on from it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from recommender import contracts as c
from recommender.feedback.leases import Lease
from recommender.feedback.reading import read_live
from recommender.feedback.runs import NothingToLearnError, Report
from recommender.models import ModelVersion, TrainingRun
from recommender.params import Params
from recommender.queries.activity import read_history, read_impressions
from recommender.queries.arrivals import read_arrivals
from recommender.queries.catalogue import read_catalogue
from recommender.queries.viewers import read_viewers
from recommender.registry.versions import Verdict, find_live, register_candidate, write_version
from recommender.training.delayed import SLOW
from recommender.training.fit import FittedArtifact
from recommender.training.gate import GateDecision, Provenance, compare
from recommender.training.online_params import LoopParams
from recommender.training.update import NewRows, Update, full_cut, learnt_until, update_artifact

#: Videos remembered per viewer from before the last full fit.
HISTORY_PER_VIEWER = 100


def update(lease: Lease, report: Report) -> None:
    """Move the live version by what came in since it last learnt, and register the verdict."""
    run = TrainingRun.objects.get(pk=lease.run_id)
    started = time.monotonic()
    report(0.01, "reading events")
    live = find_live()
    artifact = read_live(live)
    if live is None or artifact is None:
        raise NothingToLearnError("there is no live version to update; run manage.py retrain first")
    new = read_new_rows(artifact, run.data_until.timestamp())
    done = update_artifact(
        artifact, new, Params(), LoopParams(), lambda part, step: report(0.1 + 0.8 * part, step)
    )
    decision = judge(artifact, done, new)
    report(0.95, "writing the files")
    folder, digest = write_version(
        done.artifact.arrays, done.artifact.meta, new.dataset.catalogue.topic_names
    )
    verdict = Verdict(decision.promote, decision.reason, _describe(decision, done, new, live, started))
    register_candidate(lease.run_id, lease.fencing_token, folder, digest, verdict, expected_live=live.pk)


def read_new_rows(artifact: FittedArtifact, until: float) -> NewRows:
    """What the live version has not learnt yet, with the past it needs to be described.

    Raises NothingToLearnError if nothing came in since.
    """
    since, start = learnt_until(artifact.meta), full_cut(artifact.meta)
    first, last = (datetime.fromtimestamp(at, UTC) for at in (start, until))
    if until <= since:
        raise NothingToLearnError("the live version has learnt everything up to this run's end; ask again")
    catalogue = read_catalogue(artifact.meta.get("topic_names", ()))
    viewers = read_viewers(catalogue.topic_names)
    rows = read_impressions(catalogue, viewers, first, last)
    if not len(rows) or rows.happened_at[-1] <= since:
        raise NothingToLearnError("no video was shown since the live version learnt; there is nothing new")
    history = read_history(catalogue, viewers, first, HISTORY_PER_VIEWER)
    dataset = c.Dataset(catalogue, viewers, history, rows, cut_at=until)
    arrived = read_arrivals(dataset, datetime.fromtimestamp(since, UTC), last)
    arrived &= (rows.happened_at <= since)[:, None]
    return NewRows(dataset, arrived, since, until)


def judge(artifact: FittedArtifact, done: Update, new: NewRows) -> GateDecision:
    """The verdict of the gate on an update."""
    made = Provenance(
        window_from=full_cut(artifact.meta),
        learnt_until=new.until,
        is_kept_apart=True,
        live_learnt_until=new.since,
        learning_gain=done.facts["learning_gain"],
    )
    return compare(done.challenger, done.champion, Params().training, made)


def _describe(
    decision: GateDecision, done: Update, new: NewRows, live: ModelVersion, started: float
) -> dict[str, Any]:
    return {
        **decision.figures,
        **done.facts,
        "drift": done.drift,
        "learnt_from": datetime.fromtimestamp(new.since, UTC).isoformat(),
        "learnt_until": datetime.fromtimestamp(new.until, UTC).isoformat(),
        "slow_actions": [name for name, slow in zip(c.ACTIONS, SLOW, strict=True) if slow],
        "late_positives": int(new.arrived.sum()),
        "updates_since_full": done.artifact.meta["updates"],
        "seconds": round(time.monotonic() - started, 1),
        "compared_with": live.pk,
    }
