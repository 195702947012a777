"""Fake viewers on a small platform: with the defence they gain nothing, without it they take over."""

import numpy as np
import pytest

from recommender.management.evaluations.poison import fit_sources_alone as fit
from recommender.params import Params
from recommender.simulation.poison import (
    ATTACKS,
    Clean,
    Platform,
    PoisonSize,
    attack,
    judge,
    make_platform,
    run_attack,
    serve_clean,
)

SIZE = PoisonSize(creators=60, videos=700, viewers=400)


@pytest.fixture(scope="module")
def platform() -> Platform:
    return make_platform(SIZE, 3)


@pytest.fixture(scope="module")
def clean(platform: Platform) -> Clean:
    return serve_clean(platform, fit, 5)


def test_one_percent_of_fakes_gain_nothing_with_the_defence_and_much_without(
    platform: Platform, clean: Clean
) -> None:
    told = run_attack(platform, "random", 0.01, SIZE, fit, clean, 5)
    assert told["uplift_with_defence"] < 1.2
    assert told["uplift_without_defence"] > 3
    assert told["ndcg_loss_with_defence"] < 0.01
    assert told["detector_recall"] == 1.0


@pytest.mark.parametrize("kind", ATTACKS)
def test_fakes_of_every_kind_are_found_and_honest_viewers_left_alone(platform: Platform, kind: str) -> None:
    dataset, is_fake = attack(platform, kind, 0.03, SIZE, np.random.default_rng(1))
    trust = judge(dataset, Params()).viewers.trust
    assert (trust[is_fake] < 0.5).mean() >= 0.9
    assert (trust[~is_fake] < 0.5).mean() <= 0.02


def test_an_attack_nobody_knows_is_refused_by_name(platform: Platform) -> None:
    with pytest.raises(ValueError, match="attack 'love' is not known; choose one of random"):
        attack(platform, "love", 0.01, SIZE, np.random.default_rng(1))
