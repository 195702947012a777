"""AdamW with warm-up and cosine decay, for the JAX trainings; only their own processes import it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Table = dict[str, Any]
#: (parameters, batch, random key) -> mean loss of the batch.
Loss = Callable[[Table, Table, Any], Any]


def minimise(
    parameters: Table,
    loss: Loss,
    epochs: Iterable[Iterable[Table]],
    n_steps: int,
    warm_up: int,
    settings: Table,
) -> tuple[Table, Any]:
    """Parameters after one pass over each epoch's batches, and each epoch's mean loss, (n_epochs,) float32.

    Loshchilov and Hutter, ICLR 2019.

    `settings` holds `rate` (the peak), `decay` and `seed`; a line an epoch goes to standard error.
    """
    moments = (jax.tree.map(jnp.zeros_like, parameters), jax.tree.map(jnp.zeros_like, parameters))
    warm_steps, n_steps = max(min(warm_up, n_steps), 1), max(n_steps, 1)

    @jax.jit
    def step(parameters: Table, moments: Any, batch: Table, number: Any, key: Any) -> Any:
        value, slope = jax.value_and_grad(loss)(parameters, batch, key)
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], slope)
        square = jax.tree.map(lambda m, g: 0.999 * m + 0.001 * g * g, moments[1], slope)
        warm = jnp.minimum((number + 1) / warm_steps, 1.0)
        rate = settings["rate"] * warm * (0.5 + 0.5 * jnp.cos(jnp.pi * jnp.minimum(number / n_steps, 1.0)))
        up, down = 1 / (1 - 0.9 ** (number + 1)), 1 / (1 - 0.999 ** (number + 1))

        def move(p: Any, m: Any, s: Any) -> Any:
            return p - rate * (m * up / (jnp.sqrt(s * down) + 1e-8) + settings["decay"] * p)

        return jax.tree.map(move, parameters, mean, square), (mean, square), value

    losses: list[float] = []
    key, number = jax.random.PRNGKey(settings["seed"]), 0
    for epoch, batches in enumerate(epochs, start=1):
        values = []
        for batch in batches:
            key, own = jax.random.split(key)
            parameters, moments, value = step(parameters, moments, batch, jnp.float32(number), own)
            values.append(value)
            number += 1
        mean_loss = float(np.mean([float(value) for value in values])) if values else float("nan")
        losses.append(mean_loss)
        print(f"epoch {epoch} loss {mean_loss:.4f}", file=sys.stderr, flush=True)
    return parameters, np.array(losses, dtype=np.float32)


def start_from(parameters: Table, data: Table, embed: Callable[[Table], Any]) -> Table:
    """The parameters with those of an earlier fit, `start/NAME` in `data`, wherever their shapes agree.

    A video both fits know keeps its whole vector and bias: what topic, length and the like say of it today is
    taken off, and the rest is its own. `embed` gives (c + 1, width) vectors of the videos.
    """
    if "start/known" not in data:
        return parameters
    known = jnp.asarray(np.flatnonzero(data["start/known"]))
    started = dict(parameters)
    for name in parameters:
        earlier = data.get(f"start/{name}")
        if name not in ("own", "bias") and earlier is not None and earlier.shape == parameters[name].shape:
            started[name] = jnp.asarray(earlier)
    vectors, bias = data["start/video"], data["start/bias"]
    if vectors.shape[1] != parameters["own"].shape[1]:
        return parameters
    described = embed(started)[known] - started["own"][known]
    started["own"] = started["own"].at[known].set(vectors[np.asarray(known)] - described)
    if "start/other" in data:
        started["own"] = started["own"].at[-1].set(data["start/other"])
    started["bias"] = started["bias"].at[known].set(bias[np.asarray(known)])
    return started
