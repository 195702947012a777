"""`evaluate poison`: what fake viewers gain and honest ones lose, with the defence and without; no server."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from recommender.contracts import Dataset
from recommender.params import Params, TrainingParams
from recommender.simulation import poison
from recommender.training.belief import believe
from recommender.training.benchmark import describe_environment
from recommender.training.fit import FittedArtifact, fit_engine
from recommender.training.sources import fit_sources, measure_base_rate

needs_folder = False
SHARES = (0.005, 0.01, 0.05)


def add_arguments(parser: ArgumentParser) -> None:
    """A smaller platform, for a quick look."""
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the simulated platform, 0.2-5 (for poison and exposure)"
    )
    parser.add_argument(
        "--sources-only", action="store_true", help="refit recall and rates alone (for poison and exposure)"
    )


def fit_without_networks(dataset: Dataset, params: Params) -> FittedArtifact:
    """The whole fit but for the networks, which would cost minutes a platform."""
    for part in ("sequence", "response", "network"):
        params = replace(params, **{part: replace(getattr(params, part), epochs=0)})
    return fit_engine(dataset, params)


def fit_sources_alone(dataset: Dataset, params: Params) -> FittedArtifact:
    """Recall, rates and popularity; values come from base rates."""
    dataset = believe(dataset, params.trust)
    arrays, meta = fit_sources(dataset, measure_base_rate(dataset), params)
    return FittedArtifact(arrays, meta)


def choose_fit(options: dict[str, Any]) -> Callable[[Dataset, Params], FittedArtifact]:
    """The fit that the command line asks for."""
    return fit_sources_alone if options["sources_only"] else fit_without_networks


def run(options: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Every attack at every share. Raises ValueError for a scale that says nothing."""
    scale = options["scale"]
    if not 0.2 <= scale <= 5:
        raise ValueError(f"--scale {scale} is out of range; choose 0.2 to 5")
    usual = poison.PoisonSize()
    size = replace(
        usual,
        creators=round(usual.creators * scale),
        videos=round(usual.videos * scale),
        viewers=round(usual.viewers * scale),
    )
    seed = TrainingParams().seed
    fit = choose_fit(options)
    platform = poison.make_platform(size, seed)
    say(f"{size.viewers} viewers, {size.videos} videos, {size.targets} of them promoted")
    clean = poison.serve_clean(platform, fit, seed)
    lines = []
    for kind in poison.ATTACKS:
        for share in SHARES:
            line = poison.run_attack(platform, kind, share, size, fit, clean, seed)
            lines.append(line)
            say(
                f"  {kind:10} {share:6.1%}  uplift {line['uplift_with_defence']:.2f} (without defence "
                f"{line['uplift_without_defence']:.1f})  NDCG loss {line['ndcg_loss_with_defence']:+.2%}  "
                f"found {line['detector_recall']:.0%}, honest flagged {line['honest_flagged']:.2%}"
            )
    return {
        "attacks": lines,
        "clean": asdict(clean),
        "inputs": asdict(size) | {"seed": seed, "fit": fit.__name__},
        "environment": describe_environment(seed),
    }
