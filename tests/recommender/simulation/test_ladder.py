"""Staged exposure: bars come from the cohort, better videos climb as far, chances belong to addresses."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.simulation.draws import branch, draw_laplace, draw_normal, draw_uniform, make_key
from recommender.simulation.ladder import N_STAGES, LadderParams, climb, find_thresholds, rank_reach

PARAMS = LadderParams(0.4, 0.2, 1.5, 2.0, 0.3, 0.4, 0.6)
KEYS = branch(make_key(3, "test"), np.arange(20_000))
USUAL = draw_normal(branch(KEYS, 9))


def test_the_share_that_passes_each_pool_is_the_one_the_ladder_was_given() -> None:
    stage = climb(PARAMS, USUAL, KEYS).stage
    for pool, share in enumerate(PARAMS.list_passing()[:3]):
        came, passed = (stage >= pool).sum(), (stage >= pool + 1).sum()
        assert abs(passed / came - share) < 0.03


def test_ranks_of_usual_videos_are_uniform() -> None:
    rank = rank_reach(PARAMS, climb(PARAMS, USUAL, KEYS).log_reach)
    assert np.allclose(np.quantile(rank, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.02)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 3.0), st.floats(0.0, 0.9))
def test_a_better_standing_never_climbs_less_far(gain: float, weight: float) -> None:
    params = LadderParams(0.4, 0.2, 1.5, 2.0, 0.3, 0.4, weight)
    before = climb(params, USUAL[:500], KEYS[:500])
    after = climb(params, USUAL[:500] + gain, KEYS[:500])
    assert (after.stage >= before.stage).all()
    assert (after.log_reach >= before.log_reach - 1e-12).all()


def test_a_video_climbs_alike_alone_and_among_others() -> None:
    together = climb(PARAMS, USUAL[:300], KEYS[:300])
    alone = climb(PARAMS, USUAL[100:101], KEYS[100:101])
    assert together.log_reach[100] == alone.log_reach[0]
    assert len(find_thresholds(PARAMS)) == N_STAGES


def test_draws_of_two_purposes_or_addresses_have_nothing_in_common() -> None:
    first, second = (draw_uniform(branch(make_key(1, name), np.arange(50_000))) for name in ("a", "b"))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.02
    assert first.min() > 0 and first.max() < 1


def test_double_exponential_draws_have_mean_size_one() -> None:
    drawn = draw_laplace(branch(make_key(2, "size"), np.arange(100_000)))
    assert abs(np.abs(drawn).mean() - 1) < 0.02
    assert abs(drawn.mean()) < 0.02
