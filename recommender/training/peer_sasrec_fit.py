"""Train SASRec, a peer, with JAX: `python -m recommender.training.peer_sasrec_fit IN.npz OUT.npz SETTINGS`.

Self-attention over the last long watches, full softmax over all videos (Kang and McAuley, ICDM 2018; the full
softmax after Klenitskiy and Vasilev, RecSys 2023).
"""

from __future__ import annotations

import json
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from recommender.training.adam import Table, minimise
from recommender.training.sequence_fit import draw_batches, drop

_CHUNK_VIEWERS = 512


def create_parameters(data: Table, settings: Table) -> Table:
    """Random parameters."""
    rng = np.random.default_rng(settings["seed"])
    width, n_videos = settings["width"], len(data["covered"])

    def draw(*shape: int, size: float = 0.02) -> Any:
        return jnp.asarray(rng.standard_normal(shape) * size, dtype=jnp.float32)

    parameters: Table = {
        "own": draw(n_videos + 1, width),
        "position": draw(settings["length"], width),
        "bias": jnp.zeros(n_videos),
        "last_gain": jnp.ones(width),
    }
    for number in range(settings["blocks"]):
        parameters |= {
            f"gain{number}": jnp.ones(width),
            f"gain_wide{number}": jnp.ones(width),
            f"attend{number}": draw(width, 3 * width, size=float(width**-0.5)),
            f"join{number}": draw(width, width, size=float(width**-0.5)),
            f"wide{number}": draw(width, 2 * width, size=float(width**-0.5)),
            f"narrow{number}": draw(2 * width, width, size=float((2 * width) ** -0.5)),
        }
    return parameters


def read_past(parameters: Table, batch: Table, settings: Table, key: Any) -> Any:
    """(batch, length, width) states, each of what came up to its position."""
    mask, length = batch["mask"], settings["length"]
    keys = jax.random.split(key, 2 * settings["blocks"] + 1)
    x = parameters["own"][batch["video"]] * settings["width"] ** 0.5 + parameters["position"]
    x = drop(x, keys[0], settings["drop"]) * mask[..., None]
    may_see = jnp.tril(jnp.ones((length, length))) * mask[:, None, :] + jnp.eye(length)
    for number in range(settings["blocks"]):
        h = _attend(_level(x) * parameters[f"gain{number}"], parameters, number, may_see, settings)
        x = x + drop(h, keys[2 * number + 1], settings["drop"])
        h = jax.nn.relu((_level(x) * parameters[f"gain_wide{number}"]) @ parameters[f"wide{number}"])
        x = (x + drop(h @ parameters[f"narrow{number}"], keys[2 * number + 2], settings["drop"])) * mask[
            ..., None
        ]
    return _level(x) * parameters["last_gain"]


def _attend(x: Any, parameters: Table, number: int, may_see: Any, settings: Table) -> Any:
    n_rows, length, width = x.shape
    heads = settings["heads"]
    parts = (x @ parameters[f"attend{number}"]).reshape(n_rows, length, 3, heads, width // heads)
    query, key, value = (parts[:, :, place].transpose(0, 2, 1, 3) for place in range(3))
    weight = query @ key.transpose(0, 1, 3, 2) / (width // heads) ** 0.5
    weight = jax.nn.softmax(jnp.where(may_see[:, None] > 0, weight, -1e9), axis=-1)
    return (weight @ value).transpose(0, 2, 1, 3).reshape(n_rows, length, width) @ parameters[f"join{number}"]


def _level(x: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-6)


def measure_loss(parameters: Table, batch: Table, key: Any, settings: Table) -> Any:
    """Mean of -log of the softmax probability of the next long watch."""
    past = read_past(parameters, batch, settings, key)
    read = jnp.take_along_axis(past, batch["place"][..., None], axis=1).reshape(-1, past.shape[-1])
    logits = read @ parameters["own"][:-1].T + parameters["bias"]
    target, weight = batch["target"].reshape(-1), batch["weight"].reshape(-1)
    chosen = jnp.take_along_axis(logits, target[:, None], axis=1)[:, 0]
    return jnp.sum(weight * (jax.nn.logsumexp(logits, axis=-1) - chosen)) / jnp.maximum(weight.sum(), 1)


def read_viewers(parameters: Table, data: Table, settings: Table) -> Any:
    """(n_viewers, width) state of each viewer behind their newest long watch, 0 without one."""
    calm = settings | {"drop": 0.0}
    read = jax.jit(lambda batch: read_past(parameters, batch, calm, jax.random.PRNGKey(0))[:, -1])
    indptr, length, n_videos = data["indptr"], settings["length"], len(data["covered"])
    states = np.zeros((len(indptr) - 1, settings["width"]), dtype=np.float32)
    for start in range(0, len(states), _CHUNK_VIEWERS):
        viewers = np.arange(start, min(start + _CHUNK_VIEWERS, len(states)))
        place = indptr[viewers + 1][:, None] - np.arange(length, 0, -1)
        mask = place >= indptr[viewers][:, None]
        video = np.where(mask, data["video"][np.where(mask, place, 0)], n_videos)
        known = mask.any(axis=1)
        states[viewers] = np.asarray(read({"video": video, "mask": mask.astype(np.float32)})) * known[:, None]
    return states


def main(read: str, write: str, settings: Table) -> None:
    """Train on the arrays of one file; write the viewers' states and the videos' vectors to another."""
    with np.load(read, allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    viewers = int((np.diff(data["indptr"]) >= 2).sum())
    parameters, _ = minimise(
        create_parameters(data, settings),
        lambda parameters, batch, key: measure_loss(parameters, batch, key, settings),
        (draw_batches(data, settings, epoch) for epoch in range(settings["epochs"])),
        settings["epochs"] * (viewers // max(min(settings["batch"], viewers), 1)),
        200,
        settings,
    )
    states = read_viewers(parameters, data, settings)
    vectors, bias = np.asarray(parameters["own"])[:-1], np.asarray(parameters["bias"])
    np.savez(write, allow_pickle=False, state=states, video=vectors, bias=bias)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
