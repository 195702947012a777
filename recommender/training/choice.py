"""Learn which of a viewer's candidates they choose next: the fusion of sources, and the affinity.

A conditional logit (McFadden, 1974) over candidates that recall itself gathered at a past moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.optimize

from recommender.contracts import FloatArray, IntArray, Scenario
from recommender.features.assemble import assemble
from recommender.features.viewers import POSITIVE_ACTIONS
from recommender.flow import Engine, describe_rows, open_viewer, read_responses
from recommender.params import Params
from recommender.prediction.logistic import LinearPart, standardise
from recommender.recall.gather import gather
from recommender.training.states import Timeline, state_at

#: Candidates kept per viewer beside the chosen ones: enough for a sharp softmax at a tenth of the memory.
_NEGATIVES = 120


@dataclass(frozen=True, slots=True)
class Choices:
    """Candidate rows of many viewers, viewer after viewer."""

    matrix: FloatArray  # (n, n_features) float32
    signals: FloatArray  # (n, n_signals) float32
    chosen: FloatArray  # (n,) float32, 1 where the viewer chose the video later
    start: IntArray  # (n_viewers,) first row of each viewer


def collect_choices(
    engine: Engine, timeline: Timeline, at: float, params: Params, rng: np.random.Generator
) -> Choices | None:
    """Candidates at a past moment, and which of them each viewer chose after it; None where nobody chose.

    Parameters
    ----------
    engine : fitted on what is older than `at`.
    """
    rows = timeline.dataset.impressions
    after = np.flatnonzero((rows.happened_at >= at) & ((rows.actions & POSITIVE_ACTIONS) != 0))
    viewers = np.unique(rows.viewer[after])
    if not len(viewers):
        return None
    if len(viewers) > params.recall.fusion_viewers:
        viewers = np.sort(rng.choice(viewers, params.recall.fusion_viewers, replace=False))
    order = after[np.argsort(rows.viewer[after], kind="stable")]
    first = np.searchsorted(rows.viewer[order], viewers, side="left")
    last = np.searchsorted(rows.viewer[order], viewers, side="right")
    found = [
        _choices_of(engine, timeline, int(viewer), np.unique(rows.video[order[a:b]]), at, params, rng)
        for viewer, a, b in zip(viewers, first, last, strict=True)
    ]
    parts = [part for part in found if part is not None]
    if not parts:
        return None
    lengths = [len(part[2]) for part in parts]
    return Choices(
        matrix=np.concatenate([part[0] for part in parts]),
        signals=np.concatenate([part[1] for part in parts]),
        chosen=np.concatenate([part[2] for part in parts]),
        start=np.concatenate([[0], np.cumsum(lengths)[:-1]]),
    )


def _choices_of(
    engine: Engine,
    timeline: Timeline,
    viewer: int,
    later: IntArray,
    at: float,
    params: Params,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    state = state_at(timeline, viewer, at)
    scenario = Scenario(happened_at=at, market=state.market)
    profile, _ = open_viewer(engine, state, scenario)
    later = later[profile.allowed[later]]
    if not len(later):
        return None
    found = gather(engine.recall, profile, scenario, engine.fusion, params.recall.candidates)
    others = found.video[~np.isin(found.video, later)]
    keep = rng.choice(len(others), min(_NEGATIVES, len(others)), replace=False)
    reached = later[np.isin(later, found.video)]
    video = np.concatenate([reached, others[np.sort(keep)]]).astype(np.int32)
    if not len(reached) or len(video) < 2:
        return None
    place = {int(row): position for position, row in enumerate(found.video)}
    signals = found.signals[[place[int(row)] for row in video]]
    read = read_responses(engine, profile, video)
    matrix, _ = assemble(
        engine.catalogue,
        engine.content,
        describe_rows(engine, profile, scenario, video, signals, read),
        params.features,
    )
    chosen = np.zeros(len(video), dtype=np.float32)
    chosen[: len(reached)] = 1.0
    return matrix, signals, chosen


def fit_choice(
    matrix: FloatArray, chosen: FloatArray, start: IntArray, l2: float, iterations: int
) -> LinearPart:
    """Weights that maximise the likelihood of each choice among its viewer's candidates.

    Formula: minus the mean over choices of log(exp z_c / (exp z_c + sum of exp z over those not chosen)),
    plus l2 |weights|^2 on standardised features.
    """
    centre, spread = standardise(matrix)
    scaled = (matrix - centre) / spread
    owner = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(matrix))))
    rejected = 1.0 - chosen
    n_choices = float(chosen.sum())

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        z = (scaled @ weights.astype(np.float32)).astype(np.float64)
        z -= np.maximum.reduceat(z, start)[owner]
        weight = np.exp(z)
        crowd = np.add.reduceat(weight * rejected, start)[owner]
        total = weight + crowd  # meaningful for chosen rows
        value = float((chosen * (np.log(total) - z)).sum()) / n_choices
        pull = chosen * (weight / total - 1.0)
        push = np.add.reduceat(chosen / total, start)[owner] * weight * rejected
        slope = scaled.T @ ((pull + push) / n_choices).astype(np.float32)
        return value + l2 * float(weights @ weights), slope.astype(np.float64) + 2 * l2 * weights

    solved = scipy.optimize.minimize(
        loss, np.zeros(matrix.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": iterations}
    )
    weights = solved.x.astype(np.float32)[:, None]
    nothing = np.zeros((1, 1), dtype=np.float32)
    return LinearPart(centre, spread, weights, nothing[0], nothing)


def fit_fusion(choices: Choices, params: Params) -> FloatArray:
    """(n_signals,) float32 weights of the raw signals, from the same choices."""
    part = fit_choice(choices.signals, choices.chosen, choices.start, params.recall.fusion_l2, 100)
    return (part.weights[:, 0] / part.spread).astype(np.float32)
