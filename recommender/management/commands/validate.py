"""`manage.py validate reach --data DIR`: forecasts and simulated worlds against real counts; no database."""

from __future__ import annotations

import hashlib
import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from recommender.forecasts import Posts
from recommender.prediction import account_reach
from recommender.simulation import worlds
from recommender.simulation.compare_small_world import compare_small_world
from recommender.simulation.fit_worlds import fit_worlds
from recommender.simulation.validate_worlds import validate_worlds
from recommender.training.reach_data import ReachData, halve_creators, read_reach_data
from recommender.training.reach_fit import fit_forecaster
from recommender.training.reach_spillover import predict_markets, read_pairs, validate_spillover
from recommender.training.reach_validate import validate_forecasts


class Command(BaseCommand):
    """Validate a simulation on data that lies in a folder."""

    help = "Fit on what is known, score on creators outside the fit, and write every figure to a JSON file."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the data is, and where the figures go."""
        parser.add_argument(
            "what",
            choices=["reach", "feed"],
            help="reach: against real counts; feed: the fast estimate against the real feed of a small world",
        )
        parser.add_argument(
            "--data", type=Path, help="folder with tiktok_videos.parquet, country_overlap.csv"
        )
        parser.add_argument(
            "--test", type=Path, help="videos of other creators; without it some are held out"
        )
        parser.add_argument("--json", type=Path, required=True, help="where the figures go")
        parser.add_argument("--viewers", type=int, default=5_000, help="of the small world")
        parser.add_argument("--videos", type=int, default=2_000, help="of the small world")
        parser.add_argument("--rounds", type=int, default=2, help="times the feed serves everybody")
        parser.add_argument("--processes", type=int, default=2, help="that share the work of `feed`")
        parser.add_argument(
            "--write-fitted",
            action="store_true",
            help="fit on the whole folder and replace the shipped numbers",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, fit, score, write."""
        started = time.perf_counter()
        if options["what"] == "feed":
            figures = compare_small_world(
                options["viewers"], options["videos"], options["rounds"], self._say,
                n_processes=options["processes"],
            )  # fmt: skip
            figures["seconds"] = round(time.perf_counter() - started, 1)
            options["json"].write_text(json.dumps(figures, indent=2) + "\n")
            self.stdout.write(f"fast estimate over the real feed: {figures['gaps']}")
            return
        if options["data"] is None:
            raise CommandError("validate reach needs --data DIR, the folder that holds tiktok_videos.parquet")
        try:
            data = read_reach_data(options["data"], options["test"])
            pairs = read_pairs(options["data"] / "country_overlap.csv")
        except ValueError as problem:
            raise CommandError(str(problem)) from problem
        figures, _ = validate_forecasts(data, self._say)
        self._say("making worlds ...")
        figures["worlds"], _ = validate_worlds(*_cut_worlds(data, options["test"] is not None))
        self._say("spillover between countries ...")
        figures["spillover"] = validate_spillover(pairs)
        figures["spillover_spearman"] = figures["spillover"]["spearman_target_pairs_outside_fit"]
        overlap = options["data"] / "country_overlap.csv"
        figures["inputs"] = {**data.files, overlap.name: hashlib.sha256(overlap.read_bytes()).hexdigest()}
        figures["seconds"] = round(time.perf_counter() - started, 1)
        options["json"].write_text(json.dumps(figures, indent=2) + "\n")
        if options["write_fitted"]:
            self._write_fitted(
                read_reach_data(options["data"], options["data"] / "tiktok_videos.parquet").known
            )
            self.stdout.write(f"spillover between markets: {np.round(predict_markets(pairs), 4).tolist()}")
        self._print(figures)

    def _write_fitted(self, posts: Posts) -> None:
        """The numbers the product ships, fitted to every video of the folder."""
        for module, fitted in ((account_reach, fit_forecaster(posts)), (worlds, fit_worlds(posts))):
            module.FITTED_FILE.write_text(json.dumps(fitted.to_dict(), separators=(",", ":")) + "\n")
            self._say(f"written to {module.FITTED_FILE}")

    def _say(self, text: str) -> None:
        self.stderr.write(text)

    def _print(self, figures: dict[str, Any]) -> None:
        for block in ("forecast", "forecast_without_followers"):
            for model, line in figures[block].items():
                self.stdout.write(
                    f"{block:26} {model:18} MAE(ln) {line['mae_ln']:.4f}  R2 {line['r2']:.3f}  pinball "
                    f"{line['pinball']:.4f}  50 % {line['coverage_50']:.3f}  90 % {line['coverage_90']:.3f}"
                )
        for name, line in figures["worlds"].items():
            if name != "rank_size":
                low, high = line["interval"]
                self.stdout.write(
                    f"{name:28} real {line['real']:.5g} [{low:.5g}, {high:.5g}]  "
                    f"simulated {line['simulated']:.5g}"
                )
        self.stdout.write(
            f"rank-size curve inside its 95 % band: {figures['worlds']['rank_size']['share_inside']:.0%}"
        )
        self.stdout.write(f"spillover, Spearman over 28 pairs: {figures['spillover_spearman']:.3f}")


def _cut_worlds(data: ReachData, has_test: bool) -> tuple[Posts, Posts]:
    """With a test file its creators are the held-out world, else one half of all creators is."""
    if has_test:
        return data.known, data.test
    first, second = halve_creators(data.every, seed=5)
    return data.every.take(first), data.every.take(second)
