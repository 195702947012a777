"""The figures that are reported: formula, meaning, and an example that runs as a test."""

from __future__ import annotations

import numpy as np

from recommender.contracts import FloatArray, IntArray


def ndcg_at_k(hits: FloatArray, n_targets: IntArray, k: int) -> FloatArray:
    """(n_viewers,) normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002), binary gains.

    Formula: sum over ranks r <= k of hit_r / log2(r + 1), over the same for min(k, targets) hits on top.

    Parameters
    ----------
    hits : (n_viewers, >= k) 1 where the video at that rank is a target, best rank first.
    n_targets : (n_viewers,) targets of each viewer, at least 1.

    >>> [round(float(gain), 4) for gain in ndcg_at_k(np.array([[0.0, 1.0, 0.0]]), np.array([1]), 3)]
    [0.6309]
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(n_targets, k) - 1]
    gain: FloatArray = hits[:, :k] @ discount / ideal
    return gain


def recall_at_k(hits: FloatArray, n_targets: IntArray, k: int) -> FloatArray:
    """(n_viewers,) share of a viewer's targets among the first k.

    >>> [float(share) for share in recall_at_k(np.array([[1.0, 0.0, 1.0]]), np.array([4]), 3)]
    [0.5]
    """
    share: FloatArray = hits[:, :k].sum(axis=1) / n_targets
    return share


def auc(labels: FloatArray, scores: FloatArray) -> float:
    """Chance that a random positive scores above a random negative, ties half; NaN with one class alone.

    >>> auc(np.array([0, 1, 1]), np.array([0.1, 0.1, 0.9]))
    0.75
    """
    positive = np.asarray(labels) > 0.5
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    rank = rank_with_ties(np.asarray(scores, dtype=np.float64))
    area = rank[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(area / (n_positive * n_negative))


def rank_with_ties(scores: FloatArray) -> FloatArray:
    """(n,) ranks from 1, equal scores share the mean of theirs.

    >>> [float(rank) for rank in rank_with_ties(np.array([3.0, 1.0, 3.0]))]
    [2.5, 1.0, 2.5]
    """
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: FloatArray = (last - (count - 1) / 2.0)[place]
    return ranks


def gauc(labels: FloatArray, scores: FloatArray, viewer: IntArray) -> float:
    """AUC within each viewer who has both labels, averaged by their impressions (Zhu et al., KDD 2017).

    >>> gauc(np.array([1, 0, 1, 0, 1]), np.array([0.9, 0.1, 0.2, 0.3, 0.5]), np.array([0, 0, 1, 1, 2]))
    0.5
    """
    areas, weights = viewer_auc(labels, scores, viewer)
    return float((areas * weights).sum() / weights.sum()) if len(weights) else float("nan")


def viewer_auc(labels: FloatArray, scores: FloatArray, viewer: IntArray) -> tuple[FloatArray, FloatArray]:
    """AUC and impressions of each viewer who has both labels, in ascending order of viewer."""
    order = np.lexsort((scores, viewer))
    owner, label = viewer[order], (np.asarray(labels)[order] > 0.5).astype(np.float64)
    score = np.asarray(scores, dtype=np.float64)[order]
    first = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
    tied = np.concatenate([[True], (owner[1:] != owner[:-1]) | (score[1:] != score[:-1])])
    run = np.cumsum(tied) - 1
    place = np.arange(len(owner)) - np.repeat(first, np.diff(np.append(first, len(owner)))) + 1.0
    rank = (np.bincount(run, weights=place) / np.bincount(run))[run]
    n_rows = np.diff(np.append(first, len(owner)))
    n_positive = np.add.reduceat(label, first)
    n_negative = n_rows - n_positive
    area = np.add.reduceat(rank * label, first) - n_positive * (n_positive + 1) / 2
    both = (n_positive > 0) & (n_negative > 0)
    return area[both] / (n_positive[both] * n_negative[both]), n_rows[both].astype(np.float64)


def log_loss(labels: FloatArray, probability: FloatArray) -> float:
    """Mean of -log of the probability of what happened, probabilities clipped to [1e-7, 1 - 1e-7].

    >>> round(log_loss(np.array([1.0, 0.0]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    return float(row_log_loss(labels, probability).mean())


def row_log_loss(labels: FloatArray, probability: FloatArray) -> FloatArray:
    """(n, ...) log loss of each label; NaN probabilities stay NaN."""
    p = np.clip(np.asarray(probability, dtype=np.float64), 1e-7, 1 - 1e-7)
    loss: FloatArray = -(labels * np.log(p) + (1 - labels) * np.log(1 - p))
    return loss


def expected_calibration_error(labels: FloatArray, probability: FloatArray, bins: int = 15) -> float:
    """Mean gap between predicted and observed frequency over equally filled bins (Naeini et al., 2015).

    >>> expected_calibration_error(np.array([0.0, 1.0]), np.array([0.25, 0.75]), bins=2)
    0.25
    """
    if not len(probability):
        return float("nan")
    order = np.argsort(probability, kind="stable")
    gaps = [
        abs(float(labels[part].mean()) - float(probability[part].mean())) * len(part)
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return float(sum(gaps) / len(order))


def calibration_noise(probability: FloatArray, bins: int = 15) -> float:
    """The calibration error that a perfectly calibrated predictor would show on so many rows by chance.

    In each bin the observed frequency strays by the mean absolute deviation of a binomial share, about
    sqrt(2 p (1 - p) / (pi n)).

    >>> round(calibration_noise(np.full(100, 0.5), bins=1), 3)
    0.04
    """
    parts = [part for part in np.array_split(np.sort(probability), bins) if len(part)]
    strays = [
        np.sqrt(2 * part.mean() * (1 - part.mean()) / (np.pi * len(part))) * len(part) for part in parts
    ]
    return float(sum(strays) / max(len(probability), 1))


def xauc(outcome: FloatArray, predicted: FloatArray, pairs: int = 2_000_000, seed: int = 7) -> float:
    """Share of random pairs with different outcomes that are put in the right order, ties half.

    >>> xauc(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]), pairs=1000)
    1.0
    """
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, len(outcome), (2, pairs))
    differ = outcome[left] != outcome[right]
    left, right = left[differ], right[differ]
    if not len(left):
        return float("nan")
    agreed = np.sign(outcome[left] - outcome[right]) * np.sign(predicted[left] - predicted[right])
    return float(((agreed + 1) / 2).mean())


def bootstrap_interval(
    values: FloatArray, draws: int, seed: int, weights: FloatArray | None = None
) -> tuple[float, float]:
    """95 % interval of a (weighted) mean over viewers, by resampling viewers with a Poisson(1) count each.

    >>> bootstrap_interval(np.ones(10), 50, 1)
    (1.0, 1.0)
    """
    rng = np.random.default_rng(seed)
    base = np.ones(len(values)) if weights is None else weights
    means = np.empty(draws)
    for draw in range(draws):
        count = rng.poisson(1.0, len(values)) * base
        means[draw] = (count @ values) / max(count.sum(), 1e-12)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def paired_interval(ours: FloatArray, theirs: FloatArray, draws: int, seed: int) -> tuple[float, float]:
    """95 % interval of mean(ours) / mean(theirs) - 1, resampling the same viewers of both.

    >>> paired_interval(np.full(9, 3.0), np.full(9, 2.0), 20, 1)
    (0.5, 0.5)
    """
    rng = np.random.default_rng(seed)
    gains = np.empty(draws)
    for draw in range(draws):
        count = rng.poisson(1.0, len(ours))
        gains[draw] = (count @ ours) / max(float(count @ theirs), 1e-12) - 1
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(low), float(high)
