"""What is imagined for a newcomer."""

from recommender.flow import open_viewer
from recommender.recall.newcomers import imagine_watches
from recommender.recall.similar_videos import recall
from tests.worlds import GB, make_engine, make_scenario, make_state

SCENE = make_scenario()


def test_a_newcomers_interests_reach_the_sources_that_know_watches_alone() -> None:
    engine = make_engine()
    viewer, _ = open_viewer(engine, make_state([], interests=(2,)), SCENE)
    rows, _ = recall(engine.recall, viewer, SCENE, 6)
    assert len(rows) == 6
    assert (rows % 3 == 2).mean() > 0.8
    assert viewer.allowed.all()


def test_who_liked_enough_is_not_imagined_for() -> None:
    engine = make_engine()
    topics, params = engine.recall.topics[GB], engine.params.recall
    assert len(imagine_watches(make_state([1, 4], interests=(0, 2)), topics, params)) == 4
    assert not len(imagine_watches(make_state([1, 4, 7, 10, 13], interests=(0, 2)), topics, params))
    assert not len(imagine_watches(make_state([1]), topics, params))
