"""One retraining from claimed run to verdict: read, fit, compare on held-out time, promote or refuse.

The newest part of the events is held out from the fit; the candidate and the live version are judged on it
alike. Whatever happens to the worker, the live version stays and the run is taken up again.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from recommender import contracts as c
from recommender.build import build_engine
from recommender.feedback.leases import Heartbeat, Lease, LeaseLostError, claim, release_failed
from recommender.feedback.live_log import ask_live_log
from recommender.feedback.reading import read_live
from recommender.feedback.runs import NothingToLearnError, Report, join_reports
from recommender.feedback.scopes import find_scope
from recommender.feedback.update import read_new_rows, update
from recommender.models import ModelVersion, TrainingRun
from recommender.params import Params
from recommender.queries.activity import read_history, read_impressions, read_span
from recommender.queries.catalogue import read_catalogue
from recommender.queries.viewers import read_viewers
from recommender.registry.versions import (
    StaleLeaseError,
    Verdict,
    write_version,
)
from recommender.training.evaluate import WindowLosses, window_losses
from recommender.training.fit import FittedArtifact, fit_engine
from recommender.training.gate import Provenance, compare
from recommender.training.histories import take_impressions
from recommender.training.judges import find_judges
from recommender.training.online_params import LoopParams
from recommender.training.update import learnt_until, rewind, update_artifact

logger = logging.getLogger(__name__)

#: How much of the past the predictors learn from, and the share of it, the newest, that judges them.
LEARNING_DAYS = 28
HELD_OUT_SHARE = 0.1
#: Videos remembered per viewer from before the learning days.
HISTORY_PER_VIEWER = 100


@dataclass(frozen=True, slots=True)
class Window:
    """What a run reads: history before `since`, learning rows up to `cut`, held-out rows up to `until`."""

    since: datetime
    cut: datetime
    until: datetime


def work_on(run_id: int, report: Report | None = None) -> TrainingRun | None:
    """Claim a run and bring it to its end; None if somebody else works on it.

    `report(fraction, step)` is told the progress beside the run's own row.
    """
    lease = claim(run_id)
    if lease is None:
        return None
    try:
        with Heartbeat(lease) as beat:
            is_update = TrainingRun.objects.get(pk=run_id).kind == TrainingRun.Kind.UPDATE
            (update if is_update else _train)(lease, join_reports(beat, report))
    except (LeaseLostError, StaleLeaseError) as error:
        logger.warning("training stopped: %s", error)
    except NothingToLearnError as error:
        release_failed(lease, str(error))
    except Exception as error:
        logger.exception("training run %s failed", run_id)
        release_failed(lease, f"{type(error).__name__}: {error}")
    return TrainingRun.objects.get(pk=run_id)


def _train(lease: Lease, report: Report) -> None:
    run = TrainingRun.objects.get(pk=lease.run_id)
    started = time.monotonic()
    report(0.01, "reading events")
    scope = find_scope(run)
    live = scope.champion
    live_artifact = read_live(live)
    window = choose_window(run.data_until, live)
    known, held_out = scope.take(
        *read_window(window, live_artifact.meta.get("topic_names", ()) if live_artifact else ())
    )
    fitted = fit_engine(
        known,
        scope.params,
        progress=lambda fraction, step: report(0.1 + 0.7 * fraction, step),
        warm_start=live_artifact,
    )
    report(0.8, "comparing with the live version on the held-out window")
    fitted, held_out = _catch_up(fitted, live_artifact, known, held_out, run.data_until.timestamp())
    candidate = _judge(fitted, known, held_out)
    champion = _judge(live_artifact or _BASE_RATES, known, held_out)
    made = Provenance(known.cut_at, learnt_until(fitted.meta), "updates" in fitted.meta)
    decision = compare(candidate, champion, made=made)
    if scope.arm is None:
        decision = ask_live_log(decision, fitted, live_artifact, known, held_out, (window.cut, window.until))
    report(0.95, "writing the files")
    folder, manifest_sha256 = write_version(fitted.arrays, fitted.meta, known.catalogue.topic_names)
    figures = {
        **decision.figures,
        "held_out_from": window.cut.isoformat(),
        "held_out_until": window.until.isoformat(),
        "held_out_rows": len(held_out),
        "learning_rows": len(known.impressions),
        "seconds": round(time.monotonic() - started, 1),
        "recall_index": fitted.meta["recall_index"],
        "compared_with": live.pk if live else None,
    }
    verdict = Verdict(decision.promote, decision.reason, figures)
    scope.register(lease, folder, manifest_sha256, verdict)


def _catch_up(
    fitted: FittedArtifact,
    live: FittedArtifact | None,
    known: c.Dataset,
    held_out: c.Impressions,
    until: float,
) -> tuple[FittedArtifact, c.Impressions]:
    """Teach the candidate what updates taught the live version of the held-out time; keep the judges' rows.

    Both then know the same days, and neither has learnt from the viewers who judge.
    """
    if live is None or not live.meta.get("updates"):
        return fitted, held_out
    loop, topics = LoopParams(), {"topic_names": list(known.catalogue.topic_names)}
    fitted = FittedArtifact(fitted.arrays, {**fitted.meta, **topics})
    new = read_new_rows(fitted, until)
    caught = update_artifact(fitted, new, Params(), loop, lambda part, step: None)
    judges = find_judges(known.viewers.viewer_id, loop.online.judge_share)[held_out.viewer]
    return caught.artifact, take_impressions(held_out, np.flatnonzero(judges))


def choose_window(until: datetime, live: ModelVersion | None) -> Window:
    """The learning days before `until`, and the newest share of them to be held out.

    Raises NothingToLearnError if no event is older than `until`.
    """
    span = read_span()
    if span is None or span[0] >= until:
        raise NothingToLearnError(
            "there are no events to learn from; "
            "send some to POST /api/v1/events or run manage.py import_events"
        )
    last = min(span[1] + timedelta(seconds=1), until)
    since = max(span[0], last - timedelta(days=LEARNING_DAYS))
    return Window(since=since, cut=last - (last - since) * HELD_OUT_SHARE, until=last)


def read_window(window: Window, topic_names: tuple[str, ...] | list[str]) -> tuple[c.Dataset, c.Impressions]:
    """The data set known at the cut, and the impressions after it."""
    catalogue = read_catalogue(topic_names)
    viewers = read_viewers(catalogue.topic_names)
    known = c.Dataset(
        catalogue=catalogue,
        viewers=viewers,
        history=read_history(catalogue, viewers, window.since, HISTORY_PER_VIEWER),
        impressions=read_impressions(catalogue, viewers, window.since, window.cut),
        cut_at=window.cut.timestamp(),
    )
    return known, read_impressions(catalogue, viewers, window.cut, window.until)


#: What the first version is compared with: an engine that knows how often each action happens, no more.
_BASE_RATES = FittedArtifact(arrays={}, meta={})


def _judge(fitted: FittedArtifact, known: c.Dataset, held_out: c.Impressions) -> WindowLosses:
    then = rewind(fitted) if "updates" in fitted.meta else fitted
    engine = build_engine(known.catalogue, then.arrays, then.meta, params=Params(), now=known.cut_at)
    return window_losses(engine, known, held_out)
