"""Train the response CNN with JAX: `python -m recommender.training.response_fit IN.npz OUT.npz SETTINGS`.

Every event of a viewer's past is a lesson: what they did with this video, after what they had watched before.
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
from recommender.training.adam import Table, minimise, start_from
from recommender.training.sequence_fit import convolve_past, drop, normalise

#: Steps between a viewer's state and the video asked about, drawn up to this: a state may be some events old.
_STALE_STEPS = 8


def create_parameters(data: Table, settings: Table) -> Table:
    """Random parameters, over them those of an earlier fit; the answers start at the base rates."""
    rng = np.random.default_rng(settings["seed"])
    width, hidden, n_videos = settings["width"], settings["hidden"], len(data["covered"])

    def draw(*shape: int, size: float = 0.05) -> Any:
        return jnp.asarray(rng.standard_normal(shape) * size, dtype=jnp.float32)

    parameters: Table = {
        "own": draw(n_videos + 1, width),
        "topic": draw(settings["n_topics"], width),
        "duration": draw(settings["n_durations"], width),
        "creator": draw(int(data["creator"].max()) + 1, width),
        "feedback": draw(N_FEEDBACK, width),
        "position": draw(settings["length"], width),
        "bias": jnp.zeros((n_videos + 1, 2)),
        "base": jnp.asarray(data["base"]),
        "hidden": draw(3 * width, hidden, size=(3 * width) ** -0.5),
        "hidden_bias": jnp.zeros(hidden),
        "answer": draw(hidden, 2, size=0.1),
    }
    for number in range(settings["blocks"]):
        parameters |= {
            f"gain{number}": jnp.ones(width),
            f"taps{number}": draw(3, width, 2 * width, size=float((3 * width) ** -0.5)),
            f"shift{number}": jnp.zeros(2 * width),
            f"out{number}": draw(width, width),
        }
    parameters["creator"] = _guess_creators(parameters, data)
    return start_from(parameters, data, lambda started: embed_videos(started, data))


def _guess_creators(parameters: Table, data: Table) -> Any:
    """(n_creators, width): what an earlier fit's vectors say of each creator beside topic and length."""
    if "start/known" not in data or data["start/video"].shape[1] != parameters["own"].shape[1]:
        return parameters["creator"]
    known = np.flatnonzero(data["start/known"])
    rest = data["start/video"][known]
    for name in ("topic", "duration"):
        earlier = data.get(f"start/{name}")
        same = earlier is not None and earlier.shape == parameters[name].shape
        rest = rest - np.asarray(earlier if same else parameters[name])[data[name][known]]
    creators = np.array(parameters["creator"])
    owner = data["creator"][known]
    met = np.unique(owner)
    n_videos = np.bincount(owner, minlength=len(creators))[met]
    summed = np.zeros_like(creators)
    np.add.at(summed, owner, rest)
    creators[met] = summed[met] / n_videos[:, None]
    return jnp.asarray(creators)


def embed_videos(parameters: Table, data: Table) -> Any:
    """(c + 1, width): a video is itself, its topic, length and creator; the last row is any other video."""
    described = sum(parameters[name][data[name]] for name in ("topic", "duration", "creator"))
    return parameters["own"] + jnp.concatenate([described, jnp.zeros((1, described.shape[1]))])


def answer_for(parameters: Table, state: Any, item: Any, video: Any, key: Any) -> Any:
    """(..., 2) log-odds of a long watch and a like."""
    both = drop(jnp.concatenate([state, item, state * item], axis=-1), key, 0.2)
    hidden = jax.nn.relu(both @ parameters["hidden"] + parameters["hidden_bias"])
    return hidden @ parameters["answer"] + parameters["base"] + parameters["bias"][video]


def measure_loss(parameters: Table, batch: Table, key: Any, data: Table, settings: Table) -> Any:
    """Mean log loss of both answers over every event of the windows."""
    table = embed_videos(parameters, data)
    first, second = jax.random.split(key)
    mask = batch["mask"][..., None]
    x = convolve_past(parameters, table, batch, settings, first)
    mean = jnp.cumsum(x, axis=1) / jnp.maximum(jnp.cumsum(mask, axis=1), 1.0)
    states = jnp.pad(normalise(x) + normalise(mean), ((0, 0), (1, 0), (0, 0)))  # 0: nothing is known yet
    state = jnp.take_along_axis(states, batch["state"][..., None], axis=1)
    odds = answer_for(parameters, state, normalise(table[batch["video"]]), batch["video"], second)
    losses = jnp.logaddexp(0.0, odds) - odds * batch["outcome"]
    return (losses * mask).sum() / jnp.maximum(batch["mask"].sum(), 1.0)


def draw_batches(data: Table, settings: Table, epoch: int) -> Iterator[Table]:
    """One window a viewer, ending with the newest event; states up to a few events old."""
    rng = np.random.default_rng([settings["seed"], epoch])
    indptr, length, n_videos = data["indptr"], settings["length"], len(data["covered"])
    viewers = rng.permutation(np.flatnonzero(np.diff(indptr)))[: settings["pass_viewers"]]
    size = min(settings["batch"], len(viewers))
    for start in range(0, len(viewers) - size + 1, size):
        chosen = viewers[start : start + size]
        room = np.maximum(indptr[chosen + 1] - indptr[chosen] - length, 0)
        back = np.where(rng.random(size) < settings["newest_share"], 0, rng.integers(0, room + 1))
        place = (indptr[chosen + 1] - back)[:, None] - np.arange(length, 0, -1)
        mask = place >= indptr[chosen][:, None]
        place = np.where(mask, place, 0)
        stale = rng.integers(0, _STALE_STEPS, place.shape) * (rng.random(place.shape) < 0.6)
        yield {
            "video": np.where(mask, data["video"][place], n_videos),
            "feedback": np.where(mask, data["feedback"][place], 0),
            "mask": mask.astype(np.float32),
            "state": np.maximum(np.arange(length)[None, :] - stale, 0),
            "outcome": data["outcome"][place],
        }


def main(read: str, write: str, settings: Table) -> None:
    """Train on the arrays of one file and write what serving needs to another."""
    with np.load(read, allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    content: Table = {name: jnp.asarray(data[name]) for name in ("topic", "duration", "creator")}
    viewers = min(int((np.diff(data["indptr"]) > 0).sum()), settings["pass_viewers"])
    n_steps = settings["epochs"] * (viewers // max(min(settings["batch"], viewers), 1))
    parameters, losses = minimise(
        create_parameters(data, settings),
        lambda parameters, batch, key: measure_loss(parameters, batch, key, content, settings),
        (draw_batches(data, settings, epoch) for epoch in range(settings["epochs"])),
        n_steps,
        100,
        settings,
    )
    arrays = {name: np.asarray(array) for name, array in parameters.items() if name not in ("own", "creator")}
    arrays["video"] = np.asarray(embed_videos(parameters, content))[:-1]
    arrays["bias"], arrays["losses"] = arrays["bias"][:-1], losses
    np.savez(write, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
