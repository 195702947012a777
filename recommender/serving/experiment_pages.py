"""What the operators' pages about experiments show, gathered in one call each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recommender.experiments.overrides import list_paths
from recommender.experiments.plots import draw_readout
from recommender.models import Experiment
from recommender.serving.experiment_preview import preview_experiment
from recommender.serving.experiment_readout import calculate_power, read_experiment
from recommender.serving.experiment_rules import ExperimentError


def describe_readout(experiment: Experiment, with_preview: bool) -> dict[str, Any]:
    """Readout, pictures, arms, and what the arms would have earned where that is asked."""
    readout = read_experiment(experiment)
    facts: dict[str, Any] = {
        "readout": readout,
        "plots": draw_readout(readout),
        "arms": list(experiment.arms.select_related("value_weights", "model_version")),
        "previews": None,
        "preview_fault": "",
    }
    if with_preview:
        try:
            facts["previews"] = preview_experiment(experiment)
        except ExperimentError as error:
            facts["preview_fault"] = str(error)
    return facts


def describe_power(asked: Mapping[str, str]) -> str:
    """How many units an arm a form's effect needs, in a sentence; why not, where the past tells nothing."""
    try:
        design, metric = asked.get("design", "viewer"), asked.get("primary_metric", "long_watches")
        effect, days = float(asked.get("planned_effect", "")), int(asked.get("planned_days", ""))
        n_arms, seconds = max(2, int(asked.get("n_arms", "2"))), int(asked.get("slice_seconds", "3600"))
        power = calculate_power(design, metric, effect, n_arms, days, seconds)
    except (ValueError, KeyError) as error:
        return f"No answer: {error}"
    units = {"viewer": "viewers", "creator": "creators", "switchback": "slices"}[design]
    return (
        f"To find a change of {effect:.1%} in {metric} in four of five runs, each of {n_arms} arms needs "
        f"{power.units_an_arm:,} {units}. The past told of {power.n_units:,} {units}: {power.mean:.3g} each, "
        f"deviation {power.deviation:.3g} once their habits are used "
        f"({power.variance_kept:.0%} of the variance)."
    )


def name_values() -> list[tuple[str, str]]:
    """Every path an arm may name, and when it takes effect, for the form."""
    return sorted(list_paths().items())
