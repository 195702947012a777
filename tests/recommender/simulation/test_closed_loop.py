"""A small platform that lives off its own feeds for some rounds."""

import numpy as np
import pytest

from recommender.management.evaluations.poison import fit_sources_alone as fit
from recommender.params import Params
from recommender.simulation.closed_loop import LoopSize, run_loop

SIZE = LoopSize(creators=30, videos=200, viewers=80, rounds=6, hours=24.0, first_pool=5.0)


@pytest.fixture(scope="module")
def lives() -> dict[bool, dict]:
    return {is_kept: run_loop(SIZE, Params(), fit, 7, is_kept) for is_kept in (True, False)}


def test_newcomers_are_seen_where_pools_are_kept_and_starve_by_value_alone(lives) -> None:
    assert lives[True]["never_shown"] < lives[False]["never_shown"]
    assert lives[True]["owed_met"] > lives[False]["owed_met"]


def test_feeds_do_not_narrow_to_a_few_videos(lives) -> None:
    assert lives[True]["gini_last"] <= 1.1 * lives[True]["gini_first"]


def test_every_round_is_told_for_every_market(lives) -> None:
    rounds = lives[True]["rounds"]
    assert len(rounds) == SIZE.rounds
    assert all(len(line["coverage"]) == 8 and np.isfinite(line["gini"]) for line in rounds)
    assert set(lives[True]["coverage_kept"]) == {"GB", "US", "ID", "MY", "TH", "VN", "SG", "PH"}
