"""The promotion gate's question to the log: would the candidate have earned less than the live version?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats

from recommender.contracts import FloatArray
from recommender.experiments.off_policy import NoSupportError, estimate_doubly_robust, measure_error
from recommender.experiments.params import ExperimentParams
from recommender.experiments.replay import Replayed


@dataclass(frozen=True, slots=True)
class PromotionVerdict:
    """What the log says of a candidate. `is_answered` False = it cannot say; then nothing hangs on it."""

    is_answered: bool
    is_refused: bool
    reason: str
    figures: dict[str, Any]


def judge_promotion(
    candidate: Replayed, live: Replayed, params: ExperimentParams | None = None
) -> PromotionVerdict:
    """Compare both versions on the same logged places, doubly robust, paired by page.

    Refused is a candidate whose 95 % interval lies below the tolerated loss as a whole.

    Raises
    ------
    ValueError
        if the two were not replayed on the same places.
    """
    params = params or ExperimentParams()
    if not np.array_equal(candidate.page, live.page):
        raise ValueError("candidate and live were replayed on different pages; replay both on the same")
    n_pages = len(np.unique(candidate.page))
    figures: dict[str, Any] = {
        "pages": n_pages,
        "support_candidate": float(candidate.supported.mean()) if n_pages else 0.0,
        "support_live": float(live.supported.mean()) if n_pages else 0.0,
    }
    if n_pages < params.gate_min_pages:
        text = f"the log holds {n_pages} whole choices, {params.gate_min_pages} are due"
        return PromotionVerdict(False, False, text, figures)
    try:
        answers = {name: _answer(one) for name, one in (("candidate", candidate), ("live", live))}
    except NoSupportError as refusal:
        return PromotionVerdict(False, False, str(refusal), figures)
    difference = _contribute(candidate) - _contribute(live)
    radius = float(scipy.stats.norm.isf(0.025)) * measure_error(difference, candidate.page)
    low, high = float(difference.mean()) - radius, float(difference.mean()) + radius
    figures |= answers | {"difference": float(difference.mean()), "difference_interval": [low, high]}
    base = answers["live"]["value"]
    text = f"long watches a place change by {low:+.4f} to {high:+.4f} (live: {base:.4f})"
    return PromotionVerdict(True, high < -params.gate_tolerance * abs(base), text, figures)


def _answer(one: Replayed) -> dict[str, Any]:
    estimate = estimate_doubly_robust(
        one.reward,
        one.target,
        one.logged,
        one.chosen_guess,
        one.target_guess,
        float(one.supported.mean()),
        one.page,
    )
    return {
        "value": estimate.value,
        "interval": list(estimate.interval),
        "effective_rows": estimate.effective_rows,
    }


def _contribute(one: Replayed) -> FloatArray:
    """(n,) what each place adds to the doubly robust mean."""
    added: FloatArray = one.target_guess + one.target / one.logged * (one.reward - one.chosen_guess)
    return added
