"""Who is believed: fakes of every kind are found, honest people are left alone, and nobody counts twice."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.contracts import UNKNOWN, Impressions, encode_actions
from recommender.features.trust import (
    FINDINGS,
    find_rings,
    judge_viewers,
    observe,
    weigh_influence,
)
from recommender.loop_params import TrustParams
from tests.worlds import DAY_SECONDS, N_VIDEOS, NOW, make_catalogue, make_dataset

PARAMS = TrustParams()
CATALOGUE = make_catalogue()
LONG, LIKE = encode_actions(["long_watch"]), encode_actions(["like"])


def make_rows(viewer, video, at, actions, watch_seconds) -> Impressions:
    n = len(viewer)
    order = np.argsort(at, kind="stable")
    column = {"viewer": viewer, "video": video, "happened_at": at, "actions": actions}
    taken = {name: np.broadcast_to(np.asarray(values), n)[order] for name, values in column.items()}
    return Impressions(
        **taken,
        watch_seconds=np.broadcast_to(np.asarray(watch_seconds, dtype=np.float32), n)[order],
        source=np.zeros(n, dtype=np.int8),
        position=np.full(n, UNKNOWN, dtype=np.int16),
        propensity=np.full(n, np.nan, dtype=np.float32),
    )


def find(rows: Impressions, n_viewers: int = 5) -> list[set[str]]:
    verdict = judge_viewers(observe(rows, CATALOGUE, n_viewers, PARAMS), PARAMS)
    return [{name for name, is_so in zip(FINDINGS, row, strict=True) if is_so} for row in verdict.findings]


def test_nothing_is_found_of_people_who_watch_by_taste() -> None:
    dataset = make_dataset()
    verdict = judge_viewers(observe(dataset.impressions, CATALOGUE, 48, PARAMS), PARAMS)
    assert (verdict.trust == 1.0).mean() >= 0.95


def test_hands_faster_than_hands_are_found() -> None:
    at = NOW + np.arange(100) * 0.4
    found = find(make_rows(np.ones(100, dtype=int), np.arange(100) % 30, at, 0, 3.0))
    assert "velocity" in found[1] and found[0] == set()


def test_watching_that_never_varies_is_found() -> None:
    at, video = NOW + np.arange(20) * 60.0, np.arange(20)
    watched = CATALOGUE.duration_seconds[video] * 0.5
    assert "dwell" in find(make_rows(np.full(20, 2), video, at, 0, watched))[2]


def test_praise_for_what_was_not_watched_is_found() -> None:
    at = NOW + np.arange(12) * 60.0
    assert "blind" in find(make_rows(np.full(12, 3), np.arange(12), at, LIKE, 0.2))[3]


def test_the_same_praise_again_and_again_is_found() -> None:
    at = NOW + np.arange(40) * 60.0
    assert "repeats" in find(make_rows(np.full(40, 4), np.full(40, 7), at, LIKE, 8.0))[4]


def test_a_ring_is_found_and_a_crowd_of_fans_is_not() -> None:
    rng = np.random.default_rng(1)
    n_honest, n_videos, n_fakes = 300, 800, 8
    viewer = np.repeat(np.arange(n_honest), 15)
    video = rng.integers(0, n_videos, len(viewer))
    fans = np.arange(100)  # a hundred honest people love the same two videos
    fakes = n_honest + np.repeat(np.arange(n_fakes), 15)
    targets = np.tile(np.arange(100, 115), n_fakes)
    pairs = np.unique(
        np.stack(
            [
                np.concatenate([viewer, fans, fans, fakes]),
                np.concatenate([video, fans * 0 + 5, fans * 0 + 6, targets]),
            ]
        ),
        axis=1,
    )
    in_ring = find_rings(pairs[0], pairs[1], n_honest + n_fakes, PARAMS)
    assert in_ring[n_honest:].all()
    assert not in_ring[:n_honest].any()


@given(st.integers(1, 200), st.integers(0, 5000))
def test_one_viewer_never_adds_more_than_the_daily_cap(n_rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = NOW + np.sort(rng.random(n_rows)) * 0.2 * DAY_SECONDS
    rows = make_rows(np.zeros(n_rows, dtype=int), rng.integers(0, N_VIDEOS, n_rows), at, LONG, 8.0)
    params = replace(PARAMS, daily_positives=10.0)
    weight = weigh_influence(rows, np.ones(1), N_VIDEOS, params)
    days = np.unique(rows.happened_at // DAY_SECONDS)
    assert weight.sum() <= 10.0 * len(days) + 1e-4
    assert ((weight >= 0) & (weight <= 1)).all()


def test_the_third_like_of_a_day_adds_nothing_and_tomorrows_does() -> None:
    at = np.array([0.0, 60.0, 120.0, DAY_SECONDS]) + NOW
    rows = make_rows(np.zeros(4, dtype=int), np.full(4, 3), at, LIKE, 8.0)
    assert weigh_influence(rows, np.ones(1), N_VIDEOS, PARAMS).tolist() == [1.0, 1.0, 0.0, 1.0]


def test_who_is_not_believed_adds_nothing() -> None:
    rows = make_rows(np.array([0, 1]), np.array([2, 2]), np.array([NOW, NOW]), LONG, 8.0)
    assert weigh_influence(rows, np.array([0.4, 1.0]), N_VIDEOS, PARAMS).tolist() == [0.0, 1.0]


def test_an_empty_log_has_nobody_to_judge() -> None:
    none = np.zeros(0, dtype=int)
    rows = make_rows(none, none, np.zeros(0), none, np.zeros(0))
    assert judge_viewers(observe(rows, CATALOGUE, 3, PARAMS), PARAMS).trust.tolist() == [1.0, 1.0, 1.0]
    assert weigh_influence(rows, np.ones(3), N_VIDEOS, PARAMS).tolist() == pytest.approx([])
