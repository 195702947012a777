"""Train the sequence CNN with JAX: `python -m recommender.training.sequence_fit IN.npz OUT.npz SETTINGS`.

Full softmax over the covered videos: the target of each position is one of the viewer's next likes. On a GPU
where JAX finds one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from recommender.features.convolutions import N_FEEDBACK
from recommender.recall.causal_cnn import scale_logits
from recommender.training.adam import Table, minimise, start_from


def create_parameters(data: Table, settings: Table) -> Table:
    """Random parameters, over them those of the earlier fit that came along."""
    rng = np.random.default_rng(settings["seed"])
    width, n_videos = settings["width"], len(data["covered"])

    def draw(*shape: int, size: float = 0.02) -> Any:
        return jnp.asarray(rng.standard_normal(shape) * size, dtype=jnp.float32)

    parameters: Table = {
        "own": draw(n_videos + 1, width),
        "topic": draw(int(data["topic"].max()) + 1, width),
        "duration": draw(int(data["duration"].max()) + 1, width),
        "feedback": draw(N_FEEDBACK, width),
        "position": draw(settings["length"], width),
        "bias": jnp.zeros(n_videos),
    }
    for number in range(settings["blocks"]):
        parameters |= {
            f"gain{number}": jnp.ones(width),
            f"taps{number}": draw(3, width, 2 * width, size=float((3 * width) ** -0.5)),
            f"shift{number}": jnp.zeros(2 * width),
            f"out{number}": draw(width, width, size=0.05),
        }
    content = {name: jnp.asarray(data[name]) for name in ("topic", "duration")}
    return start_from(parameters, data, lambda started: embed_videos(started, content))


def embed_videos(parameters: Table, data: Table) -> Any:
    """(c + 1, width): a video is itself, its topic and its duration; the last row is any other video."""
    described = parameters["topic"][data["topic"]] + parameters["duration"][data["duration"]]
    return parameters["own"] + jnp.concatenate([described, jnp.zeros((1, described.shape[1]))])


def convolve_past(parameters: Table, table: Any, batch: Table, settings: Table, key: Any) -> Any:
    """(batch, length, width): the residual stream of the past behind the last block."""
    mask = batch["mask"][..., None]
    x = table[batch["video"]] + parameters["feedback"][batch["feedback"]] + parameters["position"]
    keys = jax.random.split(key, settings["blocks"] + 1)
    x = drop(x, keys[0], settings["drop_input"]) * mask
    for number in range(settings["blocks"]):
        dilation, length = 2**number, x.shape[1]
        h = jnp.pad(normalise(x) * parameters[f"gain{number}"], ((0, 0), (2 * dilation, 0), (0, 0)))
        y = parameters[f"shift{number}"]
        for tap in range(3):
            y = y + h[:, tap * dilation : tap * dilation + length] @ parameters[f"taps{number}"][tap]
        value, gate = jnp.split(y, 2, axis=-1)
        y = (jnp.tanh(value) * jax.nn.sigmoid(gate)) @ parameters[f"out{number}"]
        x = (x + drop(y, keys[number + 1], settings["drop_block"])) * mask
    return x


def read_past(parameters: Table, table: Any, batch: Table, settings: Table, key: Any) -> Any:
    """(batch, length, width): at each position, what the past says of the next video."""
    return normalise(convolve_past(parameters, table, batch, settings, key))


def measure_loss(parameters: Table, data: Table, batch: Table, settings: Table, key: Any) -> Any:
    """Mean of -log of the softmax probability of each target."""
    table = embed_videos(parameters, data)
    past = read_past(parameters, table, batch, settings, key)
    read = jnp.take_along_axis(past, batch["place"][..., None], axis=1).reshape(-1, past.shape[-1])
    logits = read @ table[:-1].T * scale_logits(settings["width"]) + parameters["bias"]
    target, weight = batch["target"].reshape(-1), batch["weight"].reshape(-1)
    chosen = jnp.take_along_axis(logits, target[:, None], axis=1)[:, 0]
    return jnp.sum(weight * (jax.nn.logsumexp(logits, axis=-1) - chosen)) / jnp.maximum(weight.sum(), 1)


def draw_batches(data: Table, settings: Table, epoch: int) -> Iterator[Table]:
    """One window a viewer: mostly the newest events, sometimes older ones; targets among the next likes."""
    rng = np.random.default_rng([settings["seed"], epoch])
    indptr, length = data["indptr"], settings["length"]
    n_videos = len(data["covered"])
    liked = np.flatnonzero((data["feedback"] >= 2) & (data["video"] < n_videos))
    if not len(liked):
        return
    following = np.searchsorted(liked, np.arange(len(data["video"])), side="right")
    last = np.searchsorted(liked, indptr[1:])
    viewers = rng.permutation(np.flatnonzero(np.diff(indptr) >= 2))[: settings["pass_viewers"]]
    size = min(settings["batch"], len(viewers))
    for start in range(0, len(viewers) - size + 1, size):
        chosen = viewers[start : start + size]
        room = np.maximum(indptr[chosen + 1] - indptr[chosen] - length, 0)
        back = np.where(rng.random(size) < settings["newest_share"], 0, rng.integers(0, room + 1))
        place = (indptr[chosen + 1] - back)[:, None] - np.arange(length, 0, -1)
        mask = place >= indptr[chosen][:, None]
        place = np.where(mask, place, 0)
        ahead = np.minimum(last[chosen][:, None] - following[place], settings["horizon"])
        pick = following[place] + (rng.random(place.shape) * np.maximum(ahead, 1)).astype(np.int64)
        target = data["video"][liked[np.minimum(pick, len(liked) - 1)]]
        usable = mask & (ahead > 0)
        order = np.argsort(-(rng.random(place.shape) + 10 * usable), axis=1)[:, : settings["targets"]]
        yield {
            "video": np.where(mask, data["video"][place], n_videos),
            "feedback": np.where(mask, data["feedback"][place], 0),
            "mask": mask.astype(np.float32),
            "place": order,
            "target": np.take_along_axis(target, order, axis=1),
            "weight": np.take_along_axis(usable, order, axis=1).astype(np.float32),
        }


def train(data: Table, settings: Table) -> tuple[Table, Any]:
    """The parameters after `epochs` passes over the viewers, and the loss of each pass."""
    content = {name: jnp.asarray(data[name]) for name in ("topic", "duration")}
    viewers = min(int((np.diff(data["indptr"]) >= 2).sum()), settings["pass_viewers"])
    n_steps = settings["epochs"] * (viewers // max(min(settings["batch"], viewers), 1))
    return minimise(
        create_parameters(data, settings),
        lambda parameters, batch, key: measure_loss(parameters, content, batch, settings, key),
        (draw_batches(data, settings, epoch) for epoch in range(settings["epochs"])),
        n_steps,
        200,
        settings,
    )


def main(read: str, write: str, settings: Table) -> None:
    """Train on the arrays of one file and write the parameters to another."""
    with np.load(read, allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    parameters, losses = train(data, settings)
    arrays = {name: np.asarray(array) for name, array in parameters.items() if name != "own"}
    arrays["losses"] = losses
    arrays["video"] = np.asarray(embed_videos(parameters, data))
    np.savez(write, allow_pickle=False, **arrays)


def drop(x: Any, key: Any, share: float) -> Any:
    """x with a share of its numbers at 0 and the others grown by as much."""
    return x * jax.random.bernoulli(key, 1 - share, x.shape) / (1 - share)


def normalise(x: Any) -> Any:
    """x over its root mean square along the last axis."""
    return x / jnp.sqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
