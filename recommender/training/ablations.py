"""What each part of the pipeline brings: the same engine with one part switched off, nothing refitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from recommender.contracts import ACTION_INDEX, Dataset, Impressions, IntArray
from recommender.features.responses import Responses
from recommender.flow import Engine
from recommender.prediction.hybrid import HybridPredictor
from recommender.recall.als import Tastes
from recommender.recall.causal_cnn import SequenceModel
from recommender.recall.low_rank import Factors
from recommender.recall.neighbours import Neighbours
from recommender.training.evaluate import WindowScores, score_window
from recommender.training.metrics import auc, gauc, xauc
from recommender.training.retrieval import RetrievalTask, measure_lists, rank_with_engine

#: Viewers of the retrieval ablation, drawn with a fixed seed: ranking all of them for each part takes long.
_VIEWERS = 1500


def measure_ablations(
    engine: Engine, known: Dataset, held_out: Impressions, scores: WindowScores, task: RetrievalTask
) -> dict[str, Any]:
    """Long watch and watch time per switched-off predictor part, retrieval per switched-off source."""
    predictor = engine.predictor
    if not isinstance(predictor, HybridPredictor):
        return {}
    return {
        "impressions": _ablate_predictor(engine, predictor, known, held_out, scores),
        "retrieval": _ablate_recall(engine, known, task),
    }


def _ablate_predictor(
    engine: Engine, predictor: HybridPredictor, known: Dataset, held_out: Impressions, scores: WindowScores
) -> dict[str, dict[str, float]]:
    all_of_it = np.ones_like(predictor.share)
    variants = {
        "all_parts": scores,
        "regression_alone": _score(engine, predictor.without_network(), known, held_out),
        "regression_without_response_cnn": _score(
            replace(engine, responses=Responses.none(len(engine.catalogue))),
            predictor.without_network(),
            known,
            held_out,
        ),
    }
    if predictor.network is not None:
        variants["network_alone"] = _score(engine, replace(predictor, share=all_of_it), known, held_out)
    labels = held_out.label("long_watch").astype(float)
    column = ACTION_INDEX["long_watch"]
    return {
        name: {
            "auc": auc(labels, found.probability[:, column]),
            "gauc": gauc(labels, found.probability[:, column], held_out.viewer),
            "mae": float(np.abs(found.median_seconds - held_out.watch_seconds).mean()),
            "xauc": xauc(held_out.watch_seconds, found.median_seconds),
        }
        for name, found in variants.items()
    }


def _score(engine: Engine, predictor: HybridPredictor, known: Dataset, held_out: Impressions) -> WindowScores:
    return score_window(replace(engine, predictor=predictor), known, held_out)


def _ablate_recall(engine: Engine, known: Dataset, task: RetrievalTask) -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(engine.params.training.seed)
    place = np.sort(rng.choice(len(task.viewer), min(_VIEWERS, len(task.viewer)), replace=False))
    some = RetrievalTask(task.viewer[place], task.met, task.target, task.n_targets[place])
    n_videos = len(engine.catalogue)
    index = engine.recall
    variants = {
        "all_parts": engine,
        "without_autoencoder": replace(engine, recall=replace(index, autoencoder=Neighbours.none(n_videos))),
        "without_transitions": replace(engine, recall=replace(index, transition=Neighbours.none(n_videos))),
        "without_factors": replace(engine, recall=replace(index, factors=Factors.none(n_videos))),
        "without_tastes": replace(engine, recall=replace(index, tastes=Tastes.none(n_videos))),
        "without_sequence_cnn": replace(engine, recall=replace(index, sequence=SequenceModel.none(n_videos))),
        "without_response_cnn": replace(engine, responses=_mute(engine.responses)),
    }
    return {name: _rank(variant, known, some) for name, variant in variants.items()}


def _mute(responses: Responses) -> Responses:
    """The same vectors with answers that are the same for every video: the choice cannot use them."""
    return replace(responses, answer=np.zeros_like(responses.answer), bias=np.zeros_like(responses.bias))


def _rank(engine: Engine, known: Dataset, task: RetrievalTask) -> dict[str, Any]:
    lists: IntArray = rank_with_engine(engine, known, task.viewer)
    figures = measure_lists(task, lists, 100, engine.params.training.seed)
    return {name: figures[name] for name in ("ndcg_at_10", "ndcg_at_10_interval", "recall_at_20")}
