"""`manage.py evaluate kuairand DIR` and its like: ours beside its peers on real data; no database, no server.

Kinds beside `kuairand` are modules of `management/evaluations`.
"""

from __future__ import annotations

import csv
import json
import math
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.contracts import ACTION_INDEX
from recommender.management.evaluations import experiments, exposure, loop, niche, poison, tiktok
from recommender.management.evaluations.peer_cache import hash_files, open_cache
from recommender.params import Params, SequenceParams
from recommender.training.benchmark import MEASURED_ACTIONS, BenchmarkRun, run_kuairand
from recommender.training.kuairand import KuaiRand, read_kuairand
from recommender.training.peer_models import BPR_GRID, EASE_GRID, KNN_GRID, SASREC_GRID
from recommender.training.peers import ALS_GRID

#: Kinds with a module of their own: word -> module with `add_arguments`, `run` and `needs_folder`.
EVALUATIONS: dict[str, ModuleType] = {
    "tiktok": tiktok,
    "experiments": experiments,
    "loop": loop,
    "niche": niche,
    "poison": poison,
    "exposure": exposure,
}
#: Settings each peer's tuning tries: another grid is another key of the cache.
_GRIDS = {"als": ALS_GRID, "ease": EASE_GRID, "item_knn": KNN_GRID, "bpr": BPR_GRID, "sasrec": SASREC_GRID}


class Command(BaseCommand):
    """Evaluate on a data set that lies in a folder."""

    help = "Fit on what is known, score on the newest rows, and write every figure to a JSON file."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", choices=["kuairand", *EVALUATIONS])
        parser.add_argument("folder", type=Path, nargs="?", help="folder with the data set's files")
        parser.add_argument(
            "--test", type=Path, help="the log to score on; the newest of the folder without it"
        )
        parser.add_argument("--json", type=Path, required=True, help="where the figures go")
        parser.add_argument("--epochs", type=int, default=10, help="of the sequence CNN; 0 leaves it out")
        parser.add_argument(
            "--without", nargs="*", default=[], choices=sorted(_GRIDS.keys() - {"als"}),
            help="peers to leave out: SASRec alone trains for most of the run",
        )  # fmt: skip
        parser.add_argument("--lists", type=Path, help="CSV of our top 20: user_id,rank,video_id")
        for kind in EVALUATIONS.values():
            kind.add_arguments(parser)
        parser.add_argument("--scores", type=Path, help="CSV of our prediction for each test impression")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        kind = EVALUATIONS.get(options["dataset"])
        if options["folder"] is None and (kind is None or kind.needs_folder):
            raise CommandError(f"evaluate {options['dataset']} needs the folder with the data set's files")
        if kind is not None:
            self._evaluate(kind, options, started)
            return
        try:
            data = read_kuairand(options["folder"], options["test"])
        except ValueError as problem:
            raise CommandError(str(problem)) from problem
        inputs = _describe_inputs(data, options["folder"], options["test"])
        try:
            params, cache = _choose_params(options["epochs"]), open_cache(inputs, _GRIDS)
            run = run_kuairand(data, params, cache, self._say, frozenset(options["without"]))
        except (ValueError, ImportError) as problem:
            raise CommandError(str(problem)) from problem
        figures = run.figures | {"inputs": inputs, "seconds": round(time.perf_counter() - started, 1)}
        options["json"].write_text(
            json.dumps(spell_missing(figures), indent=2, allow_nan=False, default=float) + "\n"
        )
        if options["lists"]:
            write_lists(options["lists"], data, run)
        if options["scores"]:
            write_scores(options["scores"], data, run)
        self._print(figures)

    def _evaluate(self, kind: ModuleType, options: dict[str, Any], started: float) -> None:
        """Run a kind of its own module and write its figures."""
        try:
            figures = kind.run(options, self._say)
        except (ValueError, ImportError, OSError) as problem:
            raise CommandError(str(problem)) from problem
        figures["seconds"] = round(time.perf_counter() - started, 1)
        text = json.dumps(
            spell_missing(figures), indent=2, allow_nan=False, ensure_ascii=False, default=float
        )
        options["json"].write_text(text + "\n")

    def _say(self, text: str) -> None:
        self.stderr.write(text)

    def _print(self, figures: dict[str, Any]) -> None:
        for model, line in figures["retrieval"].items():
            self.stdout.write(
                f"retrieval  {model:12} NDCG@10 {line['ndcg_at_10']:.4f}  NDCG@20 {line['ndcg_at_20']:.4f}  "
                f"Recall@10 {line['recall_at_10']:.4f}  Recall@20 {line['recall_at_20']:.4f}"
            )
        for action, models in figures["impressions"].items():
            for model, line in models.items():
                self.stdout.write(
                    f"{action:10} {model:12} AUC {line['auc']:.4f}  GAUC {line['gauc']:.4f}  "
                    f"log loss {line['logloss']:.4f}  ECE {line['ece']:.4f}"
                )
        for model, line in figures["watch_seconds"].items():
            self.stdout.write(f"watch      {model:16} MAE {line['mae']:.2f} s  XAUC {line['xauc']:.4f}")


def _choose_params(epochs: int) -> Params:
    """The shipped parameters with the sequence CNN trained for so many epochs."""
    return replace(Params(), sequence=replace(SequenceParams(), epochs=epochs))


def spell_missing(figures: Any) -> Any:
    """The same figures with null where one cannot be computed, as an AUC without a positive."""
    if isinstance(figures, dict):
        return {name: spell_missing(value) for name, value in figures.items()}
    if isinstance(figures, list):
        return [spell_missing(value) for value in figures]
    return None if isinstance(figures, float) and not math.isfinite(figures) else figures


def write_lists(path: Path, data: KuaiRand, run: BenchmarkRun) -> None:
    """Our top 20 of every viewer with a target."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "rank", "video_id"])
        for viewer, videos in zip(run.task.viewer, run.lists, strict=True):
            user_id = int(data.known.viewers.viewer_id[viewer])
            for rank, row in enumerate(videos, start=1):
                if row >= 0:
                    writer.writerow([user_id, rank, int(data.known.catalogue.video_id[row])])


def write_scores(path: Path, data: KuaiRand, run: BenchmarkRun) -> None:
    """Our predictions for every test impression, in order of time."""
    test = data.test
    columns = [ACTION_INDEX[action] for action in MEASURED_ACTIONS.values()]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        names = [f"p_{name}" for name in MEASURED_ACTIONS]
        writer.writerow(["user_id", "video_id", "time_ms", *names, "watch_seconds"])
        for row in range(len(test)):
            writer.writerow(
                [
                    int(data.known.viewers.viewer_id[test.viewer[row]]),
                    int(data.known.catalogue.video_id[test.video[row]]),
                    round(float(test.happened_at[row]) * 1000),
                    *(f"{float(run.scores.probability[row, column]):.6g}" for column in columns),
                    f"{float(run.scores.median_seconds[row]):.4f}",
                ]
            )


def _describe_inputs(data: KuaiRand, folder: Path, test: Path | None) -> dict[str, Any]:
    """Name and SHA-256 of each log that was read."""
    paths = [folder / name for name in data.known_files]
    paths.append(test if test is not None else folder / data.test_file)
    return hash_files(paths)
