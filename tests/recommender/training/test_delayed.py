"""When a row teaches: after its window, or with what is likely still to come, and each answer once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.contracts import ACTION_INDEX, N_ACTIONS
from recommender.training.delayed import SLOW, WINDOWS, still_to_come, weigh_labels
from recommender.training.online_params import ATTRIBUTION_SECONDS, MEAN_DELAY_SECONDS

LONG_WATCH, ORDER = ACTION_INDEX["long_watch"], ACTION_INDEX["order"]
WATCH_WINDOW, ORDER_WINDOW = ATTRIBUTION_SECONDS["long_watch"], ATTRIBUTION_SECONDS["order"]
P = 0.02


def weigh(shown_at: list[float], happened: dict[str, list[int]], since: float, until: float, late=None):
    labels = np.zeros((len(shown_at), N_ACTIONS))
    arrived = np.zeros(labels.shape, dtype=bool)
    for name, rows in happened.items():
        labels[rows, ACTION_INDEX[name]] = 1
    for name, rows in (late or {}).items():
        labels[rows, ACTION_INDEX[name]] = 1
        arrived[rows, ACTION_INDEX[name]] = True
    return weigh_labels(np.array(shown_at), labels, arrived, np.full(labels.shape, P), since, until)


def test_a_watch_teaches_only_once_its_window_is_over() -> None:
    until = 10_000.0
    young, ripe = until - WATCH_WINDOW + 1, until - WATCH_WINDOW - 1
    told = weigh([young, ripe], {"long_watch": [0]}, since=until - 600, until=until)
    assert told.weight[:, LONG_WATCH].tolist() == [0.0, 1.0]
    assert told.label[1, LONG_WATCH] == 0.0


def test_an_open_order_counts_with_the_chance_that_it_still_comes() -> None:
    told = weigh([1000.0], {}, since=900.0, until=1100.0)
    chance = still_to_come(np.array([P]), np.array([100.0]), MEAN_DELAY_SECONDS["order"])[0]
    assert told.weight[0, ORDER] == 1.0
    assert told.label[0, ORDER] == pytest.approx(chance)
    assert 0 < chance < P


def test_an_order_that_arrives_days_later_is_learnt_as_an_order() -> None:
    shown, since = 1000.0, 1000.0 + 86_400
    told = weigh([shown], {}, since=since, until=since + 600, late={"order": [0]})
    assert (told.label[0, ORDER], told.weight[0, ORDER]) == (1.0, 1.0)


def test_an_order_that_never_came_is_a_no_when_its_window_is_over() -> None:
    shown = 1000.0
    told = weigh([shown], {}, since=shown + ORDER_WINDOW - 10, until=shown + ORDER_WINDOW + 10)
    assert (told.label[0, ORDER], told.weight[0, ORDER]) == (0.0, 1.0)


def test_a_yes_after_a_counted_no_weighs_what_undoes_it() -> None:
    shown, since = 1000.0, 1000.0 + WATCH_WINDOW + 5000
    told = weigh([shown], {}, since=since, until=since + 600, late={"long_watch": [0]})
    assert told.label[0, LONG_WATCH] == 1.0
    assert told.weight[0, LONG_WATCH] == pytest.approx(1 + P)


@given(st.lists(st.floats(0, 40_000), min_size=1, max_size=20), st.integers(60, 5000))
def test_every_answer_of_a_fast_action_is_learnt_exactly_once_at_any_pace(
    shown: list[float], pace: int
) -> None:
    shown = sorted(shown)
    total = np.zeros((len(shown), N_ACTIONS))
    for since in np.arange(-1.0, 40_000 + WINDOWS[~SLOW].max() + pace, pace):
        total += weigh(shown, {}, since, since + pace).weight
    assert (total[:, ~SLOW] == 1).all()


@given(st.floats(0.001, 0.5), st.floats(1, 300_000))
def test_what_is_learnt_on_average_is_the_chance_itself(p: float, elapsed: float) -> None:
    delay = MEAN_DELAY_SECONDS["order"]
    came = p * (1 - np.exp(-elapsed / delay))
    rest = still_to_come(np.array([p]), np.array([elapsed]), delay)[0]
    assert came + (1 - came) * rest == pytest.approx(p)


def test_an_empty_span_is_refused() -> None:
    with pytest.raises(ValueError, match="covers nothing"):
        weigh([1.0], {}, since=5.0, until=5.0)
