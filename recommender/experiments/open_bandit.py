"""Off-policy evaluation on a logged bandit whose other policy was also run: what did it really earn?

The uniform log answers for the Thompson-sampling policy, whose own log tells the truth (Open Bandit Dataset,
Saito et al., NeurIPS 2021).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import scipy.stats

from recommender.contracts import FloatArray
from recommender.experiments.off_policy import estimate_doubly_robust, estimate_ips, estimate_snips


def evaluate_open_bandit(folder: Path) -> dict[str, Any]:
    """Estimates from random_all.parquet of what the policy of bts_all.parquet earns, and what it did earn.

    Raises
    ------
    ValueError
        if a file is missing.
    """
    uniform, sampled = (_read(folder / f"{name}_all.parquet") for name in ("random", "bts"))
    n_items = int(max(uniform["item"].max(), sampled["item"].max())) + 1
    policy = _estimate_policy(sampled, n_items)
    reward, logged = uniform["reward"], uniform["propensity"]
    target = policy[uniform["position"], uniform["item"]]
    guess = _rate_items(uniform, n_items)
    model = (policy @ guess)[uniform["position"]]
    found = {
        "ips": estimate_ips(reward, target, logged),
        "snips": estimate_snips(reward, target, logged),
        "doubly_robust": estimate_doubly_robust(reward, target, logged, guess[uniform["item"]], model),
    }
    truth = float(sampled["reward"].mean())
    clicks, n_rows = int(sampled["reward"].sum()), len(sampled["reward"])
    exact = scipy.stats.binomtest(clicks, n_rows).proportion_ci()
    estimates = {
        name: {
            "value": one.value,
            "interval": list(one.interval),
            "effective_rows": one.effective_rows,
            "relative_error": one.value / truth - 1,
            "covers_truth": one.interval[0] <= truth <= one.interval[1],
        }
        for name, one in found.items()
    }
    plain = float(reward.mean())
    return {
        "truth": truth,
        "truth_interval": [float(exact.low), float(exact.high)],
        "plain_mean_of_the_log": {"value": plain, "relative_error": plain / truth - 1},
        "estimates": estimates,
        "rows": {"uniform": len(reward), "thompson_sampling": n_rows},
    }


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"{path} is missing; it holds the logged bandit feedback of one policy")
    table = pq.read_table(path, columns=["item_id", "position", "click", "propensity_score"])
    position = table["position"].to_numpy().astype(np.int64)
    return {
        "item": table["item_id"].to_numpy().astype(np.int64),
        "position": position - position.min(),
        "reward": table["click"].to_numpy().astype(float),
        "propensity": table["propensity_score"].to_numpy().astype(float),
    }


def _estimate_policy(sampled: dict[str, Any], n_items: int) -> FloatArray:
    """(n_positions, n_items) how often the sampled policy showed each item at each position, smoothed."""
    n_positions = int(sampled["position"].max()) + 1
    shown = np.full((n_positions, n_items), 0.1)
    np.add.at(shown, (sampled["position"], sampled["item"]), 1.0)
    share: FloatArray = shown / shown.sum(axis=1, keepdims=True)
    return share


def _rate_items(uniform: dict[str, Any], n_items: int) -> FloatArray:
    """(n_items,) click rate of each item, drawn to the overall one: 40 clicks tell little of 80 items."""
    shown = np.bincount(uniform["item"], minlength=n_items)
    taken = np.bincount(uniform["item"], weights=uniform["reward"], minlength=n_items)
    rate: FloatArray = (taken + 500 * uniform["reward"].mean()) / (shown + 500)
    return rate
