"""A replayed log: each row is predicted before it is learnt, and the gate knows planted faults."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recommender.management.evaluations.loop import _build_arena
from recommender.params import NetworkParams, ResponseParams, SequenceParams
from recommender.training.gate_trials import deal_markets, run_trials
from recommender.training.online_params import OnlineParams
from recommender.training.prequential import (
    Replay,
    compare_losses,
    describe_stream,
    floor_to_pace,
    measure,
    predict_then_learn,
    refit_daily,
    start_replay,
)
from recommender.training.split import split_by_time
from tests.worlds import DAY_SECONDS, NOW, make_dataset, make_params

PARAMS = replace(
    make_params(),
    sequence=replace(SequenceParams(), epochs=0),
    response=replace(ResponseParams(), epochs=0),
    network=replace(NetworkParams(), epochs=0),
)
CUT = NOW - 2 * DAY_SECONDS
QUARTER = 6 * 3600.0


@pytest.fixture(scope="module")
def replay() -> Replay:
    known, stream = split_by_time(make_dataset(9000), CUT)
    return start_replay(known, stream, PARAMS, lambda text: None)


@pytest.fixture(scope="module")
def described(replay):
    return describe_stream(replay, floor_to_pace(replay.stream.happened_at, CUT, QUARTER))


def test_what_happens_later_changes_no_earlier_prediction(replay, described) -> None:
    turned = replace(described, labels=described.labels.copy())
    late = described.rows.happened_at >= CUT + 4 * QUARTER
    turned.labels[late] = 1 - turned.labels[late]
    usual, _ = predict_then_learn(replay, described, QUARTER, OnlineParams())
    other, _ = predict_then_learn(replay, turned, QUARTER, OnlineParams())
    before = described.rows.happened_at < CUT + 5 * QUARTER
    np.testing.assert_array_equal(usual[before], other[before])
    assert (usual[~before] != other[~before]).any()


def test_frozen_weights_never_move(replay, described) -> None:
    first, took = predict_then_learn(replay, described, QUARTER, None)
    second, _ = predict_then_learn(replay, described, DAY_SECONDS, None)
    np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-6)
    assert took["updates"] == 0


def test_every_row_is_predicted_and_measured(replay, described) -> None:
    probability, took = predict_then_learn(replay, described, QUARTER, OnlineParams())
    assert np.isfinite(probability).all() and took["updates"] >= 6
    figures = measure(replay, probability, 20, 1)
    assert figures["long_watch"]["auc"] > 0.75
    nothing = compare_losses(replay, probability, probability, 20, 1)
    assert nothing["gain"] == 0.0


def test_a_full_refit_predicts_each_day_by_the_days_before(replay) -> None:
    probability, took = refit_daily(replay, lambda text: None)
    assert took["fits"] == 2
    assert measure(replay, probability, 20, 1)["long_watch"]["auc"] > 0.75


def test_the_gate_lets_no_planted_fault_through_and_most_of_the_others(replay) -> None:
    viewers = replay.dataset.viewers
    dealt = replace(viewers, market=deal_markets(viewers.viewer_id))
    with_markets = replace(
        replay,
        dataset=replace(replay.dataset, viewers=dealt),
        params=replace(PARAMS, training=replace(PARAMS.training, gate_min_rows=30)),
    )
    found = run_trials(_build_arena(with_markets, OnlineParams()), 14, 5, lambda text: None)
    assert (found["bad"]["tried"], found["good"]["tried"]) == (14, 14)
    by_kind = found["bad"]["by_kind"]
    for kind in ("leak", "stale", "not_a_number", "constant"):
        assert by_kind[kind]["promoted"] == 0, by_kind[kind]
    assert found["good"]["by_kind"]["equal_copy"]["promoted"] == 2


def test_without_a_folder_the_command_says_where_to_point_it(tmp_path: Path, settings) -> None:
    settings.DATA_DIR = None
    with pytest.raises(CommandError, match="TTOK_DATA_DIR"):
        call_command("evaluate", "loop", json=tmp_path / "out.json")
