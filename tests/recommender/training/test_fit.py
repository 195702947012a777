"""A fit on a world with known tastes."""

import json

import numpy as np
import pytest

from recommender.build import build_engine
from recommender.contracts import ACTION_INDEX
from recommender.training.evaluate import score_window, window_losses
from recommender.training.fit import fit_engine
from recommender.training.gate import compare
from recommender.training.histories import take_impressions
from recommender.training.metrics import auc
from recommender.training.split import split_by_time
from tests.worlds import DAY_SECONDS, NOW, make_dataset, make_params

PARAMS = make_params()


@pytest.fixture(scope="module")
def window():
    return split_by_time(make_dataset(), NOW - 2 * DAY_SECONDS)


@pytest.fixture(scope="module")
def artifact(window):
    return fit_engine(window[0], PARAMS)


@pytest.fixture(scope="module")
def engine(window, artifact):
    return build_engine(window[0].catalogue, artifact.arrays, artifact.meta, params=PARAMS)


def test_the_fit_finds_who_likes_what(window, engine) -> None:
    known, held_out = window
    scores = score_window(engine, known, held_out)
    own = held_out.video % 3 == held_out.viewer % 3
    long_watch = scores.probability[:, ACTION_INDEX["long_watch"]]
    assert long_watch[own].mean() == pytest.approx(0.8, abs=0.08)
    assert long_watch[~own].mean() < 0.25
    assert auc(held_out.label("long_watch"), long_watch) > 0.8


def test_actions_that_hardly_happened_are_named_in_the_manifest(artifact) -> None:
    assert set(artifact.meta["base_rate_actions"]) >= {"comment", "order", "cart_click"}
    json.dumps(artifact.meta, allow_nan=False)


def test_the_manifest_says_how_many_viewers_taught_the_fusion(artifact) -> None:
    assert "fusion" in artifact.meta
    assert artifact.meta["feature_names"]
    assert artifact.meta["learning_rows"] > 1000


def test_the_gate_promotes_a_fit_over_base_rates_and_refuses_the_reverse(window, engine) -> None:
    known, held_out = window
    fitted = window_losses(engine, known, held_out)
    plain = window_losses(build_engine(known.catalogue, {}, {}, params=PARAMS), known, held_out)
    promoted = compare(fitted, plain, PARAMS.training)
    assert promoted.promote, promoted.reason
    refused = compare(plain, fitted, PARAMS.training)
    assert not refused.promote


def test_the_same_data_gives_the_same_artifact(window, artifact) -> None:
    again = fit_engine(window[0], PARAMS)
    for name, array in artifact.arrays.items():
        np.testing.assert_allclose(again.arrays[name], array, rtol=1e-5, atol=1e-6, err_msg=name)


def test_yesterdays_fit_may_start_todays(window, artifact) -> None:
    warm = fit_engine(window[0], PARAMS, warm_start=artifact)
    assert warm.meta["warm_start"] is True
    np.testing.assert_allclose(warm.arrays["actions/weights"], artifact.arrays["actions/weights"], atol=0.05)


def test_progress_only_moves_forwards(window) -> None:
    seen: list[float] = []
    fit_engine(window[0], PARAMS, progress=lambda fraction, text: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_what_happens_after_the_cut_does_not_touch_the_fit(window, artifact) -> None:
    everything = make_dataset()
    known, _ = split_by_time(everything, NOW - 2 * DAY_SECONDS)
    changed = fit_engine(known, PARAMS)
    np.testing.assert_array_equal(changed.arrays["videos/taken"], artifact.arrays["videos/taken"])


def test_too_few_impressions_are_refused_with_the_next_step(window) -> None:
    known, _ = window
    few = split_by_time(known, float(known.impressions.happened_at[50]))[0]
    with pytest.raises(ValueError, match="50 impressions are too few"):
        fit_engine(few, PARAMS)


def test_a_world_without_choices_keeps_the_hand_set_fusion(window) -> None:
    known, _ = window
    rows = take_impressions(known.impressions, np.flatnonzero(known.impressions.viewer < 3))
    lonely = fit_engine(
        type(known)(known.catalogue, known.viewers, known.history, rows, known.cut_at), PARAMS
    )
    assert lonely.meta["fusion"].startswith("hand-set")
    assert lonely.arrays["fusion/weights"].tolist() == pytest.approx(list(PARAMS.recall.signal_weights))
