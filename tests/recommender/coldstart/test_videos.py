"""A new video's way: owed a pool, promoted above its cohort, let go below it, never forgotten."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.coldstart import videos
from recommender.coldstart.videos import Evidence, Ladder, Standing, judge, measure_need, share_positions
from recommender.contracts import UNKNOWN
from recommender.loop_params import NewVideoParams

LADDER = Ladder(np.full(3, 0.2), 2.0)
PARAMS = NewVideoParams(first_pool=50, pools=3, cohort_min=10)
N, M = 30, 2
GB, MY = 0, 1


def make_evidence(shown=None, good=None, age_days=1.0, home=GB, is_admitted=None) -> Evidence:
    return Evidence(
        shown=np.zeros((N, M)) if shown is None else shown,
        good=np.zeros((N, M)) if good is None else good,
        age_days=np.full(N, age_days),
        home=np.full(N, home),
        is_admitted=np.ones((N, M), dtype=bool) if is_admitted is None else is_admitted,
        duration_seconds=np.full(N, 20.0),
    )


def make_full() -> tuple[np.ndarray, np.ndarray]:
    """Every video met 50 viewers at home; video i was watched long by i of them."""
    shown = np.zeros((N, M))
    good = np.zeros((N, M))
    shown[:, GB], good[:, GB] = 50, np.arange(N)
    return shown, good


def start(evidence: Evidence) -> Standing:
    return judge(evidence, Standing.start(N, M), LADDER, PARAMS)


def test_a_new_video_is_tried_at_home_first() -> None:
    standing = start(make_evidence())
    assert (standing.state[:, GB] == videos.TRYING).all()
    assert (standing.state[:, MY] == videos.WAITING).all()
    need = measure_need(make_evidence(), standing, LADDER, PARAMS)
    assert (need[:, GB] == 1.0).all() and (need[:, MY] == 0.0).all()


def test_a_video_from_outside_the_markets_is_tried_wherever_it_is_understood() -> None:
    admitted = np.zeros((N, M), dtype=bool)
    admitted[:, MY] = True
    standing = start(make_evidence(home=UNKNOWN, is_admitted=admitted))
    assert (standing.state[:, MY] == videos.TRYING).all()
    assert (standing.state[:, GB] == videos.WAITING).all()


def test_the_best_of_a_full_pool_are_promoted_and_the_others_let_go() -> None:
    evidence = make_evidence(*make_full())
    after = judge(evidence, start(make_evidence()), LADDER, PARAMS)
    assert 4 <= (after.pool[:, GB] == 1).sum() <= 8  # a fifth of 30
    assert after.pool[-1, GB] == 1 and after.state[-1, GB] == videos.TRYING
    assert after.state[0, GB] == videos.LET_GO
    assert after.mean[-1, GB] > after.bar[-1, GB] > after.mean[0, GB]
    assert after.chance[-1, GB] > 0.5 > after.chance[0, GB]
    assert videos.WIDTHS[after.width[0, GB]] == "market_and_length"


def test_passing_at_home_opens_the_other_markets() -> None:
    first = judge(make_evidence(*make_full()), start(make_evidence()), LADDER, PARAMS)
    second = judge(make_evidence(*make_full()), first, LADDER, PARAMS)
    assert second.state[-1, MY] == videos.TRYING
    assert second.state[0, MY] == videos.WAITING


def test_nobody_is_judged_where_too_few_can_be_compared() -> None:
    evidence = make_evidence(*make_full())
    after = judge(evidence, start(make_evidence()), LADDER, replace(PARAMS, cohort_min=1000))
    assert (after.state[:, GB] == videos.TRYING).all()
    assert np.isnan(after.bar).all()
    assert (measure_need(evidence, after, LADDER, PARAMS)[:, GB] == 0).all()  # the pool was met


def test_a_pool_that_time_ran_out_for_ends_and_says_so() -> None:
    late = make_evidence(age_days=3.5)
    after = judge(late, start(make_evidence()), LADDER, PARAMS)
    assert (after.state[:, GB] == videos.EXPIRED).all()


@given(st.integers(0, 49), st.integers(0, 10_000))
def test_the_first_pool_is_owed_whole_whatever_the_evidence(shown: int, seed: int) -> None:
    counts, good = make_full()
    rng = np.random.default_rng(seed)
    counts[0, GB], good[0, GB] = shown, rng.integers(0, shown + 1)
    after = judge(make_evidence(counts, good), start(make_evidence()), LADDER, PARAMS)
    assert after.state[0, GB] == videos.TRYING  # promoted early perhaps, but never let go
    if after.pool[0, GB] == 0:
        assert measure_need(make_evidence(counts, good), after, LADDER, PARAMS)[0, GB] > 0


def test_what_was_decided_is_not_judged_again() -> None:
    evidence = make_evidence(*make_full())
    after = judge(evidence, start(make_evidence()), LADDER, PARAMS)
    again = judge(evidence, after, LADDER, PARAMS)
    gone = after.state == videos.LET_GO
    assert (again.state[gone] == videos.LET_GO).all()
    assert np.array_equal(again.mean[gone], after.mean[gone])


def test_positions_for_new_videos_follow_what_is_owed() -> None:
    evidence, standing = make_evidence(), start(make_evidence())
    owed_a_day = N * 50 / 2.0  # two days left
    busy = share_positions(evidence, standing, np.array([owed_a_day * 10, 0.0]), 0.06, LADDER, PARAMS)
    assert busy.tolist() == [pytest.approx(0.1), 0.06]
    tight = share_positions(evidence, standing, np.array([owed_a_day, 1.0]), 0.06, LADDER, PARAMS)
    assert tight[GB] == PARAMS.most_share
