"""The whole flow on a small world."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.build import build_engine
from recommender.contracts import Catalogue
from recommender.flow import rank_for_viewer, score_videos
from recommender.rerank.value import DEFAULT_VALUE_WEIGHTS
from recommender.training.fit import fit_engine
from tests.worlds import NOW, make_catalogue, make_dataset, make_params, make_scenario, make_state

SCENE = make_scenario()


@pytest.fixture(scope="module")
def artifact():
    return fit_engine(make_dataset(), make_params())


@pytest.fixture(scope="module")
def engine(artifact):
    return build_engine(make_catalogue(), artifact.arrays, artifact.meta, params=make_params(), now=NOW)


def _rank(engine, state, k=6, seed=3):
    return rank_for_viewer(engine, state, SCENE, DEFAULT_VALUE_WEIGHTS, np.random.default_rng(seed), k)


def test_the_page_follows_what_was_watched(engine) -> None:
    for topic in (0, 1, 2):
        watched = [topic, topic + 3, topic + 6, topic + 9]
        rows = np.array([(v.video_id - 1000) // 10 for v in _rank(engine, make_state(watched), k=5).videos])
        assert (rows % 3 == topic).mean() >= 0.8
        assert not set(rows.tolist()) & set(watched)


def test_one_more_like_changes_the_page(engine) -> None:
    before = [video.video_id for video in _rank(engine, make_state([0, 3])).videos]
    after = [
        video.video_id
        for video in _rank(engine, make_state([0, 3, 1, 4, 7, 10], ["long_watch", "like"])).videos
    ]
    assert before != after


def test_the_same_call_gives_the_same_page(engine) -> None:
    assert _rank(engine, make_state([1, 4])) == _rank(engine, make_state([1, 4]))


def test_a_page_explains_itself(engine) -> None:
    slate = _rank(engine, make_state([1, 4, 7]))
    assert slate.dropped["seen"] == 3
    assert 0 < slate.n_candidates <= 30
    for video in slate.videos:
        assert video.contributions
        sizes = [abs(value) for value in video.contributions.values()]
        assert sizes == sorted(sizes, reverse=True)
        assert 0 < video.propensity <= 1


def test_a_page_longer_than_the_shortlist_is_refused(engine) -> None:
    with pytest.raises(ValueError, match="page of 0 videos"):
        _rank(engine, make_state([]), k=0)


def test_videos_are_scored_in_the_order_they_are_given(engine) -> None:
    state = make_state([1, 4, 7, 10, 13])
    forwards = score_videos(engine, state, SCENE, np.array([0, 16, 19]))
    backwards = score_videos(engine, state, SCENE, np.array([19, 16, 0]))
    np.testing.assert_allclose(forwards.probability, backwards.probability[::-1], rtol=1e-5)
    assert forwards.probability[1, 1] > forwards.probability[0, 1]
    assert forwards.affinity[1] > 2 * forwards.affinity[0]


def test_without_an_artifact_the_engine_ranks_and_says_it_is_a_fallback() -> None:
    engine = build_engine(make_catalogue(), {}, {}, params=make_params(), now=NOW)
    assert engine.is_fallback
    assert len(_rank(engine, make_state([1], interests=(1,))).videos) == 6


def test_an_empty_catalogue_gives_an_empty_page() -> None:
    catalogue = make_catalogue()
    empty = replace(
        catalogue,
        **{
            name: getattr(catalogue, name)[:0]
            for name in Catalogue.__dataclass_fields__
            if name not in ("topic_names", "extra")
        },
    )
    engine = build_engine(empty, {}, {}, params=make_params(), now=NOW)
    assert _rank(engine, make_state([])).videos == ()


def test_an_artifact_with_other_signals_is_refused(artifact) -> None:
    arrays = {**artifact.arrays, "fusion/weights": np.zeros(3, dtype=np.float32)}
    with pytest.raises(ValueError, match="retrain it"):
        build_engine(make_catalogue(), arrays, artifact.meta, params=make_params(), now=NOW)


def test_an_artifact_read_from_a_memory_map_ranks_the_same(artifact, engine, tmp_path) -> None:
    mapped = {}
    for number, (name, array) in enumerate(artifact.arrays.items()):
        np.save(tmp_path / f"{number}.npy", array)
        mapped[name] = np.load(tmp_path / f"{number}.npy", mmap_mode="r")
    again = build_engine(make_catalogue(), mapped, artifact.meta, params=make_params(), now=NOW)
    assert _rank(again, make_state([1, 4])) == _rank(engine, make_state([1, 4]))
