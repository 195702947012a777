"""Covers: one that shows what the caption says changes nothing; another pulls towards what it shows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.contracts import VALUE_TERMS
from recommender.forecasts import AccountFacts, Cover, Draft, ReachQuestion
from recommender.simulation.cover import describe_cover, list_shown, mix_covers, move_cover, split_cover
from recommender.simulation.engine_view import MarketView

TOPICS = ("lipstick", "skincare", "shoes")
DRAFT = Draft("lipstick", "en", 20.0, ("lipstick",))
RATES = np.full(9, 0.1)


def ask(cover: Cover | None, name: str = "draft") -> ReachQuestion:
    return ReachQuestion(name, replace(DRAFT, cover=cover), AccountFacts("GB", 100), 0.0, ("GB",))


def make_view(odds: list[float], position: list[float]) -> MarketView:
    n = len(odds)
    return MarketView(
        odds=np.array(odds), position=np.array(position), action=np.outer(position, np.ones(9)) * 0.2,
        usual_action=RATES, terms=np.zeros((n, len(VALUE_TERMS))), usual_terms=np.zeros(len(VALUE_TERMS)),
        watch_seconds=np.full(n, 8.0), admitted=np.ones(n),
    )  # fmt: skip


def test_a_cover_that_shows_what_is_said_or_none_at_all_changes_nothing() -> None:
    questions = [ask(None), ask(Cover((("lipstick", 1.0),)))]
    shown, mixtures = list_shown(questions, TOPICS)
    view = make_view([2.0, 2.0], [0.8, 0.8])
    mixed = mix_covers(view, mixtures, 0.3)
    assert shown == []
    assert mixed.position.tolist() == view.position.tolist()
    assert mixed.odds.tolist() == view.odds.tolist()


def test_viewers_who_go_by_the_cover_see_the_video_it_shows() -> None:
    shown, mixtures = list_shown([ask(Cover((("skincare", 0.6), ("lipstick", 0.4))))], TOPICS)
    assert [question.draft.topics for question in shown] == [("skincare",)]
    mixed = mix_covers(make_view([1.0, 3.0], [0.4, 0.9]), mixtures, 0.5)
    assert mixed.position == pytest.approx([0.4 * 0.7 + 0.9 * 0.3])
    assert mixed.odds == pytest.approx([1.0 * 0.7 + 3.0 * 0.3])
    assert mixed.action.shape == (1, 9)


@given(st.floats(0.0, 0.5), st.floats(0.0, 0.5), st.floats(0.01, 0.99), st.floats(0.01, 5.0))
def test_a_clearer_cover_never_makes_a_video_stand_lower(
    said: float, more: float, position: float, odds: float
) -> None:
    view = make_view([odds, odds], [position, position])
    questions = [ask(Cover((("lipstick", said),))), ask(Cover((("lipstick", said + more),)))]
    mixed = mix_covers(view, list_shown(questions, TOPICS)[1], 0.3)
    assert mixed.position[1] >= mixed.position[0] - 1e-12
    assert mixed.odds[1] >= mixed.odds[0] - 1e-12


def test_what_the_engine_does_not_know_or_barely_sees_is_nothing() -> None:
    assert split_cover(replace(DRAFT, cover=Cover((("books", 0.9),))), TOPICS) == (0.0, "", 0.0)
    assert split_cover(replace(DRAFT, cover=Cover((("shoes", 0.05),))), TOPICS) == (0.0, "", 0.0)
    told = describe_cover(replace(DRAFT, cover=Cover((("shoes", 0.7), ("lipstick", 0.2)))), TOPICS)
    assert told is not None and (told["shows_topic"], told["shows_instead"]) == (0.2, "shoes")
    assert describe_cover(DRAFT, TOPICS) is None


def test_another_topic_takes_its_cover_along() -> None:
    draft = replace(DRAFT, cover=Cover((("lipstick", 0.7), ("skincare", 0.2), ("shoes", 0.1))))
    moved = move_cover(draft, "skincare")
    assert moved is not None and dict(moved.shown) == {"skincare": 0.7, "shoes": 0.1}
    assert move_cover(DRAFT, "skincare") is None


def test_chances_of_more_than_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sum to 1\.200"):
        Cover((("lipstick", 0.7), ("shoes", 0.5)))
