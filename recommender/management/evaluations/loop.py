"""`evaluate loop`: a real log replayed in time order, and the gate before challengers of known worth."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from recommender.contracts import Dataset
from recommender.management.evaluations.peer_cache import hash_files
from recommender.params import NetworkParams, Params, RecallParams, ResponseParams, SequenceParams
from recommender.prediction.hybrid import HybridPredictor
from recommender.training.benchmark import describe_environment
from recommender.training.gate_trials import (
    Arena,
    deal_markets,
    reveal_outcome,
    run_trials,
    split_viewers,
    teach_all,
)
from recommender.training.histories import take_impressions
from recommender.training.kuairand import KuaiRand, read_kuairand
from recommender.training.online_params import OnlineParams
from recommender.training.prequential import (
    PACES,
    Replay,
    compare_losses,
    describe_stream,
    floor_to_pace,
    measure,
    predict_then_learn,
    refit_daily,
    start_replay,
)
from recommender.training.replay import read_replay, take_learning

needs_folder = False
#: Challengers with a fault, and as many without.
_TRIED = 100
#: Features that a planted leak replaces by the outcome.
_LEAKED = ("video:long_watch", "video:watched_share", "creator:long_watch")
#: Size of the sources, each of which is one feature here: small, as every full refit fits them three times.
_COVERED, _SWEEPS = 2_000, 3


def add_arguments(parser: ArgumentParser) -> None:
    """Where the logs are, how many viewers, with or without the network parts."""
    parser.add_argument("--data", type=Path, help="folder with the KuaiRand-Pure files (for loop)")
    parser.add_argument(
        "--viewer-share", type=float, default=1.0, help="share of viewers that are replayed (for loop)"
    )
    parser.add_argument(
        "--networks", action="store_true", help="fit the CNN and network parts too: slow (for loop)"
    )


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Every figure, with its inputs. Raises ValueError where the logs are missing."""
    folder = _find_folder(options)
    data = read_kuairand(folder, options["test"])
    params, online = _choose_params(options["networks"]), OnlineParams()
    known, stream = _sample(data, options["viewer_share"], params.training.seed)
    replay = start_replay(known, stream, params, say)
    paces = _replay_paces(replay, online, say)
    say("the gate")
    trials = run_trials(_build_arena(replay, online), _TRIED, params.training.seed, say)
    paths = [folder / name for name in (*data.known_files, data.test_file)]
    return {
        "prequential": paces,
        "gate": trials,
        "inputs": {
            "files": hash_files([path for path in paths if path.is_file()]),
            "viewer_share": options["viewer_share"],
            "viewers": len(np.unique(stream.viewer)),
            "known_rows": len(known.impressions),
            "history_events": len(known.history),
            "stream_rows": len(stream),
            "autoencoder_videos": _COVERED,
            "als_sweeps": _SWEEPS,
            "network_parts": bool(options["networks"]),
            "markets": "dealt to viewers by id: the data set names no country",
            "online": asdict(online),
            "seed": params.training.seed,
        },
        "environment": describe_environment(params.training.seed),
    }


def _find_folder(options: dict[str, Any]) -> Path:
    named = options["data"] or options["folder"]
    if named is None and settings.DATA_DIR is not None:
        named = settings.DATA_DIR / "kuairand"
    if named is None or not named.is_dir():
        where = (
            f"{named} is no folder"
            if named is not None
            else "no folder is named and TTOK_DATA_DIR is not set"
        )
        raise ValueError(f"{where}; give --data with the folder of the KuaiRand-Pure files")
    return Path(named)


def _choose_params(networks: bool) -> Params:
    """Retrieval is not measured here, so the sequence CNN is left out; the network parts on request."""
    recall = replace(RecallParams(), autoencoder_videos=_COVERED, als_sweeps=_SWEEPS)
    params = replace(Params(), recall=recall, sequence=replace(SequenceParams(), epochs=0))
    if networks:
        return params
    return replace(
        params, response=replace(ResponseParams(), epochs=0), network=replace(NetworkParams(), epochs=0)
    )


def _sample(data: KuaiRand, share: float, seed: int) -> tuple[Dataset, Any]:
    """The rows of a share of the viewers, and their markets; every viewer keeps their history."""
    viewers = replace(data.known.viewers, market=deal_markets(data.known.viewers.viewer_id))
    known, stream = replace(data.known, viewers=viewers), data.test
    if share < 1:
        kept = np.random.default_rng(seed).random(len(viewers)) < share
        rows = known.impressions
        known = replace(known, impressions=take_impressions(rows, np.flatnonzero(kept[rows.viewer])))
        stream = take_impressions(stream, np.flatnonzero(kept[stream.viewer]))
    return known, stream


def _replay_paces(replay: Replay, online: OnlineParams, say: Callable[[str], None]) -> dict[str, Any]:
    """Frozen, each pace, weights alone, and a full refit a day."""
    training, start = replay.params.training, float(replay.known.cut_at)
    happened, found = replay.stream.happened_at, {}
    frozen_rows = describe_stream(replay, np.full(len(happened), start))
    found["frozen"] = predict_then_learn(replay, frozen_rows, PACES["daily"], None)
    for name, pace in PACES.items():
        say(f"{name} updates")
        described = describe_stream(replay, floor_to_pace(happened, start, pace))
        found[name] = predict_then_learn(replay, described, pace, online)
    say("weights frozen or moving, viewer state always fresh")
    fresh = describe_stream(replay, happened)
    found["frozen_weights_fresh_state"] = predict_then_learn(replay, fresh, PACES["15_minutes"], None)
    found["15_minutes_fresh_state"] = predict_then_learn(replay, fresh, PACES["15_minutes"], online)
    say("full refits")
    found["full_refit_daily"] = refit_daily(replay, say)
    figures = {}
    for name, (probability, took) in found.items():
        figures[name] = measure(replay, probability, training.bootstrap_draws, training.seed) | took
        if name != "frozen":
            against = "frozen_weights_fresh_state" if name == "15_minutes_fresh_state" else "frozen"
            gain = compare_losses(
                replay, probability, found[against][0], training.bootstrap_draws, training.seed
            )
            figures[name]["against_" + against] = gain
        say(f"  {name:28} AUC {figures[name]['long_watch']['auc']:.4f}")
    return figures


def _build_arena(replay: Replay, online: OnlineParams) -> Arena:
    """The base fit as champion; rows of the stream that teach challengers, judge them, and tell the truth."""
    stream, viewers = replay.stream, replay.dataset.viewers
    honest = describe_stream(replay, stream.happened_at)
    judging, kept = split_viewers(viewers.viewer_id, stream.viewer, online.judge_share)
    teaching = np.flatnonzero(~judging & ~kept)
    champion = HybridPredictor.from_arrays(replay.base.arrays)
    end = np.full(len(stream), stream.happened_at[-1] + 1)
    foreseeing = describe_stream(replay, end, is_honest=False)
    clean = teach_all(honest, teaching, champion)
    leaked = np.flatnonzero(np.isin(honest.names, _LEAKED))
    return Arena(
        champion=champion,
        honest=clean,
        leaking=reveal_outcome(clean, leaked),
        foreseeing=teach_all(foreseeing, teaching, champion),
        older=read_replay(replay.base.arrays),
        judging=take_learning(honest, np.flatnonzero(judging)),
        second=take_learning(honest, np.flatnonzero(kept)),
        n_learnt=int(replay.base.meta["learning_rows"]),
        learnt_until=float(stream.happened_at[-1]),
        made_until=float(replay.known.cut_at),
        params=replay.params.training,
        online=online,
    )
