"""Train the network part with JAX: `python -m recommender.training.network_fit IN.npz OUT.npz SETTINGS`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from recommender.training.adam import Table, minimise
from recommender.training.sequence_fit import drop


def create_parameters(data: Table, settings: Table, seed: int) -> Table:
    """Random parameters of one member; the answers start at the base rates."""
    rng = np.random.default_rng(seed)
    hidden, width = settings["hidden"], settings["category_width"]
    n_outputs = data["labels"].shape[1]
    n_inputs = data["matrix"].shape[1] + data["code"].shape[1] * width + data["vectors"].shape[1]
    share = np.clip(data["labels"].mean(axis=0), 1e-5, 1 - 1e-5)

    def draw(*shape: int, size: float) -> Any:
        return jnp.asarray(rng.standard_normal(shape) * size, dtype=jnp.float32)

    return {
        "embedding": draw(settings["n_met"] + 1, width, size=0.05),
        "first": draw(n_inputs, hidden, size=n_inputs**-0.5),
        "bias": jnp.zeros(hidden),
        "deeper": draw(hidden, hidden, size=hidden**-0.5),
        "deeper_bias": jnp.zeros(hidden),
        "answer": draw(hidden, n_outputs, size=0.02),
        "answer_bias": jnp.asarray(np.log(share / (1 - share)), dtype=jnp.float32),
    }


def compute_logits(parameters: Table, batch: Table, settings: Table, key: Any) -> Any:
    """(batch, n_outputs); a category that was never met is no input."""
    met = (batch["code"] < settings["n_met"])[..., None]
    embedded = (parameters["embedding"][batch["code"]] * met).reshape(len(batch["code"]), -1)
    keys = jax.random.split(key, 3)
    x = jnp.concatenate([batch["matrix"], embedded, batch["vectors"]], axis=1)
    x = drop(x, keys[0], settings["drop_input"])
    x = drop(jax.nn.relu(x @ parameters["first"] + parameters["bias"]), keys[1], settings["drop_hidden"])
    x = x + jax.nn.relu(x @ parameters["deeper"] + parameters["deeper_bias"])
    x = drop(x, keys[2], settings["drop_hidden"])
    return x @ parameters["answer"] + parameters["answer_bias"]


def measure_loss(members: Table, batch: Table, key: Any, settings: Table) -> Any:
    """Sum over the members of the mean weighted log loss of every output; they share batches, not weights."""

    def measure_member(parameters: Table, own: Any) -> Any:
        logits = compute_logits(parameters, batch, settings, own)
        losses = jnp.logaddexp(0.0, logits) - logits * batch["labels"]
        return (losses * jnp.asarray(settings["weights"])).sum(axis=1).mean()

    return jax.vmap(measure_member)(members, jax.random.split(key, settings["members"])).sum()


def draw_batches(data: Table, settings: Table, seed: int, epoch: int) -> Iterator[Table]:
    """Every row once, in random order."""
    n_rows = len(data["matrix"])
    order = np.random.default_rng([seed, epoch]).permutation(n_rows)
    size = min(settings["batch"], n_rows)
    for start in range(0, n_rows - size + 1, size):
        rows = order[start : start + size]
        yield {name: data[name][rows] for name in ("matrix", "code", "vectors", "labels")}


def train_members(data: Table, settings: Table) -> Table:
    """The parameters of every network, stacked: one more axis in front."""
    seed, n_rows = settings["seed"], len(data["matrix"])
    members = [
        create_parameters(data, settings, seed + 1000 * member) for member in range(settings["members"])
    ]
    parameters, _ = minimise(
        jax.tree.map(lambda *parts: jnp.stack(parts), *members),
        lambda parameters, batch, key: measure_loss(parameters, batch, key, settings),
        (draw_batches(data, settings, seed, epoch) for epoch in range(settings["epochs"])),
        settings["epochs"] * (n_rows // min(settings["batch"], n_rows)),
        50,
        settings,
    )
    return parameters


def main(read: str, write: str, settings: Table) -> None:
    """Train every member on the arrays of one file and write their parameters to another."""
    with np.load(read, allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    arrays = {name: np.asarray(array) for name, array in train_members(data, settings).items()}
    np.savez(write, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
