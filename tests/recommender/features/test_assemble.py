"""A learning row and a request at the same moment must see the same features: else the model serves blind."""

import numpy as np
import pytest

from recommender.build import build_engine
from recommender.contracts import Scenario
from recommender.features.assemble import assemble
from recommender.features.crosses import encode_crosses, scene_columns, video_columns, viewer_columns
from recommender.flow import describe_rows, open_viewer, read_responses
from recommender.recall.gather import SIGNALS, fill_signals
from recommender.training.histories import take_impressions
from recommender.training.rows import describe_impressions
from recommender.training.sources import fit_sources, measure_base_rate, plan_columns
from recommender.training.split import split_by_time
from recommender.training.states import build_timeline, state_at
from tests.worlds import DAY_SECONDS, NOW, make_dataset, make_params

AT = NOW - 2 * DAY_SECONDS


@pytest.fixture(scope="module")
def both():
    """Learning matrix and slots, served matrix and slots, of the first rows after a moment."""
    params, dataset = make_params(), make_dataset()
    known, later = split_by_time(dataset, AT)
    arrays, meta = fit_sources(known, measure_base_rate(dataset), params)
    crosses = plan_columns(dataset)
    meta["crosses"] = [list(cross) for cross in crosses]
    engine = build_engine(dataset.catalogue, arrays, meta, params=params, now=AT)
    rows = take_impressions(later, slice(0, 40))
    timeline = build_timeline(dataset)
    learned = describe_impressions(
        timeline, engine, rows, np.full(len(rows), AT), crosses, params, lambda part: None
    )
    served, slots = [], []
    for row in range(len(rows)):
        state = state_at(timeline, int(rows.viewer[row]), AT)
        scenario = Scenario(
            float(rows.happened_at[row]), state.market, hour_local=int(rows.extra["hour"][row])
        )
        profile, _ = open_viewer(engine, state, scenario)
        video = rows.video[row : row + 1]
        signals = np.zeros((1, len(SIGNALS)), dtype=np.float32)
        fill_signals(engine.recall, profile, scenario, video, signals)
        read = read_responses(engine, profile, video)
        described = describe_rows(engine, profile, scenario, video, signals, read)
        matrix, names = assemble(engine.catalogue, engine.content, described, params.features)
        served.append(matrix[0])
        columns = video_columns(engine.catalogue, engine.content, video)
        columns |= scene_columns(scenario) | viewer_columns(state)
        slots.append(
            sorted(slot for block in encode_crosses(crosses, columns) for slot in block[:, 0].tolist())
        )
    return learned, np.array(served), names, slots


def test_a_request_sees_the_features_a_learning_row_saw(both) -> None:
    learned, served, names, _ = both
    assert learned.names == names
    for column, name in enumerate(names):
        if name in (
            "score:tastes",
            "score:sequence",
        ):  # a solve a row: the choice learns from them, no row does
            assert not learned.matrix[:, column].any()
            continue
        np.testing.assert_allclose(
            learned.matrix[:, column], served[:, column], rtol=2e-3, atol=2e-3, err_msg=name
        )


def test_a_request_sees_the_categories_a_learning_row_saw(both) -> None:
    learned, _, _, slots = both
    for row, wanted in enumerate(slots):
        assert sorted(slot for block in learned.slots for slot in block[:, row].tolist()) == wanted


def test_features_are_finite_and_some_vary(both) -> None:
    learned, _, _, _ = both
    assert np.isfinite(learned.matrix).all()
    assert (learned.matrix.std(axis=0) > 0).sum() > 30
