"""When a row may teach: an action's absence counts as a no once its window is over, a late yes when it comes.

Actions known within minutes wait for their window. Those that take hours or days are learnt from at once with
the probability that they still follow (Chapelle, KDD 2014, equation 6), then once more with what became of
them: a yes when it arrives, a no when the window is over (as the duplicates of Ktena et al., RecSys 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.contracts import ACTION_INDEX, ACTIONS, N_ACTIONS, BoolArray, FloatArray
from recommender.training.online_params import ATTRIBUTION_SECONDS, MEAN_DELAY_SECONDS

#: (N_ACTIONS,) float64 seconds.
WINDOWS: FloatArray = np.array([ATTRIBUTION_SECONDS[name] for name in ACTIONS])
_DELAYS: FloatArray = np.array([MEAN_DELAY_SECONDS.get(name, 0.0) for name in ACTIONS])
#: Actions that are learnt from before their window is over.
SLOW: BoolArray = _DELAYS > 0
#: The longest window of those that are not.
FAST_SECONDS = float(WINDOWS[~SLOW].max())
LONGEST_SECONDS = float(WINDOWS.max())


@dataclass(frozen=True, slots=True)
class Targets:
    """What rows teach in one update, and how much."""

    label: FloatArray  # (n, N_ACTIONS) float32 in [0, 1]
    weight: FloatArray  # (n, N_ACTIONS) float32, 0 where a row has nothing to say now


def still_to_come(probability: FloatArray, elapsed: FloatArray, mean_delay: float) -> FloatArray:
    """(n,) chance that an action not yet seen still follows.

    Formula: p s / (1 - p + p s) with s = exp(-elapsed / mean delay), p the chance that it follows at all.

    >>> round(float(still_to_come(np.array([0.5]), np.array([0.0]), 60.0)[0]), 3)
    0.5
    >>> round(float(still_to_come(np.array([0.5]), np.array([6000.0]), 60.0)[0]), 3)
    0.0
    """
    survival = np.exp(-np.maximum(elapsed, 0.0) / mean_delay)
    chance: FloatArray = probability * survival / np.maximum(1 - probability + probability * survival, 1e-12)
    return chance


def weigh_labels(
    shown_at: FloatArray,
    labels: FloatArray,
    arrived: BoolArray,
    probability: FloatArray,
    since: float,
    until: float,
) -> Targets:
    """What each row says in the update that covers (since, until].

    Parameters
    ----------
    shown_at : (n,) float64 unix seconds.
    labels : (n, N_ACTIONS) 1 where the action is known to have followed by `until`.
    arrived : (n, N_ACTIONS) its event came in after `since`, on a row shown before: a late yes.
    probability : (n, N_ACTIONS) as the live version predicts.

    Raises
    ------
    ValueError
        if the interval is empty or the arrays do not fit.
    """
    if until <= since:
        raise ValueError(f"an update from {since} to {until} covers nothing; give a later end")
    if labels.shape != (len(shown_at), N_ACTIONS) or probability.shape != labels.shape:
        raise ValueError(
            f"labels {labels.shape} and probabilities {probability.shape} must be "
            f"({len(shown_at)}, {N_ACTIONS}); one row a video shown"
        )
    closes = shown_at[:, None] + WINDOWS
    is_over = (closes > since) & (closes <= until)
    happened = labels > 0
    is_first = (shown_at[:, None] > since) & (shown_at[:, None] <= until)
    label = happened.astype(np.float32)
    weight = np.where(SLOW, is_over & ~happened, is_over).astype(np.float32)
    weight[SLOW & happened & (is_first | arrived)] = 1.0
    early = SLOW & ~happened & is_first & ~is_over
    for name in MEAN_DELAY_SECONDS:
        place = ACTION_INDEX[name]
        rows = early[:, place]
        elapsed = until - shown_at[rows]
        label[rows, place] = still_to_come(probability[rows, place], elapsed, _DELAYS[place])
        weight[rows, place] = 1.0
    # It was learnt as a no when its window closed: the yes weighs what undoes that (fake negatives).
    is_late = arrived & happened & (closes <= since)
    weight[is_late] = 1.0 + probability[is_late]
    return Targets(label, weight)
