"""`evaluate tiktok DIR`: retrieval from likes and content vectors beside peers; no server, no database."""

from __future__ import annotations

import resource
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from recommender.management.evaluations.peer_cache import hash_files, open_cache
from recommender.params import FusedRetrievalParams, TrainingParams
from recommender.training.benchmark import describe_environment
from recommender.training.tiktok import read_tiktok
from recommender.training.tiktok_benchmark import run_tiktok
from recommender.training.tiktok_peers import PEERS

needs_folder = True


def add_arguments(parser: ArgumentParser) -> None:
    """Nothing beyond the folder and --test."""


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Every figure, with its inputs. Raises ValueError for a file that cannot be read."""
    data = read_tiktok(options["folder"], options["test"])
    inputs = hash_files(list(data.files))
    seed = TrainingParams().seed
    cache = open_cache(inputs, {name: grid for name, (grid, _) in PEERS.items()})
    figures = run_tiktok(data, FusedRetrievalParams(), cache, say, seed)
    for model, line in figures["retrieval"].items():
        say(f"{model:12} NDCG@20 {line['ndcg_at_20']:.4f}  Recall@20 {line['recall_at_20']:.4f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    environment = describe_environment(seed) | {"peak_memory_mb": round(peak)}
    return figures | {"inputs": inputs, "environment": environment}
