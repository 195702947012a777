"""What an arm would have earned, asked of the logged choices before anybody is exposed to it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.utils import timezone

from recommender.experiments.off_policy import NoSupportError
from recommender.experiments.overrides import apply_to_params, apply_to_weights, moves_candidates
from recommender.experiments.params import ExperimentParams
from recommender.experiments.replay import Policy, estimate_policy, locate_page, replay
from recommender.models import Arm, Experiment
from recommender.params import VALUE_TERM_WEIGHTS, Params
from recommender.queries.experiments import describe_experiment, read_choices
from recommender.queries.settings import read_value_weights
from recommender.serving.experiment_rules import ExperimentError
from recommender.serving.live import live_engine

#: Metric of an experiment -> the action whose chance a shown place has.
REWARDS = {
    "long_watches": "long_watch", "finishes": "finish", "likes": "like", "comments": "comment",
    "shares": "share", "follows": "follow", "cart_clicks": "cart_click", "orders": "order",
    "not_interested": "not_interested",
}  # fmt: skip


def preview_experiment(experiment: Experiment) -> list[dict[str, Any]]:
    """Per arm: the estimates of its primary metric a shown place, or the refusal and why.

    Raises ExperimentError where the primary metric is not a single action.
    """
    action = REWARDS.get(experiment.primary_metric)
    if action is None:
        known = ", ".join(REWARDS)
        text = f"the log of choices knows no {experiment.primary_metric}; it answers for {known}"
        raise ExperimentError([("primary_metric", text)])
    now, params = timezone.now(), ExperimentParams()
    choices = read_choices(now - timedelta(days=params.planning_days), now, params.choice_pages)
    engine = live_engine.get().engine
    located = [(choice.market, locate_page(choice, engine.catalogue, engine.content)) for choice in choices]
    pages = [(market, page) for market, page in located if page is not None]
    return [_preview_arm(arm, experiment, pages, action) for arm in experiment.arms.all()]


def _preview_arm(arm: Arm, experiment: Experiment, pages: list[Any], action: str) -> dict[str, Any]:
    told: dict[str, Any] = {"arm": arm.name, "action": action, "pages": len(pages)}
    if refusal := _refuse(arm, experiment):
        return told | {"refusal": refusal, "estimates": {}}
    row = next(one for one in describe_experiment(experiment).arms if one.id == arm.pk)
    weights = apply_to_weights(row.weights or read_value_weights(VALUE_TERM_WEIGHTS), arm.overrides, arm.name)
    rerank = apply_to_params(Params(), arm.overrides).rerank
    try:
        policies = [Policy(weights.for_market(market), rerank) for market, _ in pages]
        replayed = replay([page for _, page in pages], policies, action)
        support = float(replayed.supported.mean())
        told |= {"support": support, "logged_mean": float(replayed.reward.mean())}
        estimates = estimate_policy(replayed)
    except NoSupportError as error:
        return told | {"refusal": str(error), "estimates": {}}
    return told | {"refusal": "", "estimates": {name: asdict(one) for name, one in estimates.items()}}


def _refuse(arm: Arm, experiment: Experiment) -> str:
    """Why the log cannot answer for this arm, whatever it holds; "" if it may."""
    if arm.model_version_id is not None:
        return (
            "another model predicts otherwise than the log says; the gate of a retraining judges models on "
            "the same log"
        )
    if experiment.design == Experiment.Design.CREATOR and (arm.overrides or arm.value_weights_id):
        return "a page that values creators apart was never logged; only a run can tell"
    if path := moves_candidates(arm.overrides):
        return f"{path} changes which videos are candidates, and the log holds the candidates of its own day"
    return ""
